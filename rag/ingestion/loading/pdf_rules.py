"""The ruling lines of a PDF page: what is drawn level or upright, thin boxes and the edges of boxes among it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2.raw as pdfium_c

from rag.ingestion.loading.page_objects import Matrix, product
from rag.ingestion.loading.pdf_words import Turn
from rag.ingestion.loading.pdfium_calls import matrix_of

# Points: a line is no thicker, and no shorter than this; pieces so near make one.
_THIN: Final = 3.0
_SHORT: Final = 4.0
_NEAR: Final = 2.5
# A drawing has more lines than any table.
_MOST_SEGMENTS: Final = 3000
_BOX: Final = 6  # pieces of a path that is one box
_MOST_OBJECTS: Final = 20_000

_SAME: Final[Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(slots=True)
class Rule:
    """A line: `at` its height (a level one) or its place from the left, from `low` to `high` the other way."""

    at: float
    low: float
    high: float


@dataclass(slots=True)
class Rules:
    level: list[Rule]
    upright: list[Rule]


def rules_of(paths: Sequence[tuple[int, Matrix | None]], longest: float, turn: Turn) -> Rules:
    """The ruling lines among the paths of a page, pieces of one made whole; none is longer than `longest`.

    Beside each path is how the form that it belongs to is placed.
    """
    level: list[Rule] = []
    upright: list[Rule] = []
    for left, bottom, right, top in _lines(paths[:_MOST_OBJECTS], longest):
        (x0, y0), (x1, y1) = turn(left, bottom), turn(right, top)
        wide, high = abs(x1 - x0), abs(y1 - y0)
        if high <= _THIN and wide > _SHORT:
            level.append(Rule((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif wide <= _THIN and high > _SHORT:
            upright.append(Rule((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
    return Rules(_whole(level), _whole(upright))


def _whole(rules: list[Rule]) -> list[Rule]:
    """Pieces that lie on one line and touch, made one."""
    rules.sort(key=lambda rule: (rule.at, rule.low))
    rows: list[list[Rule]] = []
    for rule in rules:
        if rows and rule.at - rows[-1][0].at <= _NEAR:
            rows[-1].append(rule)
        else:
            rows.append([rule])
    found: list[Rule] = []
    for row in rows:
        row.sort(key=lambda rule: rule.low)
        last = Rule(row[0].at, row[0].low, row[0].high)
        for rule in row[1:]:
            if rule.low <= last.high + _NEAR:
                last.high = max(last.high, rule.high)
            else:
                found.append(last)
                last = Rule(rule.at, rule.low, rule.high)
        found.append(last)
    return found


def _lines(paths: Sequence[tuple[int, Matrix | None]], longest: float) -> Iterator[tuple[float, float, float, float]]:
    """Straight lines and the edges of boxes, as they are drawn. A box that is only filled is a background."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    for one, place in paths:
        path, matrix = ctypes.cast(one, pdfium_c.FPDF_PAGEOBJECT), place or _SAME
        if not pdfium_c.FPDFPageObj_GetBounds(path, left, bottom, right, top):
            continue
        wide, high = right.value - left.value, top.value - bottom.value
        if min(wide, high) <= _THIN:
            if _SHORT < max(wide, high) < longest:
                yield *_moved(left.value, bottom.value, matrix), *_moved(right.value, top.value, matrix)
            continue
        pdfium_c.FPDFPath_GetDrawMode(path, fill, stroke)
        count = pdfium_c.FPDFPath_CountSegments(path)
        if not 1 < count <= _MOST_SEGMENTS or (count <= _BOX and not stroke.value):
            continue
        for straight, (x0, y0), (x1, y1) in _points(path, count, product(matrix_of(one), matrix)):
            if straight and max(abs(x1 - x0), abs(y1 - y0)) < longest:
                yield x0, y0, x1, y1


def _moved(x: float, y: float, m: Matrix) -> tuple[float, float]:
    return (x, y) if m is _SAME else (m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5])


def _points(path: Any, count: int, m: Matrix) -> Iterator[tuple[bool, tuple[float, float], tuple[float, float]]]:
    """The pieces of a path, as (whether it is a straight line, from, to)."""
    x, y = ctypes.c_float(), ctypes.c_float()
    first = last = (0.0, 0.0)
    for number in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, number)
        pdfium_c.FPDFPathSegment_GetPoint(segment, x, y)
        here = (m[0] * x.value + m[2] * y.value + m[4], m[1] * x.value + m[3] * y.value + m[5])
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO:
            first = here
        else:
            yield kind == pdfium_c.FPDF_SEGMENT_LINETO, last, here
        last = here
        if pdfium_c.FPDFPathSegment_GetClose(segment):
            yield True, last, first
