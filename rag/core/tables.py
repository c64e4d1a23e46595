"""A table as a document holds it: cells in rows and columns, with the place of each row in its page's text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

# What stands between two cells of a row in a page's text.
CELL_BORDER: Final = " | "
# Characters of a row of one cell that is the name of the rows below it.
_LONGEST_GROUP: Final = 80
_TOTAL: Final = re.compile(
    r"(?:(?:grand |sub-?|net )?(?:total|sum)s?\b.{0,60}|overall|(?:gesamt|zwischen"
    r"|end)?summe.{0,60}|gesamt\b.{0,60}|insgesamt"
    r"|合\s*计|总\s*计|小\s*计|总和|共计)[:：]?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands at a row and a column, both counted from 0; a merged cell covers several of either.

    `text` may have several lines: a cell can hold a list or paragraphs.
    """

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a table, and where its rows stand in the text of their page.

    `rows` holds (start, end) of each row of cells, in order; in the page's text its cells are joined by `CELL_BORDER`,
    and a merged cell's words stand in each row and column that it covers. The first `head_rows` rows are column heads,
    the first `head_columns` cells of each other row say what the row is about. `caption` and `notes` are places in the
    same text, (0, 0) where there are none. `continues`: its heads were taken from the page before.
    """

    cells: tuple[Cell, ...]
    rows: tuple[tuple[int, int], ...]
    head_rows: int = 0
    head_columns: int = 0
    heads: tuple[str, ...] = ()
    caption: tuple[int, int] = (0, 0)
    notes: tuple[int, int] = (0, 0)
    continues: bool = False

    @property
    def start(self) -> int:
        return self.rows[0][0]

    @property
    def end(self) -> int:
        return self.rows[-1][1]

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max((cell.column + cell.column_span for cell in self.cells), default=0)

    def grid(self) -> list[list[str]]:
        """The words of each row and column: a merged cell's in each that it covers, '' where nothing stands."""
        return grid_of(self.cells, len(self.rows), self.width)

    def moved(self, by: int) -> Table:
        """The table where its page's text stands so many characters further on."""
        return replace(
            self,
            rows=tuple((start + by, end + by) for start, end in self.rows),
            caption=_moved(self.caption, by),
            notes=_moved(self.notes, by),
        )

    def part(self, first: int, last: int, by: int = 0, among: Iterable[Cell] | None = None) -> Table:
        """Its rows from `first` to before `last`, in a text that begins `by` characters before them.

        Where the head rows are not among them, the heads go on all the same. `among` are the cells that may stand
        there, where that is known.
        """
        cells = tuple(
            Cell(
                max(cell.row, first) - first,
                cell.column,
                cell.text,
                min(end, last) - max(cell.row, first),
                cell.column_span,
            )
            for cell in (self.cells if among is None else among)
            if (end := cell.row + cell.row_span) > first and cell.row < last
        )
        part = replace(
            self,
            cells=cells,
            rows=self.rows[first:last],
            head_rows=min(max(self.head_rows - first, 0), last - first),
            caption=self.caption if first == 0 else (0, 0),
            notes=self.notes if last == len(self.rows) else (0, 0),
            continues=self.continues or first >= max(self.head_rows, 1),
        )
        return part.moved(-by)


def _moved(place: tuple[int, int], by: int) -> tuple[int, int]:
    return (place[0] + by, place[1] + by) if place[1] > place[0] else (0, 0)


def grid_of(cells: Iterable[Cell], rows: int, columns: int) -> list[list[str]]:
    """The words of cells in rows and columns; a merged cell's stand in each that it covers."""
    grid = [[""] * columns for _ in range(rows)]
    for cell in cells:
        for row in range(cell.row, min(cell.row + cell.row_span, rows)):
            for column in range(cell.column, min(cell.column + cell.column_span, columns)):
                grid[row][column] = cell.text
    return grid


def labelled_rows(table: Table) -> list[str]:
    """What each row says by itself, for search: "Plan: Premium · Deductible: $500"; '' for a head row.

    A row below a line that heads a group of rows ("Europe") says that first.
    """
    groups = group_rows(table)
    group, said = "", []
    for number, row in enumerate(table.grid()):
        if number < table.head_rows:
            said.append("")
            continue
        if number in groups:
            group = groups[number]
            said.append(group)
            continue
        parts = [group] if group else []
        last = ""
        for column, text in enumerate(row):
            head = table.heads[column] if column < len(table.heads) else ""
            if text and (text != last or head):
                parts.append(f"{head}: {one_line(text)}" if head else one_line(text))
            last = text
        said.append(" · ".join(parts))
    return said


def group_rows(table: Table) -> dict[int, str]:
    """The rows that only head the rows below them, with their words: one short cell, nothing beside it."""
    found = {}
    grid = table.grid()
    for number in range(table.head_rows, len(grid) - 1):
        words = list(dict.fromkeys(filter(None, grid[number])))
        if len(words) == 1 and grid[number][0] and len(words[0]) <= _LONGEST_GROUP and words[0][-1] not in ".!?。":
            found[number] = one_line(words[0])
    return found if table.width > 1 else {}


def is_total(label: str) -> bool:
    """Whether a row that begins with these words adds up the rows above it."""
    return _TOTAL.fullmatch(label.strip()) is not None


def one_line(text: str) -> str:
    """A cell's words on one line: its list items and paragraphs stay told apart."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    joined = ""
    for line in filter(None, lines):
        joined += ("" if not joined else " " if joined[-1] in ".:;,!?。：；，！？" else "; ") + line
    return joined


def table_fields(table: Table) -> dict[str, Any]:
    """A table as plain JSON values; `table_of` turns them back."""
    return {
        "cells": [[c.row, c.column, c.text, c.row_span, c.column_span] for c in table.cells],
        "rows": [list(row) for row in table.rows],
        "head_rows": table.head_rows,
        "head_columns": table.head_columns,
        "heads": list(table.heads),
        "caption": list(table.caption),
        "notes": list(table.notes),
        "continues": table.continues,
    }


def table_of(fields: dict[str, Any]) -> Table:
    return Table(
        cells=tuple(Cell(*cell) for cell in fields["cells"]),
        rows=tuple((start, end) for start, end in fields["rows"]),
        head_rows=fields["head_rows"],
        head_columns=fields["head_columns"],
        heads=tuple(fields["heads"]),
        caption=(fields["caption"][0], fields["caption"][1]),
        notes=(fields["notes"][0], fields["notes"][1]),
        continues=fields["continues"],
    )
