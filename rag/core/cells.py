"""Cells of a sheet at their places in its text, and how a range of them is written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter


@dataclass(frozen=True, slots=True)
class SheetCell:
    """Where the words of a cell stand in the text of its page; `row` and `column` count from 0, as the sheet does.

    A merged cell's words stand in the text for each row and column that it covers: the first tells how many, the
    others have a span of 0.
    """

    row: int
    column: int
    start: int
    end: int
    row_span: int = 1
    column_span: int = 1

    def moved(self, by: int) -> SheetCell:
        """The cell where its page's text stands so many characters further on."""
        # Written out: of a long sheet there are very many.
        return SheetCell(self.row, self.column, self.start + by, self.end + by, self.row_span, self.column_span)


def column_name(column: int) -> str:
    """As sheets name their columns.

    >>> column_name(0), column_name(27)
    ('A', 'AB')
    """
    written, number = "", column + 1
    while number > 0:
        number, last = divmod(number - 1, 26)
        written = chr(65 + last) + written
    return written


def range_of(cells: Sequence[SheetCell], start: int, end: int) -> str:
    """The cells whose words a stretch of text holds, wholly or in part, as "B4" or "B4:F4"; empty where it has none.

    `cells` are in the order of the text.
    """
    # The words of two cells never overlap, so the ends are in order too.
    first = bisect_right(cells, start, key=attrgetter("end"))
    last = bisect_left(cells, end, key=attrgetter("start"))
    inside = cells[first:last]
    if not inside:
        return ""
    rows, columns = [cell.row for cell in inside], [cell.column for cell in inside]
    low = f"{column_name(min(columns))}{min(rows) + 1}"
    high = f"{column_name(max(columns))}{max(rows) + 1}"
    return low if low == high else f"{low}:{high}"
