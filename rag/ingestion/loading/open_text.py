"""The blocks of OpenDocument files as text: paragraphs, headings, lists, tables, boxes, notes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from rag.core.tables import Cell
from rag.core.types import LeftOut
from rag.ingestion.loading.open_document import APART, DRAW, TABLE, TEXT, blank, number_of, words_of
from rag.ingestion.loading.open_looks import Look, Looks, is_hidden, whole
from rag.ingestion.loading.table_text import write_table
from rag.ingestion.loading.text_flow import BULLET, TextFlow, Written

_DEEPEST: Final = 40
_COPIES: Final = 200
_HOLDERS: Final = (f"{TEXT}section", f"{TEXT}index-body", f"{DRAW}text-box", f"{TEXT}list-header", f"{DRAW}a")
_LISTS: Final = (f"{TEXT}list", f"{TEXT}ordered-list", f"{TEXT}unordered-list")
_GROUPS: Final = tuple(f"{TABLE}table-{name}" for name in ("header-rows", "rows", "row-group"))


class OpenReader:
    """Reads blocks into a text. Notes are collected, and written by `finish`.

    `ground`: how text looks where nothing is said of it.
    """

    def __init__(self, looks: Looks, ground: Look) -> None:
        self.flow = TextFlow()
        self.titles: list[str] = []
        self._looks, self._ground = looks, ground
        self._notes: list[Any] = []
        self._listed: list[str] = []  # the styles of the lists around
        self._numbers: dict[str, dict[int, int]] = {}  # of each style, by level

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
                self._list(child, depth)
            elif child.tag == f"{TABLE}table":
                self._table(child, depth)
            elif child.tag == f"{TEXT}tracked-changes":
                self._deleted(child)
            elif child.tag == f"{TEXT}section" and is_hidden(child):
                self.flow.leave("hidden", _all_words(child))
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

    def _list(self, element: Any, depth: int) -> None:
        style = element.get(f"{TEXT}style-name") or (self._listed[-1] if self._listed else "")
        if not style and (first := next(element.iter(f"{TEXT}p"), None)) is not None:
            style = self._looks.list_of(first)
        self._listed.append(style)
        level, numbers = len(self._listed), self._numbers.setdefault(style, {})
        goes_on = element.get(f"{TEXT}continue-numbering") == "true" or element.get(f"{TEXT}continue-list")
        if not (goes_on and level in numbers):
            numbers[level] = self._looks.start(style, level) - 1
        for item in element:
            lead = ""
            if item.tag == f"{TEXT}list-item":
                numbers[level] = whole(item.get(f"{TEXT}start-value", ""), numbers[level] + 1)
                mark = self._looks.mark(style, level, numbers)
                lead = BULLET if mark is None else f"{mark} "
            self.blocks(item, depth + 1, lead)
        self._listed.pop()
        self.flow.apart("\n\n")

    def _paragraph(self, element: Any, lead: str, level: int = 0) -> None:
        gap = "\n" if lead else "\n\n"
        if lead.strip():
            self.flow.lead = lead
        self._inline(element, self._looks.of(element, self._ground), gap, level)
        if element.get(f"{TEXT}style-name") in ("Title", "Subtitle") and self.flow.line:
            self.titles.append(self.flow.line)
        self.flow.end(gap, level=level)
        for box in element.iter(f"{DRAW}text-box"):
            self.blocks(box)

    def _inline(self, element: Any, look: Look, gap: str, level: int) -> None:
        """The words of a paragraph, with the number of each note where it is referred to."""
        self._words(element.text or "", look)
        for child in element:
            if child.tag == f"{TEXT}note":
                self._notes.append(child)
                self.flow.put_raised(str(len(self._notes)), note=True)
            elif child.tag == f"{TEXT}line-break":
                self.flow.end(gap, level=level)
            elif is_hidden(child):
                self.flow.leave("hidden", _all_words(child))
            elif (between := blank(child)) is not None:
                self._words(between, look)
            elif child.tag not in APART:
                self._inline(child, self._looks.of(child, look), gap, level)
            self._words(child.tail or "", look)

    def _words(self, text: str, look: Look) -> None:
        if look.why is not None:
            self.flow.leave(look.why, text)
        elif look.raised and text.strip():
            self.flow.put_raised(text)
        elif text:
            self.flow.put(text)

    def _table(self, element: Any, depth: int) -> None:
        cells: list[Cell] = []
        left: list[LeftOut] = []
        heads = 0
        for row, (line, marked) in enumerate(_rows(element)):
            column = 0
            for cell in line:
                count = min(number_of(cell, "number-columns-repeated", _COPIES), _COPIES)
                if cell.tag == f"{TABLE}table-cell":
                    spans = (number_of(cell, f"number-{name}-spanned", _COPIES) for name in ("rows", "columns"))
                    # A table's style may color what its words stand on.
                    inner = OpenReader(self._looks, replace(self._ground, paper=False))
                    inner.blocks(cell, depth + 1)
                    written = inner.finish()
                    left += [replace(part, start=0) for part in written.left_out]
                    text = written.text.replace("\n\n", "\n")
                    row_span, column_span = spans
                    cells += [Cell(row, column + n, text, row_span, column_span) for n in range(count)]
                column += count
            heads += marked
        made = write_table(cells, marked=heads) if cells else None
        text, tables = (made[0], [made[1]]) if made is not None else ("", [])
        if made is not None or left:
            self.flow.written(Written(text, left_out=left, tables=tables))

    def _deleted(self, element: Any) -> None:
        for deletion in element.iter(f"{TEXT}deletion"):
            self.flow.leave("deleted", _all_words(deletion))


def _all_words(element: Any) -> str:
    """All words in an element, whatever has become of them."""
    inside = list(element.iter(f"{TEXT}p", f"{TEXT}h"))
    return " ".join(map(words_of, inside or [element]))


def _level(element: Any) -> int:
    return min(whole(element.get(f"{TEXT}outline-level", "1"), 1), 9)


def _rows(element: Any, marked: int = 0) -> list[tuple[Any, int]]:
    """The rows of a table, and whether the file calls them heads."""
    found: list[tuple[Any, int]] = []
    for child in element:
        if child.tag == f"{TABLE}table-row":
            found.append((child, marked))
        elif child.tag in _GROUPS:
            found += _rows(child, marked or int(child.tag == _GROUPS[0]))
    return found
