"""Runs a checked query over typed cells in DuckDB: columns become arrays, values are bound, nobody writes SQL."""

from __future__ import annotations

import datetime
from typing import Any, Final

import numpy as np

from rag.answering.computing.grids import Column, Grid
from rag.answering.computing.operations import MOST_GROUPS, Filter, Query, Result, problems
from rag.core.text import normalized

_AGGREGATES: Final = {
    "sum": "fsum(target)", "average": "favg(target)", "median": "median(target)", "maximum": "max(target)",
    "minimum": "min(target)", "count": "count(*)", "distinct": "count(DISTINCT target_text)", "rows": "count(*)",
}  # fmt: skip
_SIZE: Final = {
    ">": "n{0} > ?", ">=": "n{0} >= ?", "<": "n{0} < ?", "<=": "n{0} <= ?", "between": "n{0} BETWEEN ? AND ?",
}  # fmt: skip
_ONE, _OTHER = "max(n) FILTER (place = 0)", "max(n) FILTER (place = 1)"
_COMBINED: Final = {
    "change": f"{_ONE} - {_OTHER}", "difference": f"{_ONE} - {_OTHER}",
    "share": f"100 * ({_ONE} - {_OTHER}) / nullif({_OTHER}, 0)",
    "ratio": f"{_ONE} / nullif({_OTHER}, 0)", "part": f"100 * {_ONE} / nullif({_OTHER}, 0)",
    "average": "favg(n)", "sum": "fsum(n)", "exceeding": "count(*)", "which": "count(*)",
    "maximum": "max(n)", "minimum": "min(n)",
}  # fmt: skip
_FIRST_DAY: Final = datetime.date(1, 1, 1)
_LAST_DAY: Final = datetime.date(9999, 12, 31)


def run(query: Query, grid: Grid) -> Result:
    """Compute. Raises ValueError where the query does not fit the table."""
    if wrong := problems(query, grid):
        raise ValueError("; ".join(wrong))
    with _in_memory() as connection:
        connection.register("cells", _arrays(query, grid))
        where, values = _conditions(query)
        passed = connection.execute(f"SELECT place FROM cells WHERE {where} ORDER BY place", values).fetchall()
        rows = [place for (place,) in passed]
        if query.group is not None:
            return _grouped(connection, query, where, values)
        return _single(connection, query, grid, rows, where, values)


def _in_memory() -> Any:
    """A database on one thread that reaches nothing outside."""
    # Not imported before a question needs it.
    import duckdb

    return duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": False})


def combined(
    operation: str, numbers: list[float], bound: tuple[str, float, float] = ("", 0.0, 0.0)
) -> tuple[float | None, list[int]]:
    """A few cells put together in their order, None where it is divided by nothing; and the places that it is of."""
    size, values = "TRUE", list[float]()
    if bound[0]:
        size = _SIZE[bound[0]].format("")
        values = list(bound[1:]) if bound[0] == "between" else [bound[1]]
    with _in_memory() as connection:
        connection.register("cells", {"place": np.arange(len(numbers)), "n": np.array(numbers, dtype=np.float64)})
        ((value,),) = connection.execute(f"SELECT {_COMBINED[operation]} FROM cells WHERE {size}", values).fetchall()
        if operation in ("maximum", "minimum"):
            size, values = "n = ?", [value]
        places = connection.execute(f"SELECT place FROM cells WHERE {size} ORDER BY place", values).fetchall()
    return None if value is None else float(value), [int(place) for (place,) in places]


def _single(connection: Any, query: Query, grid: Grid, rows: list[int], where: str, values: list[Any]) -> Result:
    if query.operation in ("count", "rows"):
        return Result(float(len(rows)), tuple(rows))
    assert query.column is not None  # `problems` saw to that
    column = grid.column(query.column)
    having = [place for place in rows if _is_there(column, place, query.operation)]
    units = tuple(dict.fromkeys(filter(None, (column.values[place].unit for place in having))))
    without = len(rows) - len(having)
    if not having or len(units) > 1:
        return Result(None, tuple(having), (), units, without)
    filled = f"{where} AND target IS NOT NULL" if query.operation != "distinct" else where
    sql = f"SELECT {_AGGREGATES[query.operation]} FROM cells WHERE {filled}"
    ((value,),) = connection.execute(sql, values).fetchall()
    if query.operation in ("maximum", "minimum"):
        order = "DESC" if query.operation == "maximum" else "ASC"
        bound = "target = ?" if not query.limit else f"target {'>=' if order == 'DESC' else '<='} ?"
        edge = value
        if query.limit > 1:
            sql = f"SELECT target FROM cells WHERE {filled} ORDER BY target {order} LIMIT ?"
            edge = connection.execute(sql, [*values, query.limit]).fetchall()[-1][0]
        sql = f"SELECT place FROM cells WHERE {filled} AND {bound} ORDER BY target {order}, place"
        having = [place for (place,) in connection.execute(sql, [*values, edge]).fetchall()]
    return Result(None if value is None else float(value), tuple(having), (), units, without)


def _grouped(connection: Any, query: Query, where: str, values: list[Any]) -> Result:
    """The value of each group, the largest first; of a column of several units none is computed."""
    filled = f"{where} AND target IS NOT NULL" if query.column is not None else where
    units = connection.execute(f"SELECT DISTINCT unit FROM cells WHERE {filled} AND unit <> ''", values).fetchall()
    named = tuple(unit for (unit,) in units)
    if len(named) > 1:
        rows = connection.execute(f"SELECT place FROM cells WHERE {filled} ORDER BY place", values).fetchall()
        return Result(None, tuple(place for (place,) in rows), (), named)
    sql = (
        f"SELECT any_value(g_text), {_AGGREGATES[query.operation]} AS value, list(place ORDER BY place) FROM cells "
        f"WHERE {filled} AND g <> '' GROUP BY g ORDER BY value {'ASC' if query.limit < 0 else 'DESC'}, min(place)"
    )
    found = connection.execute(sql, values).fetchall()
    if query.limit:
        edge = found[min(abs(query.limit), len(found)) - 1][1] if found else 0
        found = [one for one in found if (one[1] <= edge if query.limit < 0 else one[1] >= edge)]
    groups = tuple((str(name), float(value), tuple(places)) for name, value, places in found[:MOST_GROUPS])
    return Result(None, tuple(place for _, _, places in groups for place in places), groups, named)


def _is_there(column: Column, place: int, operation: str) -> bool:
    value = column.values[place]
    return (
        bool(value.text)
        if operation == "distinct"
        else (value.number if column.kind == "number" else value.day) is not None
    )


def _arrays(query: Query, grid: Grid) -> dict[str, Any]:
    """The columns that the query needs, as arrays: numbers, days as numbers, and words to compare."""
    arrays: dict[str, Any] = {"place": np.arange(len(grid.rows))}
    if query.column is not None:
        column = grid.column(query.column)
        arrays["target"] = _days(column) if column.kind == "day" else _numbers(column)
        arrays["target_text"] = _texts(column)
        arrays["unit"] = np.array([value.unit for value in column.values], dtype=object)
    else:
        arrays["unit"] = np.array([""] * len(grid.rows), dtype=object)
    if query.group is not None:
        arrays["g"] = _texts(grid.column(query.group))
        arrays["g_text"] = np.array([value.text for value in grid.column(query.group).values], dtype=object)
    for one in query.filters:
        column = grid.column(one.column)
        arrays[f"n{one.column}"], arrays[f"d{one.column}"] = _numbers(column), _days(column)
        arrays[f"t{one.column}"] = _texts(column)
        arrays[f"m{one.column}"] = np.array([v.day.month if v.day else 0 for v in column.values])
    # An empty cell is a number nowhere: DuckDB takes NaN for the largest of all.
    return {name: np.ma.masked_invalid(a) if a.dtype == np.float64 else a for name, a in arrays.items()}


def _numbers(column: Column) -> Any:
    return np.array([np.nan if v.number is None else v.number for v in column.values], dtype=np.float64)


def _days(column: Column) -> Any:
    return np.array([np.nan if v.day is None else float(v.day.toordinal()) for v in column.values], dtype=np.float64)


def _texts(column: Column) -> Any:
    return np.array([compared(value.text) for value in column.values], dtype=object)


def compared(text: str) -> str:
    """Words as they are compared: case and blanks tell nothing."""
    return " ".join((text.lower() if text.isascii() else normalized(text).casefold()).split())


def _conditions(query: Query) -> tuple[str, list[Any]]:
    parts, values = ["TRUE"], list[Any]()
    for one in query.filters:
        sql, bound = _condition(one)
        parts.append(sql)
        values += bound
    return " AND ".join(parts), values


def _condition(one: Filter) -> tuple[str, list[Any]]:
    column = one.column
    if one.comparison == "month":
        return f"m{column} = ?", [int(one.low)]
    if one.first is not None or one.last is not None:
        first, last = one.first or _FIRST_DAY, one.last or _LAST_DAY
        return f"d{column} BETWEEN ? AND ?", [float(first.toordinal()), float(last.toordinal())]
    if one.comparison in _SIZE:
        bound = [one.low, one.high] if one.comparison == "between" else [one.low]
        return _SIZE[one.comparison].format(column), bound
    if one.comparison in ("empty", "filled"):
        return f"t{column} {'=' if one.comparison == 'empty' else '<>'} ''", []
    if one.comparison == "holds":
        return f"contains(t{column}, ?)", [one.texts[0]]
    if not one.texts:
        return f"n{column} {'=' if one.comparison == 'is' else '<>'} ?", [one.low]
    marks = ", ".join("?" * len(one.texts))
    return f"t{column} {'IN' if one.comparison == 'is' else 'NOT IN'} ({marks})", list(one.texts)
