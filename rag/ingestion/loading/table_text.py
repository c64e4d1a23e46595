"""Cells become lines of text: a row a line, and the table with the places of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.core.tables import CELL_BORDER, Cell, Table, grid_of, one_line
from rag.ingestion.loading.table_heads import head_rows, heads_of


def write_table(cells: Sequence[Cell], *, marked: int = 0, head_columns: int = 0) -> tuple[str, Table] | None:
    """The lines of a table and the table, its places counted from the first line; None where it holds no word.

    Rows without a word are left out. `marked` is how many rows at the top the file itself calls heads; -1: none is one.
    """
    cells = _without_empty_rows(cells)
    if not any(cell.text for cell in cells):
        return None
    count = max(cell.row + cell.row_span for cell in cells)
    width = max(cell.column + cell.column_span for cell in cells)
    grid = grid_of(cells, count, width)
    heads = 0 if marked < 0 else head_rows(grid, _with_lower_heads(cells, marked))
    # The lines of a head are one name: "Net sales".
    lines = [row_line([" ".join(text.split()) for text in row] if n < heads else row) for n, row in enumerate(grid)]
    rows, start = [], 0
    for line in lines:
        rows.append((start, start + len(line)))
        start += len(line) + 1
    table = Table(tuple(cells), tuple(rows), heads, min(head_columns, max(width - 1, 0)), heads_of(grid, heads))
    return "\n".join(lines), table


def _with_lower_heads(cells: Sequence[Cell], marked: int) -> int:
    """How many rows are heads where programs mark the first alone: below one head over several columns stand theirs."""
    above = [cell for cell in cells if cell.row < marked]
    if not any(cell.column_span > 1 and cell.row + cell.row_span == marked for cell in above):
        return marked
    return max(cell.row + cell.row_span for cell in above)


def row_line(row: Sequence[str]) -> str:
    """A row as it stands in a page's text."""
    return CELL_BORDER.join(map(one_line, row))


def _without_empty_rows(cells: Sequence[Cell]) -> list[Cell]:
    filled = {row for cell in cells if cell.text for row in range(cell.row, cell.row + cell.row_span)}
    place = {row: number for number, row in enumerate(sorted(filled))}
    if len(place) == max((cell.row + cell.row_span for cell in cells), default=0):
        return list(cells)
    kept = []
    for cell in cells:
        rows = [place[row] for row in range(cell.row, cell.row + cell.row_span) if row in place]
        if rows:
            kept.append(replace(cell, row=rows[0], row_span=len(rows)))
    return kept


def without_empty_columns(cells: Sequence[Cell]) -> list[Cell]:
    """Without the columns in which no cell begins that holds a word: web pages space their columns with them."""
    filled = {cell.column for cell in cells if cell.text}
    place = {column: number for number, column in enumerate(sorted(filled))}
    kept = []
    for cell in cells:
        columns = [place[column] for column in range(cell.column, cell.column + cell.column_span) if column in place]
        if columns:
            kept.append(replace(cell, column=columns[0], column_span=len(columns)))
    return kept
