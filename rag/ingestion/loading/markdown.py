"""Markdown: its text as it stands, without what is struck, commented out or meant for a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rag.core.types import Heading, LeftOut, LeftOutReason
from rag.ingestion.loading.front_matter import FrontMatter, front_matter
from rag.ingestion.loading.markdown_blocks import CODE, PROGRAM, TAGGED, kinds
from rag.ingestion.loading.markdown_hidden import hidden_end
from rag.ingestion.loading.markdown_tables import with_tables
from rag.ingestion.loading.raised_marks import raised
from rag.ingestion.loading.text_flow import Written

_ATX: Final = re.compile(r" {0,3}(#{1,6})[ \t]++(.+)")
_SETEXT: Final = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_TAGGED: Final = re.compile(r"\s{0,3}<h([1-6])(?:\s[^<>]{0,300})?>([^\n]{1,500}?)</h[1-6]>", re.IGNORECASE)
_NO_TITLE: Final = ("|", "-", "*", ">", "#", "+", "<")
_ANCHOR: Final = re.compile(r"(?<!\s)\s{0,9}\{[#.][^{}\n]{1,100}\}$")
_LINK: Final = re.compile(r"!?\[([^\[\]\n]{0,300})\](?:\([^()\n]{0,500}\)|\[[^\[\]\n]{0,100}\])")
_EMPHASIS: Final = re.compile(r"(?<!\\)(?:\*{1,3}|`+|~~|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w))")
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>\n]{0,300}>")

# What can begin or end something within lines: code, a comment, struck or deleted words, raised and lowered ones.
_MARK: Final = re.compile(
    r"(?P<escape>\\[\\`~<{])|(?P<code>`+)|(?P<struck>~+)|(?P<comment><!--|\{/\*)"
    r"|</?(?P<tag>del|s|strike|sup|sub)(?:\s[^<>\n]{0,200})?>|(?P<blank>\n[ \t]*+\n)"
    r"|<(?P<away>[a-z][a-z0-9]{0,20})\s[^<>\n]{0,200}?(?:hidden|none)[^<>\n]{0,200}>"
    r"|<(?P<closing>/?)(?P<component>(?-i:[A-Z])[\w.]{0,60})(?:\s[^<>\n]{0,300})?>",
    re.IGNORECASE,
)
_WHY: Final[dict[str, LeftOutReason]] = {"~~": "struck", "s": "struck", "strike": "struck", "del": "deleted"}
_COMMENT_ENDS: Final = {"<!--": "-->", "{/*": "*/}"}
_SEVERAL_WORDS: Final = re.compile(r"\w\W+\w")
_CLOSED: Final = re.compile(r"</([A-Z][\w.]{0,60})>")
_LONGEST_CODE: Final = 5000  # characters within lines
_MOST_SHOWN: Final = 200  # tags that look hidden and are not, or are never closed, before no more are looked at
_SUP: Final = re.compile(r"[^<>\n]{1,20}")


@dataclass(frozen=True, slots=True)
class Markdown:
    written: Written
    front: FrontMatter


@dataclass(frozen=True, slots=True)
class _Cut:
    """A stretch that is left out or written otherwise; `why` is None where nobody misses it."""

    start: int
    end: int
    why: LeftOutReason | None = None
    instead: str = ""
    words: str = ""


def read_markdown(source: str) -> Markdown:
    front = front_matter(source)
    text = source[front.length :]
    lines = text.split("\n")
    cuts = list(_cuts(text, lines, list(kinds(lines))))
    text, left_out = _without(text, cuts)
    lines = text.split("\n")
    of = list(kinds(lines))
    read = Written(text, list(_headings(lines, of)), left_out)
    return Markdown(with_tables(read, [kind == CODE for kind in of]), front)


def _cuts(text: str, lines: list[str], of: list[str]) -> Iterator[_Cut]:
    """The stretches that are no text, in order; each run of plain lines is looked through by itself."""
    start, plain = 0, -1
    for line, kind in zip(lines, of, strict=True):
        if kind in (CODE, PROGRAM):
            if plain >= 0:
                yield from _inline_cuts(text, plain, start)
                plain = -1
            if kind == PROGRAM:
                yield _Cut(start, start + len(line))
        elif plain < 0:
            plain = start
        start += len(line) + 1
    if plain >= 0:
        yield from _inline_cuts(text, plain, len(text))


def _inline_cuts(text: str, start: int, end: int) -> Iterator[_Cut]:
    """Struck and deleted words, comments, raised and lowered figures between two places."""
    opened: dict[str, tuple[int, int]] = {}
    components = set(_CLOSED.findall(text, start, end))
    open_comments: set[str] = set()
    place, shown = start, 0
    while found := _MARK.search(text, place, end):
        place = found.end()
        if found["code"]:
            place = _after_code(text, found, end)
        elif found["comment"]:
            closing = _COMMENT_ENDS[found["comment"]]
            last = -1 if closing in open_comments else text.find(closing, place, end)
            if last < 0:
                open_comments.add(closing)
            else:
                words = text[place:last].strip()
                place = last + len(closing)
                yield _Cut(found.start(), place, "hidden" if _SEVERAL_WORDS.search(words) else None, "", words)
        elif found["away"]:
            last = hidden_end(text, found, end) if shown < _MOST_SHOWN else 0
            if last:
                yield _Cut(found.start(), last, "hidden", "", _TAG.sub(" ", text[place:last]))
                place = last
            shown += not last
        elif found["component"]:
            # A component of MDX around words: they stay.
            if found["closing"] or found["component"] in components:
                beside = text[place : place + 1] if found["closing"] else text[found.start() - 1 : found.start()]
                yield _Cut(found.start(), place, None, " " if beside == "<" or beside.isalnum() else "")
        elif found["blank"]:
            opened.clear()
            place = found.end() - 1
        elif not found["escape"] and (cut := _closed(text, found, opened)) is not None:
            yield cut


def _after_code(text: str, opening: re.Match[str], end: int) -> int:
    """The end of a stretch of code within a line; of its mark alone where nothing closes it."""
    mark = opening["code"]
    last = opening.end()
    limit = text.find("\n\n", last, min(end, last + _LONGEST_CODE))
    while (last := text.find(mark, last, limit if limit >= 0 else min(end, opening.end() + _LONGEST_CODE))) >= 0:
        stop = last + len(mark)
        while stop < end and text[stop] == "`":
            stop += 1
        if stop - last == len(mark):
            return stop
        last = stop
    return opening.end()


def _closed(text: str, found: re.Match[str], opened: dict[str, tuple[int, int]]) -> _Cut | None:
    """What a closing mark closes; an opening one is remembered."""
    name = (found["tag"] or found["struck"]).lower()
    if name.startswith("~") and name != "~~":
        return None
    closes = found[0].startswith("</") or (name == "~~" and name in opened)
    if not closes or (name == "~~" and text[found.start() - 1].isspace()):
        if name != "~~" or not text[found.end() : found.end() + 1].isspace():
            opened[name] = found.span()
        return None
    if name not in opened:
        return None
    first, inner = opened.pop(name)
    words = text[inner : found.start()]
    if name in ("sup", "sub"):
        if not _SUP.fullmatch(words):
            return None
        shown = (
            words
            if name == "sub"
            else raised(text[max(0, first - 40) : first], words, text[found.end() : found.end() + 3])
        )
        return _Cut(first, found.end(), None, shown)
    opened.clear()
    return _Cut(first, found.end(), _WHY[name], "", words)


def _without(text: str, cuts: list[_Cut]) -> tuple[str, list[LeftOut]]:
    """The text without the cuts, its lines where they were, and what was left out at its places."""
    pieces: list[str] = []
    left: list[LeftOut] = []
    length = last = 0
    for cut in cuts:
        if cut.start < last:
            continue
        pieces.append(text[last : cut.start])
        length += len(pieces[-1])
        last = cut.end
        if cut.why:
            left.append(LeftOut(cut.why, " ".join(cut.words.split()), length))
        # Lines keep their numbers.
        instead = cut.instead + "\n" * text.count("\n", cut.start, cut.end)
        if not instead and cut.why and text[cut.start - 1 : cut.start] in (" ", "") and text[last : last + 1] == " ":
            last += 1
        pieces.append(instead)
        length += len(instead)
    pieces.append(text[last:])
    return "".join(pieces), left


def _headings(lines: list[str], of: list[str]) -> Iterator[Heading]:
    start, above = 0, ""
    for line, kind in zip(lines, of, strict=True):
        if kind in (CODE, TAGGED):
            above = ""
        else:
            if (atx := _ATX.match(line)) and (title := _plain(_TAG.sub("", _without_closing(atx[2])))):
                yield Heading(start, title, len(atx[1]))
            elif (tagged := _TAGGED.match(line)) and (title := _plain(_TAG.sub("", tagged[2]))):
                yield Heading(start, title, int(tagged[1]))
            elif above.strip() and (under := _SETEXT.match(line)) and not above.lstrip().startswith(_NO_TITLE):
                yield Heading(start - len(above) - 1, _plain(above), 1 if under[1][0] == "=" else 2)
            above = line
        start += len(line) + 1


def _without_closing(title: str) -> str:
    """A heading's words without the number signs that may close it."""
    bare = title.rstrip(" \t")
    closed = bare.rstrip("#")
    return closed.rstrip(" \t") if not closed or closed[-1] in " \t" else bare


def _plain(title: str) -> str:
    """A heading's words without the marks of emphasis, links and anchors."""
    bare = _EMPHASIS.sub("", _LINK.sub(r"\1", _ANCHOR.sub("", title.strip())))
    return " ".join(bare.split())
