"""Finds what is raised or lowered in the lines of a PDF page and says what is written for it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from rag.ingestion.loading.drop_capitals import body_of
from rag.ingestion.loading.line_types import SMALL, Line, Piece
from rag.ingestion.loading.note_marks import written
from rag.ingestion.loading.pdfium_calls import Characters
from rag.ingestion.loading.right_to_left import FOREIGN

# How far its box begins above or below that of the letters beside it, measured by their height.
_RAISED: Final = 0.18
_LOWERED: Final = -0.04
# What reaches less far up than this stands in the middle, as a bullet does.
_TOP: Final = 0.45
_TOUCHING: Final = 0.15
_LONGEST: Final = 8
_LOOK_BACK: Final = 6


def mark_raised(characters: Characters, lines: list[Line], turn: int) -> None:
    for line in lines:
        if line.even:
            continue
        pieces = body_of(characters, line)
        heights = [piece.top - piece.bottom for piece in pieces]
        if len(heights) > 1 and min(heights) < SMALL * max(heights) and not _slants(pieces):
            line.plain = False
            for number in range(len(heights)):
                _mark(characters, pieces, number, turn)


def _slants(pieces: list[Piece]) -> bool:
    """Whether a line climbs or falls from piece to piece, as text that is turned a little does."""
    drifts = [after.bottom - before.bottom for before, after in pairwise(pieces)]
    climbs, falls = min(drifts) >= 0, max(drifts) <= 0
    return len(drifts) > 1 and (climbs or falls) and abs(sum(drifts)) > max(piece.height for piece in pieces)


def _mark(characters: Characters, pieces: list[Piece], number: int, turn: int) -> None:
    piece, beside = pieces[number], _beside(pieces, number)
    if FOREIGN.match(characters.text[piece.start]):  # letters of Arabic differ in height
        return
    if beside is None or piece.end - piece.start > _LONGEST or piece.height >= SMALL * beside.height:
        return
    raised = (piece.bottom - beside.bottom) / beside.height
    if _LOWERED <= raised <= _RAISED:
        return
    _close_up(pieces, number)
    if raised < 0 or piece.top < beside.top - _TOP * beside.height or not _moved(characters, piece, beside, turn):
        return
    before = _right_before(characters, pieces, number)
    after = characters.text[pieces[number + 1].start] if number + 1 < len(pieces) and pieces[number + 1].glued else ""
    shown = written(characters.text[piece.start : piece.end], before, after)
    if shown.startswith(" "):
        piece.glued = False
    piece.shown = shown.strip()


def _beside(pieces: list[Piece], number: int) -> Piece | None:
    """The larger piece that a small one belongs to: one right before it, or else the one behind."""
    high = pieces[number].height
    for earlier in range(number - 1, max(-1, number - 3), -1):
        if pieces[earlier].height * SMALL > high:
            return pieces[earlier]
    return pieces[number + 1] if number + 1 < len(pieces) else None


def _close_up(pieces: list[Piece], number: int) -> None:
    """No space around it that is not seen: pdfium puts one in where the baseline moves."""
    for place in (number, number + 1):
        if 0 < place < len(pieces):
            before, after = pieces[place - 1], pieces[place]
            gap = max(after.left - before.right, before.left - after.right)
            if gap < _TOUCHING * max(before.height, after.height):
                after.glued = True


def _moved(characters: Characters, piece: Piece, beside: Piece, turn: int) -> bool:
    """By the baselines, which the boxes of unlike fonts do not tell exactly."""
    across = 0 if turn else 1
    there, here = characters.origin(beside.start)[across], characters.origin(piece.start)[across]
    return abs(there - here) > 0.1 * beside.height


def _right_before(characters: Characters, pieces: list[Piece], number: int) -> str:
    if not number or not pieces[number].glued or pieces[number - 1].shown is not None:
        return ""
    last = pieces[number - 1]
    return characters.text[max(last.start, last.end - _LOOK_BACK) : last.end]
