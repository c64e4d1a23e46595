"""What figures are worth, in common units and in the scale of their table, and what follows by a plain sum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rag.answering.verification.evidence import Source
from rag.core.text import Number, normalized, numbers
from rag.core.text.units import SCALES

YEARS: Final = range(1000, 2100)
# Digits to which two figures are the same.
EXACT: Final = 9
# What a head or a caption says that figures below it are counted in.
_SCALED: Final = re.compile(
    r"\b(hundred|thousand|million|billion|mio|mrd|tausend|millionen)s?\b|(百万|千万|万|亿)", re.IGNORECASE
)
# Units that can be told in one another.
IN: Final = {
    "minute": ("second", 60), "hour": ("second", 3600), "day": ("second", 86400), "week": ("second", 604800),
    "year": ("month", 12), "decade": ("month", 120), "century": ("month", 1200),
    "cm": ("mm", 10), "m": ("mm", 1000), "km": ("mm", 1e6), "kg": ("g", 1000), "ton": ("g", 1e6), "l": ("ml", 1000),
    "mb": ("kb", 1000), "gb": ("kb", 1e6), "tb": ("kb", 1e9), "kw": ("w", 1000), "mw": ("w", 1e6),
}  # fmt: skip


def figures_of(source: Source) -> Iterator[Number]:
    """The figures of a sentence; those of a row also as its heads and the words before it say they are counted."""
    found = numbers(source.text)
    yield from found
    if source.row:
        said = f"{source.quote.head} {source.quote.before[-120:]} {source.quote.section} {source.text}"
        scales = {(match[1] or match[2]).lower() for match in _SCALED.finditer(said)}
        yield from (
            Number(number.value * SCALES[scale], number.unit, number.plain, number.start, number.end)
            for scale in scales
            if scale in SCALES
            for number in found
            if abs(number.value) < SCALES[scale]
        )


def to_digits(digits: int, value: float) -> float:
    return float(f"{value:.{digits}g}")


def in_common(number: Number) -> tuple[str, float]:
    """A figure in the smallest unit of its kind: two weeks and 14 days are the same."""
    unit, factor = IN.get(number.unit, (number.unit, 1))
    return unit, to_digits(EXACT, number.value * factor)


def converts(mine: Number, other: Number) -> bool:
    a, b = IN.get(mine.unit, (mine.unit, 1)), IN.get(other.unit, (other.unit, 1))
    # Words that name a unit of either.
    if {mine.unit, other.unit} in ({"degree", "°c"}, {"degree", "°f"}, {"pound", "£"}):
        return mine.value == other.value
    return bool(
        mine.unit and a[0] == b[0] and mine.unit != other.unit and abs(mine.value * a[1] - other.value * b[1]) < 1e-6
    )


def written(number: Number, source: Source) -> str:
    return written_in(source.text, number)


def written_in(text: str, number: Number) -> str:
    """A figure as it stands in a text."""
    return normalized(text)[number.start : number.end].strip()


def amounts(text: str) -> set[tuple[str, float]]:
    return {in_common(number) for number in numbers(text)}
