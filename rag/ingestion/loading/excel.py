"""Excel workbooks become sheets of cells: what each shows, by its value and its number format.

A formula is read by the result that is stored with it; it is never computed. Where none is stored, the formula itself
stands in the cell, and the document says so.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, NoWords
from rag.core.types import LoadedDocument
from rag.ingestion.loading.cell_formats import BUILT_IN, shown_number
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.excel_xml import (
    S,
    bounds_of,
    is_on,
    is_struck,
    local_name,
    number_of,
    place_of,
    string_of,
    words_of,
)
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.office_package import A, Package, R, open_package
from rag.ingestion.loading.sheet_regions import SheetItem
from rag.ingestion.loading.sheet_text import Sheet, pages_of, warnings_of
from rag.ingestion.loading.titles import title_of

X: Final = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_ROWS: Final = 1_048_576
_COLUMNS: Final = 16_384
# Cells of one file that are kept; what has more is no document that is read.
_CELLS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class _Style:
    code: str = ""
    bold: bool = False
    struck: bool = False


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """An Excel workbook.

    Raises:
        DamagedFile: it is no workbook inside.
        TooLarge: unpacked, it is more than the limits for archives allow.
        NoWords: no cell shows anything.
    """
    try:
        package = open_package(data, name, "xlsx")
        workbook = package.root(package.main)
        if workbook is None:
            raise DamagedFile(name=name, expected="xlsx")
        sheets = list(_sheets(package, workbook, options))
        stated, date = package.title(), iso_date(package.date())
    except (etree.LxmlError, KeyError, ValueError, AttributeError, TypeError, OverflowError) as error:
        raise DamagedFile(name=name, expected="xlsx") from error
    pages = pages_of(sheets)
    if not any(page.text.strip() for page in pages):
        raise NoWords(name=name)
    title = title_of(stated, name)
    return LoadedDocument(name, title, options.kind, pages, warnings=warnings_of(sheets), date=date)


def _sheets(package: Package, workbook: Any, options: ReadingOptions) -> Iterator[Sheet]:
    strings = _strings(package)
    styles = _styles(package)
    settings = workbook.find(f"{S}workbookPr")
    since_1904 = settings is not None and is_on(settings.get("date1904"))
    links = package.links(package.main)
    listed = list(workbook.iter(f"{S}sheet"))
    for number, entry in enumerate(listed):
        kind, part = links.get(entry.get(f"{R}id", ""), ("", ""))
        content = package.content(part)
        if content is not None and kind.endswith("/worksheet"):
            sheet = Sheet(entry.get("name", ""), hidden=entry.get("state", "visible") != "visible")
            _Cells(sheet, strings, styles, since_1904).read(content)
            sheet.declared = list(_declared(package, part))
            sheet.beside = [*_comments(package, part), *_boxes(package, part)]
            yield sheet
        options.on_progress(number + 1, len(listed))


def _strings(package: Package) -> list[tuple[str, str]]:
    root = package.one("/sharedStrings")
    return [] if root is None else [string_of(entry) for entry in root.iter(f"{S}si")]


def _styles(package: Package) -> list[_Style]:
    root = package.one("/styles")
    if root is None:
        return []
    codes = BUILT_IN | {number_of(one.get("numFmtId")): one.get("formatCode", "") for one in root.iter(f"{S}numFmt")}
    fonts = list(root.iterfind(f"{S}fonts/{S}font"))
    marks = [font.find(f"{S}b") for font in fonts]
    looks = [(m is not None and is_on(m.get("val", "1")), is_struck(f)) for m, f in zip(marks, fonts, strict=True)]
    found = []
    for style in root.iterfind(f"{S}cellXfs/{S}xf"):
        font = number_of(style.get("fontId"))
        look = looks[font] if font < len(looks) else (False, False)
        found.append(_Style(codes.get(number_of(style.get("numFmtId")), ""), *look))
    return found


def _declared(package: Package, part: str) -> Iterator[tuple[int, int, int, int, int]]:
    """The tables that the sheet names as such."""
    for target in package.related(part, "/table"):
        root = package.root(target)
        if root is not None and (bounds := bounds_of(root.get("ref", ""))):
            yield (*bounds, number_of(root.get("headerRowCount", "1")))


def _comments(package: Package, part: str) -> Iterator[SheetItem]:
    for target in package.related(part, "/comments"):
        root = package.root(target)
        for comment in () if root is None else root.iter(f"{S}comment"):
            place, said = place_of(comment.get("ref", "")), comment.find(f"{S}text")
            if place and said is not None and (text := words_of(said).strip()):
                yield SheetItem(*place, text)


def _boxes(package: Package, part: str) -> Iterator[SheetItem]:
    """What is written in shapes that lie on the sheet."""
    for target in package.related(part, "/drawing"):
        root = package.root(target)
        for anchor in () if root is None else root:
            row, column = (anchor.findtext(f"{X}from/{X}{name}", "0") for name in ("row", "col"))
            for shape in anchor.iter(f"{X}txBody"):
                lines = ("".join(t.text or "" for t in p.iter(f"{A}t")) for p in shape.iter(f"{A}p"))
                if text := "\n".join(filter(str.strip, lines)):
                    yield SheetItem(min(number_of(row), _ROWS), min(number_of(column), _COLUMNS), text)


class _Cells:
    """Reads a sheet's part row by row: what is read is forgotten at once."""

    def __init__(self, sheet: Sheet, strings: list[tuple[str, str]], styles: list[_Style], since_1904: bool) -> None:
        self._sheet, self._strings, self._styles, self._since_1904 = sheet, strings, styles, since_1904
        self._row = self._column = -1

    def read(self, content: bytes) -> None:
        merged: dict[tuple[int, int], tuple[int, int]] = {}
        parser = {"resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True}
        tags = [f"{{*}}{name}" for name in ("row", "col", "mergeCell")]
        for _, element in etree.iterparse(io.BytesIO(content), events=("end",), tag=tags, **parser):
            tag = local_name(element)
            if tag == "row":
                self._read_row(element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            elif tag == "col":
                self._read_column(element)
            elif tag == "mergeCell" and (bounds := bounds_of(element.get("ref", ""))):
                merged[bounds[:2]] = bounds[2] - bounds[0] + 1, bounds[3] - bounds[1] + 1
        if merged:
            self._merge(merged)

    def _merge(self, merged: dict[tuple[int, int], tuple[int, int]]) -> None:
        """A merged cell covers no more than the sheet uses."""
        items = self._sheet.items
        rows, columns = (max((getattr(i, name) for i in items), default=0) for name in ("row", "column"))
        for place, item in enumerate(items):
            spans = merged.get((item.row, item.column))
            if spans is not None:
                spans = min(spans[0], rows - item.row + 1), min(spans[1], columns - item.column + 1)
                items[place] = replace(item, row_span=max(1, spans[0]), column_span=max(1, spans[1]))

    def _read_column(self, element: Any) -> None:
        first, last = number_of(element.get("min", "1")), min(number_of(element.get("max", "1")), _COLUMNS)
        if is_on(element.get("hidden")) or element.get("width") in ("0", "0.0"):
            self._sheet.hidden_columns |= set(range(first - 1, last))

    def _read_row(self, row: Any) -> None:
        self._row = number_of(row.get("r")) - 1 if row.get("r") else self._row + 1
        self._column = -1
        if is_on(row.get("hidden")):
            self._sheet.hidden_rows.add(self._row)
        for cell in row:
            if local_name(cell) == "c":
                place = place_of(cell.get("r", ""))
                self._row, self._column = place or (self._row, self._column + 1)
                self._read_cell(cell)

    def _read_cell(self, cell: Any) -> None:
        number = number_of(cell.get("s"))
        style = self._styles[number] if number < len(self._styles) else _Style()
        text, hidden = self._text(cell, style)
        if hidden:
            self._sheet.left_out.append(hidden)
        if style.struck and text:
            self._sheet.struck.append(text)
            text = ""
        if text and self._row < _ROWS and self._column < _COLUMNS:
            if len(self._sheet.items) >= _CELLS:
                raise MemoryError
            self._sheet.items.append(SheetItem(self._row, self._column, text, bold=style.bold))

    def _text(self, cell: Any, style: _Style) -> tuple[str, str]:
        """What a cell shows, and what its format hides."""
        parts = {local_name(part): part for part in cell}
        kind, value, formula = cell.get("t", "n"), parts.get("v"), parts.get("f")
        stored = value.text if value is not None and value.text else ""
        if kind == "inlineStr" and "is" in parts:
            return self._string(*string_of(parts["is"]))
        if formula is not None and not stored and kind != "str":
            self._sheet.formulas += 1
            return f"={formula.text or '…'}", ""
        if kind == "s":
            place = number_of(stored)
            return self._string(*(self._strings[place] if place < len(self._strings) else ("", "")))
        if kind == "b":
            return ("TRUE" if stored == "1" else "FALSE"), ""
        if kind != "n" or not stored:
            return stored, ""
        shown = shown_number(float(stored), style.code, since_1904=self._since_1904)
        return shown, "" if shown else stored

    def _string(self, text: str, struck: str) -> tuple[str, str]:
        """A string of several looks, without what is struck out of it."""
        if struck:
            self._sheet.struck.append(struck)
        return text, ""
