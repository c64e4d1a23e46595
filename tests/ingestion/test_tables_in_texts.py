"""Tables, groups, links and flowed lines in the formats of other programs: merged cells, heads of several rows."""

from __future__ import annotations

import io

import pytest
from pptx import Presentation
from pptx.util import Inches

from rag.core.tables import Cell, Table
from rag.core.types import Page
from rag.ingestion.loading import load_bytes
from tests.support.sheet_files import ods_cell, ods_row, open_sheet, spreadsheet

GRID = """\
Fares
=====

+-------+---------------+
| Zone  | Fare          |
|       +-------+-------+
|       | Adult | Child |
+=======+=======+=======+
| 北 A  | 3     | 2     |
+-------+-------+-------+
| B and | - 5           |
| C     | - 6           |
+-------+---------------+

After.
"""
COLUMNS = """\
.. table:: Who pays

   =====  =====  ======
      Guests     Crew
   ------------  ------
   Adult  Child  All
   =====  =====  ======
   two    one    none
          more
   ten    five   one
   =====  =====  ======
"""
LISTED = """\
.. list-table:: Pumps
   :header-rows: 1

   * - Name
     - Power
   * - P1,
       old
     - 3 kW
"""
PARTED = """\
.. csv-table:: Trees
   :header: "Tree", "Height"
   :widths: 1, 1

   "Elm, old", 30
"""


def read(data: str | bytes, name: str) -> tuple[Page, Table]:
    (page,) = load_bytes(data if isinstance(data, bytes) else data.encode(), name).pages
    (table,) = page.tables
    return page, table


def rows(page: Page, table: Table) -> list[str]:
    return [page.text[start:end] for start, end in table.rows]


def test_a_grid_of_signs_is_a_table_whose_rows_keep_their_lines() -> None:
    page, table = read(GRID, "fares.rst")
    assert rows(page, table) == [
        "Zone | Fare | Fare", "Zone | Adult | Child", "北 A | 3 | 2", "B and C | - 5; - 6 | - 5; - 6",
    ]  # fmt: skip
    assert (table.head_rows, table.heads) == (2, ("Zone", "Fare Adult", "Fare Child"))
    assert Cell(0, 1, "Fare", 1, 2) in table.cells
    assert Cell(0, 0, "Zone", 2, 1) in table.cells
    assert page.line(table.rows[2][0]) == 9
    assert page.line(page.text.index("After.")) == 15


@pytest.mark.parametrize(
    ("text", "heads", "last", "caption"),
    [
        (COLUMNS, ("Guests Adult", "Guests Child", "Crew All"), "ten | five | one", "Who pays"),
        (LISTED, ("Name", "Power"), "P1, old | 3 kW", "Pumps"),
        (PARTED, ("Tree", "Height"), "Elm, old | 30", "Trees"),
    ],
)
def test_tables_of_columns_lists_and_values(text: str, heads: tuple[str, ...], last: str, caption: str) -> None:
    page, table = read(text, "a.rst")
    assert table.heads == heads
    assert rows(page, table)[-1] == last
    assert page.text[slice(*table.caption)].strip() == caption
    assert len(page.text.split("\n")) == len(text.split("\n"))


def test_a_word_may_reach_into_the_gap_between_columns() -> None:
    page, table = read("====  ====  ===\n      Least Max\n====  ====  ===\nOne   10    200\n====  ====  ===\n", "a.rst")
    assert table.heads == ("", "Least", "Max")
    assert rows(page, table)[1] == "One | 10 | 200"


def test_a_cell_of_several_lines_is_one() -> None:
    page, table = read(COLUMNS, "a.rst")
    assert rows(page, table)[2] == "two | one more | none"


@pytest.mark.parametrize(
    "text",
    [
        "Words::\n\n   ===  ===\n   a    b\n   ===  ===\n",
        "===  ===\nacross it  b\n===  ===\n",
        "+---+---+\n| a | b |\n+---+   |\n",
        "===  ===\nno end\n",
    ],
)
def test_what_is_no_table_stays_as_it_is_written(text: str) -> None:
    (page,) = load_bytes(text.encode(), "a.rst").pages
    assert not page.tables
    assert page.text == text


def rich(body: str) -> bytes:
    return ("{\\rtf1\\ansi " + body + "}").encode()


def test_merged_cells_of_rich_text_cover_their_columns_and_rows() -> None:
    page, table = read(
        rich(
            r"\trowd\trhdr\clvmgf\cellx900\cellx2900\pard\intbl Zone\cell Fare\cell\row"
            r"\trowd\trhdr\clvmrg\cellx900\cellx1910\cellx2900\pard\intbl\cell Adult\cell Child\cell\row"
            r"\trowd\cellx900\clmgf\cellx1900\clmrg\cellx2900\pard\intbl a|b\par c\cell 3\cell\cell\row\pard End |\par"
        ),
        "fares.rtf",
    )
    assert rows(page, table) == ["Zone | Fare | Fare", "Zone | Adult | Child", "a|b; c | 3 | 3"]
    assert (table.head_rows, table.heads) == (2, ("Zone", "Fare Adult", "Fare Child"))
    assert page.text.endswith("End |")


def test_rows_whose_edges_are_not_stated_keep_their_cells() -> None:
    page, table = read(rich(r"\trowd\cellx9\cellx9 a\cell b\cell\row\trowd c\cell\row"), "a.rtf")
    assert rows(page, table) == ["a | b", "c | "]


def test_lists_in_cells_of_markdown_are_lines_of_the_cell() -> None:
    page, table = read(
        "| Role | Duties |\n|---|---|\n| Cook | <ul><li>boil</li><li>bake</li></ul> |\n| Host | greet |\n", "a.md"
    )
    assert rows(page, table)[1] == "Cook | boil; bake"


def test_components_around_words_are_left_out_and_the_words_stay() -> None:
    source = '<Note type="info">Back up first.</Note> A List<String> and <Name>.\n\n<Step>One</Step><Step>Two</Step>\n'
    (page,) = load_bytes(source.encode(), "a.mdx").pages
    assert page.text == "Back up first. A List<String> and <Name>.\n\nOne Two\n"


def test_grouped_shapes_are_read_by_where_they_stand() -> None:
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    group = slide.shapes.add_group_shape()
    for top, words in ((4, "Last"), (1, "First"), (2, "Next")):
        group.shapes.add_textbox(Inches(1), Inches(top), Inches(3), Inches(0.5)).text_frame.text = words
    table = slide.shapes.add_table(3, 3, Inches(1), Inches(6), Inches(6), Inches(1)).table
    for row, line in enumerate((("Size", "2023", ""), ("", "Net", "Gross"), ("Small", "10", "12"))):
        for column, words in enumerate(line):
            table.cell(row, column).text = words
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    out = io.BytesIO()
    made.save(out)
    page, found = read(out.getvalue(), "a.pptx")
    assert page.text.startswith("First\n\nNext\n\nLast")
    assert found.heads == ("Size", "2023 Net", "2023 Gross")


def test_notes_at_cells_of_an_open_sheet_are_read() -> None:
    note = "<office:annotation><text:p>Counted twice.</text:p></office:annotation>"
    source = ods_row(ods_cell("Boats"), ods_cell("7").replace("<text:p>", f"{note}<text:p>"))
    (page,) = load_bytes(open_sheet(spreadsheet("A", source)), "a.ods").pages
    assert "Counted twice." in page.text


def test_flowed_lines_of_a_mail_are_one_and_its_signature_stays_apart() -> None:
    head = "From: a@example.com\nSubject: Hours\nContent-Type: text/plain; format=flowed\n\n"
    (page,) = load_bytes((head + "The lock \ncloses at \nnine.\n > so.\n-- \nAda\n").encode(), "a.eml").pages
    assert page.text.endswith("The lock closes at nine.\n\n-- \nAda")


def test_links_and_priorities_of_org_are_no_words() -> None:
    source = "* TODO [#A] Paint [[id:7][the door]] :home:\nSee [[https://example.com][the shop]] or [[file:a.txt]].\n"
    (page,) = load_bytes(source.encode(), "a.org").pages
    assert page.headings[0].title == "Paint the door"
    assert page.text == "Paint the door\nSee the shop or file:a.txt.\n"
