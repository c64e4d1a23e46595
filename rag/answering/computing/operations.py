"""What may be computed of a table, as a checked data structure; nothing else reaches the engine."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rag.answering.computing.grids import Grid

# "rows" shows them alone.
Operation = Literal["sum", "average", "median", "maximum", "minimum", "count", "distinct", "rows"]
Comparison = Literal["is", "is not", ">", ">=", "<", "<=", "between", "month", "holds", "empty", "filled"]

OF_NUMBERS: Final = frozenset({"sum", "average", "median", "maximum", "minimum"})
_SIZES: Final = frozenset({">", ">=", "<", "<=", "between"})
# Groups shown of one answer.
MOST_GROUPS: Final = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """What a row has to hold in a column: one of several texts, a size, or a stretch of days."""

    column: int
    comparison: Comparison
    texts: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    first: datetime.date | None = None
    last: datetime.date | None = None
    said: str = ""
    """The value as the question has it."""


@dataclass(frozen=True, slots=True)
class Query:
    """An operation on the rows that pass all filters; by `group` for each of its values, of extremes `limit` many."""

    operation: Operation
    column: int | None = None
    filters: tuple[Filter, ...] = ()
    group: int | None = None
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What came out: the value, the rows that it is made of, and the values of groups with theirs."""

    value: float | None
    rows: tuple[int, ...]
    groups: tuple[tuple[str, float, tuple[int, ...]], ...] = ()
    units: tuple[str, ...] = ()
    without: int = 0
    """Rows that passed, and have no number there."""


def problems(query: Query, grid: Grid) -> Sequence[str]:
    """Why a query cannot be computed of a table; nothing where it can."""
    found: list[str] = []
    width = len(grid.heads)
    places = [query.column, query.group, *(one.column for one in query.filters)]
    if any(place is not None and not 0 <= place < width for place in places):
        return ["no such column"]
    if query.operation in OF_NUMBERS:
        kind = grid.column(query.column).kind if query.column is not None else ""
        days = query.operation in ("maximum", "minimum") and kind == "day"
        if kind != "number" and not days:
            found.append("no column of numbers")
    if query.operation == "distinct" and query.column is None:
        found.append("no column")
    for one in query.filters:
        kind = grid.column(one.column).kind
        dated = one.first is not None or one.last is not None or one.comparison == "month"
        if dated and kind != "day":
            found.append("no column of days")
        if one.comparison in _SIZES and not dated and kind != "number":
            found.append("no column of numbers")
    return found
