"""The lines of a PDF page as they are seen: words with their boxes, put together again where pdfium parts them.

pdfium begins a new line wherever the baseline moves, at a raised note mark for instance, and joins two lines at a
hyphen. Here a line is what stands side by side on the page.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from rag.ingestion.loading.line_types import SMALL, Line, Piece, Word
from rag.ingestion.loading.pdfium_calls import HYPHEN, Characters
from rag.ingestion.loading.right_to_left import FOREIGN, as_read, put_together

_PDFIUM_LINE: Final = re.compile(rf"[^\r\n{HYPHEN}]+{HYPHEN}?|{HYPHEN}")
_WORD: Final = re.compile(r"[^\s\0]+")
# Where a raised mark may hide inside a word: before what closes it, as in "$45².", and between letters and figures.
_CLOSING: Final = re.compile(r"""(?<![.,;:)\]%!?"'’”])[.,;:)\]%!?"'’”]++(?=\s|$)""")
_MIXED: Final = re.compile(r"\d(?:(?<=[^\W\d_]\d)|(?=[^\W\d_]))")
_RUNS_UP: Final = 1.2
# Points between the boxes of a mark and of the letters beside it.
_OTHER_HEIGHT: Final = 0.5
# A font that says it is lower than this does not say how high it is.
_FLAT: Final = 0.1
# So many pieces tell how a line looks.
_LOOKED_AT: Final = 12
# Two pieces so near, measured by their height, have no space between them.
_TOUCHING: Final = 0.12
_SAME_PLACE: Final = 1.0  # point


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
    sides = [side[at::4] for side in (firsts, closing) for at in range(4)]
    inside = _suspects(characters)
    lines: list[Line] = []
    begin = 0
    foreign = FOREIGN.search(text) is not None
    ends = put_together(characters, words, ends) if foreign else ends
    for end in ends:
        if end > begin and foreign and (line := as_read(characters, words[begin][0], words[end - 1][1])):
            lines.append(line)
        elif end > begin:
            place = bisect_left(inside, (words[begin][0],)), bisect_left(inside, (words[end - 1][1],))
            lines += _lines(characters, words[begin:end], [side[begin:end] for side in sides], inside[slice(*place)])
        begin = end
    return lines


def _suspects(characters: Characters) -> list[tuple[int, float]]:
    """The characters inside of words that may be marks, and where their boxes begin."""
    text = characters.text
    found = {match.start() - 1 for match in _CLOSING.finditer(text)}
    for match in _MIXED.finditer(text):
        found |= {match.start(), match.end()}
    indices = sorted(index for index in found if 0 <= index < len(text))
    return list(zip(indices, characters.boxes(indices)[3::4], strict=True))


def _lines(
    characters: Characters,
    words: list[tuple[int, int]],
    sides: list[list[float]],
    suspects: list[tuple[int, float]],
) -> Iterable[Line]:
    """One of pdfium's lines, by the left, top, right and bottom sides of its words' first and last characters."""
    lefts, tops, _, bottoms, _, last_tops, rights, last_bottoms = sides
    bottom, top = bottoms[0], tops[0]
    slack = 0.1 * (top - bottom)
    even = (
        min(min(bottoms), min(last_bottoms)) > bottom - slack
        and max(max(bottoms), max(last_bottoms)) < bottom + slack
        and min(min(tops), min(last_tops)) > top - slack
        and max(max(tops), max(last_tops)) < top + slack
        and rights[-1] > lefts[0]
        and lefts == sorted(lefts)
        and characters.text[words[0][0] : words[-1][1]].isascii()
    )
    if even and all(abs(one - bottom) <= _OTHER_HEIGHT for _, one in suspects):
        starts, finishes = zip(*words, strict=True)
        return (Line([], words=list(zip(starts, finishes, lefts, bottoms, rights, tops, strict=True))),)
    return _broken(_once(characters, [piece for some in _pieces(characters, words, sides, suspects) for piece in some]))


def _once(characters: Characters, pieces: list[Piece]) -> list[Piece]:
    """The pieces without those drawn a second time at their place, as outlines of letters are."""
    if all(before.left <= after.left for before, after in pairwise(pieces)):
        return pieces
    kept: list[Piece] = []
    drawn: dict[str, list[Piece]] = {}
    for piece in pieces:
        same = drawn.setdefault(characters.text[piece.start : piece.end], [])
        if not any(abs(one.left - piece.left) + abs(one.bottom - piece.bottom) < _SAME_PLACE for one in same):
            same.append(piece)
            kept.append(piece)
    return kept


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
        if joined and _are_near(joined[-1], line) and _stand_together(joined[-1], line):
            line.pieces[0].glued = _touch(joined[-1].pieces[-1], line.pieces[0])
            joined[-1].pieces = joined[-1].pieces + line.pieces
            joined[-1].plain = False
        else:
            joined.append(line)
    return joined


def _pieces(
    characters: Characters, words: list[tuple[int, int]], sides: list[list[float]], suspects: list[tuple[int, float]]
) -> Iterator[list[Piece]]:
    """The pieces of each word."""
    for (start, end), left, top, right, bottom, last_left, last_top, last_right, last_bottom in zip(
        words, *sides, strict=True
    ):
        high = top - bottom
        if end - start > 2 and high >= _FLAT and abs(last_bottom - bottom) > _RUNS_UP * high:
            # It runs upwards or downwards.
            box = (min(left, last_left), min(bottom, last_bottom), max(right, last_right), max(top, last_top))
            yield [Piece(start, end, *box)]
        elif high < _FLAT or (
            end - start > 1
            and (
                abs(last_bottom - bottom) >= 0.1 * high
                or abs(last_top - top) >= 0.1 * high
                or any(start < index < end and abs(low - bottom) > _OTHER_HEIGHT for index, low in suspects)
            )
        ):
            yield _parted(characters, start, end)
        else:
            yield [Piece(start, end, min(left, last_left), bottom, max(right, last_right), top)]


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


def _are_near(line: Line, other: Line) -> bool:
    before, after = line.last, other.first
    high = max(before[5] - before[3], after[5] - after[3])
    return -0.3 * high <= after[2] - before[4] <= 1.2 * high


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
    words = line.words[:_LOOKED_AT]
    if not line.even:
        lengths: dict[float, int] = {}
        for start, end, _, bottom, _, top in words:
            high = round(top - bottom)
            lengths[high] = lengths.get(high, 0) + end - start
        usual = max(lengths, key=lengths.__getitem__)
        words = [word for word in words if round(word[5] - word[3]) == usual]
    start, _, _, bottom, _, top = max(words, key=_length)
    if start < 0:  # filled in, and drawn by nobody
        line.baseline, line.size = bottom, round(2 * (top - bottom)) / 2
        return
    x, y = characters.origin(start)
    line.baseline = y if not turn else (-x if turn > 0 else x)
    size = characters.size(start)
    # Of fonts that have no measure of their own, the height of the box tells more.
    line.size = round(2 * (size if (top - bottom) / 3 < size < 3 * (top - bottom) else top - bottom)) / 2
    line.bold = characters.is_bold(start) and all(
        characters.is_bold(one[0]) for one in (line.first, line.last) if one[0] >= 0 and one[1] - one[0] > 1
    )


def _length(word: Word) -> int:
    return word[1] - word[0]
