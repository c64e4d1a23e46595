"""Sheets become pages: tables with their heads, lines that stand alone, and which cell stands where in the text."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from rag.core.cells import SheetCell
from rag.core.tables import CELL_BORDER, Table, one_line
from rag.core.types import Heading, LeftOut, Notice, Page
from rag.ingestion.loading.sheet_regions import Region, SheetItem, regions
from rag.ingestion.loading.table_text import write_table
from rag.ingestion.loading.text_flow import Written, visible
from rag.ingestion.loading.text_parts import in_parts

FORMULAS: Final = "formulas_without_result"
# A line below a table that is longer than this is a note on it.
_LONG: Final = 60


@dataclass
class Sheet:
    """A sheet as a file has it: all that its cells show, what is hidden, and the tables that the file itself knows.

    `items` bear the rows and columns of the file, hidden ones included. `declared` are the (first row, first column,
    last row, last column, head rows) of tables. `formulas` counts cells whose formula has no stored result.
    `beside` are the comments and text boxes at a cell.
    """

    name: str
    items: list[SheetItem] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    declared: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    formulas: int = 0
    beside: list[SheetItem] = field(default_factory=list)


def pages_of(sheets: Sequence[Sheet]) -> tuple[Page, ...]:
    """The pages of all sheets; a long one has several."""
    pages: list[Page] = []
    for sheet in sheets:
        for page in _sheet_pages(sheet, named=len(sheets) > 1 or bool(sheet.name)):
            pages.append(replace(page, number=len(pages) + 1, label=sheet.name))
    return tuple(pages)


def warnings_of(sheets: Sequence[Sheet]) -> tuple[Notice, ...]:
    """What is to be known of the sheets: formulas of which no result is stored."""
    return tuple(Notice(FORMULAS, {"count": sheet.formulas, "sheet": sheet.name}) for sheet in sheets if sheet.formulas)


def _sheet_pages(sheet: Sheet, *, named: bool) -> Iterable[Page]:
    if sheet.hidden:
        text = "\n".join(item.text for item in sheet.items)
        return [Page(1, "", "", left_out=(LeftOut("hidden", text),) if text else ())]
    shown, left = _shown(sheet, sheet.items)
    beside, also_left = _shown(sheet, sheet.beside)
    gone = [LeftOut("struck", text) for text in sheet.struck]
    gone += [LeftOut("hidden", line) for line in (*sheet.left_out, *left, *also_left)]
    written = Written("", left_out=gone)
    if shown or beside:
        written = _written(sheet, shown, beside, written.left_out, named=named)
    return in_parts("", "", "", written).pages


def _shown(sheet: Sheet, items: Iterable[SheetItem]) -> tuple[list[SheetItem], list[str]]:
    """The cells of which something is seen, and the words of the others, row by row."""
    shown: list[SheetItem] = []
    left: dict[int, list[str]] = {}
    hides = bool(sheet.hidden_rows or sheet.hidden_columns)
    for item in items:
        if not hides and item.text and item.text.isprintable() and item.text == item.text.strip():
            shown.append(item)
            continue
        rows = _visible(item.row, item.row_span, sheet.hidden_rows)
        columns = _visible(item.column, item.column_span, sheet.hidden_columns)
        text = visible(item.text).strip()
        if text and rows and columns:
            spans = len(rows), len(columns)
            shown.append(SheetItem(rows[0], columns[0], text, *spans, item.bold))
        elif text:
            left.setdefault(item.row, []).append(text)
    return shown, [CELL_BORDER.join(map(one_line, words)) for _, words in sorted(left.items())]


def _visible(first: int, span: int, hidden: set[int]) -> list[int]:
    return [number for number in range(first, first + span) if number not in hidden]


class _Counted:
    """Rows or columns counted without the hidden ones, and back."""

    def __init__(self, spans: Sequence[tuple[int, int]], hidden: set[int]) -> None:
        self._hidden = sorted(hidden)
        count = max(self.closed(first) + span for first, span in spans)
        self._numbers = list(islice((n for n in itertools.count() if n not in hidden), count))

    def closed(self, number: int) -> int:
        return number - bisect_left(self._hidden, number)

    def back(self, number: int) -> int:
        return self._numbers[number]


def _written(
    sheet: Sheet, shown: list[SheetItem], beside: list[SheetItem], left_out: list[LeftOut], *, named: bool
) -> Written:
    """The text of a sheet with its name on top."""
    rows = _Counted([(item.row, item.row_span) for item in (*shown, *beside)], sheet.hidden_rows)
    columns = _Counted([(item.column, item.column_span) for item in (*shown, *beside)], sheet.hidden_columns)
    hides = bool(sheet.hidden_rows or sheet.hidden_columns)
    closed = [replace(i, row=rows.closed(i.row), column=columns.closed(i.column)) if hides else i for i in shown]
    pieces = _Pieces(rows, columns)
    if named and sheet.name.strip():
        pieces.heading(sheet.name)
    for region in _regions(sheet, shown, closed):
        pieces.region(region)
    pieces.beside([replace(i, row=rows.closed(i.row), column=columns.closed(i.column)) for i in beside])
    return Written("\n".join(pieces.lines), pieces.headings, left_out, pieces.tables, pieces.cells)


def _regions(sheet: Sheet, shown: list[SheetItem], closed: list[SheetItem]) -> list[Region]:
    """The tables that the file knows, and what else there is."""
    found: list[Region] = []
    taken: set[int] = set()
    for first_row, first_column, last_row, last_column, heads in sheet.declared:
        inside = [
            number
            for number, item in enumerate(shown)
            if first_row <= item.row <= last_row and first_column <= item.column <= last_column and number not in taken
        ]
        if inside:
            taken |= set(inside)
            found.append(Region(tuple(closed[number] for number in inside), heads, declared=True))
    found += regions([item for number, item in enumerate(closed) if number not in taken])
    return sorted(found, key=lambda one: (one.rows[0], one.columns[0]))


class _Pieces:
    """Collects the lines of a sheet."""

    def __init__(self, rows: _Counted, columns: _Counted) -> None:
        self._rows, self._columns = rows, columns
        self.lines: list[str] = []
        self._length = 0  # of the lines so far, each with its end
        self.headings: list[Heading] = []
        self.tables: list[Table] = []
        self.cells: list[SheetCell] = []

    def heading(self, name: str) -> None:
        name = " ".join(visible(name).split())
        self.headings.append(Heading(0, name))
        self._line(name)

    def region(self, region: Region) -> None:
        """A table with the lines above and below it, or lines alone."""
        above, body, below = _without_lines(region)
        self._gap()
        caption = (self._length, self._length)
        for item in above:
            self._alone(item)
            caption = caption[0], self._length - 1
        if body is not None:
            self._table(body, caption if above else (0, 0))
        start = self._length
        for item in below:
            self._alone(item)
        if below and body is not None:
            self.tables[-1] = replace(self.tables[-1], notes=(start, self._length - 1))

    def beside(self, items: Iterable[SheetItem]) -> None:
        """Comments and text boxes, each a paragraph."""
        for item in items:
            self._gap()
            self._alone(item)

    def _table(self, region: Region, caption: tuple[int, int]) -> None:
        written = write_table(region.cells(), marked=region.heads or region.bold_rows)
        if written is None:
            return
        text, table = written
        start = self._length
        self.tables.append(replace(table.moved(start), caption=caption))
        self._place_cells(region, table, start)
        for line in text.split("\n"):
            self._line(line)

    def _place_cells(self, region: Region, table: Table, start: int) -> None:
        """The place of each cell, again for each row and column that a merged one covers."""
        owners = {(c.row, c.column): c for c in table.cells}
        covered: dict[tuple[int, int], tuple[int, int]] = {}
        for cell in table.cells:
            for row in range(cell.row, cell.row + cell.row_span):
                for column in range(cell.column, cell.column + cell.column_span):
                    covered[row, column] = (cell.row_span, cell.column_span) if (row, column) in owners else (0, 0)
        for row, words in enumerate(table.grid()):
            place = start + table.rows[row][0]
            for column, text in enumerate(words):
                length = len(one_line(text))
                if length and (row, column) in covered:
                    spans = covered[row, column]
                    self.cells.append(self._cell(region.rows[row], region.columns[column], place, length, *spans))
                place += length + len(CELL_BORDER)

    def _cell(self, row: int, column: int, place: int, length: int, row_span: int, column_span: int) -> SheetCell:
        return SheetCell(self._rows.back(row), self._columns.back(column), place, place + length, row_span, column_span)

    def _alone(self, item: SheetItem) -> None:
        line = one_line(item.text)
        spans = item.row_span, item.column_span
        self.cells.append(self._cell(item.row, item.column, self._length, len(line), *spans))
        self._line(line)

    def _gap(self) -> None:
        if self.lines:
            self._line("")

    def _line(self, line: str) -> None:
        self.lines.append(line)
        self._length += len(line) + 1


def _without_lines(region: Region) -> tuple[list[SheetItem], Region | None, list[SheetItem]]:
    """The lines on top of a table, the table, and the lines below it; a region of one column is lines alone."""
    by_row: dict[int, list[SheetItem]] = {}
    for item in region.items:
        by_row.setdefault(item.row, []).append(item)
    order = sorted(by_row)
    if region.declared:
        return [], region, []
    if len(region.columns) == 1 or all(len(by_row[row]) == 1 for row in order):
        return [by_row[row][0] for row in order if by_row[row]], None, []
    first, last = 0, len(order)
    while len(by_row[order[first]]) == 1 and by_row[order[first]][0].row_span == 1:
        first += 1
    while len(by_row[order[last - 1]]) == 1 and len(by_row[order[last - 1]][0].text) > _LONG:
        last -= 1
    body = [item for row in order[first:last] for item in by_row[row]]
    above, below = ([by_row[row][0] for row in rows] for rows in (order[:first], order[last:]))
    return above, Region(tuple(body), region.heads), below
