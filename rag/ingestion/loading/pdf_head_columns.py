"""Heads that stand centred over cells aligned at one side, so that white space parts them from their own column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.ingestion.loading.pdf_grid import Chunk
from rag.ingestion.loading.table_heads import is_figure

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
# Heads have so many lines at most, and there are so many lines of cells below them at least.
_HEAD_LINES: Final = 2
_LEAST_ROWS: Final = 2


def with_heads_over_columns(rows: list[list[Chunk]], count: int) -> tuple[list[list[Chunk]], int]:
    """The rows with columns of a head alone made one with the columns of cells alone beside them, and their count."""
    top = [chunk for row in rows[:1] for chunk in row]
    if len(rows) < 1 + _LEAST_ROWS or any(is_figure(c.text) and not _YEAR.fullmatch(c.text) for c in top):
        return rows, count
    kinds = [_kind(rows, column) for column in range(count)]
    joined: set[int] = set()  # columns that are one with the column before them
    column = 0
    while column < count - 1:
        end = column
        while end < count and kinds[end] != "" and (end == column or kinds[end] != kinds[end - 1]):
            end += 1
        labels = column == 0 and kinds[0] == "cells" and any(_YEAR.fullmatch(c.text) for c in top if c.first == 1)
        if end - column > 1 and (end - column) % 2 == 0 and not labels:  # no year heads what rows are called
            joined.update(range(column + 1, end, 2))
        column = max(end, column + 1)
    if not joined or count - len(joined) < 2:
        return rows, count
    places = [n - sum(one <= n for one in joined) for n in range(count)]
    headed = {place for chunk in top for place in range(places[chunk.first], places[chunk.last] + 1)}
    if len(headed | {0}) < count - len(joined):
        return rows, count  # the first row is no row of heads: it leaves columns without one
    for row in rows:
        for chunk in row:
            chunk.first, chunk.last = places[chunk.first], places[chunk.last]
    return rows, count - len(joined)


def _kind(rows: Sequence[list[Chunk]], column: int) -> str:
    """Whether a column holds a head alone or cells alone; empty where it holds both, or something that covers more."""
    held = [(number, chunk) for number, row in enumerate(rows) for chunk in row if chunk.first <= column <= chunk.last]
    if not held or any(chunk.first != chunk.last for _, chunk in held):
        return ""
    numbers = {number for number, _ in held}
    if max(numbers) < _HEAD_LINES and 0 in numbers:
        return "head"
    return "cells" if min(numbers) >= _HEAD_LINES - 1 else ""
