"""Tables of web pages: those that hold data, cell by cell; those that only set things in their places are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from bs4.element import Tag

from rag.core.tables import Cell, Table
from rag.ingestion.loading.table_text import without_empty_columns, write_table

_CELLS: Final = ("td", "th")
_BLOCKS: Final = ("h1", "h2", "h3", "h4", "h5", "h6", "article", "section", "form", "nav", "header", "footer", "main")
# A cell of data is no longer than this, and few are half of it.
_PROSE: Final = 600
_MEAN: Final = 150
# What a cell may claim to cover, and how many cells a table may have in all: pages are written by strangers.
_MOST_SPAN: Final = 1000
_MOST_CELLS: Final = 200_000
_SPAN: Final = re.compile(r"\s*+(\d{1,5})")

# Reads what is in a cell as lines of text.
Read = Callable[[Tag], str]
Row = tuple[Tag, list[Tag]]  # with its cells


def html_table(table: Tag, read: Read, shown: Collection[int]) -> tuple[str, Table] | None:
    """The table as text and as cells; None where it holds no data. `shown` are the ids of its rows and cells."""
    rows = [
        (row, [cell for cell in _own(row, _CELLS, "tr") if id(cell) in shown])
        for row in sorted(_own(table, ("tr",), "table"), key=_stands_last)
        if id(row) in shown
    ]
    if _is_layout(table, rows):
        return None
    cells = without_empty_columns(list(_cells(rows, read)))
    heads, columns = _heads(rows), _head_columns(rows)
    # Of two columns the first holds the heads, one a row, where the page says so.
    none = columns and not heads and max(cell.column + cell.column_span for cell in cells) == 2
    written = write_table(cells, marked=-1 if none else heads, head_columns=columns) if cells else None
    if written is None or written[1].width < 2:
        return None
    return written


def _own(tag: Tag, names: Sequence[str], outer: str) -> Iterator[Tag]:
    """The rows of a table or the cells of a row, not those of tables inside."""
    for found in tag.find_all(names):
        if isinstance(found, Tag) and found.find_parent(outer) is tag:
            yield found


def _stands_last(row: Tag) -> bool:
    """Rows of a foot stand last, wherever they are written."""
    return isinstance(row.parent, Tag) and row.parent.name == "tfoot"


def _is_layout(table: Tag, rows: list[Row]) -> bool:
    """Whether a table only sets things in their places."""
    if str(table.get("role", "")).lower() in ("presentation", "none") or not rows:
        return True
    if max(len(cells) for _, cells in rows) <= 1:
        return True
    marked = any(cell.name == "th" for _, cells in rows for cell in cells)
    if table.find("table") is not None and not any(len(cells) > 1 and cells[0].name == "th" for _, cells in rows):
        return True
    lengths = [len(" ".join(cell.get_text(" ").split())) for _, cells in rows for cell in cells]
    if marked or table.find(["thead", "caption"]) is not None:
        return max(lengths) > 10 * _PROSE
    if max(lengths) > _PROSE or sum(lengths) / len(lengths) > _MEAN:
        return True
    if len(rows) == 1:
        return max(lengths) > _MEAN or table.find([*_BLOCKS, "p", "ul", "ol", "div"]) is not None
    return table.find(list(_BLOCKS)) is not None


def _cells(rows: list[Row], read: Read) -> Iterator[Cell]:
    """The cells at their places, as browsers find them: a place that a cell from above covers is passed over."""
    covered: dict[int, int] = {}  # column: the row from which on it is free
    end = 0  # of the group of rows: no cell reaches out of it
    for number, (row, cells) in enumerate(rows):
        if number >= end:
            end = next((n for n in range(number, len(rows)) if rows[n][0].parent is not row.parent), len(rows))
        column = 0
        for cell in cells:
            while covered.get(column, 0) > number:
                column += 1
            across = _span(cell, "colspan", 1)
            down = _span(cell, "rowspan", 1) or end
            down = min(down, end - number)
            if (column + across) * len(rows) > _MOST_CELLS:
                break
            yield Cell(number, column, read(cell), down, across)
            covered.update(dict.fromkeys(range(column, column + across), number + down))
            column += across


def _span(cell: Tag, name: str, least: int) -> int:
    found = _SPAN.match(str(cell.get(name, "")))
    value = int(found[1]) if found else 1
    if name == "colspan":
        return min(max(value, least), _MOST_SPAN)
    return min(value, _MOST_SPAN)


def _heads(rows: list[Row]) -> int:
    """The rows at the top that the page itself calls heads: in a thead, or of head cells alone."""
    count = 0
    for row, all_cells in rows:
        cells = [cell for cell in all_cells if cell.get_text(strip=True)]
        head = row.find_parent("thead") is not None or (
            len(cells) > 1 and all(cell.name == "th" and cell.get("scope") != "row" for cell in cells)
        )
        # A title over all columns stands above the heads.
        alone = count == 0 and len(cells) == 1 and cells[0].name == "th"
        if not head and not alone:
            break
        count += 1
    return count if count < len(rows) else 0


def _head_columns(rows: list[Row]) -> int:
    firsts = [cells[0] for _, cells in rows if any(cell.name == "td" for cell in cells)]
    return int(bool(firsts) and all(cell.name == "th" for cell in firsts))
