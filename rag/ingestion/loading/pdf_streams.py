"""The columns of running text on a page: what stands in one is no row with what stands beside it in the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.ingestion.loading.pdf_grid import Chunk, chunks_of
from rag.ingestion.loading.pdf_words import Line, lines_of

# Words of a line of running text, also in a narrow column; lines that show a gutter.
_WORDS: Final = 4
_LINES: Final = 8
_FULL: Final = 0.85


def streams(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines in the order in which they are read: those of each column of running text by themselves."""
    gutter = _gutter(lines)
    if gutter is None:
        return [list(lines)]
    found: list[list[Line]] = []
    run: list[Line] = []
    last = ""
    for line, kind in zip(lines, _kinds(lines, gutter), strict=True):
        if kind != last and run:
            found += _sides(run, gutter) if last == "split" else [run]
            run = []
        run.append(line)
        last = kind
    found += _sides(run, gutter) if last == "split" else [run]
    return [part for side in found for part in (streams(side) if len(side) < len(lines) else [side]) if part]


def _gutter(lines: Sequence[Line]) -> float | None:
    """Where running text ends or begins in many lines in which something else stands beside it.

    Running text fills its column in most lines; what is wrapped in the cells of a table does not.
    """
    held: dict[int, list[tuple[Chunk, list[Chunk]]]] = {}
    for line in lines:
        chunks = chunks_of(line)
        for chunk in chunks:
            if len(chunk.words) >= _WORDS:
                held.setdefault(round(chunk.left / 4), []).append((chunk, chunks))
    for edge in sorted(held, key=lambda one: -len(held[one])):
        # The column may begin on the border of two such steps.
        column = held[edge] + held.get(edge + 1, [])
        if len(column) < _LINES:
            break
        left, right = min(chunk.left for chunk, _ in column), max(chunk.right for chunk, _ in column)
        full = sum(chunk.right > left + _FULL * (right - left) for chunk, _ in column)
        after = [other.left for _, row in column for other in row if other.left > right - 1]
        before = [other.right for _, row in column for other in row if other.right < left + 1]
        if full >= 0.7 * len(column) and len(after) >= 3:
            return (right + min(after)) / 2
        if full >= 0.7 * len(column) and len(before) >= 3:
            return (left + max(before)) / 2
    return None


def _kinds(lines: Sequence[Line], gutter: float) -> list[str]:
    """Of each line whether it is "whole" or stands in columns, "split". A few lines between go with their like."""
    kinds: list[str] = []
    for line in lines:
        chunks = chunks_of(line)
        crossed = any(chunk.left < gutter - 2 and chunk.right > gutter + 2 for chunk in chunks)
        prose = any(len(chunk.words) >= _WORDS for chunk in chunks)
        kinds.append("whole" if crossed else "split" if prose else "")
    start = 0
    while start < len(kinds):
        end = start
        while end < len(kinds) and not kinds[end]:
            end += 1
        if end > start:
            around = {kinds[start - 1] if start else "", kinds[end] if end < len(kinds) else ""} - {""}
            kind = "whole" if end - start > 4 and around != {"split"} else "split" if "split" in around else "whole"
            if end - start > 12:
                kind = "whole"
            kinds[start:end] = [kind] * (end - start)
        start = end + 1
    return kinds


def _sides(lines: Sequence[Line], gutter: float) -> list[list[Line]]:
    words = [word for line in lines for word in line.words]
    left = [word for word in words if (word.left + word.right) / 2 < gutter]
    right = [word for word in words if (word.left + word.right) / 2 >= gutter]
    return [lines_of(side) for side in (left, right) if side]
