"""The shapes of a slide, in the order in which people read them.

The title comes first. Where all shapes are placeholders, the order of the file is that of the layout; else they are
read by where they stand: from the top to the bottom, and of what stands side by side from the left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rag.ingestion.loading.office_package import MC, A
from rag.ingestion.loading.slide_text import P, is_title, placeholder

_SHAPES: Final = ("sp", "pic", "graphicFrame", "cxnSp")
# Groups in groups that are read.
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, and where it stands in English Metric Units; None where that is not known."""

    element: Any
    box: tuple[int, int, int, int] | None
    hidden: bool = False


def shapes_of(root: Any, layout: Any) -> Iterator[Shape]:
    """The shapes of a slide, those of groups among them in their place."""
    tree = root.find(f"{P}cSld/{P}spTree")
    boxes = (
        {}
        if layout is None
        else {placeholder(s): _box(s) for s in layout.iter(f"{P}sp") if placeholder(s)[0] is not None}
    )
    if tree is not None:
        yield from _inside(tree, boxes, None, 0)


def _inside(tree: Any, boxes: dict[tuple[str | None, str], Any], group: Any, depth: int) -> Iterator[Shape]:
    for element in tree:
        if element.tag == f"{MC}AlternateContent":
            # The same in two ways, for older programs and newer ones.
            chosen = next((part for part in element if len(part)), None)
            if chosen is not None and depth < _DEEPEST:
                yield from _inside(chosen, boxes, group, depth + 1)
        elif element.tag == f"{P}grpSp" and depth < _DEEPEST:
            # Within a group its shapes are read by where they stand there, outside it as one.
            place = group or _box(element)
            inside = in_reading_order([*_inside(element, boxes, None, depth + 1)])
            yield from (replace(shape, box=place or shape.box) for shape in inside)
        elif element.tag in {f"{P}{name}" for name in _SHAPES}:
            yield Shape(element, group or _box(element) or boxes.get(placeholder(element)), _is_hidden(element))


def _is_hidden(element: Any) -> bool:
    properties = element.find(f"./*/{P}cNvPr")
    return properties is not None and properties.get("hidden") in ("1", "true")


def _box(element: Any) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom."""
    place = element.find(f"{P}xfrm")
    for properties in ("spPr", "grpSpPr"):
        if place is None:
            place = element.find(f"{P}{properties}/{A}xfrm")
    off, size = (None, None) if place is None else (place.find(f"{A}off"), place.find(f"{A}ext"))
    if off is None or size is None:
        return None
    left, top, width, height = int(off.get("x")), int(off.get("y")), int(size.get("cx")), int(size.get("cy"))
    return left, top, left + width, top + height


def in_reading_order(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes as they are read."""
    titles = [shape for shape in shapes if is_title(shape.element)]
    others = [shape for shape in shapes if not is_title(shape.element)]
    if any(placeholder(shape.element)[0] is None for shape in others) and all(shape.box for shape in others):
        others = _cut(others, across=True)
    return titles + others


def _cut(shapes: list[Shape], *, across: bool, tried: bool = False) -> list[Shape]:
    """By the gaps between them, across the slide and down it in turns; what overlaps keeps its order."""
    if len(shapes) < 2:
        return shapes
    low, high = (1, 3) if across else (0, 2)
    bands: list[list[Shape]] = []
    end = 0
    for shape in sorted(shapes, key=lambda one: one.box[low] if one.box else 0):
        box = shape.box or (0, 0, 0, 0)
        if not bands or box[low] >= end:
            bands.append([])
        bands[-1].append(shape)
        end = max(end, box[high]) if len(bands[-1]) > 1 else box[high]
    if len(bands) == 1:
        order = {id(shape): number for number, shape in enumerate(shapes)}
        if tried:
            return sorted(shapes, key=lambda one: (one.box[1] if one.box else 0, order[id(one)]))
        return _cut(shapes, across=not across, tried=True)
    return [shape for band in bands for shape in _cut(band, across=not across)]
