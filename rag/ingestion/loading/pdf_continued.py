"""Tables that go on on the next page: they keep the heads of the page before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.core.tables import Table
from rag.ingestion.loading.pdf_table_text import FoundTable
from rag.ingestion.loading.table_notes import is_caption

# Lines that may stand between the two parts: page number and running foot, running head.
_LINES: Final = 3
_LONGEST: Final = 120
_SAME_PLACE: Final = 12.0  # points


def continued(texts: Sequence[str], found: Sequence[Sequence[FoundTable]]) -> list[tuple[Table, ...]]:
    """The tables of each page; one at the top that goes on from the page before has its heads."""
    pages: list[tuple[Table, ...]] = []
    last: FoundTable | None = None
    for text, tables in zip(texts, found, strict=True):
        here = list(tables)
        if here and last and _is_edge(text[: here[0].table.start]) and _same_columns(last, here[0]):
            here[0] = replace(here[0], table=_going_on(last.table, here[0].table))
        pages.append(tuple(one.table for one in here))
        last = here[-1] if here and _is_edge(text[here[-1].table.end :]) else None
    return pages


def _is_edge(text: str) -> bool:
    """Whether this is no more than a running head or foot."""
    lines = [line for line in text.split("\n") if line.strip()]
    return len(lines) <= _LINES and all(len(line) <= _LONGEST and not is_caption(line) for line in lines)


def _same_columns(one: FoundTable, other: FoundTable) -> bool:
    near = [abs(a - b) <= _SAME_PLACE for a, b in zip(one.lefts, other.lefts, strict=False)]
    return len(one.lefts) == len(other.lefts) and sum(near) >= 0.7 * len(near)


def _going_on(before: Table, table: Table) -> Table:
    if not before.heads:
        return table
    grid = table.grid()
    if grid[: before.head_rows] == before.grid()[: before.head_rows]:
        return replace(table, head_rows=before.head_rows, heads=before.heads, continues=True)
    # What looked like heads by itself is the first row: the table's own heads stand on the page before.
    return replace(table, head_rows=0, heads=before.heads, continues=True)
