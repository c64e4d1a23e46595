"""reStructuredText becomes parts of text, with its section titles noted.

What is written for a program is left out: comments, targets, the options of directives, the rules above and below
titles. Empty lines stand in its place, so that each line keeps its number. Tables are told by `rst_tables.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rag.core.errors import NoText
from rag.core.types import Heading, LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.rst_tables import tables_of, written_rows
from rag.ingestion.loading.text_flow import Written
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

_RULE: Final = re.compile(r"([!-/:-@\[-`{-~])\1*+[ \t]*+$")
_OPTION: Final = re.compile(r"[ \t]*+:[^:\s][^:]{0,80}:(?:[ \t]|$)")
_DIRECTIVE: Final = re.compile(r"([A-Za-z][\w.+:-]{0,60})::(?:[ \t]++(.*+))?$")
# A title's rule that is shorter than the title still is one from this length on.
_LONG: Final = 4
# Directives whose content nobody reads as text, and those whose argument names a file, a language or a class.
_UNSEEN: Final = frozenset(
    {"contents", "figure-md", "image", "include", "literalinclude", "meta", "raw", "role", "toctree"}
)
_UNSAID: Final = frozenset(
    {"class", "code", "code-block", "container", "default-role", "figure", "highlight", "index", "only", "sourcecode"}
)


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A reStructuredText file.

    Raises:
        NoText: it holds white space, or what is left out, only.
    """
    source = (decode(data, options.charset, name=name) or "").split("\n")
    written = _written(source, list(_levelled(_shown(source))))
    if not written.text.strip():
        raise NoText(name=name, pages="1")
    headings = written.headings
    return in_parts(name, title_of(headings[0].title if headings else "", name), options.kind, written)


def _written(source: Sequence[str], shown: Sequence[tuple[str, int]]) -> Written:
    """The lines as a text, with its headings and tables."""
    tables = {table.first: table for table in tables_of(source, [line for line, _ in shown])}
    read = Written("")
    lines: list[str] = []
    places = [0]
    while (number := len(lines)) < len(shown):
        line, level = shown[number]
        some = [line]
        if number in tables:
            indent = line[: len(line) - len(line.lstrip())]
            some, table = written_rows(tables[number], indent, places[-1], places)
            read.tables.append(table)
        elif level:
            read.headings.append(Heading(places[-1], line.strip(), level))
        for each in some:
            lines.append(each)
            places.append(places[-1] + len(each) + 1)
    return replace(read, text="\n".join(lines))


def _levelled(lines: Iterator[tuple[str, str]]) -> Iterator[tuple[str, int]]:
    """Lines with their level as titles, 0 where they are none: a document's rules rank as they come up first."""
    ranks: dict[str, int] = {}
    for line, rule in lines:
        yield line, ranks.setdefault(rule, len(ranks) + 1) if rule else 0


def _shown(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each line as it is shown, and the rules around it where it is a title."""
    hidden = directive = -1
    for place, line in enumerate(lines):
        bare = line.strip()
        indent = len(line) - len(line.lstrip()) if bare else 0
        if hidden >= 0 and (not bare or indent > hidden):
            yield "", ""
            continue
        hidden = -1
        if directive >= 0 and indent > directive and _OPTION.match(line):
            yield "", ""
            continue
        directive = -1
        if bare == ".." or bare.startswith((".. ", "..\t")):
            said, goes_on = _explicit(bare[2:].strip())
            hidden, directive = (-1, indent) if goes_on else (indent, -1)
            yield (" " * indent + said if said else ""), ""
        else:
            rule = _rules(lines, place)
            yield ("" if not rule and _is_rule(lines, place) else line), rule


def _explicit(markup: str) -> tuple[str, bool]:
    """What is shown of a line after its two dots, and whether what is indented below it is."""
    if markup.startswith("["):
        return markup, True
    directive = _DIRECTIVE.match(markup)
    if directive is None or directive[1] in _UNSEEN:
        return "", False
    return ("" if directive[1] in _UNSAID else directive[2] or ""), True


def _rules(lines: Sequence[str], place: int) -> str:
    """The rule below a title, twice where there is one above too; empty where the line is no title."""
    title = lines[place].rstrip()
    above = lines[place - 1] if place else ""
    below = _RULE.match(lines[place + 1]) if place + 1 < len(lines) else None
    if not title.strip() or below is None or _RULE.match(title):
        return ""
    length = len(lines[place + 1].rstrip())
    if length < min(_LONG, len(title)):
        return ""
    if above.rstrip() == lines[place + 1].rstrip():
        return below[1] * 2
    return below[1] if not above.strip() and not title[0].isspace() else ""


def _is_rule(lines: Sequence[str], place: int) -> bool:
    """Whether a line is the rule above or below a title, or one between two paragraphs."""
    if not _RULE.match(lines[place]):
        return False
    before, after = (lines[at].strip() if 0 <= at < len(lines) else "" for at in (place - 1, place + 1))
    parts = len(lines[place].rstrip()) >= _LONG and not before and not after
    return parts or (place > 0 and bool(_rules(lines, place - 1))) or len(_rules_after(lines, place)) > 1


def _rules_after(lines: Sequence[str], place: int) -> str:
    return _rules(lines, place + 1) if place + 1 < len(lines) else ""
