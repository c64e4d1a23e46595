"""Boxes to tick and bullets that a PDF draws as shapes, as browsers print them: they become ☒, ☐ and • in their line.

A box is a small square or circle with an outline beside a word; it is ticked where something is drawn or written in it.
Squares that touch are cells, and one that is filled with a colour belongs to a chart.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pypdfium2.raw as pdfium_c

from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.pdf_forms import Field, is_level
from rag.ingestion.loading.pdfium_calls import Box, Characters, Colour
from rag.ingestion.loading.signs import BOX, TICKED

# Points: the sides of a box to tick. A page of more small shapes is a drawing.
_LEAST: Final = 5.0
_LARGEST: Final = 18.0
_MOST: Final = 400
_MOST_SQUARES: Final = 150
_SQUARE: Final = 0.25
_THICKEST: Final = 1.5
_ROUND_SEGMENTS: Final = 4
# How near a word stands, in sides of the box; a bullet's stands further off.
_BESIDE: Final = 1.5
_BULLET_BESIDE: Final = 3.5
# A bullet is no larger than this, measured by the height of the line's letters, and a box larger, but not by far.
_BULLET: Final = 0.45
_TOO_LARGE: Final = 2.0
# What fills more of a box than this is its colour, not a dot in it.
_LARGEST_DOT: Final = 0.66
_LIGHT: Final = 235
_OTHER: Final = 60
_WHITE: Final[Colour] = (255, 255, 255, 255)
_TICKS: Final = frozenset("xX×✓✔✕✗✘☒☑■●•")


@dataclass(frozen=True, slots=True)
class _Shape:
    box: Box
    fill: Colour | None
    stroke: Colour | None
    outline: bool  # whether it goes round something

    @property
    def side(self) -> float:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def square(self) -> bool:
        return self.outline and _is_square(self.box)


def drawn_signs(characters: Characters, lines: Sequence[Line], small: Sequence[tuple[int, Box]]) -> list[Field]:
    """What is drawn beside the words of a page, of its small shapes."""
    squares = [box for _, box in small if _is_square(box)] if len(small) <= _MOST else []
    if not 0 < len(squares) <= _MOST_SQUARES:
        return []
    order = sorted(lines, key=_height)
    heights = list(map(_height, order))
    near: list[Box] = []
    beside: dict[int, Line] = {}
    for box in squares:
        first, last = (bisect_left(heights, edge) for edge in (box[1] - _LARGEST, box[3] + _LARGEST))
        if any(_stands_by(line, box, _BULLET_BESIDE) for line in order[first:last]):
            near.append(box)
            beside |= {id(line): line for line in order[first:last]}
    shapes = [_shape(one, box) for one, box in small if any(_middle_in(box, square) for square in near)]
    boxes = _boxes(characters, list(beside.values()), shapes)
    return [*boxes, *_bullets(list(beside.values()), shapes, boxes)]


def _is_square(box: Box) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    return abs(wide - high) <= _SQUARE * max(wide, high)


def _height(line: Line) -> float:
    return (line.first[3] + line.first[5]) / 2


def _shape(one: int, box: Box) -> _Shape:
    path = ctypes.cast(one, pdfium_c.FPDF_PAGEOBJECT)
    mode, drawn, width = ctypes.c_int(), ctypes.c_int(), ctypes.c_float()
    pdfium_c.FPDFPath_GetDrawMode(path, mode, drawn)
    colours: list[Colour | None] = []
    for used, call in ((mode, pdfium_c.FPDFPageObj_GetFillColor), (drawn, pdfium_c.FPDFPageObj_GetStrokeColor)):
        found = [ctypes.c_uint() for _ in range(4)]
        call(path, *found)
        red, green, blue, alpha = (part.value for part in found)
        colours.append((red, green, blue, alpha) if used.value and alpha else None)
    if drawn.value and pdfium_c.FPDFPageObj_GetStrokeWidth(path, width):
        thick = min(width.value, _THICKEST)  # pdfium counts it to the box
        box = box[0] + thick, box[1] + thick, box[2] - thick, box[3] - thick
    count = pdfium_c.FPDFPath_CountSegments(path)
    kinds = (pdfium_c.FPDFPathSegment_GetType(pdfium_c.FPDFPath_GetPathSegment(path, n)) for n in range(min(count, 9)))
    begins = sum(kind == pdfium_c.FPDF_SEGMENT_MOVETO for kind in kinds)
    outline = count >= _ROUND_SEGMENTS and (begins == 1 or bool(mode.value))
    return _Shape(box, colours[0], colours[1], outline)


def _boxes(characters: Characters, lines: Sequence[Line], shapes: Sequence[_Shape]) -> list[Field]:
    found: list[tuple[float, Field]] = []
    coloured: list[float] = []
    outer: list[_Shape] = []
    for one in sorted(shapes, key=lambda one: -one.side):
        if one.square and _LEAST <= one.side <= _LARGEST and not any(_is_in(one.box, other.box) for other in outer):
            outer.append(one)
    for number, one in enumerate(outer):
        if any(_touch(one.box, other.box) for place, other in enumerate(outer) if place != number):
            continue
        written = [p for line in lines for p in line.pieces if _middle_in(_of(p), one.box)]
        texts = {characters.text[piece.start : piece.end].strip() for piece in written}
        high = max((line.first[5] - line.first[3] for line in lines if _stands_by(line, one.box, _BESIDE)), default=0)
        if not texts <= _TICKS or not _BULLET * high < one.side < _TOO_LARGE * high:
            continue
        ticked = _state(one, [shape for shape in shapes if _is_in(shape.box, one.box)])
        if ticked is None and not (written and one.stroke):
            coloured.append(one.side)
        else:
            found.append((one.side, Field(one.box, TICKED if ticked or written else BOX, tick=True)))
    # One of a chart's squares may be white.
    return [field for side, field in found if not any(abs(side - other) < 1 for other in coloured)]


def _state(outer: _Shape, inside: Sequence[_Shape]) -> bool | None:
    """Whether a box is ticked, of what is drawn in it, in order; None where it is no box to tick."""
    ground, framed, ticked = _WHITE, False, False
    for shape in inside:
        whole = shape.square and shape.side >= 0.82 * outer.side
        if whole:
            ground = shape.fill or ground
            framed = framed or (shape.stroke is not None and min(shape.stroke[:3]) < _LIGHT)
        elif shape.square and shape.stroke is None and shape.side > _LARGEST_DOT * outer.side:
            ground = shape.fill or ground  # what charts fill their squares with
        elif shape.side >= 0.3 * outer.side:
            ticked = ticked or any(_differ(colour, ground) for colour in (shape.fill, shape.stroke) if colour)
    light = min(ground[:3]) >= _LIGHT
    return ticked if (framed and light) or (ticked and not light) else None


def _bullets(lines: Sequence[Line], shapes: Sequence[_Shape], boxes: Sequence[Field]) -> Iterator[Field]:
    """Small round or square shapes before lines, two under one another at least."""
    found: list[_Shape] = []
    for shape in shapes:
        others = [one.box for one in shapes if one is not shape] + [one.box for one in boxes]
        alone = not any(_middle_in(shape.box, other) for other in others)
        if not shape.square or not alone:
            continue
        beside = [line for line in lines if _level(line, shape.box)]
        before = all(line.left > shape.box[2] for line in beside)
        sizes = [line.first[5] - line.first[3] for line in beside if _stands_by(line, shape.box, _BULLET_BESIDE)]
        painted = [colour for colour in (shape.fill, shape.stroke) if colour and min(colour[:3]) < _LIGHT]
        if before and sizes and painted and shape.side <= _BULLET * max(sizes):
            found.append(shape)
    for shape in found:
        below = [one for one in found if abs(shape.box[0] - one.box[0]) < 1 and one.box[1] != shape.box[1]]
        # Those of a chart differ in their colour.
        if below and all((one.fill, one.stroke) == (shape.fill, shape.stroke) for one in below):
            yield Field(shape.box, "•", tick=True)


def _stands_by(line: Line, box: Box, nearest: float) -> bool:
    """Whether a word of the line begins right behind a box, at its height."""
    limit = nearest * max(box[2] - box[0], box[3] - box[1])
    return _level(line, box) and any(-1 < word[2] - box[2] <= limit for word in line.words)


def _level(line: Line, box: Box) -> bool:
    return is_level(line, box, (box[1] + box[3]) / 2)


def _of(piece: Piece) -> Box:
    return piece.left, piece.bottom, piece.right, piece.top


def _is_in(inner: Box, outer: Box) -> bool:
    """Whether it lies in another box, or a little over its edges."""
    return _middle_in(inner, outer) and max(inner[2] - inner[0], inner[3] - inner[1]) <= 1.15 * max(
        outer[2] - outer[0], outer[3] - outer[1]
    )


def _middle_in(inner: Box, outer: Box) -> bool:
    across, along = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= across <= outer[2] and outer[1] <= along <= outer[3]


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] + 1 and other[0] <= one[2] + 1 and one[1] <= other[3] + 1 and other[1] <= one[3] + 1


def _differ(one: Colour, other: Colour) -> bool:
    return max(abs(a - b) for a, b in zip(one[:3], other[:3], strict=True)) > _OTHER
