"""A computation in words, in the language of the question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.computing.cell_values import Value
from rag.answering.computing.grids import Grid
from rag.answering.computing.operations import Filter, Query
from rag.core.text.scripts import Language

# Numbers of a sum that are written out; behind the first of more stands what is left out.
_WRITTEN: Final = 8
_LEADING: Final = frozenset("$£¥")
_SIGNS: Final = {"is": "=", "is not": "≠", ">": ">", ">=": "≥", "<": "<", "<=": "≤"}


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language. Their order is that of the sentence: operation, column, rows, filters."""

    operations: Mapping[str, str]
    rows: tuple[str, str]
    where: str
    by: str
    joined: str
    holds: str
    empty: str
    filled: str
    month: str
    points: str
    stop: str = "."
    colon: str = ": "


WORDINGS: Final[Mapping[Language, Wording]] = {
    "en": Wording(
        {
            "sum": "Sum of {column}{rows}{where}", "average": "Average of {column}{rows}{where}",
            "median": "Median of {column}{rows}{where}", "maximum": "Highest {column}{rows}{where}",
            "minimum": "Lowest {column}{rows}{where}", "count": "Number of rows{where}",
            "distinct": "Number of different values of {column}{rows}{where}", "rows": "Rows{where}",
            "value": "{column}{where}",
            "change": "Change of {column}", "share": "Change of {column} in percent",
            "difference": "Difference: {column}",
            "ratio": "Ratio: {column}", "part": "{column} in percent", "exceeding": "Number of columns: {column}",
            "which": "Columns: {column}",
        },
        (" over 1 row", " over {count} rows"), " where {filters}", "{said} by {group}", " and ",
        "{column} holds “{text}”", "{column} is empty", "{column} is filled", "{column} in month {month}",
        "percentage points",
    ),
    "de": Wording(
        {
            "sum": "Summe von {column}{rows}{where}", "average": "Durchschnitt von {column}{rows}{where}",
            "median": "Median von {column}{rows}{where}", "maximum": "Höchster Wert von {column}{rows}{where}",
            "minimum": "Niedrigster Wert von {column}{rows}{where}", "count": "Anzahl der Zeilen{where}",
            "distinct": "Anzahl verschiedener Werte von {column}{rows}{where}", "rows": "Zeilen{where}",
            "value": "{column}{where}",
            "change": "Änderung von {column}", "share": "Änderung von {column} in Prozent",
            "difference": "Unterschied: {column}", "ratio": "Verhältnis: {column}", "part": "{column} in Prozent",
            "exceeding": "Anzahl der Spalten: {column}", "which": "Spalten: {column}",
        },
        (" über 1 Zeile", " über {count} Zeilen"), " mit {filters}", "{said} nach {group}", " und ",
        "{column} enthält „{text}“", "{column} ist leer", "{column} ist gefüllt", "{column} im Monat {month}",
        "Prozentpunkte",
    ),
    "zh": Wording(
        {
            "sum": "{rows}{column}合计{where}", "average": "{rows}{column}平均值{where}",
            "median": "{rows}{column}中位数{where}", "maximum": "{rows}{column}最大值{where}",
            "minimum": "{rows}{column}最小值{where}", "count": "行数{where}",
            "distinct": "{rows}{column}不同值的个数{where}", "rows": "行数{where}", "value": "{column}{where}",
            "change": "{column}的变化", "share": "{column}的变化（百分比）", "difference": "差值：{column}",
            "ratio": "比值：{column}", "part": "{column}（百分比）", "exceeding": "列数：{column}",
            "which": "列：{column}",
        },
        ("1 行的", "{count} 行的"), "（{filters}）", "按{group}，{said}", "，且",
        "{column}含“{text}”", "{column}为空", "{column}已填", "{column}在{month}月", "个百分点", "。", "：",
    ),
}  # fmt: skip


def head_of(query: Query, grid: Grid, count: int, language: Language, *, single: bool) -> str:
    """What is computed of which rows: "Sum of Amount over 4 rows where Region = North"."""
    words = WORDINGS[language]
    said = words.joined.join(filter_text(one, grid, language) for one in query.filters)
    where = words.where.format(filters=said) if said else ""
    rows = words.rows[0] if count == 1 else words.rows[1].format(count=count)
    column = grid.heads[query.column] if query.column is not None else ""
    form = "value" if single else query.operation
    text = words.operations[form].format(column=column, rows=rows, where=where)
    return words.by.format(said=text, group=grid.heads[query.group]) if query.group is not None else text


def filter_text(one: Filter, grid: Grid, language: Language) -> str:
    """A filter as "Region = North"."""
    words, column = WORDINGS[language], grid.heads[one.column]
    if one.comparison == "month":
        return words.month.format(column=column, month=int(one.low))
    if one.first or one.last:
        parts = (f"{one.first} ≤ " if one.first and one.last else "", column)
        end = f" ≤ {one.last}" if one.last else f" ≥ {one.first}"
        return "".join(parts) + end
    if one.comparison == "holds":
        return words.holds.format(column=column, text=one.said)
    if one.comparison in ("empty", "filled"):
        return (words.empty if one.comparison == "empty" else words.filled).format(column=column)
    if one.comparison == "between":
        return f"{plain(one.low)} ≤ {column} ≤ {plain(one.high)}"
    value = one.said if one.texts else plain(one.low)
    return f"{column} {_SIGNS[one.comparison]} {value}"


def plain(number: float) -> str:
    """A number without a unit and without needless decimals."""
    return f"{number:,.6f}".rstrip("0").rstrip(".")


def number_text(number: float, decimals: int, unit: str, language: Language) -> str:
    """A number as it is said: "1,234.50 €"."""
    written = f"{number:,.{decimals}f}"
    if decimals > 2:
        written = written.rstrip("0").rstrip(".")
    if language == "de":
        written = written.translate(str.maketrans(",.", ".,"))
    if unit in _LEADING or unit.endswith("$"):
        return f"-{unit}{written[1:]}" if written.startswith("-") else f"{unit}{written}"
    return f"{written}{unit}" if unit == "%" else f"{written} {unit}".rstrip()


def term_text(value: Value) -> str:
    """A number among others, as its cell shows it; one below zero in brackets."""
    return f"({value.text})" if value.text.startswith(("-", "−", "–")) else value.text


def terms_text(operation: str, values: Sequence[Value]) -> str:
    """The numbers that a sum or an average is made of, as the cells show them."""
    shown = [term_text(value) for value in values[:_WRITTEN]]
    if len(values) > _WRITTEN:
        shown.append("…")
    added = " + ".join(shown)
    return f"({added}) / {len(values)}" if operation == "average" else added
