"""A report table as lines over columns, and the stretches of time that its heads name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag.answering.computing.cell_values import Value, typed
from rag.answering.computing.grids import Grid, Row
from rag.answering.computing.periods import Period, of_year, periods
from rag.answering.computing.series_words import SeriesOperation


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a line: the row, the name of its column, its value."""

    row: Row
    line: str
    column: str
    value: Value


@dataclass(frozen=True, slots=True)
class Series:
    """What is computed of which cells, in the order in which they are written."""

    grid: Grid
    operation: SeriesOperation
    cells: tuple[Cell, ...]
    fits: int
    bound: tuple[str, float, float] = ("", 0.0, 0.0)

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(dict.fromkeys(cell.row for cell in self.cells))


@dataclass
class Report:
    """A grid as lines over columns, totals among them."""

    grid: Grid
    columns: dict[int, list[Value]] = field(default_factory=dict)

    @cached_property
    def rows(self) -> list[Row]:
        return sorted([*self.grid.rows, *self.grid.totals], key=lambda one: (one.page, one.start))

    def values(self, column: int) -> list[Value]:
        if column not in self.columns:
            german = self.grid.document.language == "de"
            self.columns[column] = typed([row.cells[column] for row in self.rows], german)
        return self.columns[column]


def plain_years(found: Sequence[Period]) -> list[Period]:
    """Spans of years as the two years they are named by."""
    plain = []
    for one in found:
        if one.key[0] != "span":
            plain.append(one)
            continue
        plain += [of_year(year, one.start, one.end) for year in one.key[1:]]
    return plain


def label_of(row: Row) -> str:
    return row.cells[0]


def key(one: Period) -> tuple[str, int] | None:
    if one.key[0] == "quarter":
        return "quarter", one.key[1] * 10000 + one.key[2]
    if one.first is not None and one.last is not None:
        return "year", one.last.year
    return None


def asked_key(one: Period) -> tuple[str, int]:
    return key(one) or (one.key[0], one.key[1])


def time_of(cell: Cell) -> str:
    """The stretch of time that a cell is of, as the table calls it."""
    return cell.column if periods(cell.column.casefold()) else cell.line


def order(cell: Cell) -> tuple[int, int]:
    """Which of two cells is later."""
    found = [
        one
        for text in (cell.column, cell.row.cells[0])
        for one in periods(text.casefold())
        if one.last or one.key[0] == "quarter"
    ]
    return max(((one.last.toordinal() if one.last else 0, one.key[1]) for one in found), default=(0, 0))
