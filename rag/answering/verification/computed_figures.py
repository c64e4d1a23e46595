"""Figures of a claim that stand in no document and follow from those that do: sums, differences, shares, multiples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations, zip_longest
from typing import Final

from rag.answering.verification.amounts import YEARS, figures_of, written, written_in
from rag.answering.verification.case import Case
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source, Sources
from rag.core.tables import CELL_BORDER
from rag.core.text import Number, coverage, normalized, numbers, terms
from rag.core.types import Notice

# Figures of the nearest sentences that are reckoned with; of more, some give any result by chance.
_MOST_COMPUTED: Final = 8
# Where a claim speaks of a sum or a difference; "no more than 18" and 最多 are bounds.
SUM: Final = re.compile(
    r"[+=]|\b(?:total|together|sum|combined|altogether|in all|overall|difference|increase\w*"
    r"|(?<!no )(?<!not )(?:more|less|fewer)(?! than [$€£¥]?\d)|cheaper|dearer|(?:short|long|earli|lat)er"
    r"|decrease\w*|grew|rose|fell|growth|higher|lower)\b|共|合计|总|增|减|便宜|贵|(?<![最至不])[多少]|相差",
    re.IGNORECASE,
)

# The share of a computed claim's other words that the documents must hold.
_COMPUTED: Final = 0.6
# Kinds of differences that a figure may have that was reckoned.
_RECKONED: Final = ("figure", "unit")
# Rows of a table whose column is added up; two are a sum of two figures.
_FEWEST_ROWS: Final = 3
_MONEY: Final = frozenset({"$", "€", "£", "¥", "yen", "rupee", "cent"})
# What a figure is worth, and its unit.
Amount = tuple[float, str]

# Two numbers of things that are told together, and characters behind the second in which their difference is told;
# set by hand.
_ADDED: Final = re.compile(r"\s[^\W\d]++\s(?:and|und|plus)\s|[^\W\d_]{1,4}[和及与]")
_TELLS: Final = 12
_BETWEEN: Final = re.compile(r"\s?(?:to|and|or|bis|und|auf|[-–]|至|到|增至)\s?")


def reckon(case: Case, sources: Sources) -> None:
    """Take back that a figure differs where it follows from the documents' figures, and say how it does."""
    claim, differs = case.said.text, any(one.kind in _RECKONED for one in case.differences)
    found = computed(claim, case.near, sources.all) if differs else None
    if found is None:
        return
    number = found.number
    case.differences = [one for one in case.differences if not any(_within(one, n) for n in (number, found.given) if n)]
    case.reasons = [Notice("computed", {"said": found.shown})]
    if not found.told:
        # Where nobody says that it is reckoned, some result comes out by chance.
        case.most = "partly"
        return
    rest = dict.fromkeys(terms(SUM.sub(" ", f"{claim[: number.start]} {claim[number.end :]}"), sources.language), 1.0)
    held = frozenset[str]().union(*(source.terms for source in case.near))
    if not case.differences and coverage(rest, held) >= _COMPUTED:
        case.verdict = "supported"


def _within(found: Difference, number: Number) -> bool:
    """Whether a difference is that of a figure."""
    return found.kind in _RECKONED and number.start <= found.span[0] and found.span[1] <= number.end


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A figure of a claim that follows from others: how; whether the claim says that it is reckoned; and the figure
    that it takes for given, "whoever drives 40 miles"."""

    shown: str
    number: Number
    told: bool
    given: Number | None = None


def computed(claim: str, near: Sequence[Source], rows: Sequence[Source] = ()) -> Reckoned | None:
    """A figure of the claim that is a sum, a difference, a change in per cent, a share or a multiple of figures of the
    documents.

    A sum or difference only where the claim speaks of one.

    Args:
        rows: those of all tables, of which a whole column may be added up.
    """
    said = numbers(claim)
    there = _figures_there(near)
    values = {number.value for number in said}
    few = sorted(there.items(), key=lambda one: one[0][0] not in values)[:_MOST_COMPUTED]
    told = SUM.search(claim) is not None
    adding = [*permutations(few, 2), *permutations(few, 3)] if told else []
    counts = [number for number in said if not _money(number.unit) and number.value > 1]
    for number in said:
        if not number.plain or (number.value, number.unit) in there:
            continue
        found = next(filter(None, (_reckoned(number, sides) for sides in adding)), "")
        found = found or _share(number, few) or (_total(number, near, rows) if told else "")
        related = "" if found else _related(number, near)
        if found or related:
            return Reckoned(f"{found or related} = {written_in(claim, number)}", number, told or bool(related))
        for count in counts:
            if times := _times(number, count, few):
                shown = f"{written_in(claim, count)} x {times} = {written_in(claim, number)}"
                return Reckoned(shown, number, told, count)
    return None


def _figures_there(near: Sequence[Source]) -> dict[Amount, str]:
    """The figures of the documents as they are written."""
    there: dict[Amount, str] = {}
    for source in near:
        for number in _with_units(source):
            text = written(number, source)
            if number.plain and (number.unit or number.value not in YEARS or "," in text):
                there.setdefault((number.value, number.unit), text)
    return there


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
    if number.unit == "cent" and all(map(_money, units)):
        number = replace(number, value=number.value / 100)
    elif number.unit not in ("", *units):
        return ""
    if values == sorted(values) and _near(sum(values), number):
        return " + ".join(texts)
    return " - ".join(texts) if len(sides) == 2 and _near(values[0] - values[1], number) else ""


def _related(number: Number, near: Sequence[Source]) -> str:
    """How a figure follows from two of one sentence that adds them up or tells how they differ: "58 children and 7
    adults", "4,318 euros, 402 less than in March"."""
    for source in near if number.plain else ():
        text = normalized(source.text)
        for first, second in pairwise(numbers(text)):
            units = {first.unit, second.unit, number.unit} - {""}
            if len(units) > 1 and units != {"pound", "£"}:
                continue
            differ = SUM.search(text, first.end, second.end + _TELLS)
            added = differ or _ADDED.fullmatch(text, first.end, second.start)
            signs = [("+", 1)] * bool(added) + [("-", -1)] * bool(differ)
            for sign, factor in signs:
                if _near(first.value + factor * second.value, number):
                    return f"{written(first, source)} {sign} {written(second, source)}"
    return ""


def _share(number: Number, few: Sequence[tuple[Amount, str]]) -> str:
    """How a figure is a share in per cent of another one."""
    shares = [(value, text) for (value, unit), text in few if unit == "%" and value < 100]
    wholes = [(value, text) for (value, unit), text in few if unit == number.unit != "%"]
    return next((f"{its} x {text}" for p, its in shares for v, text in wholes if _near(v * p / 100, number)), "")


def _times(number: Number, count: Number, few: Sequence[tuple[Amount, str]]) -> str:
    """Of what price a figure is so many times as the claim says."""
    for (value, unit), text in few:
        one = value / 100 if unit == "cent" and _money(number.unit) else value
        if _money(unit) and unit in (number.unit, "cent") and count != number and _near(count.value * one, number):
            return text
    return ""


def _total(number: Number, near: Sequence[Source], rows: Sequence[Source]) -> str:
    """How a figure is the sum of a whole column of a table that is near."""
    for table in dict.fromkeys((row.quote.document, row.quote.head) for row in near if row.row):
        of_table = [row.quote.text for row in rows if (row.quote.document, row.quote.head) == table]
        for column in zip(*(text.split(CELL_BORDER) for text in of_table), strict=False):
            found = [figures[0] for cell in column if len(figures := numbers(cell)) == 1]
            whole = len(found) == len(column) >= _FEWEST_ROWS and {figure.unit for figure in found} <= {"", number.unit}
            if whole and _near(sum(figure.value for figure in found), number):
                return " + ".join(written_in(cell, figure) for cell, figure in zip(column, found, strict=True))
    return ""


def _money(unit: str) -> bool:
    return unit in _MONEY


def _near(value: float, number: Number) -> bool:
    """Whether a value, rounded as the claim's figure is written, is that figure."""
    return abs(value - number.value) <= 0.5 * _step(number.value) + 1e-9 * abs(value)


def _step(value: float) -> float:
    """What one of the last digit that a figure is written with is worth: 0.1 of 7.5, 1e6 of 3,000,000."""
    written = f"{value:.6f}".rstrip("0").rstrip(".")
    if "." in written:
        return float(10.0 ** -len(written.partition(".")[2]))
    return 1.0
