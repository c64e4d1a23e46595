"""A page's text taken apart into what can be quoted: sentences, list items, table rows.

The lines of a PDF break inside sentences; the lines of a table or a list do not. A line is read as
a table row when it ends in columns of numbers, as an item when it begins with a mark or a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from rag.answering.evidence.cutting import LONGEST, LONGEST_CHINESE, Sort, Unit, cut_unit, whole_sentences
from rag.answering.evidence.table_units import table_units
from rag.core.tables import Table
from rag.core.text.table_of_contents import contents_lines
from rag.core.types import Heading

__all__ = ["ITEM", "LONGEST", "LONGEST_CHINESE", "Unit", "units"]


_NUMBER: Final = r"[-–—(]?\s?[$€£¥]?\s?\(?\d[\d,.]*\)?\s?[%x]?\)?|[-–—]|N/?A|n/?a"
# Two cells at the end of a line, behind something else: how many there are in all tells nothing more.
_ROW: Final = re.compile(rf"\s(?:{_NUMBER}|[$€£¥%)])\s+(?:{_NUMBER}|[%)])\s*$")
_CELLS: Final = re.compile(r"\t|\s\|\s|^\|.*\|$")
# The marks that items of a list begin with.
ITEM: Final = re.compile(
    r"\s*+(?:(?:[•●▪■◦○‣➢✓·*]|[-–—](?=\s)|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)](?=\s))\s*+\S"
    r"|[（(]?[一二三四五六七八九十]++[、）)])"
)
_CHAPTER: Final = re.compile(r"第?[一二三四五六七八九十]++[、章节条款]")
# Characters of a chapter's line that is its title and no more.
_SHORT_CHAPTER: Final = 20
# The marks around code in Markdown.
_FENCE: Final = re.compile(r"`{3,}+|~{3,}+")
_FIGURE: Final = re.compile(r"\d[\d,.]*")
_FULL_LINE: Final = re.compile(r"[^\r\n]+")
_YEARS: Final = re.compile(r"\b(?:19|20)\d\d\b")
_HEAD_WORDS: Final = re.compile(
    r"\b(?:ended|months|weeks|year|quarter|january|february|march|april|may|june|july|august|september|october|november|"
    r"december|change|total|amount|percent|copay|network|tier|plan)\b|%",
    re.IGNORECASE,
)
# A line is full where it is so much of the longest ones; set by hand.
_FULL: Final = 0.75
_SENTENCE_END: Final = re.compile(r"[.!?:;。！？；：][\"'”’)\]」』）]*+[⁰¹²³⁴-⁹]*+\s*+$")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    sort: Sort | Literal["code"] | None


def units(text: str, tables: Sequence[Table] = (), headings: Sequence[Heading] = ()) -> list[Unit]:
    """The units of a page in order. Each is at most 300 characters long (120 in Chinese), but for a table's rows.

    Where a table is known its rows are units; elsewhere rows are guessed by their looks. A line that is known to be a
    heading is one, whatever it looks like.
    """
    titles = {heading.start: heading.title for heading in headings}
    found: list[Unit] = []
    block: list[_Line] = []
    waiting = sorted(tables, key=lambda one: one.start, reverse=True)
    lines = [_line(text, match.start(), match.end()) for match in _FULL_LINE.finditer(text)]
    lines = [line for line in lines if not any(one.start < line.end and line.start < one.end for one in tables)]
    width = _width(lines)
    lines = list(_with_code(text, _with_plain_rows(_without_prose(_with_contents(lines), width), width)))
    for number, line in enumerate(lines):
        while waiting and waiting[-1].start < line.start:
            found += _flush(text, block)
            found += table_units(text, waiting.pop())
        if line.sort == "code":
            found += _flush(text, block)
            found += cut_unit(text, Unit(line.start, line.end))
            continue
        if line.text and titles.get(line.start) == " ".join(line.text.split()) and line.sort != "contents":
            found += _flush(text, block)
            found += cut_unit(text, Unit(line.start, line.end, "heading"))
            continue
        if line.sort in ("row", "contents"):
            found += _flush(text, block)
            head = _head(lines, number) if line.sort == "row" else ""
            found += cut_unit(text, Unit(line.start, line.end, line.sort, head))
            continue
        if block and (line.sort == "item" or _breaks(text, block[-1], line, width)):
            found += _flush(text, block)
        if line.text:
            block.append(line)
    found += _flush(text, block)
    return found + [unit for table in reversed(waiting) for unit in table_units(text, table)]


def _line(text: str, start: int, end: int) -> _Line:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    line = text[start:end]
    sort: Sort | None = None
    if _is_row(line):
        sort = "row"
    elif ITEM.match(line):
        sort = "item"
    return _Line(start, end, line, sort)


def _is_row(line: str) -> bool:
    if _CELLS.search(line):
        return True
    if len(line) > LONGEST or _SENTENCE_END.search(line) or not _ROW.search(line):
        return False
    return len(_FIGURE.findall(line)) >= 2


def _is_heading(line: str) -> bool:
    return len(line) <= 80 and not _SENTENCE_END.search(line)


def _with_contents(lines: list[_Line]) -> list[_Line]:
    there = [line for line in lines if line.text]
    contents = {there[place].start for place in contents_lines([line.text for line in there])}
    return [replace(line, sort="contents") if line.start in contents and line.text else line for line in lines]


def _with_code(text: str, lines: list[_Line]) -> Iterator[_Line]:
    """The lines, those of code between fences as one up to the next empty line: no heading, and parted by no full stop.

    The fences themselves are no quotes.
    """
    fence, code = "", None
    last = {line.text[0]: number for number, line in enumerate(lines) if _FENCE.fullmatch(line.text)}
    for number, line in enumerate(lines):
        mark = _FENCE.match(line.text)
        ends = bool(fence) and line.text.startswith(fence) and not line.text.strip(fence[0])
        if code is not None and (ends or "\n\n" in text[code.end : line.start].replace(" ", "")):
            yield code
            code = None
        if ends or (mark and not fence and last.get(mark[0][0], -1) > number):
            fence = "" if ends or not mark else mark[0]
            yield replace(line, sort="contents")
        elif fence:
            start = line.start if code is None else code.start
            code = _Line(start, line.end, text[start : line.end], "code")
        else:
            yield line
    if code is not None:
        yield code


def _without_prose(lines: list[_Line], width: int) -> list[_Line]:
    """The lines; what goes on a sentence, in small letters behind a full line, is no row."""
    return [
        replace(line, sort=None) if line.sort == "row" and place and _goes_on(lines[place - 1], line, width) else line
        for place, line in enumerate(lines)
    ]


def _goes_on(last: _Line, line: _Line, width: int) -> bool:
    full = len(last.text) >= _FULL * width and not _SENTENCE_END.search(last.text)
    return full and last.sort != "row" and line.text[0].islower() and not _CELLS.search(line.text)


def _with_plain_rows(lines: list[_Line], width: int) -> list[_Line]:
    """Rows without columns of bare numbers, such as "Lisbon 44 euros 135 euros": known by their neighbours.

    In running text, short lines that end no sentence and hold two numbers each do not follow one another.
    """
    like = [_may_be_row(line, width) for line in lines]
    return [
        replace(line, sort="row")
        if (here and (like[i - 1] if i else False)) or (here and like[i + 1 : i + 2] == [True])
        else line
        for i, (line, here) in enumerate(zip(lines, like, strict=True))
    ]


def _may_be_row(line: _Line, width: int) -> bool:
    if line.sort == "row":
        return True
    short = len(line.text) < _FULL * width and not _SENTENCE_END.search(line.text)
    return short and line.sort is None and len(_FIGURE.findall(line.text)) >= 2


def _width(lines: list[_Line]) -> int:
    """How long a full line of the page is: the length that one in ten lines reaches."""
    lengths = sorted(len(line.text) for line in lines)
    return lengths[int(len(lengths) * 0.9)] if lengths else 0


def _breaks(text: str, last: _Line, line: _Line, width: int) -> bool:
    """Whether a new sentence begins with this line although nothing ends the line before."""
    if "\n\n" in text[last.end : line.start].replace("\r", "").replace(" ", ""):
        return True
    if _CHAPTER.match(last.text) and len(last.text) <= _SHORT_CHAPTER and _is_heading(last.text):
        return True
    if not line.text or line.text[0].islower() or last.text.endswith((",", "-", "，", "、")):
        return False
    return len(last.text) < 0.6 * width


def _flush(text: str, block: list[_Line]) -> list[Unit]:
    """The units of the lines gathered, which are then forgotten."""
    if not block:
        return []
    start, end = block[0].start, block[-1].end
    sort: Sort = "item" if block[0].sort == "item" else "sentence"
    numbered = _CHAPTER.match(text[start:end])
    if len(block) == 1 and (sort == "sentence" or numbered) and _is_heading(text[start:end]):
        sort = "heading"
    block.clear()
    found: list[Unit] = []
    for first, last in whole_sentences(text[start:end], item=sort == "item"):
        found += cut_unit(text, Unit(start + first, start + last, sort))
        sort = "sentence"
    return found


def _head(lines: list[_Line], number: int) -> str:
    """The line with the column heads of the row at `number`.

    The nearest line above that names years or periods; or the line on top of the rows, if it is short.
    """
    on_top = True
    for line in reversed(lines[max(0, number - 25) : number]):
        years = len(_YEARS.findall(line.text))
        short = len(line.text) <= 120 and not _SENTENCE_END.search(line.text)
        if short and (years >= 2 or (line.sort is None and (years or on_top or _HEAD_WORDS.search(line.text)))):
            return line.text
        on_top = on_top and line.sort == "row"
    return ""
