"""What figures are worth, in common units and in the scale of their table, and what follows by a plain sum."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations, zip_longest
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
# Figures of the nearest sentences that are reckoned with; of more, some give any result by chance.
_MOST_COMPUTED: Final = 8
# Where a claim speaks of a sum or a difference; "no more than 18" and 最多 are bounds.
SUM: Final = re.compile(
    r"[+=]|\b(?:total|together|sum|combined|altogether|in all|overall|difference|increase\w*"
    r"|(?<!no )(?<!not )(?:more|less|fewer)(?! than [$€£¥]?\d)"
    r"|decrease\w*|grew|rose|fell|growth|higher|lower)\b|共|合计|总|增|减|(?<![最至不])[多少]|相差",
    re.IGNORECASE,
)

_BETWEEN: Final = re.compile(r"\s?(?:to|and|or|bis|und|auf|[-–]|至|到|增至)\s?")


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
    return normalized(source.text)[number.start : number.end].strip()


def computed(claim: str, near: Sequence[Source]) -> tuple[str, Number] | None:
    """A figure of the claim that is a sum, a difference or a change in per cent of figures of the documents.

    Only where the claim speaks of one; how it is reckoned, and the figure.
    """
    if not SUM.search(claim):
        return None
    there: dict[tuple[float, str], str] = {}
    for source in near:
        for number in _with_units(source):
            text = written(number, source)
            if number.plain and (number.unit or number.value not in YEARS or "," in text):
                there.setdefault((number.value, number.unit), text)
    said = {number.value for number in numbers(claim)}
    few = sorted(there.items(), key=lambda one: one[0][0] not in said)[:_MOST_COMPUTED]
    for number in numbers(claim):
        shown = normalized(claim)[number.start : number.end].strip()
        if number.plain and (number.value, number.unit) not in there:
            for sides in (*permutations(few, 2), *permutations(few, 3)):
                if reckoned := _reckoned(number, sides):
                    return f"{reckoned} = {shown}", number
    return None


def _with_units(source: Source) -> Iterator[Number]:
    """The figures of a sentence; the first of "from 310,000 to 345,000 euros" in euros too."""
    found, text = list(figures_of(source)), normalized(source.text)
    for number, following in zip_longest(found, found[1:]):
        before = following and not number.unit and _BETWEEN.fullmatch(text, number.end, following.start)
        yield replace(number, unit=following.unit) if following and before else number


def _reckoned(number: Number, sides: Sequence[tuple[tuple[float, str], str]]) -> str:
    values, units, texts = [v for (v, _), _ in sides], {unit for (_, unit), _ in sides}, [text for _, text in sides]
    if len(units) != 1:
        return ""
    if number.unit == "%" and len(sides) == 2 and "%" not in units and values[1]:
        change = 100 * abs(values[0] - values[1]) / values[1]
        return f"({texts[0]} - {texts[1]}) / {texts[1]}" if change >= 1 and _near(change, number) else ""
    if number.unit not in ("", *units):
        return ""
    if values == sorted(values) and _near(sum(values), number):
        return " + ".join(texts)
    return " - ".join(texts) if len(sides) == 2 and _near(values[0] - values[1], number) else ""


def _near(value: float, number: Number) -> bool:
    """Whether a value, rounded as the claim's figure is written, is that figure."""
    return abs(value - number.value) <= 0.5 * _step(number.value) + 1e-9 * abs(value)


def _step(value: float) -> float:
    """What one of the last digit that a figure is written with is worth: 0.1 of 7.5, 1e6 of 3,000,000."""
    written = f"{value:.6f}".rstrip("0").rstrip(".")
    if "." in written:
        return float(10.0 ** -len(written.partition(".")[2]))
    return 1.0


def amounts(text: str) -> set[tuple[str, float]]:
    return {in_common(number) for number in numbers(text)}
