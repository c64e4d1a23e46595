"""The words of a PDF page with their places, and the lines they stand in: what tables are found by.

Only the first and the last character of a word are asked for their boxes, since pdfium answers for one character at a
time. On a page whose text runs upwards or downwards the places are turned, so that it runs to the right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

_WORD: Final = re.compile(r"\S+")
# In sizes of the letters: what parts two words that no space does, and how wide its letters are on average.
_PARTED: Final = 0.7
_WIDEST: Final = 1.0

Box = tuple[float, float, float, float]  # left, bottom, right, top
Turn = Callable[[float, float], tuple[float, float]]


@dataclass(slots=True)
class Word:
    """A word with its box, and the places of its characters in the page's text."""

    left: float
    bottom: float
    right: float
    top: float
    start: int
    end: int
    text: str

    @property
    def size(self) -> float:
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        return (self.bottom + self.top) / 2


@dataclass(slots=True)
class Line:
    """Words that stand side by side, from the left."""

    words: list[Word] = field(default_factory=list)
    bottom: float = 0.0
    top: float = 0.0

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return max(word.right for word in self.words)

    @property
    def size(self) -> float:
        return self.top - self.bottom


def words_of(
    text: str, indices: Sequence[int], box: Callable[[int], Box], stretches: Sequence[tuple[int, int]]
) -> tuple[list[Word], Turn]:
    """The words of these stretches of a page's text, and how the places were turned."""
    found: list[Word] = []
    for match in (match for first, last in stretches for match in _WORD.finditer(text, first, last)):
        start, end = match.span()
        first = next((place for place in range(start, end) if indices[place] >= 0), -1)
        if first < 0:
            # Put in by the reader: it goes with the word before on its line.
            if found and "\n" not in text[found[-1].end : start]:
                found[-1].end, found[-1].text = end, f"{found[-1].text} {match.group()}"
            continue
        last = next(place for place in range(end - 1, first - 1, -1) if indices[place] >= 0)
        found += _words(text, (start, first, last, end), indices, box)
    turn = _turn(found)
    if turn is not _unturned:
        for word in found:
            (x0, y0), (x1, y1) = turn(word.left, word.bottom), turn(word.right, word.top)
            word.left, word.right = min(x0, x1), max(x0, x1)
            word.bottom, word.top = min(y0, y1), max(y0, y1)
    return found, turn


def _words(
    text: str, places: tuple[int, int, int, int], indices: Sequence[int], box: Callable[[int], Box]
) -> list[Word]:
    """The word at these places (its start, its first and last letter with a box, its end); more, if it is parted."""
    start, first, last, end = places
    a = box(indices[first])
    b = box(indices[last]) if last != first else a
    one = Word(min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]), start, end, text[start:end])
    wide, high = max(a[2] - a[0], b[2] - b[0], 1.0), max(a[3] - a[1], b[3] - b[1], 1.0)
    length = _WIDEST * (end - start)
    level = one.top - one.bottom < 1.5 * high and one.right - one.left <= max(length * high, 1.5 * wide)
    upright = one.right - one.left < 1.5 * wide and one.top - one.bottom <= max(length * wide, 1.5 * high)
    if last == first or level or upright:
        return [one]
    return _taken_apart(text, places, indices, box)


def _taken_apart(
    text: str, places: tuple[int, int, int, int], indices: Sequence[int], box: Callable[[int], Box]
) -> list[Word]:
    """A run of letters too wide or too high for one word: parted where the next letter stands apart."""
    found: list[Word] = []
    start, _, _, end = places
    for place in range(start, end):
        if indices[place] < 0:
            if found:
                found[-1].end = place + 1
            continue
        left, bottom, right, top = box(indices[place])
        word = found[-1] if found else None
        size = max(top - bottom, right - left, 1.0)
        apart = max(left - word.right, word.left - right, bottom - word.top, word.bottom - top) if word else size
        # A letter on the next line begins left of the one before it.
        below = word is not None and right < word.right - size / 2 and top < word.middle
        if word is None or below or apart >= _PARTED * size:
            found.append(Word(left, bottom, right, top, place if found else start, place + 1, ""))
            continue
        word.left, word.right = min(word.left, left), max(word.right, right)
        word.bottom, word.top = min(word.bottom, bottom), max(word.top, top)
        word.end = place + 1
    for word in found:
        word.text = text[word.start : word.end]
    return found


def _unturned(x: float, y: float) -> tuple[float, float]:
    return x, y


def _turn(words: Sequence[Word]) -> Turn:
    """How to turn places so that the words run to the right: long words tell by which side is the longer."""
    long = [word for word in words if len(word.text) > 3][:400]
    upright = sum(word.top - word.bottom > word.right - word.left for word in long)
    if 2 * upright <= len(long):
        return _unturned
    # The next word of a line stands above where text runs upwards.
    rising = sum(
        (second.bottom > first.bottom) - (second.bottom < first.bottom)
        for first, second in pairwise(words)
        if abs(first.left - second.left) < 1
    )
    return (lambda x, y: (y, -x)) if rising >= 0 else (lambda x, y: (-y, x))


def lines_of(words: Sequence[Word]) -> list[Line]:
    """The lines from the top; a word belongs to one where they overlap by half of the smaller height."""
    lines: list[Line] = []
    for word in sorted(words, key=lambda one: -one.middle):
        for line in reversed(lines[-3:]):
            overlap = min(line.top, word.top) - max(line.bottom, word.bottom)
            if overlap > 0.5 * min(line.size, word.size):
                line.words.append(word)
                if word.size > 1.2 * line.size:
                    line.bottom, line.top = word.bottom, word.top
                break
        else:
            lines.append(Line([word], word.bottom, word.top))
    for line in lines:
        line.words.sort(key=lambda one: one.left)
    return sorted(lines, key=lambda one: -(one.bottom + one.top))
