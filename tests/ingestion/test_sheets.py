"""Sheets: what their cells show, which tables are on them, and at which cells a row stands."""

from __future__ import annotations

import datetime
import io
import zipfile
from typing import Any

import pytest
import xlwt
from openpyxl.comments import Comment
from openpyxl.styles import Font

from rag.core.errors import DamagedFile, NoWords, OldFormat, ProtectedFile, UnreadableDocument
from rag.core.types import LoadedDocument
from rag.ingestion.loading import load_bytes
from rag.ingestion.loading.cell_formats import shown_number
from rag.viewing.grid import sheet_grid
from tests.support.sheet_files import ODS, open_sheet, workbook


def rows(document: LoadedDocument, page: int = 0) -> list[tuple[str, str]]:
    """The rows of the tables of a page, each with its cells."""
    read = document.pages[page]
    return [(read.text[a:b], read.cells_at(a, b)) for table in read.tables for a, b in table.rows]


def budget(sheet: Any) -> None:
    sheet.title = "Budget"
    sheet["A1"] = "Costs of the harbour in 2024"
    sheet.merge_cells("A1:D1")
    sheet.append(["Item", "Spring", "Summer", "Share"])
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    sheet.append(["Cranes", 1200.5, 1300, 0.25])
    sheet.append(["Boats", -50, 0, 0.755])
    sheet.append(["Secret", 1, 1, 1])
    sheet.append(["Total", "=SUM(B3:B5)"])
    for (cell,) in sheet["B3:B5"]:
        cell.number_format = '#,##0.00 "€"'
    for (cell,) in sheet["D3:D5"]:
        cell.number_format = "0.0%"
    sheet.row_dimensions[5].hidden = True
    sheet["F2"], sheet["G2"] = "Berth", "Since"
    sheet["F3"], sheet["G3"] = "North", datetime.date(2020, 3, 14)
    sheet["F4"], sheet["G4"] = "South", datetime.datetime(2021, 5, 6, 7, 8)
    sheet["G3"].comment = Comment("Rebuilt after the storm.", "Harbour")
    hidden = sheet.parent.create_sheet("Drafts")
    hidden["A1"], hidden.sheet_state = "Not for others", "hidden"


def test_a_workbook_is_read_as_it_is_seen() -> None:
    document = load_bytes(workbook(budget), "budget.xlsx")
    read = document.pages[0]
    assert read.text.split("\n") == [
        "Budget", "", "Costs of the harbour in 2024", "Item | Spring | Summer | Share",
        "Cranes | 1,200.50 € | 1300 | 25.0%", "Boats | -50.00 € | 0 | 75.5%", "Total | =SUM(B3:B5) |  | ", "",
        "Berth | Since", "North | 2020-03-14", "South | 2021-05-06 7:08:00", "", "Rebuilt after the storm.",
    ]  # fmt: skip
    assert [table.heads for table in read.tables] == [("Item", "Spring", "Summer", "Share"), ("Berth", "Since")]
    assert read.text[slice(*read.tables[0].caption)] == "Costs of the harbour in 2024"
    assert [(part.why, part.text) for part in read.left_out] == [("hidden", "Secret | 1.00 € | 1 | 100.0%")]
    assert [(page.label, page.text) for page in document.pages[1:]] == [("Drafts", "")]
    assert [part.text for part in document.pages[1].left_out] == ["Not for others"]
    assert [(notice.key, notice.fields) for notice in document.warnings] == [
        ("formulas_without_result", {"count": 1, "sheet": "Budget"})
    ]


def test_a_row_stands_at_its_cells_whatever_is_hidden() -> None:
    found = rows(load_bytes(workbook(budget), "budget.xlsx"))
    assert [cells for _, cells in found] == ["A2:D2", "A3:D3", "A4:D4", "A6:B6", "F2:G2", "F3:G3", "F4:G4"]
    read = load_bytes(workbook(budget), "budget.xlsx").pages[0]
    start = read.text.index("-50.00")
    assert read.cells_at(start, start + 6) == "B4"


def test_a_merged_cell_speaks_for_each_row_it_covers() -> None:
    def fill(sheet: Any) -> None:
        for row in (["Region", "Office", "Staff"], ["Coast", "Kiel", 12], [None, "Husum", 7], ["Inland", "Ulm", 3]):
            sheet.append(row)
        sheet.merge_cells("A2:A3")

    document = load_bytes(workbook(fill), "offices.xlsx")
    assert rows(document)[1:3] == [("Coast | Kiel | 12", "A2:C2"), ("Coast | Husum | 7", "A3:C3")]
    grid = sheet_grid(document.pages[0], [document.pages[0].tables[0].rows[2]])
    cells = [[(c["text"], c["marked"], c["down"]) for c in row["cells"]] for row in grid["rows"]]
    assert cells[1] == [("Coast", True, 2), ("Kiel", False, 1), ("12", False, 1)]
    assert cells[2] == [("Husum", True, 1), ("7", True, 1)]


def test_hidden_columns_are_left_out_and_the_others_keep_their_names() -> None:
    def fill(sheet: Any) -> None:
        for row in (["Name", "Pay", "Desk"], ["Ada", 900, "12a"], ["Bo", 800, "12b"]):
            sheet.append(row)
        sheet.column_dimensions["B"].hidden = True

    document = load_bytes(workbook(fill), "desks.xlsx")
    assert rows(document)[1] == ("Ada | 12a", "A2:C2")
    assert sheet_grid(document.pages[0], [])["columns"] == ["A", "C"]
    assert [part.text for part in document.pages[0].left_out] == ["Pay", "900", "800"]


def test_tables_one_below_the_other_are_told_apart_and_gaps_inside_one_are_not() -> None:
    def fill(sheet: Any) -> None:
        for row in (
            ["Boat", "Length", "Fee"], ["Dory", 5, 20], [], ["Ketch", 12, 70], [], [],
            ["Month", "Visitors", "Nights"], ["May", 210, 400], ["June", 350, 800],
        ):  # fmt: skip
            sheet.append(row)
        for cell in (*sheet[1], *sheet[7]):
            cell.font = Font(bold=True)

    document = load_bytes(workbook(fill), "two.xlsx")
    tables = document.pages[0].tables
    assert [table.heads for table in tables] == [("Boat", "Length", "Fee"), ("Month", "Visitors", "Nights")]
    assert [len(table.rows) for table in tables] == [3, 3]


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (-1234.5, "#,##0.00 [$€-407];[Red]-#,##0.00 [$€-407]", "-1,234.50 €"),
        (1234, "_($* #,##0.00_);_($* (#,##0.00);_($* \"-\"??_);_(@_)", "$1,234.00"),
        (-1234, "#,##0_);[Red](#,##0)", "(1,234)"),
        (0, "_-* #,##0.00 €_-;-* #,##0.00 €_-;_-* \"-\"?? €_-", "- €"),
        (0.0755, "0.0%", "7.6%"),
        (2.675, "0.00", "2.68"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (1.25, "# ?/?", "1 1/4"),
        (1234567, '#,##0.0,,"M"', "1.2M"),
        (123456789, "000-00-0000", "123-45-6789"),
        (45365, "d. mmmm yyyy", "14. March 2024"),
        (45365.75, "m/d/yy h:mm AM/PM", "3/14/24 6:00 PM"),
        (45365, 'yyyy"年"m"月"d"日"', "2024年3月14日"),
        (1.5, "[h]:mm", "36:00"),
        (7, '[>5]"many";"few"', "many"),
        (0.1 + 0.2, "General", "0.3"),
        (1e20, "", "1E+20"),
        (-5, "dd.mm.yyyy", "-5"),
    ],
)  # fmt: skip
def test_a_number_is_shown_as_its_format_has_it(value: float, code: str, shown: str) -> None:
    assert shown_number(value, code) == shown


def test_an_old_workbook_is_read_the_same() -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Fees")
    for column, head in enumerate(("Boat", "Fee", "Since")):
        sheet.write(0, column, head, xlwt.easyxf("font: bold on"))
    sheet.write(1, 0, "Dory")
    sheet.write(1, 1, 20.5, xlwt.easyxf(num_format_str="#,##0.00"))
    sheet.write(1, 2, datetime.date(2020, 3, 14), xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    sheet.write(2, 0, "Secret")
    sheet.row(2).hidden = True
    out = io.BytesIO()
    book.save(out)
    document = load_bytes(out.getvalue(), "fees.xls")
    assert (document.kind, rows(document)[1]) == ("xls", ("Dory | 20.50 | 2020-03-14", "A2:C2"))
    assert document.pages[0].tables[0].heads == ("Boat", "Fee", "Since")
    assert [part.text for part in document.pages[0].left_out] == ["Secret"]


def test_an_open_document_sheet_shows_what_its_cells_show() -> None:
    document = load_bytes(open_sheet(ODS), "fees.ods")
    assert document.pages[0].text == "Fees\n\nBoat | Fee\nDory I | 20,50 €\n\n=SUM([.B2])"
    assert rows(document)[1][1] == "A2:B2"
    assert [part.text for part in document.pages[0].left_out] == ["Secret"]
    assert [notice.fields["count"] for notice in document.warnings] == [1]


@pytest.mark.parametrize(
    ("data", "name", "row"),
    [
        (b'Boat,Fee\nDory,20\n"Ketch, old",70\n', "a.csv", ("Ketch, old | 70", "A3:B3")),
        ("Boot;Gebühr\nJolle;20,50\nKetsch;70,00\n".encode("cp1252"), "a.csv", ("Ketsch | 70,00", "A3:B3")),
        ("船;费用\n小艇;20\n帆船;70\n".encode("gb18030"), "a.csv", ("帆船 | 70", "A3:B3")),
        (b"Boat\tFee\nDory\t20\nKetch\t70\n", "a.tsv", ("Ketch | 70", "A3:B3")),
        (b"sep=|\nBoat|Fee\nDory|20\nKetch|70\n", "a.csv", ("Ketch | 70", "A3:B3")),
        (b'Boat,Note,Fee\nDory,"two\nlines",20\nKetch,none,70\n', "a.csv", ("Ketch | none | 70", "A3:C3")),
        (b"Boat\tFee\nDory\t20\nKetch\t70\n", "export.xls", ("Ketch | 70", "A3:B3")),
    ],
)
def test_a_table_as_text_is_read_whatever_parts_its_cells(data: bytes, name: str, row: tuple[str, str]) -> None:
    document = load_bytes(data, name)
    assert (document.kind, rows(document)[2]) == ("csv", row)


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (workbook(lambda sheet: None), "a.xlsx", NoWords),
        (b"Just words.", "a.xlsx", DamagedFile),
        (workbook(budget)[:900], "a.xlsx", DamagedFile),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", ProtectedFile),
        (open_sheet(ODS, **{"META-INF__manifest": "<m><encryption-data/></m>"}), "a.ods", ProtectedFile),
        (open_sheet("<x"), "a.ods", DamagedFile),
        (b" , , \n , , \n", "a.csv", NoWords),
    ],
)
def test_what_is_wrong_with_a_sheet_is_said(data: bytes, name: str, error: type[UnreadableDocument]) -> None:
    with pytest.raises(error):
        load_bytes(data, name)


def test_a_binary_workbook_is_told_how_to_be_saved() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("xl/workbook.bin", "x")
    with pytest.raises(OldFormat) as caught:
        load_bytes(out.getvalue(), "a.xlsb")
    assert caught.value.fields["ending"] == ".xlsx"


def test_a_long_sheet_has_several_pages_and_its_rows_keep_heads_and_cells() -> None:
    lines = ["Number,Name of the boat,Fee"]
    lines += [f"{n},Boat number {n} of the northern pier,{n * 7}" for n in range(1, 2001)]
    document = load_bytes("\n".join(lines).encode(), "boats.csv")
    assert len(document.pages) > 1
    last = document.pages[-1]
    start, end = last.tables[0].rows[-1]
    assert (last.text[start:end], last.cells_at(start, end)) == (
        "2000 | Boat number 2000 of the northern pier | 14000",
        "A2001:C2001",
    )
    assert last.tables[0].heads == ("Number", "Name of the boat", "Fee")
