"""Columns of running text whose lines were drawn across the page, and numbers beside the lines.

pdfium puts on one line what is drawn one after the other on one baseline, be it a wide gap apart. Where the gaps of
many lines make a gutter, with running text on both sides, the columns are read one after the other.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import median
from typing import Final

from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.pdfium_calls import Characters

# So wide, measured by the height of the letters, is the gap between two columns at least.
_GUTTER: Final = 0.9
# As narrow as a wide space is one where so many lines, and so large a share of a page's, go on at one place behind it.
_NARROW: Final = 0.28
_NARROW_LINES: Final = 8
_NARROW_SHARE: Final = 0.3
_LEAST_LINES: Final = 4
_LEAST_WORDS: Final = 3.5
_WORDS_BESIDE: Final = 2
# Running text fills its lines: so much of a column is left free at the right of half its lines, at most.
_FREE: Final = 0.3
_LEAST_NUMBERED: Final = 5
# Every fifth line bears its number, from the fifth on.
_FIFTH: Final = 5
_LEAST_FIFTHS: Final = 3
_LONGEST_NUMBER: Final = 4


def in_columns(characters: Characters, lines: list[Line], starts: frozenset[int] | None = None) -> list[Line]:
    """The lines with those of each column one after the other. `starts`: where words of many lines begin."""
    starts = _common_starts(lines) if starts is None else starts
    found: list[Line] = []
    place = 0
    while place < len(lines):
        rows = _rows(characters, lines, place, starts)
        columns = _columns(characters, rows) if len(rows) >= _LEAST_LINES else []
        if columns:
            for column in columns:
                found += in_columns(characters, column, starts) if len(column) > 1 else column
            place += len(rows)
        else:
            found.append(lines[place])
            place += 1
    return found


def _common_starts(lines: list[Line]) -> frozenset[int]:
    """Where inside of so many lines a word begins that a narrow gutter may stand before it, in points."""
    counts = Counter(round(word[2]) for line in lines for word in line.words[_WORDS_BESIDE : 1 - _WORDS_BESIDE])
    least = max(_NARROW_LINES, _NARROW_SHARE * len(lines))
    return frozenset(at for at, count in counts.items() if count + counts[at + 1] >= least or count >= least)


def _rows(
    characters: Characters, lines: list[Line], place: int, starts: frozenset[int]
) -> list[tuple[list[Piece], list[Piece]]]:
    """The lines from `place` on that leave one gutter free, each as what stands left and right of it."""
    gutters = _gaps(characters, lines[place], starts)
    best: list[tuple[list[Piece], list[Piece]]] = []
    for left, right, narrow in gutters:
        least = _NARROW if narrow else _GUTTER
        rows: list[tuple[list[Piece], list[Piece]]] = []
        last = lines[place].baseline + 1
        for line in lines[place:]:
            follows = line.baseline < last or (line.baseline == last and bool(rows) and _is_row(rows[-1]))
            parted = _parted(line, left, right, least) if follows and not line.backwards else None
            if parted is None:
                break
            last = line.baseline
            if parted[0] and parted[1]:
                left, right = max(left, parted[0][-1].right), min(right, parted[1][0].left)
            rows.append(parted)
        while rows and not (rows[-1][0] and rows[-1][1]):
            rows.pop()
        if len(rows) > len(best) and (not narrow or len(rows) >= _NARROW_LINES):
            best = rows
    return best


def _is_row(sides: tuple[list[Piece], list[Piece]]) -> bool:
    """Whether it is a row of a table alone; what pdfium parts from it by a wide gap stands beside it."""
    return all(piece.table is not None for side in sides for piece in side)


def _gaps(characters: Characters, line: Line, starts: frozenset[int]) -> list[tuple[float, float, bool]]:
    """The gaps of a line that may be one of two columns, and which are narrow: with words enough on both sides."""
    words = line.words
    if len(words) < 2 * _WORDS_BESIDE or line.backwards:
        return []
    text = characters.text
    high = words[0][5] - words[0][3]
    return [
        (words[n - 1][4], words[n][2], words[n][2] - words[n - 1][4] < _GUTTER * high)
        for n in range(_WORDS_BESIDE, len(words) - _WORDS_BESIDE + 1)
        if words[n][2] - words[n - 1][4] >= (_NARROW if round(words[n][2]) in starts else _GUTTER) * high
        and all(text[word[0]].isalpha() for word in words[n : n + _WORDS_BESIDE])
    ]


def _parted(line: Line, left: float, right: float, least: float) -> tuple[list[Piece], list[Piece]] | None:
    """The pieces left and right of a gutter, or None where a piece stands in what would be left of it."""
    before = [piece for piece in line.pieces if piece.left < (left + right) / 2]
    after = line.pieces[len(before) :]
    if any(piece.left < (left + right) / 2 for piece in after):
        return None
    start = max(left, before[-1].right) if before else left
    end = min(right, after[0].left) if after else right
    return (before, after) if end - start >= least * line.pieces[0].height else None


def _columns(characters: Characters, rows: list[tuple[list[Piece], list[Piece]]]) -> list[list[Line]]:
    """The two columns, where they are running text; none where they are a table's."""
    sides = [[row[side] for row in rows if row[side]] for side in (0, 1)]
    texts = [[pieces for pieces in side if all(piece.table is None for piece in pieces)] for side in sides]
    if min(map(len, texts)) < _LEAST_LINES or not all(_is_prose(characters, side) for side in texts):
        return []
    return [[_line(pieces) for pieces in side] for side in sides]


def _is_prose(characters: Characters, side: list[list[Piece]]) -> bool:
    words = [characters.text[piece.start : piece.end] for pieces in side for piece in pieces]
    plain = sum(word[:-1].isalpha() and len(word) > 1 for word in words)
    if len(words) < _LEAST_WORDS * len(side) or plain < 0.6 * len(words):
        return False
    left, right = min(pieces[0].left for pieces in side), max(pieces[-1].right for pieces in side)
    free = median(right - pieces[-1].right for pieces in side)
    lower = sum(characters.text[pieces[0].start].islower() for pieces in side)
    return free <= _FREE * (right - left) and lower >= 0.25 * len(side)


def _line(pieces: list[Piece]) -> Line:
    return Line(pieces)


def without_numbers(characters: Characters, lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The lines without the numbers that count them at the margin, and these."""
    counted = [(line, number) for line in lines if (number := _number(characters, line)) is not None]
    if len(counted) < _LEAST_FIFTHS:
        return lines, []
    steps = [later - number for (_, number), (_, later) in pairwise(counted)]
    step = median(steps)
    if len(counted) < _LEAST_NUMBERED and not (step == _FIFTH and counted[0][1] == _FIFTH):
        return lines, []
    right = median(line.pieces[0].right for line, _ in counted)
    regular = sum(one == step for one in steps) >= 0.9 * len(steps) and step in (1, _FIFTH)
    aligned = all(abs(line.pieces[0].right - right) < line.pieces[0].height for line, _ in counted)
    if not regular or not aligned or not _runs_on(characters, counted, lines, right):
        return lines, []
    numbers = [_line(line.pieces[:1]) for line, _ in counted]
    kept = {id(line) for line, _ in counted}
    for line, _ in counted:
        line.pieces, line.size = line.pieces[1:], 0.0
        if line.pieces:
            line.pieces[0].glued = False
    return [line for line in lines if id(line) not in kept or line.pieces], numbers


def _number(characters: Characters, line: Line) -> int | None:
    words = line.words
    start, end, _, bottom, right, top = words[0]
    word = characters.text[start:end]
    if not word.isdecimal() or len(word) > _LONGEST_NUMBER:
        return None
    if len(words) > 1 and words[1][2] - right < 0.5 * (top - bottom):
        return None
    return int(word)


def _runs_on(characters: Characters, counted: list[tuple[Line, int]], lines: list[Line], right: float) -> bool:
    """Whether what is counted is running text, and the numbers stand beside all of it."""
    texts = [line.pieces[1] for line, _ in counted if len(line.pieces) > 1]
    if not texts:  # drawn apart from it
        texts = [line.pieces[0] for line in lines if line.left > right]
    numbers = {id(line) for line, _ in counted}
    if sum(line.left < right - line.size and id(line) not in numbers for line in lines) > 2:
        return False
    return sum(characters.text[piece.start].islower() for piece in texts) >= 0.3 * max(1, len(texts))
