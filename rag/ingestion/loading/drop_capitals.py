"""Large letters that a paragraph begins with, over several lines: they belong to the first word, as in "O|nce"."""

from __future__ import annotations

from typing import Final

from rag.ingestion.loading.line_types import Line, Piece, Word
from rag.ingestion.loading.pdfium_calls import Characters

# So many times as high as the letters beside it is one at least; its word begins so near, measured by their height.
_LARGE: Final = 1.7
_NEAR: Final = 1.0


def with_capitals(characters: Characters, lines: list[Line]) -> list[Line]:
    """The lines, each such letter that stands alone put before the line that it begins."""
    capitals = [line for line in lines if len(line.words) == 1 and _is_capital(characters, line.first)]
    for capital in capitals:
        beside = [line for line in lines if line is not capital and _stands_by(capital.first, line.first)]
        top = max(beside, key=lambda line: line.first[3], default=None)
        if len(beside) > 1 and top is not None and begins_word(characters, capital.first, top.first):
            top.pieces[0].glued = True
            top.pieces = capital.pieces + top.pieces
            top.plain = False
            lines = [line for line in lines if line is not capital]
    return lines


def body_of(characters: Characters, line: Line) -> list[Piece]:
    """The pieces of a line behind the large letter that it begins with, which is joined to its word."""
    pieces = line.pieces
    if len(pieces) > 1 and _is_capital(characters, line.first) and begins_word(characters, *line.words[:2]):
        pieces[1].glued = True
        line.plain = False
        return pieces[1:]
    return pieces


def begins_word(characters: Characters, capital: Word, word: Word) -> bool:
    """Whether a word goes on behind a large letter."""
    high = word[5] - word[3]
    near = -0.3 * high <= word[2] - capital[4] <= _NEAR * high
    return near and capital[5] - capital[3] >= _LARGE * high and characters.text[word[0]].islower()


def _is_capital(characters: Characters, word: Word) -> bool:
    return word[1] - word[0] == 1 and word[0] >= 0 and characters.text[word[0]].isupper()


def _stands_by(capital: Word, word: Word) -> bool:
    high, middle = word[5] - word[3], (word[3] + word[5]) / 2
    near = -0.3 * high <= word[2] - capital[4] <= 2 * _NEAR * high
    return near and capital[3] <= middle <= capital[5] and capital[5] - capital[3] >= _LARGE * high
