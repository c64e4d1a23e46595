"""Where on a PDF page a table may be: told by the first and the last letter of each line alone.

pdfium gives the place of one letter at a time, and most pages hold no table. A line in which words stand apart is wider
than its letters need, and cells that are written one after the other are lines at one height.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

Box = tuple[float, float, float, float]
Stretch = tuple[int, int]

# Sizes of the letters: what a letter of running text takes at most, and what a line has to be too wide by.
_LETTER: Final = 0.56
_TOO_WIDE: Final = 0.9
# Lines around one of a table that may belong to it, in the order of the text.
_AROUND: Final = 5
_FEWEST: Final = 2
_SAME_HEIGHT: Final = 2.0


def stretches(text: str, indices: Sequence[int], box: Callable[[int], Box]) -> list[Stretch]:
    """The stretches of a page's text in which a table may be; none on most pages."""
    lines = _lines(text, indices)
    if len(lines) < _FEWEST:
        return []
    boxes = [(box(indices[first]), box(indices[last])) for first, last in lines]
    upright = sum(abs(b[1] - a[1]) > abs(b[0] - a[0]) + 20 for a, b in boxes)
    if 2 * upright > len(boxes):
        boxes = [(_turned(a), _turned(b)) for a, b in boxes]
    marked = {n for n, (line, ends) in enumerate(zip(lines, boxes, strict=True)) if _too_wide(text, line, ends)}
    marked |= _beside(boxes)
    if len(marked) < _FEWEST:
        return []
    found: list[Stretch] = []
    for number in sorted(marked):
        first, last = lines[max(0, number - _AROUND)][0], lines[min(len(lines) - 1, number + _AROUND)][1] + 1
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def _lines(text: str, indices: Sequence[int]) -> list[Stretch]:
    """The first and the last letter of each line that have a place on the page."""
    found: list[Stretch] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        first, last = start, end - 1
        while first < end and (indices[first] < 0 or text[first] == " "):
            first += 1
        while last > first and (indices[last] < 0 or text[last] == " "):
            last -= 1
        if first < end:
            found.append((first, last))
        start = end + 1
    return found


def _turned(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _too_wide(text: str, line: Stretch, ends: tuple[Box, Box]) -> bool:
    a, b = ends
    size = max(min(a[3] - a[1], b[3] - b[1]), 1.0)
    letters = line[1] - line[0] + 1
    wide = sum(map(text.count, "MW", (line[0],) * 2, (line[1],) * 2)) if letters < 40 else 0
    capitals = 0.12 * letters if text[line[0] : line[1]].isupper() else 0.0
    return max(b[2], a[2]) - min(a[0], b[0]) > (_LETTER * letters + _TOO_WIDE + 0.3 * wide + capitals) * size


def _beside(boxes: Sequence[tuple[Box, Box]]) -> set[int]:
    """The lines that stand at the height of another one."""
    order = sorted(range(len(boxes)), key=lambda n: boxes[n][0][1] + boxes[n][0][3])
    found: set[int] = set()
    for one, other in pairwise(order):
        a, b = boxes[one], boxes[other]
        near = abs((a[0][1] + a[0][3]) - (b[0][1] + b[0][3])) < 2 * _SAME_HEIGHT
        if near and (a[1][2] < b[0][0] or b[1][2] < a[0][0]):
            found |= {one, other}
    return found
