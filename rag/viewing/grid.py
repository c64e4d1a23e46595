"""A sheet laid out for people: its cells where they stand, the cited ones marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rag.core.cells import SheetCell, column_name
from rag.core.types import Page

_Place = tuple[int, int]


def sheet_grid(page: Page, spans: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """The rows and columns in which something stands, with their names; a merged cell over all that it covers.

    `spans` are places in the page's text; a cell that holds some of one is marked.
    """
    rows = sorted({cell.row for cell in page.cells})
    columns = sorted({cell.column for cell in page.cells})
    there: dict[_Place, list[SheetCell]] = {}
    under: dict[_Place, _Place] = {}  # places under a merged cell, and its own
    marked: set[_Place] = set()
    for cell in page.cells:
        own = cell.row, cell.column
        there.setdefault(own, []).append(cell)
        under |= dict.fromkeys(_covered(cell, rows, columns), own)
    for cell in page.cells:
        if any(cell.start < end and start < cell.end for start, end in spans):
            marked.add(under.get((cell.row, cell.column), (cell.row, cell.column)))
    shown = [
        {
            "name": str(row + 1),
            "cells": [
                _shown(page, there.get((row, column), []), (row, column) in marked, rows, columns)
                for column in columns
                if (row, column) not in under
            ],
        }
        for row in rows
    ]
    return {"columns": [column_name(column) for column in columns], "rows": shown}


def _covered(cell: SheetCell, rows: Sequence[int], columns: Sequence[int]) -> Iterator[_Place]:
    """The other places that a merged cell lies over, of the rows and columns that are shown."""
    if cell.row_span > 1 or cell.column_span > 1:
        for row in _of(rows, cell.row, cell.row_span):
            for column in _of(columns, cell.column, cell.column_span):
                if (row, column) != (cell.row, cell.column):
                    yield row, column


def _of(numbers: Sequence[int], first: int, span: int) -> list[int]:
    return [number for number in numbers if first <= number < first + span]


def _shown(
    page: Page, cells: Sequence[SheetCell], marked: bool, rows: Sequence[int], columns: Sequence[int]
) -> dict[str, Any]:
    text = "\n".join(page.text[cell.start : cell.end] for cell in cells)
    down = max((len(_of(rows, cell.row, cell.row_span)) for cell in cells), default=1)
    across = max((len(_of(columns, cell.column, cell.column_span)) for cell in cells), default=1)
    return {"text": text, "marked": marked, "down": max(1, down), "across": max(1, across)}
