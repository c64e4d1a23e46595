"""What the lines of a PDF page are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# A mark is at most so large, measured by the letters beside it.
SMALL: Final = 0.86
# A piece as (start, end, left, bottom, right, top).
Word = tuple[int, int, float, float, float, float]


@dataclass(slots=True)
class Piece:
    """A word, or the part of a word that is set alike. `shown` is what is written in its place, where that differs.

    One with a `table` stands for the words of a row of that table of the page.
    """

    start: int
    end: int
    left: float
    bottom: float
    right: float
    top: float
    glued: bool = False
    shown: str | None = None
    table: int | None = None

    @property
    def height(self) -> float:
        return self.top - self.bottom


class Line:
    """Words side by side, in reading order; `size` and `bold` are the look of most of it.

    An `even` line, whose words stand at one height and are set alike, is no more than their boxes until somebody asks
    for its pieces: most lines are even, and most are never asked. `plain`: its text stands as it is in pdfium's.
    """

    __slots__ = ("_pieces", "_words", "baseline", "bold", "even", "plain", "size")

    def __init__(self, pieces: list[Piece], *, words: Sequence[Word] = (), plain: bool = True) -> None:
        self._words = words
        self._pieces = pieces
        self.even = bool(words)
        self.plain = plain
        self.baseline, self.size, self.bold = 0.0, 0.0, False

    @property
    def pieces(self) -> list[Piece]:
        if self._words:
            self._pieces = [Piece(*word) for word in self._words]
            self._words = ()
        return self._pieces

    @pieces.setter
    def pieces(self, pieces: list[Piece]) -> None:
        self._pieces, self._words, self.even = pieces, (), False

    @property
    def words(self) -> Sequence[Word]:
        """Its pieces as (start, end, left, bottom, right, top)."""
        return self._words or [(p.start, p.end, p.left, p.bottom, p.right, p.top) for p in self._pieces]

    @property
    def first(self) -> Word:
        if self._words:
            return self._words[0]
        piece = self._pieces[0]
        return piece.start, piece.end, piece.left, piece.bottom, piece.right, piece.top

    @property
    def last(self) -> Word:
        if self._words:
            return self._words[-1]
        piece = self._pieces[-1]
        return piece.start, piece.end, piece.left, piece.bottom, piece.right, piece.top

    @property
    def left(self) -> float:
        return min(self.first[2], self.last[2])

    @property
    def right(self) -> float:
        return max(self.first[4], self.last[4])

    @property
    def backwards(self) -> bool:
        """Whether it runs from right to left."""
        return self.last[2] < self.first[2]
