"""Tables of PDF pages: by ruling lines, by alignment, over pages, turned, several on one; and what is none."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdfium2 as pdfium
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from rag.core.tables import Table
from rag.core.types import LoadedDocument, Page
from rag.ingestion.loading import load_bytes
from rag.ingestion.loading.pdf import LOCK, read_page
from rag.viewing.word_boxes import render

PROSE = (
    "The harbour office is open on all days but Sunday, and the keeper of the",
    "lock writes down each boat that comes in, with its name, its length and the",
    "day on which it wants to leave. Boats that stay for longer than a week pay",
    "their berth in advance, and those that leave early are paid back in full.",
)


class Sheet:
    """A PDF as it is drawn, page by page."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=A4)
        self.canvas.setFont("Helvetica", 10)

    def rows(self, rows: Sequence[Sequence[str]], places: Sequence[float], top: float, step: float = 16) -> float:
        """Cells at their places from the left, several lines in one wrapped; returns where the last row stands."""
        for row in rows:
            for text, place in zip(row, places, strict=True):
                for number, line in enumerate(text.split("\n")):
                    self.canvas.drawString(place, top - 11 * number, line)
            top -= step + 11 * max(text.count("\n") for text in row)
        return top + step

    def lines(self, texts: Sequence[str], left: float, top: float) -> None:
        for number, text in enumerate(texts):
            self.canvas.drawString(left, top - 12 * number, text)

    def grid(self, heights: Sequence[float], places: Sequence[float]) -> None:
        for height in heights:
            self.canvas.line(places[0], height, places[-1], height)
        for place in places:
            self.canvas.line(place, heights[0], place, heights[-1])

    def page(self) -> None:
        self.canvas.showPage()
        self.canvas.setFont("Helvetica", 10)

    def read(self) -> LoadedDocument:
        self.canvas.save()
        return load_bytes(self.buffer.getvalue(), "a.pdf")


@pytest.fixture
def sheet() -> Sheet:
    return Sheet()


def rows_of(page: Page, number: int = 0) -> list[str]:
    return [page.text[start:end] for start, end in page.tables[number].rows]


FIGURES = [["Stall", "2022", "2023", "2024"], ["Fish", "41", "", "52"], ["Bread", "", "12", "9"], ["Soap", "7", "", ""]]
PLACES = (60.0, 220.0, 300.0, 380.0)


def test_an_empty_cell_keeps_its_place(sheet: Sheet) -> None:
    sheet.rows(FIGURES, PLACES, 700)
    page = sheet.read().pages[0]
    assert rows_of(page) == ["Stall | 2022 | 2023 | 2024", "Fish | 41 |  | 52", "Bread |  | 12 | 9", "Soap | 7 |  | "]
    assert page.tables[0].heads == ("Stall", "2022", "2023", "2024")


def test_heads_centred_over_cells_at_the_left_are_those_of_their_columns(sheet: Sheet) -> None:
    sheet.rows(FIGURES[:1], (130, 250, 350, 450), 700)
    sheet.rows(FIGURES[1:], (60, 215, 315, 415), 684)
    page = sheet.read().pages[0]
    assert rows_of(page) == ["Stall | 2022 | 2023 | 2024", "Fish | 41 |  | 52", "Bread |  | 12 | 9", "Soap | 7 |  | "]
    assert page.tables[0].heads == ("Stall", "2022", "2023", "2024")


def test_a_column_without_a_head_does_not_take_that_of_an_empty_one(sheet: Sheet) -> None:
    sheet.rows([["", "2022", "2023", "2024"], ["Fish", "", "12", "52"], ["Bread", "", "14", "9"]], PLACES, 700)
    assert rows_of(sheet.read().pages[0])[1:] == ["Fish |  | 12 | 52", "Bread |  | 14 | 9"]


def test_wrapped_cells_are_one_row(sheet: Sheet) -> None:
    rows = [
        ["Course", "Room", "Teacher"],
        ["Swimming for those who\nhave never swum", "Pool", "Ms Orr"],
        ["Sailing", "Pier four, by\nthe crane", "Mr Daly and\nMr Quist"],
    ]
    sheet.rows(rows, (60, 240, 380), 700)
    assert rows_of(sheet.read().pages[0]) == [
        "Course | Room | Teacher",
        "Swimming for those who have never swum | Pool | Ms Orr",
        "Sailing | Pier four, by the crane | Mr Daly and Mr Quist",
    ]


def test_ruling_lines_make_rows_and_merge_cells(sheet: Sheet) -> None:
    sheet.grid([720, 680, 660], [50, 200, 330, 460])
    sheet.canvas.line(200, 700, 460, 700)
    sheet.canvas.setStrokeColorRGB(1, 1, 1)
    for text, x, y in (("Berth", 55, 695), ("Fee in euros", 270, 707), ("Day", 205, 686), ("Week", 335, 686)):
        sheet.canvas.drawString(x, y, text)
    for text, x in (("North", 55), ("3", 205), ("18", 335)):
        sheet.canvas.drawString(x, 666, text)
    page = sheet.read().pages[0]
    assert rows_of(page)[-1] == "North | 3 | 18"
    assert page.tables[0].width == 3


def test_a_head_over_two_columns_heads_both(sheet: Sheet) -> None:
    sheet.canvas.drawString(283, 716, "Price")
    sheet.canvas.line(215, 712, 400, 712)
    sheet.rows(
        [["Boat", "Summer", "Winter"], ["Canoe", "12", "8"], ["Dinghy", "30", "21"], ["Ketch", "90", "60"]],
        (60, 220, 370),
        700,
    )
    table = sheet.read().pages[0].tables[0]
    assert table.head_rows == 2
    assert table.heads == ("Boat", "Price Summer", "Price Winter")


def test_the_words_around_a_table_stay_in_their_order(sheet: Sheet) -> None:
    sheet.lines(PROSE, 60, 780)
    sheet.rows(FIGURES, PLACES, 700)
    sheet.lines(["* Figures in thousands.", "", *PROSE], 60, 620)
    page = sheet.read().pages[0]
    table = page.tables[0]
    assert page.text[: table.start].split() == " ".join(PROSE).split()
    assert page.text[slice(*table.notes)] == "* Figures in thousands."
    assert page.text[table.end :].split() == ["*", "Figures", "in", "thousands.", *" ".join(PROSE).split()]


def test_two_tables_on_a_page_are_two(sheet: Sheet) -> None:
    sheet.rows(FIGURES, PLACES, 740)
    sheet.lines(PROSE, 60, 640)
    sheet.rows([["Ship", "Crew"], ["Alma", "4"], ["Berta", "11"]], (60, 200), 540)
    page = sheet.read().pages[0]
    assert [table.width for table in page.tables] == [4, 2]
    assert rows_of(page, 1) == ["Ship | Crew", "Alma | 4", "Berta | 11"]


def test_a_table_that_goes_on_keeps_its_heads(sheet: Sheet) -> None:
    sheet.rows(FIGURES, PLACES, 200)
    sheet.page()
    sheet.rows([["Rope", "3", "4", "5"], ["Tar", "1", "", "2"], ["Wax", "8", "6", ""]], PLACES, 780)
    first, second = sheet.read().pages
    assert not first.tables[0].continues
    assert second.tables[0].continues
    assert (second.tables[0].head_rows, second.tables[0].heads) == (0, first.tables[0].heads)


def test_repeated_heads_are_heads_again(sheet: Sheet) -> None:
    sheet.rows(FIGURES, PLACES, 200)
    sheet.page()
    sheet.rows([FIGURES[0], ["Rope", "3", "4", "5"], ["Tar", "1", "", "2"]], PLACES, 780)
    second = sheet.read().pages[1].tables[0]
    assert (second.continues, second.head_rows, second.heads) == (True, 1, tuple(FIGURES[0]))


def test_another_table_on_the_next_page_is_not_taken_for_the_same(sheet: Sheet) -> None:
    sheet.rows(FIGURES, PLACES, 700)
    sheet.lines(PROSE, 60, 600)
    sheet.page()
    sheet.rows([["Ship", "Crew", "Sails", "Oars"], ["Alma", "4", "3", "5"], ["Berta", "11", "9", "8"]], PLACES, 780)
    second = sheet.read().pages[1].tables[0]
    assert (second.continues, second.heads) == (False, ("Ship", "Crew", "Sails", "Oars"))


@pytest.mark.parametrize("turned", [90, 270])
def test_a_turned_table_is_read(sheet: Sheet, turned: int) -> None:
    sheet.canvas.translate(*((0, A4[1]) if turned == 270 else (A4[0], 0)))
    sheet.canvas.rotate(-90 if turned == 270 else 90)
    sheet.rows(FIGURES, PLACES, 400)
    assert rows_of(sheet.read().pages[0])[1] == "Fish | 41 |  | 52"


def test_running_text_in_two_columns_is_no_table(sheet: Sheet) -> None:
    narrow = " ".join(PROSE * 4).split()
    column = [" ".join(narrow[number : number + 7]) for number in range(0, len(narrow), 7)]
    sheet.lines(column, 50, 760)
    sheet.lines(column, 320, 760)
    assert sheet.read().pages[0].tables == ()


def test_a_list_is_no_table(sheet: Sheet) -> None:
    for number, text in enumerate(PROSE):
        sheet.canvas.drawString(60, 700 - 16 * number, "•")
        sheet.canvas.drawString(80, 700 - 16 * number, text)
    assert sheet.read().pages[0].tables == ()


def test_a_table_of_contents_is_no_table_whatever_its_entries_hold(sheet: Sheet) -> None:
    sheet.lines(["Contents"], 70, 760)
    entries = [("1", "Foreword", "iii"), ("2", "Berths", "iv"), ("3", "Rates from 2 March", "1"), ("4", "Locks", "12")]
    below = sheet.rows(entries, (70, 100, 400), 730)
    sheet.rows([("1", "Foreword")], (70, 100), below - 40)
    sheet.lines(PROSE, 70, below - 60)
    (page,) = sheet.read().pages
    assert page.tables == ()
    assert "1 Foreword iii\n2 Berths iv\n3 Rates from 2 March 1\n4 Locks 12\n\n1 Foreword\n" in page.text


def test_a_compound_that_a_cell_parts_keeps_its_hyphen_and_a_word_does_not(sheet: Sheet) -> None:
    rows = [("Boat", "Rate"), ("Heavy-\nduty barges", "40"), ("Cano-\nes", "5"), ("Punts", "6")]
    sheet.rows(rows, (70, 300), 700)
    (page,) = sheet.read().pages
    assert rows_of(page) == ["Boat | Rate", "Heavy-duty barges | 40", "Canoes | 5", "Punts | 6"]


def test_every_letter_of_a_row_leads_back_to_its_place(sheet: Sheet) -> None:
    sheet.lines(PROSE, 60, 780)
    sheet.rows(FIGURES, PLACES, 700)
    page = sheet.read().pages[0]
    with LOCK, pdfium.PdfDocument(sheet.buffer.getvalue()) as document:
        textpage = document[0].get_textpage()
        text, indices = read_page(textpage)
        letters = "".join(textpage.get_text_range(index, 1) for index in indices if index >= 0)
    assert text == page.text
    assert "".join(letters.split()) == "".join(text.replace("|", "").split())


def test_a_row_is_boxed_cell_by_cell(sheet: Sheet) -> None:
    sheet.rows(FIGURES, PLACES, 700)
    page = sheet.read().pages[0]
    row = page.tables[0].rows[1]
    _, boxes = render(sheet.buffer.getvalue(), 1, [row], page.text, None, 1.0)
    height = A4[1] - 684
    assert [round(left) for left, *_ in boxes] == [round(PLACES[0]), round(PLACES[1]), round(PLACES[3])]
    assert all(top < height and bottom > height - 10 for _, top, _, bottom in boxes)


def test_a_table_keeps_its_cells_through_the_store(sheet: Sheet) -> None:
    sheet.rows(FIGURES, PLACES, 700)
    table: Table = sheet.read().pages[0].tables[0]
    assert table.grid() == FIGURES


def test_a_table_in_one_of_two_columns_of_text_keeps_both_in_their_order(sheet: Sheet) -> None:
    narrow = " ".join(PROSE * 5).split()
    column = [" ".join(narrow[number : number + 6]) for number in range(0, len(narrow), 6)]
    for number, text in enumerate(column):  # drawn line by line across the page
        row = FIGURES[number - 12] if 12 <= number < 16 else []
        for cell, place in zip(row, (50, 120, 165, 210), strict=False):
            sheet.canvas.drawString(place, 780 - 13 * number, cell)
        if not row:
            sheet.canvas.drawString(50, 780 - 13 * number, text)
        sheet.canvas.drawString(320, 780 - 13 * number, text)
    sheet.grid([790 - 13 * number for number in range(12, 17)], [45, 115, 160, 205, 250])
    page = sheet.read().pages[0]
    table = page.tables[0]
    assert rows_of(page)[1] == "Fish | 41 |  | 52"
    assert page.text[: table.start].split() == " ".join(column[:12]).split()
    assert page.text[table.end :].split() == " ".join(column[16:] + column).split()


def test_the_fields_of_a_form_are_no_table(sheet: Sheet) -> None:
    for number, name in enumerate(("Name:", "Office:", "Manager:")):
        sheet.canvas.drawString(60, 700 - 30 * number, name)
        sheet.canvas.acroForm.textfield(name=name, value="Lisbon", x=180, y=695 - 30 * number, width=200, height=20)
    page = sheet.read().pages[0]
    assert page.tables == ()
    assert page.text.split("\n")[0] == "Name: Lisbon"


NARROW = [["Duty", "Who", "When"], ["Clean boats", "Crew", "after each trip"], ["Lock gate", "Warden", "at nine"]]
NEAR = (60.0, 127.0, 179.0, 252.0)


@pytest.mark.parametrize("drawn", ["nothing", "grid", "inner lines"])
def test_columns_that_stand_close_are_columns(sheet: Sheet, drawn: str) -> None:
    sheet.rows([*NARROW, ["Paint shed", "Members", "in March"]], NEAR[:3], 700)
    heights = [712.0 - 16 * number for number in range(5)]
    if drawn == "grid":
        sheet.grid(heights, [place - 4 for place in NEAR])
    elif drawn == "inner lines":
        for height in heights[1:-1]:
            sheet.canvas.line(NEAR[0] - 4, height, NEAR[3] - 4, height)
        for place in NEAR[1:3]:
            sheet.canvas.line(place - 4, heights[0], place - 4, heights[-1])
    page = sheet.read().pages[0]
    assert rows_of(page)[2:] == ["Lock gate | Warden | at nine", "Paint shed | Members | in March"]
    assert page.tables[0].heads == ("Duty", "Who", "When")


def test_a_currency_stays_with_the_figure_before_it(sheet: Sheet) -> None:
    rows = [
        ["Plan", "Fee", "Term"],
        ["Basic", "5 €", "yearly"],
        ["Plus", "10 €", "yearly"],
        ["Full", "15 €", "monthly"],
    ]
    sheet.rows(rows, (60, 105, 145), 700)
    assert rows_of(sheet.read().pages[0]) == ["Plan | Fee | Term", *(" | ".join(row) for row in rows[1:])]
