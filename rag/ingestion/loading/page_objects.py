"""What is drawn on a PDF page beside its text, and in which order: pictures, filled areas, thin lines, text objects."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rag.ingestion.loading.pdfium_calls import (
    Box,
    Colour,
    are_filled,
    bounds_of,
    fills_of,
    matrix_of,
    objects_in_form,
    objects_of,
    render_modes_of,
    types_of,
)

Matrix = tuple[float, ...]

_INVISIBLE: Final = frozenset({pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE})
_TEXT: Final = pdfium_c.FPDF_PAGEOBJ_TEXT
_PATH: Final = pdfium_c.FPDF_PAGEOBJ_PATH
_FORM: Final = pdfium_c.FPDF_PAGEOBJ_FORM
# Of more text objects than this only some are asked for their colour.
_LOOKED_AT: Final = 400
_OPAQUE: Final = 250
# So pale is white, or nearly.
_PALE: Final = 235
# ... and so faint, of 255, that it may not be seen.
_FAINT: Final = 16
# A line is at most so thick, and what covers anything at least so large.
_THICKEST: Final = 2.5
_LEAST_LENGTH: Final = 4.0
# What is no smaller and no larger may be a sign.
_THIN: Final = 1.5
_SMALL: Final = 18.0
# A page of more objects is a drawing, and not looked through for what hides text.
_MOST_OBJECTS: Final = 30_000
_DEEPEST: Final = 6


class Area(NamedTuple):
    """A filled area or a picture; `order` counts what is drawn. A picture has no colour of its own."""

    order: int
    box: Box
    colour: Colour | None


@dataclass(slots=True)
class PageObjects:
    """`order` says when each text object is drawn; `invisible`, `pale`, `coloured` and `layered` name some of them.

    Each of the `paths` stands beside how the form that it belongs to is placed.
    """

    order: dict[int, int] = field(default_factory=dict)
    areas: list[Area] = field(default_factory=list)
    lines: list[Box] = field(default_factory=list)
    uprights: list[Box] = field(default_factory=list)
    paths: list[tuple[int, Matrix | None]] = field(default_factory=list)
    small: list[tuple[int, Box]] = field(default_factory=list)
    invisible: set[int] = field(default_factory=set)
    pale: set[int] = field(default_factory=set)
    layered: set[int] = field(default_factory=set)

    @property
    def pictures(self) -> list[Box]:
        return [area.box for area in self.areas if area.colour is None]


def page_objects(page: pdfium.PdfPage, *, layers: bool) -> PageObjects:
    """`layers`: the document has layers that can be off, so what belongs to one is told."""
    drawn = objects_of(page)
    if len(drawn) > _MOST_OBJECTS:
        return PageObjects()
    kinds = types_of(drawn)
    forms: dict[int, Matrix] = {}
    if _FORM in kinds:
        drawn = list(_with_forms(drawn, kinds, None, forms, 0))
        kinds = types_of(drawn)
    found = PageObjects(order=dict(zip(drawn, count(), strict=False)))
    texts = [one for one, kind in zip(drawn, kinds, strict=True) if kind == _TEXT]
    found.invisible, found.pale = _faint(texts)
    if layers:
        found.layered = {one for one in texts if one in forms or _has_layer(one)}
    others = [one for one, kind in zip(drawn, kinds, strict=True) if kind != _TEXT]
    _areas(found, others, [kind for kind in kinds if kind != _TEXT], forms)
    return found


def _faint(texts: list[int]) -> tuple[set[int], set[int]]:
    """Those that are not drawn at all, and those in white. Of very many some are looked at, and all if one is such."""
    some = texts[:: len(texts) // _LOOKED_AT + 1]
    while True:
        invisible = {one for one, mode in zip(some, render_modes_of(some), strict=True) if mode in _INVISIBLE}
        pale = {
            one for one, fill in zip(some, fills_of(some), strict=True) if min(fill[:3]) >= _PALE or fill[3] < _FAINT
        }
        if len(some) == len(texts) or not (invisible or pale):
            return invisible, pale - invisible
        some = texts


def _with_forms(
    objects: list[int], kinds: list[int], matrix: Matrix | None, forms: dict[int, Matrix], depth: int
) -> Iterator[int]:
    """The objects in the order in which they are drawn, those of a form in its place; `forms` says where it lies."""
    for one, kind in zip(objects, kinds, strict=True):
        if kind != _FORM:
            if matrix is not None:
                forms[one] = matrix
            yield one
        elif depth < _DEEPEST:
            inner, inside = matrix_of(one), objects_in_form(one)
            place = product(inner, matrix) if matrix else inner
            yield from _with_forms(inside, types_of(inside), place, forms, depth + 1)


def _areas(found: PageObjects, drawn: list[int], kinds: list[int], forms: dict[int, Matrix]) -> None:
    """What is filled, pictured or ruled; of small and stroked paths only that they are there."""
    large: list[tuple[int, Box]] = []
    for one, kind, bounds in zip(drawn, kinds, bounds_of(drawn), strict=True):
        box = _placed(bounds, forms[one]) if one in forms else bounds
        if kind != _PATH:
            found.areas.append(Area(found.order[one], box, None))
            continue
        found.paths.append((one, forms.get(one)))
        if _THIN < box[2] - box[0] <= _SMALL and _THIN < box[3] - box[1] <= _SMALL:
            found.small.append((one, box))
        if box[2] - box[0] < _LEAST_LENGTH:
            if box[3] - box[1] > _LEAST_LENGTH:
                found.uprights.append(box)
            continue
        if box[3] - box[1] <= _THICKEST:
            found.lines.append(box)
        else:
            large.append((one, box))
    paths = [one for one, _ in large]
    for (one, box), mode, colour in zip(large, are_filled(paths), fills_of(paths), strict=True):
        if mode and colour[3] > _OPAQUE:
            found.areas.append(Area(found.order[one], box, colour))
        else:
            found.uprights += [(side, box[1], side, box[3]) for side in (box[0], box[2])]


def _has_layer(one: int) -> bool:
    handle = ctypes.cast(one, pdfium_c.FPDF_PAGEOBJECT)
    for number in range(pdfium_c.FPDFPageObj_CountMarks(handle)):
        name, length = (ctypes.c_ushort * 16)(), ctypes.c_ulong()
        mark = pdfium_c.FPDFPageObj_GetMark(handle, number)
        if pdfium_c.FPDFPageObjMark_GetName(mark, name, 32, length) and bytes(name)[:6] == b"O\0C\0\0\0":
            return True
    return False


def product(inner: Matrix, outer: Matrix) -> Matrix:
    """One matrix that does what both do, the inner one first."""
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _placed(box: Box, matrix: Matrix) -> Box:
    """A box of a form as it stands on the page."""
    a, b, c, d, e, f = matrix
    xs = [a * x + c * y + e for x in (box[0], box[2]) for y in (box[1], box[3])]
    ys = [b * x + d * y + f for x in (box[0], box[2]) for y in (box[1], box[3])]
    return min(xs), min(ys), max(xs), max(ys)
