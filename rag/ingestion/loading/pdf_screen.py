"""Where on a PDF page a table may be: told by the first and the last letter of each line, and its gaps.

pdfium gives the place of one letter at a time, and most pages hold no table. A line in which words stand apart is wider
than its letters need, and cells that are written one after the other are lines at one height. Narrow columns are told
by gaps that stand under one another, or by upright lines between words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final

from rag.ingestion.loading.line_types import Line
from rag.ingestion.loading.pdf_grid import APART

Box = tuple[float, float, float, float]
Stretch = tuple[int, int]

# Sizes of the letters: what a letter of running text takes at most, and what a line has to be too wide by.
_LETTER: Final = 0.56
_TOO_WIDE: Final = 0.9
# Lines around one of a table that may belong to it, in the order of the text.
_AROUND: Final = 5
_FEWEST: Final = 2
_SAME_HEIGHT: Final = 2.0
_SAME_PLACE: Final = 2.0
# A drawing has more upright lines than any table.
_MOST_UPRIGHTS: Final = 300


def stretches(
    text: str, indices: Sequence[int], box: Callable[[int], Box], known: Collection[int] = ()
) -> list[Stretch]:
    """The stretches of a page's text in which a table may be; none on most pages.

    `known` are the numbers of the text's lines that are rows by their gaps or their ruling lines.
    """
    found = _lines(text, indices)
    lines = [line for _, line in found]
    if len(lines) < _FEWEST:
        return []
    boxes = [(box(indices[first]), box(indices[last])) for first, last in lines]
    upright = sum(abs(b[1] - a[1]) > abs(b[0] - a[0]) + 20 for a, b in boxes)
    if 2 * upright > len(boxes):
        boxes = [(_turned(a), _turned(b)) for a, b in boxes]
    marked = {n for n, (line, ends) in enumerate(zip(lines, boxes, strict=True)) if _too_wide(text, line, ends)}
    marked |= _beside(boxes)
    marked |= {n for n, (number, _) in enumerate(found) if number in known}
    if len(marked) < _FEWEST:
        return []
    places: list[Stretch] = []
    for number in sorted(marked):
        first, last = lines[max(0, number - _AROUND)][0], lines[min(len(lines) - 1, number + _AROUND)][1] + 1
        if places and first <= places[-1][1] + 1:
            places[-1] = (places[-1][0], max(places[-1][1], last))
        else:
            places.append((first, last))
    return places


def rows_among(lines: Sequence[Line], uprights: Sequence[Box]) -> set[int]:
    """The numbers of the lines that have gaps under one another, or upright lines between their words."""
    gaps = [list(_gaps(line)) for line in lines]
    found: set[int] = set()
    for number, (above, below) in enumerate(pairwise(gaps)):
        if any(abs(a[0] - b[0]) < _SAME_PLACE or abs(a[1] - b[1]) < _SAME_PLACE for a in above for b in below):
            found |= {number, number + 1}
    if len(uprights) <= _MOST_UPRIGHTS:
        found |= {number for number, line in enumerate(lines) if any(_parts(line, one) for one in uprights)}
    return found


def _gaps(line: Line) -> Iterator[tuple[float, float]]:
    """From where to where a line is free between two words, as no running text is."""
    for before, after in pairwise(line.words):
        if after[2] - before[4] >= APART * min(before[5] - before[3], after[5] - after[3]):
            yield before[4], after[2]


def _parts(line: Line, upright: Box) -> bool:
    """Whether an upright line stands between the words of the line, and through none."""
    left, bottom, right, top = upright
    if not line.left < left <= right < line.right:
        return False
    words = line.words
    if not bottom < (words[0][3] + words[0][5]) / 2 < top:
        return False
    return not any(word[2] + 1 < left and right < word[4] - 1 for word in words)


def _lines(text: str, indices: Sequence[int]) -> list[tuple[int, Stretch]]:
    """The number of each line that has a place on the page, and its first and last letter that do."""
    found: list[tuple[int, Stretch]] = []
    start = 0
    for number, line in enumerate(text.split("\n")):
        end = start + len(line)
        first, last = start, end - 1
        while first < end and (indices[first] < 0 or text[first] == " "):
            first += 1
        while last > first and (indices[last] < 0 or text[last] == " "):
            last -= 1
        if first < end:
            found.append((number, (first, last)))
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
