"""The lines of a PDF page as they are seen: words with their boxes, put together again where pdfium parts them.

pdfium begins a new line wherever the baseline moves, at a raised note mark for instance, and joins two lines at a
hyphen. Here a line is what stands side by side on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rag.ingestion.loading.pdfium_calls import HYPHEN, Characters

_PDFIUM_LINE: Final = re.compile(rf"[^\r\n{HYPHEN}]+{HYPHEN}?|{HYPHEN}")
_WORD: Final = re.compile(r"[^\s\0]+")
# Signs behind which a raised mark may hide: "$45²."
_CLOSING: Final = ".,;:)]%!?\"'’”"
_HAS_DIGIT_INSIDE: Final = re.compile(r"[^\W\d_].*\d|\d.*[^\W\d_]")

# A mark is at most so large, measured by the letters beside it.
SMALL: Final = 0.86
_RUNS_UP: Final = 1.2
# A font that says it is lower than this does not say how high it is.
_FLAT: Final = 0.1
# So many pieces tell how a line looks.
_LOOKED_AT: Final = 12
# Two pieces so near, measured by their height, have no space between them.
_TOUCHING: Final = 0.12


@dataclass(slots=True)
class Piece:
    """A word, or the part of a word that is set alike. `shown` is what is written in its place, where that differs."""

    start: int
    end: int
    left: float
    bottom: float
    right: float
    top: float
    glued: bool = False
    shown: str | None = None

    @property
    def height(self) -> float:
        return self.top - self.bottom


@dataclass(slots=True)
class Line:
    """Pieces side by side, in reading order. `size` and `bold` are the look of most of it."""

    pieces: list[Piece]
    baseline: float = 0.0
    size: float = 0.0
    bold: bool = False
    plain: bool = True  # its text stands as it is in pdfium's, words apart by one space

    @property
    def left(self) -> float:
        return min(self.pieces[0].left, self.pieces[-1].left)

    @property
    def right(self) -> float:
        return max(self.pieces[0].right, self.pieces[-1].right)

    @property
    def backwards(self) -> bool:
        """Whether it runs from right to left."""
        return self.pieces[-1].left < self.pieces[0].left


def page_lines(characters: Characters) -> list[Line]:
    """The lines of a page as pdfium has them."""
    text = characters.text
    words: list[tuple[int, int]] = []
    ends: list[int] = []
    for match in _PDFIUM_LINE.finditer(text):
        words += [word.span() for word in _WORD.finditer(text, match.start(), match.end())]
        ends.append(len(words))
    # A hyphen that pdfium put in has no place of its own.
    lasts = [end - 1 if text[end - 1] != HYPHEN or end - start == 1 else end - 2 for start, end in words]
    firsts, closing = characters.boxes([start for start, _ in words]), characters.boxes(lasts)
    pieces = _pieces(characters, words, firsts, closing)
    lines: list[Line] = []
    begin = 0
    for end in ends:
        if end > begin:
            lines += _broken([piece for some in pieces[begin:end] for piece in some])
        begin = end
    return lines


def _broken(pieces: list[Piece]) -> Iterator[Line]:
    """The pieces of one of pdfium's lines, which now and then runs on over several that are seen."""
    begin = 0
    for place in range(1, len(pieces)):
        before, after = pieces[place - 1], pieces[place]
        if after.left < before.left and after.top < before.bottom + 0.3 * (before.top - before.bottom):
            yield Line(pieces[begin:place])
            begin = place
    yield Line(pieces[begin:])


def side_by_side(lines: list[Line]) -> list[Line]:
    """The lines as they are seen, put together where pdfium parts them."""
    joined: list[Line] = []
    for line in lines:
        if joined and _stand_together(joined[-1], line):
            line.pieces[0].glued = _touch(joined[-1].pieces[-1], line.pieces[0])
            joined[-1].pieces += line.pieces
            joined[-1].plain = False
        else:
            joined.append(line)
    return joined


def _pieces(
    characters: Characters, words: list[tuple[int, int]], firsts: list[float], lasts: list[float]
) -> list[list[Piece]]:
    """The pieces of each word, by the boxes of its first and last characters."""
    found: list[list[Piece]] = []
    text = characters.text
    sides = (side[at::4] for side in (firsts, lasts) for at in range(4))
    for (start, end), left, top, right, bottom, last_left, last_top, last_right, last_bottom in zip(
        words, *sides, strict=True
    ):
        if top - bottom < _FLAT:
            found.append(_parted(characters, start, end))
            continue
        if end - start > 2 and abs(last_bottom - bottom) > _RUNS_UP * (top - bottom):
            # It runs upwards or downwards.
            box = (min(left, last_left), min(bottom, last_bottom), max(right, last_right), max(top, last_top))
            found.append([Piece(start, end, *box)])
            continue
        if end - start > 1:
            slack = 0.1 * (top - bottom)
            word = text[start:end]
            if (not (-slack < last_bottom - bottom < slack and -slack < last_top - top < slack)) or not (
                word.isalpha() or not _may_hide_mark(characters, word, start, bottom)
            ):
                found.append(_parted(characters, start, end))
                continue
            if last_right >= right:
                right = last_right
            else:
                left = last_left
        found.append([Piece(start, end, left, bottom, right, top)])
    return found


def _may_hide_mark(characters: Characters, word: str, start: int, bottom: float) -> bool:
    """Whether a word whose first and last characters look alike has something raised or lowered between them."""
    if word[-1] in _CLOSING:
        bare = word.rstrip(_CLOSING)
        if len(bare) > 1 and abs(characters.box(start + len(bare) - 1)[1] - bottom) > 0.5:
            return True
    # Neither letters nor figures alone.
    return word.upper() != word.lower() and _HAS_DIGIT_INSIDE.search(word) is not None


def _parted(characters: Characters, start: int, end: int) -> list[Piece]:
    """The parts of a word that are set alike."""
    found: list[Piece] = []
    for i in range(start, end):
        if characters.text[i] == HYPHEN and found:
            found[-1].end = i + 1
            continue
        left, bottom, right, top = characters.box(i)
        last = found[-1] if found else None
        if (
            last
            and abs(last.bottom - bottom) < 0.1 * last.height
            and abs(last.height - top + bottom) < 0.1 * last.height
        ):
            last.end, last.left, last.right = i + 1, min(last.left, left), max(last.right, right)
        else:
            found.append(Piece(i, i + 1, left, bottom, right, top, glued=bool(found)))
    return found


def _stand_together(line: Line, other: Line) -> bool:
    """Whether pdfium parted what stands side by side: one of the two is small, and raised or lowered."""
    before, after = line.pieces[-1], other.pieces[0]
    if line.backwards or other.backwards:
        return False
    high = max(before.height, after.height)
    gap = after.left - before.right
    if not -0.3 * high <= gap <= 1.2 * high:
        return False
    # Back on the baseline behind a mark, or at a mark.
    main = max(line.pieces[-3:], key=lambda piece: piece.height)
    overlap = min(main.top, after.top) - max(main.bottom, after.bottom)
    return overlap >= 0.35 * min(main.height, after.height) and (
        min(before.height, after.height) < SMALL * high or abs(main.bottom - after.bottom) < 0.15 * high
    )


def _touch(before: Piece, after: Piece) -> bool:
    return after.left - before.right < _TOUCHING * max(before.height, after.height)


def describe(characters: Characters, line: Line, turn: int) -> None:
    """Where its baseline is, and how it looks."""
    pieces = line.pieces[:_LOOKED_AT]
    lengths: dict[float, int] = {}
    for piece in pieces:
        high = round(piece.height)
        lengths[high] = lengths.get(high, 0) + piece.end - piece.start
    usual = max(lengths, key=lengths.__getitem__)
    main = max((p for p in pieces if round(p.height) == usual), key=lambda piece: piece.end - piece.start)
    if main.start < 0:  # filled in, and drawn by nobody
        line.baseline, line.size = main.bottom, round(2 * main.height) / 2
        return
    x, y = characters.origin(main.start)
    line.baseline = y if not turn else (-x if turn > 0 else x)
    size = characters.size(main.start)
    # Of fonts that have no measure of their own, the height of the box tells more.
    line.size = round(2 * (size if main.height / 3 < size < 3 * main.height else main.height)) / 2
    ends = [main] + [piece for piece in (line.pieces[0], line.pieces[-1]) if piece.end - piece.start > 1]
    line.bold = all(characters.is_bold(piece.start) for piece in ends if piece.start >= 0)
