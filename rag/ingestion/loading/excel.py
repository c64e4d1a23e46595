"""Excel workbooks become sheets of cells: what each shows, by its value and its number format.

A formula is read by the result that is stored with it; it is never computed. Where none is stored, the formula itself
stands in the cell, and the document says so.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, NoWords
from rag.core.types import LoadedDocument
from rag.ingestion.loading.cell_formats import BUILT_IN, shown_number
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.office_package import Package, R, open_package
from rag.ingestion.loading.sheet_regions import SheetItem
from rag.ingestion.loading.sheet_text import Sheet, pages_of, warnings_of
from rag.ingestion.loading.titles import title_of

S: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
X: Final = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_ROWS: Final = 1_048_576
_COLUMNS: Final = 16_384
# Cells of one file that are kept; what has more is no document that is read.
_CELLS: Final = 2_000_000
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class _Style:
    code: str = ""
    bold: bool = False


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
    since_1904 = settings is not None and _on(settings.get("date1904"))
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


def _strings(package: Package) -> list[str]:
    root = package.one("/sharedStrings")
    return [] if root is None else [_words(entry) for entry in root.iter(f"{S}si")]


def _words(entry: Any) -> str:
    """The words of a string, without how they are pronounced."""
    runs = [entry.find(f"{S}t"), *(run.find(f"{S}t") for run in entry.iter(f"{S}r"))]
    text = "".join(run.text or "" for run in runs if run is not None)
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _styles(package: Package) -> list[_Style]:
    root = package.one("/styles")
    if root is None:
        return []
    codes = BUILT_IN | {_number(one.get("numFmtId")): one.get("formatCode", "") for one in root.iter(f"{S}numFmt")}
    fonts = [font.find(f"{S}b") for font in root.iterfind(f"{S}fonts/{S}font")]
    bold = [mark is not None and _on(mark.get("val", "1")) for mark in fonts]
    found = []
    for style in root.iterfind(f"{S}cellXfs/{S}xf"):
        font = _number(style.get("fontId"))
        found.append(_Style(codes.get(_number(style.get("numFmtId")), ""), font < len(bold) and bold[font]))
    return found


def _declared(package: Package, part: str) -> Iterator[tuple[int, int, int, int, int]]:
    """The tables that the sheet names as such."""
    for target in package.related(part, "/table"):
        root = package.root(target)
        if root is not None and (bounds := _bounds(root.get("ref", ""))):
            yield (*bounds, _number(root.get("headerRowCount", "1")))


def _comments(package: Package, part: str) -> Iterator[SheetItem]:
    for target in package.related(part, "/comments"):
        root = package.root(target)
        for comment in () if root is None else root.iter(f"{S}comment"):
            place, said = _place(comment.get("ref", "")), comment.find(f"{S}text")
            if place and said is not None and (text := _words(said).strip()):
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
                    yield SheetItem(min(_number(row), _ROWS), min(_number(column), _COLUMNS), text)


class _Cells:
    """Reads a sheet's part row by row: what is read is forgotten at once."""

    def __init__(self, sheet: Sheet, strings: list[str], styles: list[_Style], since_1904: bool) -> None:
        self._sheet, self._strings, self._styles, self._since_1904 = sheet, strings, styles, since_1904
        self._row = self._column = -1

    def read(self, content: bytes) -> None:
        merged: dict[tuple[int, int], tuple[int, int]] = {}
        parser = {"resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True}
        for _, element in etree.iterparse(io.BytesIO(content), events=("end",), **parser):
            tag = etree.QName(element).localname
            if tag == "row":
                self._read_row(element)
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
            elif tag == "col":
                self._read_column(element)
            elif tag == "mergeCell" and (bounds := _bounds(element.get("ref", ""))):
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
        first, last = _number(element.get("min", "1")), min(_number(element.get("max", "1")), _COLUMNS)
        if _on(element.get("hidden")) or element.get("width") in ("0", "0.0"):
            self._sheet.hidden_columns |= set(range(first - 1, last))

    def _read_row(self, row: Any) -> None:
        self._row = _number(row.get("r")) - 1 if row.get("r") else self._row + 1
        self._column = -1
        if _on(row.get("hidden")):
            self._sheet.hidden_rows.add(self._row)
        for cell in row:
            if etree.QName(cell).localname == "c":
                place = _place(cell.get("r", ""))
                self._row, self._column = place or (self._row, self._column + 1)
                self._read_cell(cell)

    def _read_cell(self, cell: Any) -> None:
        number = _number(cell.get("s"))
        style = self._styles[number] if number < len(self._styles) else _Style()
        text, hidden = self._text(cell, style)
        if hidden:
            self._sheet.left_out.append(hidden)
        if text and self._row < _ROWS and self._column < _COLUMNS:
            if len(self._sheet.items) >= _CELLS:
                raise MemoryError
            self._sheet.items.append(SheetItem(self._row, self._column, text, bold=style.bold))

    def _text(self, cell: Any, style: _Style) -> tuple[str, str]:
        """What a cell shows, and what its format hides."""
        parts = {etree.QName(part).localname: part for part in cell}
        kind, value, formula = cell.get("t", "n"), parts.get("v"), parts.get("f")
        stored = value.text if value is not None and value.text else ""
        if kind == "inlineStr" and "is" in parts:
            return _inline(parts["is"]), ""
        if formula is not None and not stored and kind != "str":
            self._sheet.formulas += 1
            return f"={formula.text or '…'}", ""
        if kind == "s":
            place = _number(stored)
            return (self._strings[place] if place < len(self._strings) else ""), ""
        if kind == "b":
            return ("TRUE" if stored == "1" else "FALSE"), ""
        if kind != "n" or not stored:
            return stored, ""
        shown = shown_number(float(stored), style.code, since_1904=self._since_1904)
        return shown, "" if shown else stored


def _inline(element: Any) -> str:
    return "".join(part.text or "" for part in element.iter("{*}t"))


def _place(reference: str) -> tuple[int, int] | None:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def _bounds(reference: str) -> tuple[int, int, int, int] | None:
    """The first row and column and the last of "B2:D4"."""
    first, _, last = reference.partition(":")
    low, high = _place(first), _place(last or first)
    return (*low, *high) if low and high else None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _on(text: str | None) -> bool:
    return text in ("1", "true", "on")
