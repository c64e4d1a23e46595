"""Headings of plain text, which has none by its format: known by how their lines look among the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rag.core.types import Heading

# A line longer than this is a sentence that was left without its full stop; one that fills so much of what the longer
# lines of the text do goes on in the next. By hand.
_LONGEST: Final = 80
_FULL: Final = 0.75
_LINE: Final = re.compile(r"[^\r\n]++")
_UNDERLINE: Final = re.compile(r"[ \t]*+(?:={3,}+|-{3,}+|~{3,}+|\*{3,}+)[ \t]*+")
# "4.", "4.2", "IV.", "B)", "§ 4", "Article 5", "Chapter 2:", "第三章", "三、", and the title behind it.
_NUMBERED: Final = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}+[.)]?|[IVX]{1,5}+[.)]|[A-Z][.)]|§\s?\d{1,3}[a-z]?"
    r"|(?:article|section|chapter|part|annex|appendix|artikel|abschnitt|kapitel|anhang|teil)"
    r" (?:\d{1,3}|[IVX]{1,5}+|[A-Z])[.:]?)"
    r"\s++(?:[-–—]\s)?(?=[^\W\d_])|(?P<chapter>第[一二三四五六七八九十百\d]{1,4}[章节条部篇]|[一二三四五六七八九十]{1,3}、)",
    re.IGNORECASE,
)
_CHAPTER_NUMBER: Final = re.compile(r"[一二三四五六七八九十百\d]++")
_NUMBER: Final = re.compile(r"\d++|[IVX]++\b|\b[A-Z]\b")
_ENDS_SENTENCE: Final = re.compile(r"[.!?:;,。！？：；，、][\"'”’)）」』]?\Z")
_LETTER: Final = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str
    after_gap: bool


def text_headings(text: str) -> list[Heading]:
    """The headings of a plain text, in order.

    A line is one that is underlined; that is written in capitals and stands apart; or that bears a number and stands
    before running text, where the lines numbered like it do too: those of a list follow one another.

    >>> [one.title for one in text_headings("1. Pets\\nOne dog is allowed.\\n2. Noise\\nQuiet from ten o'clock on.")]
    ['1. Pets', '2. Noise']
    >>> text_headings("Please bring:\\n1. a towel\\n2. a lock\\nThe desk is open until ten.")
    []
    """
    lines = list(_lines(text))
    numbered = _numbered(lines)
    found: list[Heading] = []
    for place, line in enumerate(lines):
        following = lines[place + 1].text if place + 1 < len(lines) else ""
        if not (following and _may_be_title(line.text)):
            continue
        if _UNDERLINE.fullmatch(following):
            level = 1
        elif place in numbered:
            level = numbered[place]
        elif line.after_gap and line.text.isupper() and len(_LETTER.findall(line.text)) > 3 and not following.isupper():
            level = 1
        else:
            continue
        found.append(Heading(line.start, " ".join(line.text.split()), level))
    return found


def _lines(text: str) -> Iterator[_Line]:
    end = -1
    for match in _LINE.finditer(text):
        line = match.group()
        if line.strip():
            start = match.start() + len(line) - len(line.lstrip())
            yield _Line(start, line.strip(), end < 0 or text.count("\n", end, start) > 1)
            end = match.end()


def _may_be_title(line: str) -> bool:
    return len(line) <= _LONGEST and not _ENDS_SENTENCE.search(line) and _LETTER.search(line) is not None


def _numbered(lines: list[_Line]) -> dict[int, int]:
    """The places of numbered headings, with their levels: lines before running text, most of those numbered alike."""
    shapes = {place: _shape(match) for place, line in enumerate(lines) if (match := _NUMBERED.match(line.text))}
    lengths = sorted(len(line.text) for line in lines)
    full = _FULL * lengths[int(len(lengths) * 0.9)] if lengths else 0
    titles = {
        place
        for place in shapes
        if len(lines[place].text) < full and _may_be_title(lines[place].text) and _before_text(lines, place, shapes)
    }
    all_of, heads_of = Counter(shapes.values()), Counter(shapes[place] for place in titles)
    return {
        place: _level(shape)
        for place, shape in shapes.items()
        if place in titles and heads_of[shape] > 1 and 2 * heads_of[shape] > all_of[shape]
    }


def _level(shape: str) -> int:
    """How deep headings that are numbered so stand: "4.2" below "4", "三、" below "第二章"."""
    return 2 if shape[-1] in "节条、" else max(1, shape.count("1."))


def _before_text(lines: list[_Line], place: int, shapes: dict[int, str]) -> bool:
    """Whether what follows is running text: a line that is not numbered like this one, and no mere title."""
    following = place + 1
    if following >= len(lines) or shapes.get(following) == shapes[place] or lines[following].text[0].islower():
        return False
    return following in shapes or not _may_be_title(lines[following].text)


def _shape(match: re.Match[str]) -> str:
    """How a line is numbered: "4.2" and "7.1" alike, "1.1.", one for each level."""
    if match["chapter"]:
        return _CHAPTER_NUMBER.sub("1", match["chapter"])
    levels = match["number"].rstrip(".):").count(".") + 1
    return "1." * levels if match["number"][0].isdigit() else _NUMBER.sub("1.", match["number"])
