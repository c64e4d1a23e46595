"""What text recognition (OCR) saw on a page, before it is put into lines and paragraphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final, Literal

# Whether pages are read by text recognition: those without text of their own, all, or none.
OcrChoice = Literal["auto", "always", "never"]
OCR_CHOICES: Final[tuple[OcrChoice, ...]] = ("auto", "always", "never")

# Counts the changes of what recognition makes of a picture: what an older one made is not used again.
OCR_VERSION: Final = 1

# left, top, right, bottom, from the top left corner
Edges = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class SeenWord:
    """A word as it was seen, in points of the upright page; `certainty` is in percent, `spaced`: a space follows."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    certainty: int
    spaced: bool


@dataclass(frozen=True, slots=True)
class Recognition:
    """The words of a page in lines, and the `rules` drawn on it, in points of the page put upright.

    `back` is the matrix (a, b, c, d, e, f) by which a point of the upright page is one of the page as it is shown:
    x' = ax + cy + e, y' = bx + dy + f.
    """

    width: float
    height: float
    back: tuple[float, ...] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    lines: tuple[tuple[SeenWord, ...], ...] = ()
    rules: tuple[Edges, ...] = ()

    def on_page(self, word: SeenWord) -> Edges:
        """The rectangle around a word on the page as it is shown."""
        a, b, c, d, e, f = self.back
        corners = [(x, y) for x in (word.left, word.right) for y in (word.top, word.bottom)]
        xs = [a * x + c * y + e for x, y in corners]
        ys = [b * x + d * y + f for x, y in corners]
        return min(xs), min(ys), max(xs), max(ys)


# By the numbers of their pages.
Recognitions = Mapping[int, Recognition]


def recognition_fields(seen: Recognition) -> dict[str, Any]:
    """As plain JSON values; `recognition_of` turns them back."""
    return {
        "version": OCR_VERSION,
        "size": [seen.width, seen.height],
        "back": list(seen.back),
        "lines": [[list(astuple(word)) for word in line] for line in seen.lines],
        "rules": [list(rule) for rule in seen.rules],
    }


def recognition_of(fields: Mapping[str, Any]) -> Recognition:
    lines: Sequence[Sequence[Sequence[Any]]] = fields["lines"]
    width, height = fields["size"]
    return Recognition(
        width,
        height,
        tuple(fields["back"]),
        tuple(tuple(SeenWord(*word) for word in line) for line in lines),
        tuple((left, top, right, bottom) for left, top, right, bottom in fields["rules"]),
    )
