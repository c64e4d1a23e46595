"""What splitting needs to know of a page's tables: where rows begin, and the heads of rows that stand without them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from rag.core.tables import Table


class TableRows:
    """The tables of a page. `words` holds what heads each, shortened by `shortened`; '' where it has no heads."""

    def __init__(self, tables: Sequence[Table], shortened: Callable[[str], str]) -> None:
        self._tables = tables
        self._rows = sorted(row for table in tables for row in table.rows)
        self._starts = [start for start, _ in self._rows]
        self.words = [shortened(" · ".join(dict.fromkeys(filter(None, table.heads)))) for table in tables]

    def row_start(self, start: int, end: int) -> int:
        """The place itself, or where it lies inside of a row the next row that begins before `end`."""
        number = bisect_right(self._starts, start) - 1
        if number < 0 or not self._rows[number][0] < start < self._rows[number][1]:
            return start
        following = self._starts[number + 1 : number + 2]
        return following[0] if following and following[0] < end else start

    def starts_in(self, start: int, end: int) -> list[int]:
        """Where rows begin in a stretch, its own start not counted."""
        return self._starts[bisect_right(self._starts, start) : bisect_right(self._starts, end - 1)]

    def of(self, start: int, end: int) -> str:
        """The heads of the tables of which a stretch holds rows and no head row."""
        return " · ".join(
            words
            for table, words in zip(self._tables, self.words, strict=True)
            if words and table.start < end and start < table.end and not _has_heads(table, start)
        )


def _has_heads(table: Table, start: int) -> bool:
    return table.head_rows > 0 and start <= table.rows[0][0]
