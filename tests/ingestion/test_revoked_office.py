"""What is struck out, hidden or raised in slides, sheets, OpenDocument and Org files."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from pptx import Presentation
from pptx.util import Inches

from rag.core.types import Page
from rag.ingestion.loading import load_bytes
from tests.support.text_files import open_document


def gone(page: Page) -> set[tuple[str, str]]:
    return {(part.why, part.text) for part in page.left_out}


def slide(draw: Any) -> Page:
    made = Presentation()
    shown = made.slides.add_slide(made.slide_layouts[5])
    shown.shapes.title.text = "Moorings"
    draw(shown.shapes)
    out = io.BytesIO()
    made.save(out)
    return load_bytes(out.getvalue(), "moorings.pptx").pages[0]


def run(paragraph: Any, text: str, **look: str) -> None:
    added = paragraph.add_run()
    added.text = text
    for name, value in look.items():
        added._r.get_or_add_rPr().set(name, value)


def test_a_slide_is_read_without_what_is_struck_and_with_its_marks_apart() -> None:
    def draw(shapes: Any) -> None:
        line = shapes.add_textbox(Inches(1), Inches(2), Inches(6), Inches(1)).text_frame.paragraphs[0]
        run(line, "A berth costs ")
        run(line, "30", strike="sngStrike")
        run(line, " 40")
        run(line, "1", baseline="30000")
        run(line, " a night on 5 km")
        run(line, "2", baseline="30000")
        run(line, " of water.", strike="noStrike")

    page = slide(draw)
    assert page.text == "Moorings\n\nA berth costs 40 [1] a night on 5 km^2 of water."
    assert gone(page) == {("struck", "30")}


def test_shapes_that_are_hidden_or_beside_the_slide_are_left_out() -> None:
    def draw(shapes: Any) -> None:
        for top, text in ((2, "Seen."), (4, "Hidden by hand."), (30, "Far below.")):
            shapes.add_textbox(Inches(1), Inches(top), Inches(6), Inches(1)).text_frame.text = text
        shapes[2]._element.nvSpPr.cNvPr.set("hidden", "1")

    page = slide(draw)
    assert page.text == "Moorings\n\nSeen."
    assert gone(page) == {("hidden", "Hidden by hand."), ("unseen", "Far below.")}


def test_numbers_of_lists_on_slides_are_counted() -> None:
    def draw(shapes: Any) -> None:
        frame = shapes.add_textbox(Inches(1), Inches(2), Inches(6), Inches(2)).text_frame
        frame.text = "Ring the bell."
        frame.add_paragraph().text = "Wait."
        for paragraph in frame.paragraphs:
            properties = paragraph._p.get_or_add_pPr()
            tag = "{http://schemas.openxmlformats.org/drawingml/2006/main}buAutoNum"
            properties.append(properties.makeelement(tag, {"type": "alphaLcParenR", "startAt": "3"}))

    assert slide(draw).text == "Moorings\n\nc) Ring the bell.\nd) Wait."


def test_struck_cells_are_empty_and_raised_figures_stand_apart() -> None:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = "Fees"
    for row in (["Boat", "Fee"], ["Dory", 15], ["Ketch", 40]):
        sheet.append(row)
    sheet["B2"].font = Font(strike=True)
    sheet["B3"] = CellRichText(
        TextBlock(InlineFont(strike=True), "40"), " 50", TextBlock(InlineFont(vertAlign="superscript"), "1")
    )
    out = io.BytesIO()
    made.save(out)
    page = load_bytes(out.getvalue(), "fees.xlsx").pages[0]
    assert page.text == "Fees\n\nBoat | Fee\nDory | \nKetch | 50 [1]"
    assert gone(page) == {("struck", "15"), ("struck", "40")}


LOOKS = """<style:style style:name="S" style:family="text" style:parent-style-name="Deleted"/>
<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="W" style:family="text"><style:text-properties
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" fo:color="#ffffff"/></style:style>
<style:style style:name="Deleted" style:family="text"><style:text-properties
 style:text-line-through-style="solid"/></style:style>
<style:style style:name="R" style:family="text"><style:text-properties
 style:text-position="super 58%"/></style:style>
<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="a"
 style:num-suffix=")" text:start-value="2"/></text:list-style>"""


def test_an_open_document_text_is_read_as_it_is_seen() -> None:
    text = """<text:p>A berth costs <text:span text:style-name="S">30</text:span>
<text:span>40</text:span><text:span text:style-name="R">1</text:span> a night.</text:p>
<text:p><text:span text:style-name="H">Not for guests.</text:span>
<text:span text:style-name="W">White.</text:span></text:p>
<text:section text:display="none"><text:p>A section away.</text:p></text:section>
<text:list text:style-name="L"><text:list-item><text:p>Bring a lamp.</text:p></text:list-item></text:list>
<text:p>Between.</text:p>
<text:list text:style-name="L" text:continue-numbering="true"><text:list-item><text:p>Bring a
 rope.</text:p></text:list-item></text:list>"""
    page = load_bytes(open_document("text", text, LOOKS), "hours.odt").pages[0]
    assert page.text == "A berth costs 40 [1] a night.\n\nb) Bring a lamp.\n\nBetween.\n\nc) Bring a rope."
    assert gone(page) == {
        ("struck", "30"),
        ("hidden", "Not for guests."),
        ("unseen", "White."),
        ("hidden", "A section away."),
    }


def test_an_org_file_keeps_its_tables_and_leaves_out_what_is_struck() -> None:
    source = "* Fees\nA dory pays +15+ 20 +- 1.\n| Boat | Fee |\n|------+-----|\n| Dory | 20  |\n"
    page = load_bytes(source.encode(), "fees.org").pages[0]
    assert "A dory pays 20 +- 1." in page.text
    assert [page.text[start:end] for start, end in page.tables[0].rows] == ["Boat | Fee", "Dory | 20"]
    assert gone(page) == {("struck", "15")}
