"""Text that nobody sees: white on white, tiny, beside the page, under a picture, on a layer that is off, or struck out.

Signs of it are looked for among what is drawn; whether the text is really unseen is then tried by drawing the page
with it and without it. The words of a scan, which lie unseen on or under its picture, are its text and stay.
"""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from typing import Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rag.core.types import LeftOutReason
from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.page_objects import PageObjects
from rag.ingestion.loading.pdfium_calls import Box, Characters

# Letters less high, in points and measured by the page, are not for reading.
_TINY: Final = 2.3
_TINY_SHARE: Final = 1 / 250
# A picture that covers so much of the page is the page.
SCAN: Final = 0.6
_STRIPE: Final = 4
_LIGHT: Final = 200
# A line that strikes words out is no longer than they are, by so many points.
_LONGER: Final = 16.0
# How high above the foot of the letters, measured by their height, it runs.
_LOW: Final = 0.3
_HIGH: Final = 0.68
_SEEN: Final = 10
_LARGEST: Final = 1400

Hidden = dict[int, LeftOutReason]


def hidden_pieces(page: pdfium.PdfPage, characters: Characters, lines: list[Line], objects: PageObjects) -> Hidden:
    """Why pieces are left out, by their ids."""
    edge = page.get_bbox()
    found: Hidden = {id(piece): "unseen" for piece in _off(characters, lines, edge)}
    if objects.invisible or objects.pale or objects.layered or objects.areas:
        scan = covered_share(objects.pictures, edge) >= SCAN
        if objects.invisible and not scan:
            drawn = _drawn(characters, lines, objects, objects.invisible)
            found.update((id(piece), "unseen") for _, piece in drawn)
        suspects: defaultdict[int, list[Piece]] = defaultdict(list)
        for one, piece in _suspects(characters, lines, objects, scan=scan):
            suspects[one].append(piece)
        if suspects:
            found.update((id(piece), "unseen") for piece in _unseen(page, suspects))
    found.update((id(piece), "struck") for piece in _struck(lines, objects.lines))
    return found


def covered_share(pictures: Iterable[Box], edge: Box) -> float:
    """How much of the page its pictures cover together, stripes of a scan among them."""
    area = max(1.0, (edge[2] - edge[0]) * (edge[3] - edge[1]))
    sizes = (
        max(0.0, min(right, edge[2]) - max(left, edge[0])) * max(0.0, min(top, edge[3]) - max(bottom, edge[1]))
        for left, bottom, right, top in set(pictures)
    )
    return sum(sizes) / area


def _off(characters: Characters, lines: list[Line], edge: Box) -> Iterator[Piece]:
    """The pieces that stand beside the page or are too small to be read."""
    tiny = min(_TINY, _TINY_SHARE * max(edge[2] - edge[0], edge[3] - edge[1]))
    for line in lines:
        _, _, left, bottom, _, top = line.first
        inside = edge[0] <= left and line.last[4] <= edge[2] and edge[1] <= bottom and top <= edge[3]
        if line.even and inside and top - bottom >= tiny:
            continue
        for piece in line.pieces:
            if piece.left < edge[0] or piece.right > edge[2] or piece.bottom < edge[1] or piece.top > edge[3]:
                if not _holds(edge, piece):
                    yield piece
            elif piece.top - piece.bottom < tiny and piece.right - piece.left < tiny * (piece.end - piece.start):
                ink = characters.ink(piece.start)
                if ink[3] - ink[1] < tiny:
                    yield piece


def _drawn(
    characters: Characters, lines: Iterable[Line], objects: PageObjects, wanted: Container[int]
) -> Iterator[tuple[int, Piece]]:
    """The pieces that wanted objects draw, with these objects."""
    for line in lines:
        found = characters.text_objects([word[0] for word in line.words])
        if any(one in wanted for one in found):
            yield from (
                (one, piece)
                for one, piece in zip(found, line.pieces, strict=True)
                if one in wanted and one in objects.order
            )


def _suspects(
    characters: Characters, lines: list[Line], objects: PageObjects, *, scan: bool
) -> Iterator[tuple[int, Piece]]:
    """The pieces that may be unseen, with the objects that draw them."""
    wanted = objects.layered | objects.pale
    for one, piece in _drawn(characters, lines, objects, wanted) if wanted else ():
        if one in objects.layered:
            yield one, piece
        elif one in objects.pale:
            before = (area for area in objects.areas if area.order < objects.order[one] and _holds(area.box, piece))
            behind = max(before, key=lambda area: area.order, default=None)
            if behind is None or (behind.colour is not None and min(behind.colour[:3]) >= _LIGHT):
                yield one, piece
    if not scan and objects.areas:
        yield from _covered(characters, lines, objects)


def _covered(characters: Characters, lines: list[Line], objects: PageObjects) -> Iterator[tuple[int, Piece]]:
    """The pieces that something filled is drawn over."""
    stripes: defaultdict[int, list[tuple[int, Line]]] = defaultdict(list)
    ends = characters.text_objects([word[0] for line in lines for word in (line.first, line.last)])
    for line, first, last in zip(lines, ends[0::2], ends[1::2], strict=True):
        order = min(objects.order.get(one or 0, 0) for one in (first, last))
        stripes[int((line.first[3] + line.first[5]) / 2) // _STRIPE].append((order, line))
    earliest = {stripe: min(order for order, _ in some) for stripe, some in stripes.items()}
    for area in objects.areas:
        for stripe in range(int(area.box[1]) // _STRIPE, int(area.box[3]) // _STRIPE + 1):
            if earliest.get(stripe, area.order) < area.order:
                reached = [line for order, line in stripes[stripe] if order < area.order and _reaches(area.box, line)]
                for one, piece in _drawn(characters, reached, objects, objects.order):
                    if objects.order[one] < area.order and _holds(area.box, piece):
                        yield one, piece


def _reaches(box: Box, line: Line) -> bool:
    return box[0] < line.right and box[2] > line.left


def _holds(box: Box, piece: Piece) -> bool:
    across, along = (piece.left + piece.right) / 2, (piece.bottom + piece.top) / 2
    return box[0] <= across <= box[2] and box[1] <= along <= box[3]


def _unseen(page: pdfium.PdfPage, suspects: dict[int, list[Piece]]) -> Iterator[Piece]:
    """Those pieces without which the page looks the same."""
    from PIL import ImageChops

    left, bottom, right, top = page.get_bbox()
    scale = min(1.5, _LARGEST / max(right - left, top - bottom, 1.0))
    _show(suspects, shown=True)
    whole = page.render(scale=scale).to_pil().convert("RGB")
    _show(suspects, shown=False)
    without = page.render(scale=scale).to_pil().convert("RGB")
    _show(suspects, shown=True)
    changed = ImageChops.difference(whole, without).convert("L")
    for pieces in suspects.values():
        for piece in pieces:
            place = (
                max(0, int((piece.left - left) * scale)),
                max(0, int((top - piece.top) * scale)),
                min(changed.width, int((piece.right - left) * scale) + 1),
                min(changed.height, int((top - piece.bottom) * scale) + 1),
            )
            if place[0] < place[2] and place[1] < place[3]:
                darkest = changed.crop(place).getextrema()[1]
                if isinstance(darkest, (int, float)) and darkest <= _SEEN:
                    yield piece


def _show(objects: Iterable[int], *, shown: bool) -> None:
    for one in objects:
        pdfium_c.FPDFPageObj_SetIsActive(ctypes.cast(one, pdfium_c.FPDF_PAGEOBJECT), shown)


def _struck(lines: list[Line], rules: list[Box]) -> Iterator[Piece]:
    """The words that a line runs through which is as long as they are, and is no rule of a table or a diagram."""
    if not rules:
        return
    stripes: defaultdict[int, list[Box]] = defaultdict(list)
    for rule in rules:
        stripes[int((rule[1] + rule[3]) / 2) // _STRIPE].append(rule)
    for line in lines:
        _, _, _, bottom, _, top = line.first
        lowest, highest = int(bottom + _LOW * (top - bottom)), int(bottom + _HIGH * (top - bottom))
        here = range(lowest // _STRIPE, highest // _STRIPE + 1)
        for rule in (rule for stripe in here if stripe in stripes for rule in stripes[stripe]):
            if not (
                line.left < rule[2] and rule[0] < line.right and rule[2] - rule[0] < line.right - line.left + _LONGER
            ):
                continue
            through = [piece for piece in line.pieces if _runs_through(rule, piece)]
            if through and rule[2] - rule[0] <= through[-1].right - through[0].left + _LONGER:
                yield from through


def _runs_through(rule: Box, piece: Piece) -> bool:
    height = (rule[1] + rule[3]) / 2 - piece.bottom
    if not _LOW * piece.height <= height <= _HIGH * piece.height:
        return False
    return min(rule[2], piece.right) - max(rule[0], piece.left) >= 0.7 * (piece.right - piece.left)
