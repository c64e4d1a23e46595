"""Excel files of 1997 to 2003 become sheets of cells, by xlrd, with what each cell shows."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, Final

from rag.core.errors import DamagedFile, NoWords, ProtectedFile
from rag.core.types import LoadedDocument
from rag.ingestion.loading.cell_formats import shown_number
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.sheet_regions import SheetItem
from rag.ingestion.loading.sheet_text import Sheet, pages_of
from rag.ingestion.loading.titles import title_of

_BOLD: Final = 600


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """An Excel 97–2003 workbook. Formulas stand with their results in it.

    Raises:
        DamagedFile: it is no workbook inside.
        ProtectedFile: only its password opens it.
        NoWords: no cell shows anything.
    """
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO(), on_demand=True)
        sheets = list(_sheets(book, options))
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise ProtectedFile(name=name) from error
        raise DamagedFile(name=name, expected="xls") from error
    except (xlrd.compdoc.CompDocError, struct.error, AssertionError, LookupError, ValueError, TypeError) as error:
        raise DamagedFile(name=name, expected="xls") from error
    except (AttributeError, OverflowError, NotImplementedError, EOFError) as error:
        raise DamagedFile(name=name, expected="xls") from error
    pages = pages_of(sheets)
    if not any(page.text.strip() for page in pages):
        raise NoWords(name=name)
    return LoadedDocument(name, title_of("", name), options.kind, pages)


def _sheets(book: Any, options: ReadingOptions) -> Iterator[Sheet]:
    for number in range(book.nsheets):
        read_from = book.sheet_by_index(number)
        sheet = Sheet(read_from.name, hidden=read_from.visibility != 0)
        sheet.hidden_rows = {row for row, info in read_from.rowinfo_map.items() if info.hidden or info.height == 0}
        sheet.hidden_columns = {column for column, info in read_from.colinfo_map.items() if info.hidden}
        _fill(sheet, read_from, book)
        book.unload_sheet(number)
        yield sheet
        options.on_progress(number + 1, book.nsheets)


def _fill(sheet: Sheet, read_from: Any, book: Any) -> None:
    spans = {(top, left): (bottom - top, right - left) for top, bottom, left, right in read_from.merged_cells}
    for row in range(read_from.nrows):
        for column in range(read_from.row_len(row)):
            cell = read_from.cell(row, column)
            if cell.ctype in (0, 6):
                continue
            style = book.xf_list[cell.xf_index]
            text = _shown(cell, book.format_map[style.format_key].format_str, book)
            if not text:
                sheet.left_out.append(str(cell.value))
                continue
            if book.font_list[style.font_index].struck_out:
                sheet.struck.append(text)
                continue
            bold = book.font_list[style.font_index].weight >= _BOLD
            row_span, column_span = spans.get((row, column), (1, 1))
            row_span = max(1, min(row_span, read_from.nrows - row))
            column_span = max(1, min(column_span, read_from.ncols - column))
            sheet.items.append(SheetItem(row, column, text, row_span, column_span, bold))


def _shown(cell: Any, code: str, book: Any) -> str:
    import xlrd

    if cell.ctype in (2, 3):
        return shown_number(float(cell.value), code, since_1904=bool(book.datemode))
    if cell.ctype == 4:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == 5:
        return str(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    return str(cell.value)
