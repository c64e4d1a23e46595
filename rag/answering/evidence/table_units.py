"""The rows of a known table as units: each whole, with its heads, and what it says by itself for search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rag.answering.evidence.cutting import Sort, Unit, cut_unit
from rag.core.tables import CELL_BORDER, Table, group_rows, labelled_rows

# A row is quoted whole; what is longer is a text set as a table.
_LONGEST_ROW: Final = 1200


def table_units(text: str, table: Table) -> Iterator[Unit]:
    """The rows in order. Those that name columns or a group of rows are heads, and answer nothing."""
    head = CELL_BORDER.join(table.heads)
    said, groups, group = labelled_rows(table), group_rows(table), ""
    for number, (start, end) in enumerate(table.rows):
        group = groups.get(number, group)
        start += len(text[start:end]) - len(text[start:end].lstrip())
        end -= len(text[start:end]) - len(text[start:end].rstrip())
        if start >= end:
            continue
        names = number < table.head_rows or number in groups
        sort: Sort = "head" if names else "row"
        row = Unit(start, end, sort, "" if names else head, said[number], table.caption, table.notes, group)
        yield from cut_unit(text, row, _LONGEST_ROW)
