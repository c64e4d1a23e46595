"""The rows that a row of a table adds up: told by their figures, for sums are called by many names or by none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.answering.computing.cell_values import Value, typed
from rag.answering.evidence.pages import CutPage
from rag.core.tables import CELL_BORDER, is_total

# Rows above one that are looked at; set by hand.
_MOST: Final = 30
# Share of a sum that rounding may leave, set by hand, and what binary fractions do.
_ROUNDED: Final = 0.005
_EXACT: Final = 1e-6


def added_up(page: CutPage, here: int) -> range:
    """The places of the page's units that the table's row at `here` adds up: those directly above it.

    Where the figures tell none, and the row is called a total, it is those up to another total or the line above them.
    """
    row, first = page.units[here], here
    while first and here - first < _MOST and page.units[first - 1].sort == "row" and page.units[first - 1].said:
        above = page.units[first - 1]
        if (above.head, above.group) != (row.head, row.group) or len(cells(page, first - 1)) != len(cells(page, here)):
            break
        first -= 1
    columns = list(zip(*(cells(page, place) for place in range(first, here + 1)), strict=True))
    values = [typed(column, german=False) for column in columns[1:]]
    for start in range(here - 2, first - 1, -1):
        if _are_sums([column[start - first :] for column in values]):
            return range(start, here)
    if not is_total(columns[0][-1]):
        return range(here, here)
    totals = [place for place, label in enumerate(columns[0][:-1], start=first) if is_total(label)]
    return range(totals[-1] + 1 if totals else first, here)


def cells(page: CutPage, place: int) -> list[str]:
    """The cells of a table's row; of a first or last one that is empty only the border is in the row's text."""
    unit = page.units[place]
    return [cell.strip() for cell in f" {page.text[unit.start : unit.end]} ".split(CELL_BORDER)]


def _are_sums(columns: Sequence[Sequence[Value]]) -> bool:
    """Whether the last figure of each column is the sum of those above it, up to what rounding leaves. Shares of
    something add up to nothing."""
    added = [column for column in columns if column[-1].number is not None and column[-1].unit != "%"]
    return bool(added) and all(map(_is_sum, added))


def _is_sum(column: Sequence[Value]) -> bool:
    *above, last = column
    numbers = [value.number for value in above if value.number is not None]
    if not last.number or len(numbers) < 2:
        return False
    # Of small figures any two may add up nearly.
    rounding = min(len(numbers) * 0.5 * 10.0**-last.decimals, _ROUNDED * abs(last.number))
    return abs(sum(numbers) - last.number) <= rounding + _EXACT
