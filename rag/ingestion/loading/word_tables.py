"""Tables of Word files, cell by cell: merged, missing and left-out cells keep their columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rag.core.tables import Cell, Table
from rag.ingestion.loading.table_text import write_table

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# A cell that covers more columns is a mistake of the file.
_MOST_COLUMNS = 200

# The paragraphs and tables of a cell, each as a line or lines of text.
Blocks = Callable[[Any], Iterable[str]]


def word_table(element: Any, blocks: Blocks) -> tuple[str, Table] | None:
    """The table as text and as cells; None where it holds no word. `blocks` reads what is in a cell."""
    cells: list[Cell] = []
    going_on: dict[int, int] = {}  # column in which a merged cell goes on downwards: its place among the cells
    heads, top = 0, True
    for number, row in enumerate(_own(element, "tr")):
        top = top and _is_on(row.find(f"{_W}trPr"), "tblHeader")
        heads += top
        column = _number(row.find(f"{_W}trPr"), "gridBefore", 0)
        for cell in _own(row, "tc"):
            properties = cell.find(f"{_W}tcPr")
            span = max(1, _number(properties, "gridSpan", 1))
            words = "\n".join(filter(None, (text.strip() for text in blocks(cell))))
            above = going_on.get(column)
            if _goes_on(properties) and above is not None:
                cells[above] = _longer(cells[above], number, words)
            else:
                going_on[column] = len(cells)
                cells.append(Cell(number, column, words, 1, span))
            column += span
        if rest := _number(row.find(f"{_W}trPr"), "gridAfter", 0):
            cells.append(Cell(number, column, "", 1, rest))
    heads = heads or int(_bold_first_row(element))
    return write_table(cells, marked=heads) if cells else None


def is_layout(element: Any) -> bool:
    """Whether a table only sets things in their places: one cell, one column, or a row that holds other tables."""
    rows = list(_own(element, "tr"))
    counts = [sum(1 for _ in _own(row, "tc")) for row in rows]
    if not rows or max(counts) <= 1:
        return True
    nested = element.find(f"{_W}tr//{_W}tbl") is not None
    paragraphs = [len(cell.findall(f"{_W}p")) for row in rows for cell in _own(row, "tc")]
    return len(rows) == 1 and (nested or max(paragraphs) > 1)


def cells_of(element: Any) -> Iterable[Any]:
    for row in _own(element, "tr"):
        yield from _own(row, "tc")


def _own(element: Any, name: str) -> Iterable[Any]:
    """The rows of a table or the cells of a row, not those of tables inside."""
    outer = f"{_W}tbl" if name == "tr" else f"{_W}tr"
    for found in element.iter(f"{_W}{name}"):
        deleted = name == "tr" and found.find(f"{_W}trPr/{_W}del") is not None
        if not deleted and next(found.iterancestors(outer), None) is element:
            yield found


def _longer(cell: Cell, row: int, words: str) -> Cell:
    text = f"{cell.text}\n{words}".strip() if words else cell.text
    return Cell(cell.row, cell.column, text, row - cell.row + 1, cell.column_span)


def _goes_on(properties: Any) -> bool:
    merge = None if properties is None else properties.find(f"{_W}vMerge")
    return merge is not None and merge.get(f"{_W}val", "continue") == "continue"


def _number(properties: Any, name: str, otherwise: int) -> int:
    found = None if properties is None else properties.find(f"{_W}{name}")
    value = "" if found is None else str(found.get(f"{_W}val", ""))
    return min(int(value), _MOST_COLUMNS) if value.isdecimal() and len(value) <= 4 else otherwise


def _is_on(properties: Any, name: str) -> bool:
    found = None if properties is None else properties.find(f"{_W}{name}")
    return found is not None and found.get(f"{_W}val", "true") not in ("0", "false", "off")


def _bold_first_row(element: Any) -> bool:
    """Whether all words of the first row are bold, and those of the next are not."""
    rows = list(_own(element, "tr"))[:2]
    return len(rows) == 2 and _bold(rows[0]) and not _bold(rows[1])


def _bold(row: Any) -> bool:
    runs = [run for run in row.iter(f"{_W}r") if "".join(text.text or "" for text in run.iter(f"{_W}t")).strip()]
    return bool(runs) and all(_is_on(run.find(f"{_W}rPr"), "b") for run in runs)
