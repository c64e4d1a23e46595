"""Tables of Word files, cell by cell: merged, missing and left-out cells keep their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from rag.core.tables import Cell, Table
from rag.core.types import LeftOutReason
from rag.ingestion.loading.office_package import W
from rag.ingestion.loading.table_text import write_table
from rag.ingestion.loading.word_styles import is_on

# A cell that covers more columns is a mistake of the file.
_MOST_COLUMNS: Final = 200

# The paragraphs and tables of a cell, each as a line or lines of text.
Blocks = Callable[[Any], Iterable[str]]


def word_table(element: Any, blocks: Blocks) -> tuple[str, Table] | None:
    """The table as text and as cells; None where it holds no word. `blocks` reads what is in a cell."""
    cells: list[Cell] = []
    going_on: dict[int, int] = {}  # column in which a merged cell goes on downwards: its place among the cells
    heads, top = 0, True
    for number, row in enumerate(_own(element, "tr")):
        top = top and bool(is_on(row.find(f"{W}trPr"), "tblHeader"))
        heads += top
        column = _number(row.find(f"{W}trPr"), "gridBefore", 0)
        for cell in _own(row, "tc"):
            properties = cell.find(f"{W}tcPr")
            span = max(1, _number(properties, "gridSpan", 1))
            before = cells[-1] if cells and cells[-1].row == number else None
            if before is not None and _goes_on(properties, "hMerge"):
                cells[-1] = replace(before, column_span=before.column_span + span)
                column += span
                continue
            words = "\n".join(filter(None, (text.strip() for text in blocks(cell))))
            above = going_on.get(column)
            if _goes_on(properties) and above is not None:
                cells[above] = _longer(cells[above], number, words)
            else:
                going_on[column] = len(cells)
                cells.append(Cell(number, column, words, 1, span))
            column += span
        if rest := _number(row.find(f"{W}trPr"), "gridAfter", 0):
            cells.append(Cell(number, column, "", 1, rest))
    heads = heads or int(_bold_first_row(element))
    return write_table(cells, marked=heads) if cells else None


def is_layout(element: Any) -> bool:
    """Whether a table only sets things in their places: one cell, one column, or a row that holds other tables."""
    rows = list(_own(element, "tr"))
    counts = [sum(1 for _ in _own(row, "tc")) for row in rows]
    if not rows or max(counts) <= 1:
        return True
    nested = element.find(f"{W}tr//{W}tbl") is not None
    paragraphs = [len(cell.findall(f"{W}p")) for row in rows for cell in _own(row, "tc")]
    return len(rows) == 1 and (nested or max(paragraphs) > 1)


def cells_of(element: Any) -> Iterator[Any]:
    for row in _own(element, "tr"):
        yield from _own(row, "tc")


def revoked_rows(element: Any) -> Iterator[tuple[LeftOutReason, Any]]:
    """The rows that are not shown."""
    for row in _own(element, "tr", shown=False):
        if why := _revoked(row):
            yield why, row


def _own(element: Any, name: str, *, shown: bool = True) -> Iterator[Any]:
    """The rows of a table or the cells of a row, not those of tables inside; of rows those that are shown."""
    outer = f"{W}tbl" if name == "tr" else f"{W}tr"
    for found in element.iter(f"{W}{name}"):
        if next(found.iterancestors(outer), None) is element and not (shown and name == "tr" and _revoked(found)):
            yield found


def _revoked(row: Any) -> LeftOutReason | None:
    if row.find(f"{W}trPr/{W}del") is not None:
        return "deleted"
    return "hidden" if is_on(row.find(f"{W}trPr"), "hidden") else None


def _longer(cell: Cell, row: int, words: str) -> Cell:
    text = f"{cell.text}\n{words}".strip() if words else cell.text
    return Cell(cell.row, cell.column, text, row - cell.row + 1, cell.column_span)


def _goes_on(properties: Any, merged: str = "vMerge") -> bool:
    merge = None if properties is None else properties.find(f"{W}{merged}")
    return merge is not None and merge.get(f"{W}val", "continue") == "continue"


def _number(properties: Any, name: str, otherwise: int) -> int:
    found = None if properties is None else properties.find(f"{W}{name}")
    value = "" if found is None else str(found.get(f"{W}val", ""))
    return min(int(value), _MOST_COLUMNS) if value.isdecimal() and len(value) <= 4 else otherwise


def _bold_first_row(element: Any) -> bool:
    """Whether all words of the first row are bold, and those of the next are not."""
    rows = list(_own(element, "tr"))[:2]
    return len(rows) == 2 and _bold(rows[0]) and not _bold(rows[1])


def _bold(row: Any) -> bool:
    runs = [run for run in row.iter(f"{W}r") if "".join(text.text or "" for text in run.iter(f"{W}t")).strip()]
    return bool(runs) and all(is_on(run.find(f"{W}rPr"), "b") for run in runs)
