"""Figures and dates of a claim that the documents have otherwise, and what stands around a figure and
turns it: a bound, or a change from it to another one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Final

from rag.answering.evidence.ranges import in_range
from rag.answering.verification.amounts import EXACT, IN, YEARS, converts, figures_of, in_common, to_digits, written
from rag.answering.verification.contradiction import Difference, bound_of
from rag.answering.verification.evidence import Source
from rag.core.text import Number, months, normalized, numbers

# "One", "two" and "third" are often no figures at all.
FEW: Final = 3
# The numbers of a list count its items and nothing else.
_LIST_MARK: Final = re.compile(
    r"(?:^|\n|(?<=[:.;]\s))[^\S\n]*+[(]?(\d{1,2})[.)](?=\s++\S)|(?<=[.!?;])\s(\d{1,2})\.\s*+$"
)
# "COVID-19", "F-16": a name.
_IN_NAME: Final = re.compile(r"[A-Z]-$")
# "2018–19": the second year is written in two digits.
_YEAR_TO: Final = re.compile(r"\b(?:1[5-9]|20)\d\d[-–/]$")
# The fewest digits of a figure that may be a longer one, rounded.
_ROUNDED: Final = 2
# A claim with so many wrong figures is wrong: those behind them are not looked at.
_MOST_WRONG: Final = 20
# "Changed from one figure to another": the first holds no more.
CHANGED: Final = re.compile(
    r"\b(?:chang\w*|rais\w*|increas\w*|lower\w*|reduc\w*|cut|extend\w*|shorten\w*|moved|grew|rose|ris(?:es?|ing)|fell|falls?|drop\w*"
    r"|erhöht|gesenkt|geändert|gestiegen|gesunken)\b|改为|调整|提高|降|增",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"(?:\b(?:from|von)\s?[$€£¥]?|[从由自])\s?$", re.IGNORECASE)
_TO: Final = re.compile(r"[^\S\n]?(?:to|auf|至|到|改为|提高到|增至|降至|调整为)\s?[$€£¥]?\s?", re.IGNORECASE)
# Words of a claim that tells how it was.
_BEFORE: Final = re.compile(
    r"\b(?:was|were|had|from|before|until|previous\w*|former\w*|earlier|old|used|war|waren|früher|vorher|bisher|von)\b"
    r"|原|曾|之前|以前|从|由",
    re.IGNORECASE,
)
# Characters before a figure that are shown with it.
_SHOWN: Final = 12


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
    there = _distinct((number, source) for source in near for number in figures_of(source))
    held = _Held([*(number for number, _ in there), *_numbers_in(elsewhere)])
    beside = _Held([number for source in aligned for number in figures_of(source)])
    for number in numbers(claim):
        before = read[max(0, number.start - 5) : number.start]
        if number.start in marks or _IN_NAME.search(before) or (number.value < 100 and _YEAR_TO.search(before)):
            continue
        same = (beside if aligned and not number.plain and not number.unit else held).same(number)
        if counted and not number.unit:
            same = [other for other in same if not other.unit]
        if not same and (number.plain or number.unit or number.value > FEW or counted):
            if any(in_range(read[number.start : number.end], source.text) for source in near if source.row):
                continue
            like, source = _like(number, there)
            yield Difference("figure", span_of(number, claim), like, source)
        elif turned := _bounded_otherwise(number, read, near) or _superseded(number, read, near):
            yield replace(turned, span=span_of(number, claim))
        elif (
            same
            and number.unit
            and all(o.unit != number.unit and not converts(number, o) for o in same)
            and any(o.unit for o in same)
            and not any(s.row and not o.unit for o, s in there if o in same)  # a cell, whose unit stands above it
        ):
            like, source = next(((written(o, s), s) for o, s in there if o in same and o.unit), ("", None))
            yield Difference("unit", span_of(number, claim), like, source)
    around = " \n".join([*(source.text for source in near), elsewhere])
    for month in sorted(months(claim) - months(around)):
        at = max(claim.lower().find(month[:3]), 0)
        other = next(
            ((name.capitalize(), source) for source in near for name in sorted(months(source.text))), ("", None)
        )
        yield Difference("date", (at, _word_end(claim, at)), *other)


@lru_cache(maxsize=4)
def _numbers_in(text: str) -> tuple[Number, ...]:
    """The figures of a long text, in which those of all claims of an answer are looked for."""
    return tuple(numbers(text))


class _Held:
    """Figures of the documents by their values, so that a claim of many figures is looked up in a time that grows with
    it alone."""

    def __init__(self, found: Sequence[Number]) -> None:
        self._all = list({(number.value, number.unit): number for number in reversed(found)}.values())
        self._by_digits: dict[int, dict[float, list[Number]]] = {}
        self._converted: dict[tuple[str, float], list[Number]] = defaultdict(list)
        for number in self._all:
            self._converted[in_common(number)].append(number)

    def same(self, mine: Number) -> list[Number]:
        """Those that are the same, in other units or rounded."""
        found = self._rounded(EXACT).get(to_digits(EXACT, mine.value), [])
        if mine.unit:
            found = found + [other for other in self._converted.get(in_common(mine), ()) if other.unit != mine.unit]
        digits = len(f"{mine.value:.6f}".replace(".", "").strip("0"))
        if mine.plain and digits >= _ROUNDED:
            found = found + [other for other in self._rounded(digits).get(mine.value, ()) if other not in found]
        return found

    def _rounded(self, digits: int) -> dict[float, list[Number]]:
        if digits not in self._by_digits:
            by_value = self._by_digits[digits] = defaultdict(list)
            for number in self._all:
                by_value[to_digits(digits, number.value)].append(number)
        return self._by_digits[digits]


def _distinct(found: Iterable[tuple[Number, Source]]) -> list[tuple[Number, Source]]:
    """Each value and unit once, where it stands first."""
    first: dict[tuple[float, str], tuple[Number, Source]] = {}
    for number, source in found:
        first.setdefault((number.value, number.unit), (number, source))
    return list(first.values())


def _like(number: Number, there: Sequence[tuple[Number, Source]]) -> tuple[str, Source | None]:
    """The figure that the nearest sentence has in the place of another: of its unit, where there is one."""
    year = number.value in YEARS
    kind = IN.get(number.unit, (number.unit, 1))[0]
    for n, s in there:
        if IN.get(n.unit, (n.unit, 1))[0] == kind and (n.unit or (n.plain and (n.value in YEARS) == year)):
            return written(n, s), s
    return "", None


def span_of(number: Number, claim: str) -> tuple[int, int]:
    return (number.start, number.end) if len(normalized(claim)) == len(claim) else (0, len(claim))


def _word_end(text: str, at: int) -> int:
    while at < len(text) and text[at].isalpha():
        at += 1
    return at


def _is_mark(text: str, match: re.Match[str]) -> bool:
    """Whether a number is a list's mark. A list that follows a colon begins with one."""
    before = text[: match.start()].rstrip()
    return not before.endswith(":") or match[1] in (None, "1")


def _bounded_otherwise(number: Number, claim: str, near: Sequence[Source]) -> Difference | None:
    """A claim's figure that is the most, where the documents have it as the least: "at most twelve" for "at least"."""
    mine = bound_of(claim, number.start, number.end)
    if not mine:
        return None
    found = None
    for source in near:
        text = normalized(source.text)
        for other in numbers(text):
            if (other.value, other.unit) == (number.value, number.unit):
                if bound_of(text, other.start, other.end) != -mine:
                    return None
                said = text[max(0, other.start - _SHOWN) : other.end].partition(" ")[2]
                found = found or Difference("bound", (0, 0), said, source)
    return found


def _superseded(number: Number, claim: str, near: Sequence[Source]) -> Difference | None:
    """A claim's figure that holds no more: 8080, where a port "has changed from 8080 to 9090"."""
    if _BEFORE.search(claim):
        return None
    said, found = {one.value for one in numbers(claim)}, None
    for source in near:
        text, figures = normalized(source.text), numbers(source.text)
        for one, new in zip_longest(figures, figures[1:]):
            if one.value == number.value:
                if new is None or new.value in said or not _changes(text, one, new):
                    return None
                found = found or Difference("figure", (0, 0), text[new.start : new.end].strip(), source)
    return found


def _changes(text: str, one: Number, new: Number) -> bool:
    return bool(
        _TO.fullmatch(text, one.end, new.start)
        and _FROM.search(text, max(0, one.start - _SHOWN), one.start)
        and CHANGED.search(text, 0, one.start)
    )
