"""Small spreadsheets for tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import xlwt


def workbook(fill: Callable[[Any], None]) -> bytes:
    """A workbook whose first sheet is filled."""
    book = openpyxl.Workbook()
    fill(book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def old_workbook(rows: list[list[str | float]]) -> bytes:
    """The same as Excel 97 wrote them."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Fees")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods_cell(text: str = "", said: str = "") -> str:
    return f"<table:table-cell {said}>{f'<text:p>{text}</text:p>' if text else ''}</table:table-cell>"


def ods_row(*cells: str, said: str = "") -> str:
    return f"<table:table-row {said}>{''.join(cells)}</table:table-row>"


_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def spreadsheet(name: str, rows: str) -> str:
    """The content of an OpenDocument spreadsheet of one sheet."""
    return (
        f"<office:document-content {_SPACES}><office:body><office:spreadsheet>"
        f'<table:table table:name="{name}"><table:table-column/>{rows}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )


ODS = spreadsheet(
    "Fees",
    ods_row(ods_cell("Boat"), ods_cell("Fee"))
    + ods_row(ods_cell('Dory<text:s text:c="2"/>I'), ods_cell("20,50 €", 'office:value-type="currency"'))
    + ods_row(ods_cell("Secret"), said='table:visibility="collapse"')
    + ods_row(ods_cell(said='table:number-columns-repeated="3"'))
    + ods_row(ods_cell(said='table:formula="of:=SUM([.B2])"'))
    + ods_row(ods_cell(said='table:number-columns-repeated="16384"'), said='table:number-rows-repeated="1048000"'),
)


def open_sheet(content: str, **more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", content)
        for name, text in more.items():
            made.writestr(name.replace("__", "/") + ".xml", text)
    return out.getvalue()
