"""The blocks of OpenDocument files as text: paragraphs, headings, lists, tables, boxes, notes."""

from __future__ import annotations

from typing import Any, Final

from rag.core.tables import Cell
from rag.ingestion.loading.open_document import DRAW, TABLE, TEXT, number_of, words_of
from rag.ingestion.loading.table_text import write_table
from rag.ingestion.loading.text_flow import BULLET, TextFlow, Written

_DEEPEST: Final = 40
_COPIES: Final = 200
_HOLDERS: Final = (f"{TEXT}section", f"{TEXT}index-body", f"{DRAW}text-box", f"{TEXT}list-header", f"{DRAW}a")
_LISTS: Final = (f"{TEXT}list", f"{TEXT}ordered-list", f"{TEXT}unordered-list")
_GROUPS: Final = tuple(f"{TABLE}table-{name}" for name in ("header-rows", "rows", "row-group"))


class OpenReader:
    """Reads blocks into a text. Notes are collected, and written by `finish`."""

    def __init__(self) -> None:
        self.flow = TextFlow()
        self.titles: list[str] = []
        self._notes: list[Any] = []

    def blocks(self, element: Any, depth: int = 0, lead: str = "") -> None:
        """All blocks of an element, in order."""
        for child in element:
            if depth > _DEEPEST or not isinstance(child.tag, str):
                return
            if child.tag == f"{TEXT}h":
                self._paragraph(child, lead, level=_level(child))
            elif child.tag == f"{TEXT}p":
                self._paragraph(child, lead)
                lead = lead and "  "
            elif child.tag in _LISTS:
                for item in child:
                    self.blocks(item, depth + 1, BULLET if item.tag == f"{TEXT}list-item" else "")
                self.flow.apart("\n\n")
            elif child.tag == f"{TABLE}table":
                self._table(child, depth)
            elif child.tag == f"{TEXT}tracked-changes":
                self._deleted(child)
            elif child.tag in _HOLDERS or child.tag == f"{DRAW}frame":
                self.blocks(child, depth + 1)

    def finish(self) -> Written:
        """The text, with its notes at the end."""
        for number, note in enumerate(self._notes, 1):
            self.flow.end("\n\n")
            self.flow.lead = f"[{number}] "
            body = note.find(f"{TEXT}note-body")
            if body is not None:
                self.blocks(body)
            self.flow.lead = ""
        return self.flow.finish()

    def _paragraph(self, element: Any, lead: str, level: int = 0) -> None:
        text = self._with_notes(element)
        if lead.strip():
            self.flow.lead = lead
        if element.get(f"{TEXT}style-name") in ("Title", "Subtitle") and text:
            self.titles.append(text)
        for line in text.split("\n"):
            self.flow.put(line)
            self.flow.end("\n" if lead else "\n\n", level=level)
        for box in element.iter(f"{DRAW}text-box"):
            self.blocks(box)

    def _with_notes(self, element: Any) -> str:
        """The words of a paragraph, with the number of each note where it is referred to."""
        for note in element.iter(f"{TEXT}note"):
            self._notes.append(note)
            mark = f" [{len(self._notes)}]"
            note.tail = mark + (note.tail or "")
        return words_of(element)

    def _table(self, element: Any, depth: int) -> None:
        cells: list[Cell] = []
        heads = 0
        for row, (line, marked) in enumerate(_rows(element)):
            column = 0
            for cell in line:
                count = min(number_of(cell, "number-columns-repeated", _COPIES), _COPIES)
                if cell.tag == f"{TABLE}table-cell":
                    spans = (number_of(cell, f"number-{name}-spanned", _COPIES) for name in ("rows", "columns"))
                    inner = OpenReader()
                    inner.blocks(cell, depth + 1)
                    text = inner.finish().text.replace("\n\n", "\n")
                    row_span, column_span = spans
                    cells += [Cell(row, column + n, text, row_span, column_span) for n in range(count)]
                column += count
            heads += marked
        written = write_table(cells, marked=heads) if cells else None
        if written is not None:
            self.flow.written(Written(written[0], tables=[written[1]]))

    def _deleted(self, element: Any) -> None:
        for deletion in element.iter(f"{TEXT}deletion"):
            self.flow.leave("deleted", " ".join(words_of(p) for p in deletion.iter(f"{TEXT}p", f"{TEXT}h")))


def _level(element: Any) -> int:
    stated = element.get(f"{TEXT}outline-level", "1")
    return min(int(stated), 9) if stated.isdecimal() and len(stated) < 3 else 1


def _rows(element: Any, marked: int = 0) -> list[tuple[Any, int]]:
    """The rows of a table, and whether the file calls them heads."""
    found: list[tuple[Any, int]] = []
    for child in element:
        if child.tag == f"{TABLE}table-row":
            found.append((child, marked))
        elif child.tag in _GROUPS:
            found += _rows(child, marked or int(child.tag == _GROUPS[0]))
    return found
