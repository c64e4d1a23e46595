"""Number ranges: a row for "5 to 9 years" answers a question about six years."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from math import inf
from typing import Final

from rag.core.tables import CELL_BORDER
from rag.core.text import CARDINAL, CHINESE_NUMERALS, number_value, script_of, stem
from rag.core.text.numbers import ORDINALS

_N: Final = (
    rf"((?<!\d)\d++(?:\.\d++)?+|\b{CARDINAL}\b|(?<![{CHINESE_NUMERALS}])[{CHINESE_NUMERALS}]++(?=个?[年月天日岁人]))"
)
# Unit of measurement: a word after a space, or one Chinese character.
_UNIT: Final = r"[ -]?([^\W\d]+)?"
# Maximum length of a unit: "5 years or more".
_MAX_UNIT: Final = 40
_MEASURE: Final = re.compile(_N + _UNIT, re.IGNORECASE)
_PLACES: Final = "|".join(sorted(ORDINALS.keys() - {"once", "twice", "half", "quarter"}))
_BEGUN: Final = re.compile(rf"\b({_PLACES})[ -](year|month|week|day)\b", re.IGNORECASE)
_FROM_TO: Final = re.compile(rf"{_N}\s*+(?:to|until|bis|–|—|-|~|至|到)\s*+{_N}{_UNIT}", re.IGNORECASE)
_BELOW: Final = re.compile(
    rf"(?:\b(?:less than|under|below|fewer than|up to|weniger als|unter|bis zu)|不满|少于|未满) ?{_N}{_UNIT}",
    re.IGNORECASE,
)
_ABOVE: Final = re.compile(
    rf"\b(?:more than|over|at least|from|mehr als|über|mindestens|ab) ?{_N}{_UNIT}"
    rf"|{_N}(?: ?(\w{{1,{_MAX_UNIT}}}+)| )? (?:or|and|oder|und) (?:more|over|longer|mehr|länger)"
    rf"|{_N}([年月天日个岁])以上",
    re.IGNORECASE,
)


def in_range(question: str, text: str) -> bool:
    """Whether a number of the question lies in a range in the text, in the same unit.

    >>> in_range("What do I get after six years?", "5 to 9 years: 28 days")
    True
    >>> in_range("What do I get after six years?", "10 to 14 years: 30 days")
    False
    >>> in_range("What do I get in my first year?", "Less than 2 years: 25 days")
    True
    """
    measures = _measures(question)
    return bool(measures) and any(
        low <= number <= high and (not unit or not counted or unit == counted)
        for low, high, counted in _ranges(text)
        for number, unit in measures
    )


def holds_for(row: str) -> str:
    """The range that a row begins with, or that its first cell names; '' where there is none.

    >>> holds_for("5 to 9 years 28 days 5 days"), holds_for("Adults and from 12 years | 1 tablet")
    ('5 to 9 years', 'from 12 years')
    """
    label, border, _ = row.partition(CELL_BORDER)
    looks = (each.search(label) if border else each.match(row) for each in (_FROM_TO, _BELOW, _ABOVE))
    found = next(filter(None, looks), None)
    return found[0] if found else ""


@functools.lru_cache(maxsize=16)
def _measures(question: str) -> tuple[tuple[float, str], ...]:
    plain = ((number_value(number), _normalized(unit)) for number, unit in _MEASURE.findall(question))
    # Whoever is in the first year has none behind them.
    begun = ((ORDINALS[which.lower()] - 1, _normalized(unit)) for which, unit in _BEGUN.findall(question))
    return (*plain, *begun)


def _ranges(text: str) -> Iterator[tuple[float, float, str]]:
    for low, high, unit in _FROM_TO.findall(text):
        yield number_value(low), number_value(high), _normalized(unit)
    for number, unit in _BELOW.findall(text):
        yield -inf, number_value(number) - 1e-9, _normalized(unit)
    for groups in _ABOVE.findall(text):
        number, unit = next((groups[i], groups[i + 1]) for i in (0, 2, 4) if groups[i])
        yield number_value(number), inf, _normalized(unit)


def _normalized(unit: str) -> str:
    """A unit as it is compared: years and Jahren by their stems, of Chinese the first character."""
    return unit[:1] if script_of(unit) == "cjk" else stem(stem(unit.lower()), "de")
