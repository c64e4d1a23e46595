"""What is drawn in Office files and holds words: charts, diagrams, capitals set apart, and large pictures of text."""

from __future__ import annotations

import io

import pytest
from docx import Document
from docx.shared import Cm
from pptx import Presentation
from pptx.util import Cm as SlideCm

from rag.core.errors import NoText
from rag.core.types import LoadedDocument
from rag.ingestion.loading import Ocr, load_bytes
from tests.ingestion.drawings import at, pdf
from tests.support.scans import pictures
from tests.support.word_files import docx, links, p, packed, run, unpacked

WORDS = "The deposit of 450 euros is paid back."
_DRAWN = "http://schemas.openxmlformats.org/drawingml/2006"
_CHART = f"""<c:chartSpace xmlns:c="{_DRAWN}/chart" xmlns:a="{_DRAWN}/main"><c:chart><c:title><c:tx><c:rich><a:p><a:r>
<a:t>Berths</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea><c:barChart><c:ser>
<c:tx><c:strRef><c:strCache><c:pt idx="0"><c:v>North pier</c:v></c:pt></c:strCache></c:strRef></c:tx>
<c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>2023</c:v></c:pt></c:strCache></c:strRef></c:cat>
<c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>88</c:v></c:pt></c:numCache></c:numRef></c:val>
</c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"""
_DIAGRAM = f"""<d:dataModel xmlns:d="{_DRAWN}/diagram" xmlns:a="{_DRAWN}/main"><d:ptLst><d:pt><d:t><a:p><a:r>
<a:t>Apply first</a:t></a:r></a:p></d:t></d:pt></d:ptLst></d:dataModel>"""


def drawn(type_: str, inner: str, part: str) -> LoadedDocument:
    """A Word file with a drawing that stands in a part of its own."""
    files: dict[str, str | bytes] = dict(unpacked(docx(p("Before.") + p(f"<w:r><w:drawing>{inner}</w:drawing></w:r>"))))
    files["word/_rels/document.xml.rels"] = links(("d", type_, "drawn.xml"))
    files["word/drawn.xml"] = part
    return load_bytes(packed(files), "a.docx")


def test_a_chart_is_read_as_the_table_of_its_figures() -> None:
    (page,) = drawn("chart", f'<c:chart xmlns:c="{_DRAWN}/chart" r:id="d"/>', _CHART).pages
    assert page.text == "Before.\n\nBerths\n\n | North pier\n2023 | 88"
    assert page.tables[0].heads == ("", "North pier")


def test_the_words_of_a_diagram_are_read() -> None:
    (page,) = drawn("diagramData", f'<d:relIds xmlns:d="{_DRAWN}/diagram" r:dm="d"/>', _DIAGRAM).pages
    assert page.text == "Before.\n\nApply first"


def test_a_capital_set_apart_begins_its_word() -> None:
    capital = p("D", properties='<w:framePr w:dropCap="drop" w:lines="3"/>')
    assert load_bytes(docx(capital + p("uring winter.")), "a.docx").pages[0].text == "During winter."


def test_cells_merged_the_old_way_and_deleted_cells() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(run(text))}</w:tc>"

    wide = cell("wide", '<w:hMerge w:val="restart"/>') + cell("", "<w:hMerge/>") + cell("c")
    gone = cell("x") + cell("9", '<w:cellDel w:id="1" w:author="a"/>') + cell("z")
    rows = "".join(f"<w:tr>{row}</w:tr>" for row in (cell("A") + cell("B") + cell("C"), wide, gone))
    (page,) = load_bytes(docx(f"<w:tbl>{rows}</w:tbl>"), "a.docx").pages
    assert page.text == "A | B | C\nwide | wide | c\nx |  | z"
    assert [(part.why, part.text.strip()) for part in page.left_out] == [("deleted", "9")]


def picture() -> io.BytesIO:
    (page,) = pictures(pdf(lambda canvas: at(canvas, 60, 760, WORDS, 24)))
    out = io.BytesIO()
    page.crop((0, 0, page.width, page.height // 5)).save(out, "PNG")
    return out


def word_file(width: float) -> bytes:
    document = Document()
    document.add_picture(picture(), width=Cm(width))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_large_picture_of_text_in_a_word_file_is_read() -> None:
    document = load_bytes(word_file(16), "notice.docx")
    assert document.pages[0].text == WORDS
    assert [(one.key, one.fields) for one in document.warnings] == [("pictures_recognised", {"count": 1})]


def test_small_pictures_and_forbidden_recognition_leave_nothing() -> None:
    with pytest.raises(NoText):
        load_bytes(word_file(3), "notice.docx")
    with pytest.raises(NoText):
        load_bytes(word_file(16), "notice.docx", ocr=Ocr("never"))


def test_a_large_picture_of_text_on_a_slide_is_read_where_it_stands() -> None:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Deposit"
    slide.shapes.add_picture(picture(), SlideCm(2), SlideCm(6), width=SlideCm(18))
    out = io.BytesIO()
    presentation.save(out)
    assert load_bytes(out.getvalue(), "a.pptx").pages[0].text == f"Deposit\n\n{WORDS}"
