"""Figures and dates of a claim that the documents have otherwise, or that follow from theirs by a plain sum."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, permutations
from typing import Final

from rag.answering.evidence.ranges import in_range
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.core.text import Number, months, normalized, numbers
from rag.core.text.units import SCALES

# "One", "two" and "third" are often no figures at all.
_FEW: Final = 3
# The numbers of a list count its items and nothing else.
_LIST_MARK: Final = re.compile(
    r"(?:^|\n|(?<=[:.;]\s))[^\S\n]*+[(]?(\d{1,2})[.)](?=\s++\S)|(?<=[.!?;])\s(\d{1,2})\.\s*+$"
)
_SHORT_DECADE: Final = re.compile(r"(?<![\d.,])['’]?([1-9]0)['’]?s\b")
_YEARS: Final = range(1000, 2100)
# Digits to which two figures are the same; characters before a figure in which "about" is looked for.
_EXACT, _BEFORE = 9, 20
# A claim with so many wrong figures is wrong: those behind them are not looked at.
_MOST_WRONG: Final = 20
# "Was released on , 2021": web pages lose dates and converted measures on their way to text.
HOLE: Final = re.compile(
    r"\b(?:on|in|of|to|from|until|till|by|at|for|since|the|and|with|than|about|around)\s++[,;)]|\(\s*+[;,)]|^\s*+,"
)
_ABOUT: Final = re.compile(
    r"(?:\b(?:about|around|approximately|roughly|nearly|almost|circa|some|over|more than)|约|近|超过)\s*+[$€£¥]?$",
    re.IGNORECASE,
)
# What a head or a caption says that figures below it are counted in.
_SCALED: Final = re.compile(
    r"\b(hundred|thousand|million|billion|mio|mrd|tausend|millionen)s?\b|(百万|千万|万|亿)", re.IGNORECASE
)
# Units that can be told in one another.
_IN: Final = {
    "minute": ("second", 60), "hour": ("second", 3600), "day": ("second", 86400), "week": ("second", 604800),
    "year": ("month", 12), "decade": ("month", 120), "century": ("month", 1200),
    "cm": ("mm", 10), "m": ("mm", 1000), "km": ("mm", 1e6), "kg": ("g", 1000), "ton": ("g", 1e6), "l": ("ml", 1000),
    "mb": ("kb", 1000), "gb": ("kb", 1e6), "tb": ("kb", 1e9), "kw": ("w", 1000), "mw": ("w", 1e6),
}  # fmt: skip
# Figures of the nearest sentences that are reckoned with; of more, some give any result by chance.
_MOST_COMPUTED: Final = 8
# Words of a claim that tells what was reckoned.
_SUM: Final = re.compile(
    r"\b(?:total|together|sum|combined|altogether|in all|overall|difference|more|less|fewer|increase\w*|decrease\w*"
    r"|grew|rose|fell|growth|higher|lower)\b|共|合计|总|增|减|多|少|相差",
    re.IGNORECASE,
)


def wrong_figures(
    claim: str, near: Sequence[Source], aligned: Sequence[Source], elsewhere: str, *, counted: bool = False
) -> Iterator[Difference]:
    """The first figures, units and months of a claim that the sentences nearest to it do not hold; see `_wrong`."""
    return islice(_wrong(claim, near, aligned, elsewhere, counted), _MOST_WRONG)


def _wrong(
    claim: str, near: Sequence[Source], aligned: Sequence[Source], elsewhere: str, counted: bool
) -> Iterator[Difference]:
    """The figures, units and months of a claim that the sentences nearest to it do not hold.

    Args:
        aligned: those of them that say nearly the same: there alone a bare "eight" must stand.
        elsewhere: where figures may stand besides; "" where they must stand in the nearest.
        counted: whether it is asked how many there are: then "two" is a figure as well.
    """
    read = normalized(claim)
    marks = {at for match in _LIST_MARK.finditer(read) if _is_mark(read, match) for at in range(*match.span())}
    there = _distinct((number, source) for source in near for number in _held(source))
    held = _Held([*(number for number, _ in there), *numbers(elsewhere)])
    beside = _Held([number for source in aligned for number in _held(source)])
    short = {float(decade) for decade in _SHORT_DECADE.findall(f"{elsewhere} {' '.join(s.text for s in near)}")}
    short |= {float(d) for d in _SHORT_DECADE.findall(read)} & held.decades
    for number in numbers(claim):
        if number.start in marks or number.value in short:
            continue
        same = (beside if aligned and not number.plain and not number.unit else held).same(number, read)
        if counted and not number.unit:
            same = [other for other in same if not other.unit]
        if not same and (number.plain or number.unit or number.value > _FEW or counted):
            if any(in_range(read[number.start : number.end], source.text) for source in near if source.row):
                continue
            like, source = _like(number, there)
            yield Difference("figure", _span(number, claim), like, source)
        elif (
            same
            and number.unit
            and all(o.unit != number.unit and not _converts(number, o) for o in same)
            and any(o.unit for o in same)
        ):
            like, source = next(((_text(o, s), s) for o, s in there if o in same and o.unit), ("", None))
            yield Difference("unit", _span(number, claim), like, source)
    around = " \n".join([*(source.text for source in near), elsewhere])
    for month in sorted(months(claim) - months(around)):
        at = max(claim.lower().find(month[:3]), 0)
        other = next(
            ((name.capitalize(), source) for source in near for name in sorted(months(source.text))), ("", None)
        )
        yield Difference("date", (at, _word_end(claim, at)), *other)


def computed(claim: str, near: Sequence[Source]) -> tuple[str, Number] | None:
    """A figure of the claim that is a sum, a difference or a change in per cent of figures of the documents.

    Only where the claim speaks of one; how it is reckoned, and the figure.
    """
    if not _SUM.search(claim):
        return None
    there: dict[tuple[float, str], str] = {}
    for source in near:
        for number in _held(source):
            if number.plain and (number.unit or number.value not in _YEARS):
                there.setdefault((number.value, number.unit), _text(number, source))
    few = list(there.items())[:_MOST_COMPUTED]
    for number in numbers(claim):
        shown = normalized(claim)[number.start : number.end].strip()
        if number.plain and (number.value, number.unit) not in there:
            for sides in (*permutations(few, 2), *permutations(few, 3)):
                if reckoned := _reckoned(number, sides):
                    return f"{reckoned} = {shown}", number
    return None


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


def _held(source: Source) -> Iterator[Number]:
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


class _Held:
    """Figures of the documents by their values, so that a claim of many figures is looked up in a time that grows with
    it alone."""

    def __init__(self, found: Sequence[Number]) -> None:
        self._all = list({(number.value, number.unit): number for number in reversed(found)}.values())
        self._by_digits: dict[int, dict[float, list[Number]]] = {}
        self._converted: dict[tuple[str, float], list[Number]] = defaultdict(list)
        for number in self._all:
            self._converted[_in_common(number)].append(number)
        self.decades = {number.value % 100 for number in self._all if int(number.value) in _YEARS}

    def same(self, mine: Number, claim: str) -> list[Number]:
        """Those that are the same, in other units or rounded: to three digits, or to two behind "about"."""
        found = self._rounded(_EXACT).get(_to(_EXACT, mine.value), [])
        if mine.unit:
            found = found + [other for other in self._converted.get(_in_common(mine), ()) if other.unit != mine.unit]
        digits = len(f"{mine.value:.6f}".replace(".", "").strip("0"))
        enough = 2 if _ABOUT.search(claim, max(0, mine.start - _BEFORE), mine.start) else 3
        if mine.plain and digits >= enough:
            found = found + [other for other in self._rounded(digits).get(mine.value, ()) if other not in found]
        return found

    def _rounded(self, digits: int) -> dict[float, list[Number]]:
        if digits not in self._by_digits:
            by_value = self._by_digits[digits] = defaultdict(list)
            for number in self._all:
                by_value[_to(digits, number.value)].append(number)
        return self._by_digits[digits]


def _to(digits: int, value: float) -> float:
    return float(f"{value:.{digits}g}")


def _in_common(number: Number) -> tuple[str, float]:
    """A figure in the smallest unit of its kind."""
    unit, factor = _IN.get(number.unit, (number.unit, 1))
    return unit, _to(_EXACT, number.value * factor)


def _distinct(found: Iterable[tuple[Number, Source]]) -> list[tuple[Number, Source]]:
    """Each value and unit once, where it stands first."""
    first: dict[tuple[float, str], tuple[Number, Source]] = {}
    for number, source in found:
        first.setdefault((number.value, number.unit), (number, source))
    return list(first.values())


def _converts(mine: Number, other: Number) -> bool:
    a, b = _IN.get(mine.unit, (mine.unit, 1)), _IN.get(other.unit, (other.unit, 1))
    return bool(
        mine.unit and a[0] == b[0] and mine.unit != other.unit and abs(mine.value * a[1] - other.value * b[1]) < 1e-6
    )


def _like(number: Number, there: Sequence[tuple[Number, Source]]) -> tuple[str, Source | None]:
    """The figure that the nearest sentence has in the place of another: of its unit, where there is one."""
    year = number.value in _YEARS
    kind = _IN.get(number.unit, (number.unit, 1))[0]
    for n, s in there:
        if _IN.get(n.unit, (n.unit, 1))[0] == kind and (n.unit or (n.plain and (n.value in _YEARS) == year)):
            return _text(n, s), s
    return "", None


def _text(number: Number, source: Source) -> str:
    return normalized(source.text)[number.start : number.end].strip()


def _span(number: Number, claim: str) -> tuple[int, int]:
    return (number.start, number.end) if len(normalized(claim)) == len(claim) else (0, len(claim))


def _word_end(text: str, at: int) -> int:
    while at < len(text) and text[at].isalpha():
        at += 1
    return at


def _is_mark(text: str, match: re.Match[str]) -> bool:
    """Whether a number is a list's mark. A list that follows a colon begins with one."""
    before = text[: match.start()].rstrip()
    return not before.endswith(":") or match[1] in (None, "1")
