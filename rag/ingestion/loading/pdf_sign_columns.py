"""Columns of currency and percent signs in the grid of a PDF's table: they belong to the figures beside them."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from rag.ingestion.loading.pdf_grid import Chunk
from rag.ingestion.loading.table_heads import is_figure

_SIGNS: Final = frozenset({"$", "€", "£", "¥", "US$", "NT$", "(", "-", "–", "RMB", "Rs."})
_CURRENCIES: Final = frozenset("$€£¥")
_SIGNS_AFTER: Final = frozenset({"%", ")", ")%", "*", "pts", "x"})


def without_signs(rows: list[list[Chunk]], count: int) -> tuple[list[list[Chunk]], int]:
    """Columns of currency signs become one with the figures behind them, those of "%" or ")" with those before."""
    for row in rows:
        for chunk, following in pairwise(row):
            if len(chunk.words) > 1 and chunk.words[-1].text in _CURRENCIES and not _behind_figure(chunk, following):
                following.words.insert(0, chunk.words.pop())
    for column in range(count - 1, -1, -1):
        held = [chunk for row in rows for chunk in row if chunk.first == column == chunk.last]
        if not held or count < 3:
            continue
        if all(chunk.text in _SIGNS for chunk in held) and column + 1 < count:
            _merge(rows, column)
            count -= 1
        elif all(chunk.text in _SIGNS_AFTER for chunk in held) and column > 0:
            _merge(rows, column - 1)
            count -= 1
    return rows, count


def _behind_figure(chunk: Chunk, following: Chunk) -> bool:
    """Whether the sign that ends a chunk belongs to the figure before it, as in "5 €"; others stand before theirs."""
    figure, sign = chunk.words[-2:]
    return sign.text == "€" and is_figure(figure.text) and sign.left - figure.right < following.left - sign.right


def _merge(rows: list[list[Chunk]], column: int) -> None:
    """Makes a column and the next one."""
    for number, row in enumerate(rows):
        merged: list[Chunk] = []
        for chunk in row:
            chunk.first -= chunk.first > column
            chunk.last -= chunk.last > column
            if merged and merged[-1].first == merged[-1].last == chunk.first == chunk.last:
                merged[-1].words += chunk.words
            else:
                merged.append(chunk)
        rows[number] = merged
