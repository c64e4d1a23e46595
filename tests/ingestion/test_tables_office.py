"""Tables of Word files, web pages and Markdown: cell by cell as they stand in the file."""

from __future__ import annotations

import io

import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from rag.core.types import LoadedDocument
from rag.ingestion.loading import load_bytes


def rows_of(document: LoadedDocument, number: int = 0) -> list[str]:
    """The rows of a table as they stand in the text."""
    table = [table for page in document.pages for table in page.tables][number]
    return [document.pages[0].text[start:end] for start, end in table.rows]


def read(document: object, name: str = "a.docx") -> LoadedDocument:
    out = io.BytesIO()
    document.save(out)  # type: ignore[attr-defined]
    return load_bytes(out.getvalue(), name)


def filled(rows: list[list[str]]) -> tuple[object, object]:
    document = Document()
    document.add_paragraph("Before the table.")
    table = document.add_table(len(rows), len(rows[0]))
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(number, column).text = text
    return document, table


def html(body: str) -> LoadedDocument:
    return load_bytes(f"<html><body>{body}</body></html>".encode(), "a.html")


def test_a_cell_merged_downwards_stands_in_each_row() -> None:
    document, table = filled(
        [["Land", "Ware", "Units"], ["Fens", "Rope", "4"], ["", "Sail", "9"], ["Isle", "Oar", "2"]]
    )
    table.cell(1, 0).merge(table.cell(2, 0))  # type: ignore[attr-defined]
    loaded = read(document)
    assert rows_of(loaded) == ["Land | Ware | Units", "Fens | Rope | 4", "Fens | Sail | 9", "Isle | Oar | 2"]
    assert loaded.pages[0].tables[0].heads == ("Land", "Ware", "Units")


def test_a_cell_merged_across_stands_in_each_column() -> None:
    document, table = filled([["Name", "Mon", "Tue", "Wed"], ["Bo", "22", "", "7"]])
    table.cell(1, 1).merge(table.cell(1, 2))  # type: ignore[attr-defined]
    assert rows_of(read(document))[1] == "Bo | 22 | 22 | 7"


def test_cells_left_out_before_and_after_keep_the_columns() -> None:
    document, table = filled([["Name", "Mon", "Tue"], ["Cy", "14", "9"], ["Di", "6", "8"]])
    for row, name, cell in ((1, "w:gridAfter", 2), (2, "w:gridBefore", 0)):
        element = table.rows[row]._tr  # type: ignore[attr-defined]
        element.remove(element.tc_lst[cell])
        left_out = OxmlElement(name)
        left_out.set(qn("w:val"), "1")
        element.get_or_add_trPr().append(left_out)
    assert rows_of(read(document))[1:] == ["Cy | 14 | ", " | 6 | 8"]


def test_rows_marked_as_heads_are_heads() -> None:
    document, table = filled([["Fee", "Fee"], ["2023", "2024"], ["10", "12"]])
    table.cell(0, 0).merge(table.cell(0, 1))  # type: ignore[attr-defined]
    table.cell(0, 0).text = "Fee"  # type: ignore[attr-defined]
    for row in table.rows[:2]:  # type: ignore[attr-defined]
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    found = read(document).pages[0].tables[0]
    assert (found.head_rows, found.heads) == (2, ("2023", "2024"))


def test_a_row_of_years_and_signs_is_a_head_too() -> None:
    table = load_bytes(
        b"<html><body><table><tr><td></td><td colspan=2>Year ended</td><td colspan=2>Change</td></tr>"
        b"<tr><td></td><td>2023</td><td>2024</td><td>$</td><td>%</td></tr>"
        b"<tr><td>Repairs</td><td>50</td><td>41</td><td>9</td><td>21</td></tr></table></body></html>",
        "a.html",
    ).pages[0].tables[0]  # fmt: skip
    assert table.head_rows == 2
    assert table.heads == ("", "Year ended 2023", "Year ended 2024", "Change $", "Change %")


def test_a_list_in_a_cell_stays_told_apart() -> None:
    document, table = filled([["No", "Duty"], ["4", "The tenant:"]])
    cell = table.cell(1, 1)  # type: ignore[attr-defined]
    for text in ("cleans the stairs", "clears the snow"):
        cell.add_paragraph(text, style="List Bullet")
    assert rows_of(read(document))[1] == "4 | The tenant: • cleans the stairs; • clears the snow"


def test_a_table_in_a_cell_is_part_of_the_cell() -> None:
    document, table = filled([["Plan", "Price", "Note"], ["Basic", "", "new"]])
    inner = table.cell(1, 1).add_table(2, 2)  # type: ignore[attr-defined]
    for place, text in (((0, 0), "month"), ((0, 1), "5"), ((1, 0), "year"), ((1, 1), "50")):
        inner.cell(*place).text = text
    assert rows_of(read(document)) == ["Plan | Price | Note", "Basic | month | 5; year | 50 | new"]


def test_a_box_around_paragraphs_is_no_table() -> None:
    document, table = filled([["First paragraph of the box."]])
    table.cell(0, 0).add_paragraph("Second paragraph.")  # type: ignore[attr-defined]
    loaded = read(document)
    assert loaded.pages[0].tables == ()
    assert "First paragraph of the box.\n\nSecond paragraph." in loaded.pages[0].text


def test_spans_of_a_web_table_are_filled() -> None:
    loaded = html(
        "<table><thead><tr><th rowspan=2>City</th><th colspan=2>Rate</th></tr>"
        "<tr><th>Day</th><th>Night</th></tr></thead>"
        "<tr><td>Ulm</td><td>3</td><td></td></tr><tr><td>Bern</td><td colspan=2>5</td></tr></table>"
    )
    assert rows_of(loaded) == ["City | Rate | Rate", "City | Day | Night", "Ulm | 3 | ", "Bern | 5 | 5"]
    table = loaded.pages[0].tables[0]
    assert (table.head_rows, table.heads) == (2, ("City", "Rate Day", "Rate Night"))


def test_a_head_of_several_lines_is_one_name_and_what_rows_are_called_heads_no_column() -> None:
    loaded = html("<table><tr><th>Net<br>rate</th><th>Night</th></tr><tr><td>3</td><td>4<br>or 5</td></tr></table>")
    assert rows_of(loaded) == ["Net rate | Night", "3 | 4; or 5"]
    loaded = html("<table><tr><th>Name</th><td>Ada</td></tr><tr><th>Age</th><td>36</td></tr></table>")
    assert loaded.pages[0].tables[0].head_rows == 0


def test_a_rowspan_keeps_the_cells_beside_it_in_their_columns() -> None:
    loaded = html(
        "<table><tr><th>Zone</th><th>Ticket</th><th>Price</th></tr>"
        "<tr><td rowspan=2>A</td><td>Single</td><td>2</td></tr>"
        "<tr><td>Day</td><td>6</td></tr></table>"
    )
    assert rows_of(loaded)[1:] == ["A | Single | 2", "A | Day | 6"]


@pytest.mark.parametrize(
    "attributes", ['role="presentation"', ""], ids=["marked as layout", "long text in one row of cells"]
)
def test_a_layout_table_becomes_paragraphs(attributes: str) -> None:
    prose = "The harbour office opens at eight and closes at noon. " * 8
    loaded = html(f"<table {attributes}><tr><td><h2>Office</h2><p>{prose}</p></td><td><p>{prose}</p></td></tr></table>")
    assert loaded.pages[0].tables == ()
    assert [heading.title for heading in loaded.pages[0].headings] == ["Office"]
    assert " | " not in loaded.pages[0].text


def test_a_data_table_within_a_layout_table_is_one() -> None:
    loaded = html(
        "<table><tr><td><p>Welcome to the port.</p><table><tr><th>Ship</th><th>Berth</th></tr>"
        "<tr><td>Alma</td><td>4</td></tr></table></td><td>News</td></tr></table>"
    )
    assert rows_of(loaded) == ["Ship | Berth", "Alma | 4"]


def test_the_caption_and_the_notes_of_a_table_are_known() -> None:
    loaded = html(
        "<p>Table 3. Fees in euros</p><table><tr><th>Kind</th><th>2024</th></tr>"
        "<tr><td>Adult</td><td>9</td></tr></table><p>* Children pay half.</p><p>The pool closes in May.</p>"
    )
    table, text = loaded.pages[0].tables[0], loaded.pages[0].text
    assert text[slice(*table.caption)] == "Table 3. Fees in euros"
    assert text[slice(*table.notes)] == "* Children pay half."


def test_a_markdown_table_keeps_lines_and_empty_cells() -> None:
    text = "# Fees\n\n| Kind | 2023 | 2024 |\n|:--|--:|--:|\n| Adult \\| senior | 8 | |\n| Child |  | 4 |\n\nEnd.\n"
    loaded = load_bytes(text.encode(), "a.md")
    assert rows_of(loaded) == ["Kind | 2023 | 2024", "Adult | senior | 8 | ", "Child |  | 4"]
    table = loaded.pages[0].tables[0]
    assert table.heads == ("Kind", "2023", "2024")
    assert [cell.text for cell in table.cells if cell.row == 1] == ["Adult | senior", "8", ""]
    assert loaded.pages[0].text.count("\n") == text.count("\n")


def test_a_markdown_table_in_a_quotation_is_one_and_ends_with_it() -> None:
    text = "> Note:\n>\n> | Kind | 2024 |\n> |---|---|\n> | Adult | 8 |\n>| Child | |\n| Not | one |\n"
    text += "\n>> |a|b|\n> |-|-|\n"
    page = load_bytes(text.encode(), "a.md").pages[0]
    (table,) = page.tables
    assert [page.text[start:end] for start, end in table.rows] == ["Kind | 2024", "Adult | 8", "Child | "]
    assert page.text.split("\n")[2:8] == [
        "> Kind | 2024",
        "> |---|---|",
        "> Adult | 8",
        ">Child | ",
        "| Not | one |",
        "",
    ]


def test_a_web_table_in_markdown_is_one_with_each_row_in_its_line() -> None:
    text = (
        "# Fees\n\n<table>\n<tr><th>Kind</th><th>2024</th></tr>\n<tr>\n  <td rowspan=2>Adult</td><td>8</td>\n</tr>\n"
        "<tr><td></td></tr>\n<tr hidden><td>Secret</td><td>1</td></tr>\n</table>\n\n## Hours\n\n"
        "Open ~~at six~~ at five.\n"
    )
    page = load_bytes(text.encode(), "a.md").pages[0]
    (table,) = page.tables
    assert [page.text[start:end] for start, end in table.rows] == ["Kind | 2024", "Adult | 8", "Adult | "]
    assert [page.line(start) for start, _ in table.rows] == [4, 5, 8]
    assert page.text.count("\n") == text.count("\n")
    assert [page.text[one.start :].split("\n")[0] for one in page.headings] == ["# Fees", "## Hours"]
    assert [one.text.strip() for one in page.left_out] == ["Secret 1", "at six"]


@pytest.mark.parametrize(
    "source",
    [
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
        "<table>\n<tr><td>a</td><td>b</td></tr>\n<tr><td>c</td><td>d</td></tr>\n",
        "```html\n<table>\n<tr><td>a</td><td>b</td></tr>\n</table>\n```",
        "<table>\n<tr><td>a</td><td>b</td></tr>\n</table> and words behind it",
    ],
)
def test_a_web_table_in_markdown_that_cannot_be_taken_apart_stays_as_it_is_written(source: str) -> None:
    page = load_bytes(f"One.\n\n{source}\n".encode(), "a.md").pages[0]
    assert (page.tables, page.text) == ((), f"One.\n\n{source}\n")


def test_bars_in_fenced_code_are_no_table() -> None:
    loaded = load_bytes(b"Run:\n\n```\n| a | b |\n|---|---|\n| 1 | 2 |\n```\n", "a.md")
    assert loaded.pages[0].tables == ()
    assert "| 1 | 2 |" in loaded.pages[0].text


def test_what_is_hidden_in_a_word_table_is_in_no_cell() -> None:
    document, table = filled([["Plan", "Price"], ["Basic", "5"], ["Secret", "1"]])
    run = table.cell(1, 1).paragraphs[0].add_run("0 rebate")  # type: ignore[attr-defined]
    run.font.hidden = True
    table.rows[2]._tr.get_or_add_trPr().append(OxmlElement("w:hidden"))  # type: ignore[attr-defined]
    loaded = read(document)
    assert rows_of(loaded) == ["Plan | Price", "Basic | 5"]
    assert {(part.why, part.text) for part in loaded.pages[0].left_out} == {
        ("hidden", "0 rebate"),
        ("hidden", "Secret 1"),
    }


def test_what_is_hidden_in_a_web_table_is_in_no_cell() -> None:
    loaded = html(
        "<table><tr><th>Plan</th><th>Price</th></tr><tr><td>Basic</td><td>5 <del>rebate of one</del></td></tr>"
        "<tr hidden><td>Secret</td><td>1</td></tr><tr><td style='display:none'>Gone</td><td>Pro</td><td>9</td></tr>"
        "</table>"
    )
    assert rows_of(loaded) == ["Plan | Price", "Basic | 5", "Pro | 9"]
    left = " ".join(part.text for part in loaded.pages[0].left_out)
    assert all(word in left for word in ("rebate of one", "Secret", "Gone"))


def test_tables_many_times_inside_each_other_are_read_once() -> None:
    depth = 60
    inner = "<table><tr><th></th><td>" * depth + "core" + "</td></tr></table>" * depth
    assert html(inner).pages[0].text == "core"


def test_places_behind_a_markdown_table_stay_right() -> None:
    text = "| Kind  |  2023 |\n|---|---|\n|  Adult |   8 |\n\nOld ~~price list~~ fees\n\n## Hours\n\nOpen at six.\n"
    page = load_bytes(text.encode(), "a.md").pages[0]
    assert [page.text[one.start :].split("\n")[0] for one in page.headings] == ["## Hours"]
    (left,) = page.left_out
    assert (left.text, page.text[: left.start].split("\n")[-1]) == ("price list", "Old ")


def test_a_table_is_not_parted_where_it_fits_into_a_part() -> None:
    before = "The office is open on all days of the week. " * 380
    rows = "".join(f"<tr><td>Room {number}</td><td>{number + 20}</td></tr>" for number in range(400))
    table = f"<table><tr><th>Room</th><th>Price</th></tr>{rows}</table>"
    pages = html(f"<p>{before}</p><p>Table 1. Prices in euros</p>{table}").pages
    assert [len(page.tables) for page in pages] == [0, 1]
    assert len(pages[1].tables[0].rows) == 401
    assert pages[1].text[slice(*pages[1].tables[0].caption)] == "Table 1. Prices in euros"


def test_a_cell_reaches_no_further_than_its_group_and_a_foot_stands_last() -> None:
    loaded = html(
        "<table><thead><tr><th>Land<th>Item<th>Units</thead><tfoot><tr><td>All<td><td>19</tfoot>"
        "<tbody><tr><td rowspan=0>Norway<td>Hub<td>4<tr><td>Lamp<td>8</tbody>"
        "<tbody><tr><td rowspan=9>Sweden<td>Hub<td>7</tbody></table>"
    )
    assert rows_of(loaded)[1:] == ["Norway | Hub | 4", "Norway | Lamp | 8", "Sweden | Hub | 7", "All |  | 19"]
