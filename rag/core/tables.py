"""A table as a document holds it: cells in rows and columns, with the place of each row in its page's text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

# What stands between two cells of a row in a page's text.
CELL_BORDER: Final = " | "


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

    def covers(self, row: int, column: int) -> bool:
        return self.row <= row < self.row + self.row_span and self.column <= column < self.column + self.column_span


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
