"""Pages whose text runs upwards, or downwards as vertical Japanese does, seen as if it lay."""

from __future__ import annotations

from rag.ingestion.loading.line_types import Line, Piece


def turn_lines(lines: list[Line]) -> int:
    """How the text of a page is turned: 1 upwards, -1 downwards, as vertical text is, 0 not at all.

    The boxes of such text are turned back, so that its lines too run to the right and follow each other downwards.
    """
    turn = _turn(lines)
    if turn:
        for line in lines:
            for piece in line.pieces:
                _turned(piece, turn)
    return turn


def _turn(lines: list[Line]) -> int:
    """1 where most lines run upwards, -1 where they run downwards, 0 where they lie."""
    upwards = downwards = lying = 0
    for line in lines:
        if line.even:
            lying += line.last[1] - line.first[0]
            continue
        first, last = line.pieces[0], line.pieces[-1]
        length = last.end - first.start
        if length < 3:
            continue
        across = max(first.right, last.right) - min(first.left, last.left)
        along = max(first.top, last.top) - min(first.bottom, last.bottom)
        if along <= 2 * across or along <= 1.5 * (first.right - first.left):
            lying += length
        elif first is last:
            downwards += length
        elif last.bottom > first.bottom:
            upwards += length
        else:
            downwards += length
    if max(upwards, downwards) <= lying:
        return 0
    return 1 if upwards > downwards else -1


def _turned(piece: Piece, turn: int) -> None:
    left, bottom, right, top = piece.left, piece.bottom, piece.right, piece.top
    if turn > 0:
        piece.left, piece.bottom, piece.right, piece.top = bottom, -right, top, -left
    else:
        piece.left, piece.bottom, piece.right, piece.top = -top, left, -bottom, right
