"""The text that is shown of a line, with the place of each of its characters."""

from __future__ import annotations

from dataclasses import dataclass

from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.pdfium_calls import HYPHEN, Characters
from rag.ingestion.loading.plain_characters import FIGURE_SPACES, form

_HYPHENS = ("-", "\u2010", "\u00ad", HYPHEN)


@dataclass(slots=True)
class Shown:
    """A line and its text; `indices[i]` is pdfium's index of `text[i]`, or -1 for a character that was put in.

    `parted` tells that it ends in a hyphen; `soft`, that this is one that parts a word and nothing else. A row of a
    table is a line with the number of the `table` on its page.
    """

    line: Line
    text: str
    indices: list[int]
    parted: bool
    soft: bool
    table: int | None = None


def shown(characters: Characters, line: Line) -> Shown:
    raw = characters.text
    start, end = line.first[0], line.last[1]
    if line.plain and (text := raw[start:end]).isascii() and text.isprintable() and "  " not in text:
        return Shown(line, text, list(range(start, end)), parted=text[-1] == "-" and end - start > 1, soft=False)
    texts: list[str] = []
    indices: list[int] = []
    last = None
    for piece in line.pieces:
        if last is not None and not piece.glued and texts:
            apart = raw[last.end : piece.start]
            figures = (
                apart and apart in FIGURE_SPACES and raw[last.end - 1].isdecimal() and raw[piece.start].isdecimal()
            )
            texts.append(apart if figures else " ")
            indices.append(last.end if apart and last.end >= 0 else -1)
        last = piece
        word = raw[piece.start : piece.end] if piece.shown is None else piece.shown
        if piece.shown is not None:
            texts.append(word)
            places = max(1, piece.end - piece.start)
            indices.extend(
                piece.start if piece.start < 0 else piece.start + min(i, places - 1) for i in range(len(word))
            )
        elif word.isascii() and word.isprintable():
            texts.append(word)
            indices.extend(range(piece.start, piece.end))
        else:
            for place, character in enumerate(word, piece.start):
                for written in form(character):
                    texts.append(written)
                    indices.append(place)
    text = "".join(texts)
    ending = raw[line.pieces[-1].end - 1]
    parted = ending in _HYPHENS and len(text) > 1 and line.pieces[-1].shown is None
    return Shown(line, text, indices, parted, soft=ending == "\u00ad")


def plain_lines(text: str) -> list[Shown]:
    """The lines of another reader's text, whose places are not known."""
    found = []
    for number, line in enumerate(text.split("\n")):
        piece = Piece(0, 1, 0.0, -12.0 * number, 1.0, 10.0 - 12.0 * number)
        seen = Line([piece])
        seen.baseline, seen.size = -12.0 * number, 10.0
        found.append(Shown(seen, line, [-1] * len(line), parted=False, soft=False))
    return found
