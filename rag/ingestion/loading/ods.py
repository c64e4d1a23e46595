"""OpenDocument sheets (LibreOffice Calc and others): the file itself holds what each cell shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from rag.core.errors import NoWords
from rag.core.types import LoadedDocument
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.open_document import FO, OFFICE, STYLE, TABLE, TEXT, OpenDocument, number_of, words_of
from rag.ingestion.loading.sheet_regions import SheetItem
from rag.ingestion.loading.sheet_text import Sheet, pages_of, warnings_of
from rag.ingestion.loading.titles import title_of

_ROWS: Final = 1_048_576
_COLUMNS: Final = 16_384
# Copies of a repeated cell that are kept: what is repeated more often only fills the sheet.
_COPIES: Final = 1000
_CELLS: Final = 2_000_000
_UNSEEN: Final = ("collapse", "filter")
_GROUPS: Final = tuple(f"{TABLE}table-{name}" for name in ("header-rows", "rows", "row-group"))
_COLUMN_GROUPS: Final = tuple(f"{TABLE}table-{name}" for name in ("header-columns", "columns", "column-group"))


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A spreadsheet.

    Raises:
        DamagedFile, TooLarge, ProtectedFile: as `OpenDocument`.
        NoWords: no cell shows anything.
    """
    document = OpenDocument(data, name, "ods")
    styles = _Styles(document)
    sheets = [_sheet(table, styles) for table in document.body.iterchildren(f"{TABLE}table")]
    pages = pages_of(sheets)
    if not any(page.text.strip() for page in pages):
        raise NoWords(name=name)
    title, date = title_of(document.title, name), document.date
    return LoadedDocument(name, title, options.kind, pages, warnings=warnings_of(sheets), date=date)


class _Styles:
    """Which styles of tables are hidden, which of cells bold or struck out."""

    def __init__(self, document: OpenDocument) -> None:
        self.hidden = {
            name for name, style in document.styles("table").items() if _says(style, TABLE, "display", "false")
        }
        self.struck = {
            name
            for name, style in document.styles("table-cell").items()
            if any(part.get(f"{STYLE}text-line-through-style", "none") != "none" for part in style)
        }
        self.bold = {
            name for name, style in document.styles("table-cell").items() if _says(style, FO, "font-weight", "bold")
        }


def _says(style: Any, space: str, name: str, value: str) -> bool:
    return any(part.get(f"{space}{name}") == value for part in style if part.tag.startswith(STYLE))


@dataclass
class _At:
    row: int = 0
    column: int = 0


def _sheet(table: Any, styles: _Styles) -> Sheet:
    sheet = Sheet(table.get(f"{TABLE}name", ""), hidden=table.get(f"{TABLE}style-name") in styles.hidden)
    column = 0
    for element in _inside(table, f"{TABLE}table-column", _COLUMN_GROUPS):
        count = number_of(element, "number-columns-repeated", _COLUMNS)
        if element.get(f"{TABLE}visibility") in _UNSEEN:
            sheet.hidden_columns |= set(range(column, min(column + count, _COLUMNS)))
        column += count
    at = _At()
    for row in _inside(table, f"{TABLE}table-row", _GROUPS):
        count = number_of(row, "number-rows-repeated", _ROWS)
        filled = _row(sheet, row, at, styles)
        copies = min(count, _COPIES) if filled else count
        if filled:
            for copy in range(1, copies):
                sheet.items += [SheetItem(at.row + copy, i.column, i.text, 1, i.column_span, i.bold) for i in filled]
        if row.get(f"{TABLE}visibility") in _UNSEEN and (filled or count < _COPIES):
            sheet.hidden_rows |= set(range(at.row, at.row + copies))
        if len(sheet.items) > _CELLS:
            raise MemoryError
        at.row += count
    sheet.items = _within(sheet.items)
    return sheet


def _within(items: list[SheetItem]) -> list[SheetItem]:
    """A merged cell covers no more than the sheet uses."""
    last, end = (max((getattr(item, name) for item in items), default=0) for name in ("row", "column"))
    return [
        replace(i, row_span=min(i.row_span, last - i.row + 1), column_span=min(i.column_span, end - i.column + 1))
        if i.row_span > 1 or i.column_span > 1
        else i
        for i in items
    ]


def _inside(element: Any, tag: str, groups: tuple[str, ...]) -> Iterator[Any]:
    """The rows or columns of a table, through the groups that hold them."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in groups:
            yield from _inside(child, tag, groups)


def _row(sheet: Sheet, row: Any, at: _At, styles: _Styles) -> list[SheetItem]:
    """Reads the cells of a row; those that show something."""
    found: list[SheetItem] = []
    at.column = 0
    for cell in row:
        count = number_of(cell, "number-columns-repeated", _COLUMNS)
        if cell.tag == f"{TABLE}table-cell":
            text = _text(sheet, cell)
            rows, columns = (number_of(cell, f"number-{name}-spanned", _COPIES) for name in ("rows", "columns"))
            for note in cell.iterchildren(f"{OFFICE}annotation"):
                if words := "\n".join(filter(None, map(words_of, note.iter(f"{TEXT}p")))):
                    sheet.beside.append(SheetItem(at.row, at.column, words))
            bold = cell.get(f"{TABLE}style-name") in styles.bold
            if text and cell.get(f"{TABLE}style-name") in styles.struck:
                sheet.struck.append(text)
                text = ""
            for copy in range(min(count, _COPIES) if text else 0):
                found.append(SheetItem(at.row, at.column + copy, text, rows, columns, bold))
        at.column += count
    sheet.items += found
    return found


def _text(sheet: Sheet, cell: Any) -> str:
    """What a cell shows. A formula that has neither words nor a value was never computed."""
    text = "\n".join(words_of(paragraph) for paragraph in cell.iterchildren(f"{TEXT}p")).strip()
    formula = cell.get(f"{TABLE}formula")
    if formula and not text and cell.get(f"{OFFICE}value-type") != "string" and not cell.get(f"{OFFICE}value"):
        sheet.formulas += 1
        return "=" + str(formula).partition("=")[2]
    return text or _stored(cell)


def _stored(cell: Any) -> str:
    """The value of a cell of which some programs write no words."""
    for name in ("date-value", "time-value", "boolean-value", "string-value", "value"):
        if stored := cell.get(f"{OFFICE}{name}"):
            return str(stored)
    return ""
