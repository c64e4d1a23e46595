"""Filters by stretches of time and by size, and several filters as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.answering.computing.asked_operations import Size
from rag.answering.computing.engine import compared
from rag.answering.computing.grids import Column
from rag.answering.computing.matching import NONE_BEFORE, NOT_BEFORE, Matches
from rag.answering.computing.operations import Filter
from rag.answering.computing.periods import MOST_PERIODS, Period, periods

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_LONGEST_TIME: Final = 24
NUMBERED: Final = re.compile(
    r"(?:.{0,12}\b)?(?:id|no|nr|number|#|year|phone|zip|code|jahr|nummer|plz)\.?|.{0,6}(?:编号"
    r"|序号|年份|年度|电话|单号|工号|学号)",
    re.IGNORECASE,
)

# What cells say where a column is asked yes or no of each row.
_YES: Final = frozenset({"yes", "true", "x", "✓", "✔", "ja", "是", "有"})
_NO: Final = frozenset({"no", "false", "✗", "✘", "nein", "否", "无"})


def yes_or_no(matches: Matches) -> None:
    """Columns that say yes or no of each row: "which are not hardy" are those whose cell says no."""
    text = matches.question.text
    filtered = {one.column for _, _, one in matches.filters}
    for mention in matches.mentions:
        said = {value.text.casefold(): value.text for value in matches.grid.column(mention.column).values if value.text}
        if mention.column in filtered or not said or not said.keys() <= _YES | _NO:
            continue
        before = text[: mention.start][-16:]
        denied = NOT_BEFORE.search(before) or NONE_BEFORE.search(before)
        start = mention.start - (len(before) - denied.start() if denied else 0)
        matches.question.take(start, mention.end)
        meant = sorted(said.keys() & (_NO if denied else _YES)) or ["no" if denied else "yes"]
        shown = ", ".join(said.get(each, each) for each in meant)
        one = Filter(mention.column, "is", tuple(map(compared, meant)), said=shown)
        matches.filters.append((start, mention.end, one))


def period_filters(matches: Matches, one: Period) -> list[Filter]:
    """What a row has to hold to be of a stretch of time; which column tells it may be unclear."""
    said = matches.question.text[one.start : one.end]
    for column in matches.grid.columns:
        different = {value.text for value in column.values}
        if column.kind == "number":
            if filters := _years_in(column, different, one, said):
                return filters
        elif column.kind == "words" and len(different) <= MOST_PERIODS:
            texts = tuple(compared(text) for text in sorted(different) if text and _same_period(text, one))
            if texts:
                return [Filter(column.number, "is", texts, said=said)]
    days = [column for column in matches.grid.columns if column.kind == "day"]
    mentioned = [c for c in days if any(m.column == c.number for m in matches.mentions)]
    if len(mentioned) == 1:
        days = mentioned
    if not days:
        return []
    if len(days) > 1:
        matches.unclear += [column.head for column in days]
        return [Filter(days[0].number, "filled")]
    return _in_days(days[0], one, said)


def _in_days(column: Column, one: Period, said: str) -> list[Filter]:
    if one.first or one.last:
        return [Filter(column.number, "between", first=one.first, last=one.last, said=said)]
    sort, number, _ = one.key
    if sort == "month":
        return [Filter(column.number, "month", low=number, said=said)]
    years = {value.day.year for value in column.values if value.day}
    # A quarter is that of the one year there is; of several it is not clear which.
    if len(years) != 1:
        return []
    year = str(years.pop())
    whole = periods(f"q{number} {year}" if sort == "quarter" else f"{'first' if number == 1 else 'second'} half {year}")
    return [Filter(column.number, "between", first=p.first, last=p.last, said=said) for p in whole[:1] if p.first]


def _years_in(column: Column, different: set[str], one: Period, said: str) -> list[Filter]:
    """Filters on a column of years."""
    if not different or not all(_YEAR.fullmatch(text) for text in different if text):
        return []
    low = float(one.first.year) if one.first else 0.0
    high = float(one.last.year) if one.last else 9999.0
    whole = (one.first is None or one.first.timetuple().tm_yday == 1) and (
        one.last is None or (one.last.month, one.last.day) == (12, 31)
    )
    if not whole or (one.first is None and one.last is None):
        return []
    return [Filter(column.number, "between", (), low, high, said=said)]


def _same_period(text: str, one: Period) -> bool:
    """Whether a cell names the stretch of time that is asked for, or one inside it."""
    found = periods(text.casefold().strip()) if len(text) <= _LONGEST_TIME else []
    if len(found) != 1 or found[0].end - found[0].start < len(text.strip()) - 1:
        return False
    own = found[0]
    if own.first and own.last and (one.first or one.last):
        return (one.first is None or one.first <= own.first) and (one.last is None or own.last <= one.last)
    return own.key[:2] == one.key[:2] and 0 in (own.key[2], one.key[2])


def add_size(matches: Matches, size: Size) -> None:
    """A filter by size, on the column that stands beside it, or the only one that may be meant."""
    numeric = [c for c in matches.grid.columns if c.kind == "number"]
    before = [m for m in matches.mentions if m.end <= size.start and matches.grid.column(m.column).kind == "number"]
    behind = [
        m for m in matches.mentions if 0 <= m.start - size.end <= 5 and matches.grid.column(m.column).kind == "number"
    ]
    near = [m for m in before if size.start - m.end <= 12]
    of_unit = [c for c in numeric if size.unit and (size.unit in {v.unit for v in c.values} or c.unit == size.unit)]
    chosen: int | None = None
    if near or behind:
        chosen = (near[-1] if near else behind[0]).column
    elif len(of_unit) == 1:
        chosen = of_unit[0].number
    else:
        rest = of_unit or [c for c in numeric if not NUMBERED.fullmatch(c.name)]
        if len(rest) == 1:
            chosen = rest[0].number
        else:
            matches.unclear += [c.head for c in rest]
    if chosen is None and before:
        chosen = before[-1].column
    if chosen is None:
        chosen = numeric[0].number if numeric else None
    if chosen is not None:
        said = matches.question.text[size.start : size.end]
        start = min((m.start for m in [*near[-1:], *behind[:1]] if m.column == chosen), default=size.start)
        matches.filters.append((start, size.end, Filter(chosen, size.comparison, (), size.low, size.high, said=said)))


def merged(filters: Sequence[Filter]) -> tuple[Filter, ...]:
    """Several cells of one column are one or the other of them."""
    found: dict[tuple[int, str, bool], Filter] = {}
    rest: list[Filter] = []
    for one in filters:
        key = (one.column, one.comparison, bool(one.texts))
        if one.comparison in ("is", "is not") and one.texts:
            last = found.get(key)
            said = one.said if last is None else f"{last.said}, {one.said}"
            found[key] = replace(one, texts=(*(last.texts if last else ()), *one.texts), said=said)
        elif one not in rest:
            rest.append(one)
    return (*found.values(), *rest)
