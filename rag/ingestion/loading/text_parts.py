"""A text without pages becomes numbered parts of bounded size, so that no later step ever has all of it before it.

The parts follow one another without a gap: put together they are the text again. A part begins at a heading, a
paragraph, a sentence or a row. Where a stretch is longer than a part and has none of these, it is cut at a blank, else
between two characters, and the document says so.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter, itemgetter
from typing import Final

from rag.core.tables import Table
from rag.core.text import sentences
from rag.core.types import Kind, LoadedDocument, Notice, Page
from rag.ingestion.loading.table_notes import with_surroundings
from rag.ingestion.loading.text_flow import Written

# Six or seven printed pages: most documents are one part.
PART_CHARACTERS: Final = 20_000
CUT_INSIDE: Final = "cut_inside"

_PARAGRAPH: Final = re.compile(r"\n[ \t]*+\n\s*+")
_FINISHED: Final = re.compile(r"[.!?:;。！？：；…][\"'”’)\]」』）]*+[ \t]*+\n")
# What tells a row of a table or a log, or an item of a list, from a line of running text.
_CELLS: Final = re.compile(r"\t| \| |[^\s,;][,;][^\s,;]")
_ITEM: Final = re.compile(r"[ \t]*+(?:[-*+•|\d（(]|[一二三四五六七八九十]+、)")
# How many cells make a row of what is parted by commas.
_FEW: Final = 2

# Finds the last border of a kind between two places of a text; the second of them may be one.
_Finder = Callable[[str, int, int], int | None]


def in_parts(
    name: str,
    title: str,
    kind: Kind,
    written: Written,
    most: int = PART_CHARACTERS,
    first_line: int = 1,
) -> LoadedDocument:
    """The document of a text and of what belongs to it, in parts of at most so many characters.

    Each part is labelled with the line that it begins in, of a file in which the text begins in `first_line`.
    """
    pages: list[Page] = []
    inside: list[int] = []
    text, headings, left_out = written.text, written.headings, written.left_out
    tables = with_surroundings(text, written.tables)
    parted = [_Parted(table) for table in tables]
    starts = [heading.start for heading in headings]
    gone = [part.start for part in left_out]
    start, line = 0, first_line
    for end, clean in _cuts(text, starts, tables, most):
        held = headings[bisect_left(starts, start) : bisect_left(starts, end)]
        places = tuple(replace(heading, start=heading.start - start) for heading in held)
        last = len(gone) if end == len(text) else bisect_left(gone, end)
        left = tuple(replace(part, start=part.start - start) for part in left_out[bisect_left(gone, start) : last])
        held_tables = tuple(part for table in parted if (part := table.inside(start, end)) is not None)
        first, after = (bisect_left(written.cells, at, key=attrgetter("start")) for at in (start, end))
        cells = tuple(cell.moved(-start) for cell in written.cells[first:after])
        pages.append(Page(len(pages) + 1, str(line), text[start:end], places, held_tables, left, cells=cells))
        line += text.count("\n", start, end)
        if not clean:
            inside.append(line)
        start = end
    warnings = (Notice(CUT_INSIDE, {"count": len(inside), "line": inside[0]}),) if inside else ()
    return LoadedDocument(name, title, kind, tuple(pages), warnings=warnings)


class _Parted:
    """A table that may go over the borders of parts. What is asked for each part is looked up, not searched for."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._cells = sorted(table.cells, key=attrgetter("row"))
        self._tall = [cell for cell in self._cells if cell.row_span > 1]

    def inside(self, start: int, end: int) -> Table | None:
        """The rows that stand whole in a part; None where none does."""
        rows = self._table.rows
        first, last = bisect_left(rows, start, key=itemgetter(0)), bisect_right(rows, end, key=itemgetter(1))
        if first >= last:
            return None
        low, high = (bisect_left(self._cells, row, key=attrgetter("row")) for row in (first, last))
        above = [cell for cell in self._tall if cell.row < first]
        part = self._table.part(first, last, start, [*above, *self._cells[low:high]])
        caption = part.caption if part.caption[0] >= 0 else (0, 0)
        notes = part.notes if part.notes[1] <= end - start else (0, 0)
        return replace(part, caption=caption, notes=notes)


def _cuts(text: str, headings: Sequence[int], tables: Sequence[Table], most: int) -> Iterator[tuple[int, bool]]:
    """Where each part ends, and whether that is between two sentences or lines."""
    start = 0
    while len(text) - start > most:
        limit = start + most
        clean = _before_table(_border(text, start, limit, headings), start, tables)
        end = _anywhere(text, start, limit) if clean is None else clean
        yield end, clean is not None
        start = end
    yield len(text), True


def _before_table(border: int | None, start: int, tables: Sequence[Table]) -> int | None:
    """A border between two rows is moved before their table, where that begins late in the part."""
    for table in tables:
        first = table.caption[0] if any(table.caption) else table.start
        if border is not None and start < first < border < table.end and border - first <= (border - start) // 2:
            return first
    return border


def _border(text: str, start: int, limit: int, headings: Sequence[int]) -> int | None:
    """The best place between two sentences or rows: in the second half of what fits, else in the first."""

    def heading(_text: str, low: int, high: int) -> int | None:
        place = bisect_right(headings, high) - 1
        return headings[place] if place >= 0 and headings[place] > low else None

    def sentence(_text: str, low: int, high: int) -> int | None:
        return _sentence(text, start, low, high, limit)

    middle = (start + limit) // 2
    surely: list[_Finder] = [heading, _after(_PARAGRAPH), _after(_FINISHED), _row, sentence]
    for finders in (surely, [_after_line]):
        for low, high in ((middle, limit), (start, middle)):
            for find in finders:
                place = find(text, low, high)
                if place is not None:
                    return place
    return None


def _after(pattern: re.Pattern[str]) -> _Finder:
    """Finds the end of the last match."""

    def find(text: str, low: int, high: int) -> int | None:
        return next((match.end() for match in reversed(list(pattern.finditer(text, low, high)))), None)

    return find


def _after_line(text: str, low: int, high: int) -> int | None:
    return text.rfind("\n", low, high) + 1 or None


def _row(text: str, low: int, high: int) -> int | None:
    """The last line end between two rows."""
    end = text.rfind("\n", low, high)
    while end > low:
        first = text.rfind("\n", low, end) + 1 or low
        following = text.find("\n", end + 1, high)
        if _like_a_row(text[first:end]) and _like_a_row(text[end + 1 : high if following < 0 else following]):
            return end + 1
        end = first - 1
    return None


def _sentence(text: str, start: int, low: int, high: int, limit: int) -> int | None:
    """Where the last sentence begins that begins in between, and not inside of a row."""
    borders = [start + first for first, _ in sentences(text[start:limit])][1:]
    for border in reversed(borders[bisect_right(borders, low) : bisect_right(borders, high)]):
        first, last = text.rfind("\n", start, border), text.find("\n", border, limit)
        if first < 0 or last < 0 or not _like_a_row(text[first + 1 : last]):
            return border
    return None


def _like_a_row(line: str) -> bool:
    cells = _CELLS.findall(line)
    return len(cells) >= _FEW or any(not cell.strip(" \t|") for cell in cells) or _ITEM.match(line) is not None


def _anywhere(text: str, start: int, limit: int) -> int:
    """After the last blank that fits, else before the last character, with the marks that belong to it."""
    for place in range(limit, start, -1):
        if text[place - 1].isspace() and not text[start:place].isspace():
            return place
    place = limit
    while place > start + 1 and (unicodedata.combining(text[place]) or text[place] in "\u200d\ufe0e\ufe0f"):
        place -= 1
    return place
