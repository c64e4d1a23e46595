"""What was filled into the forms of a PDF is read where it stands, and drawn and boxed as what is printed."""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject
from reportlab.pdfgen.canvas import Canvas

from rag.ingestion.loading import load_bytes
from rag.viewing.highlighting import page_picture
from tests.ingestion.drawings import at, body, pdf


def form(canvas: Canvas) -> None:
    fields = canvas.acroForm
    at(canvas, 60, 780, "Application for leave")
    at(canvas, 60, 740, "Name:")
    fields.textfield(name="name", value="Jane Doe", x=120, y=735, width=200, height=20)
    at(canvas, 60, 700, "Full time")
    fields.checkbox(name="full", checked=True, x=120, y=697, size=14)
    at(canvas, 160, 700, "Part time")
    fields.checkbox(name="part", checked=False, x=220, y=697, size=14)
    at(canvas, 60, 660, "Office:")
    fields.choice(name="office", value="Lisbon", options=["Lisbon", "Porto"], x=120, y=655, width=100, height=20)
    at(canvas, 60, 620, "Paid:")
    fields.radio(name="paid", value="yes", selected=True, x=120, y=617, size=14)
    at(canvas, 140, 620, "yes")
    fields.radio(name="paid", value="no", selected=False, x=180, y=617, size=14)
    at(canvas, 200, 620, "no")
    body(canvas, top=580)


EXPECTED = ["Name: Jane Doe", "Full time ☒ Part time ☐", "Office: Lisbon", "Paid: ☒ yes ☐ no"]


def lines(data: bytes) -> list[str]:
    return [line for line in load_bytes(data, "form.pdf").pages[0].text.split("\n") if line][1:5]


def test_fields_ticks_and_choices_are_read_at_their_places() -> None:
    assert lines(pdf(form)) == EXPECTED


def test_values_without_a_drawing_are_read_too() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(form))))
    annotations = writer.pages[0]["/Annots"]
    assert isinstance(annotations, ArrayObject)
    for annotation in annotations:
        field = annotation.get_object()
        assert isinstance(field, DictionaryObject)
        if field.get("/FT") == "/Tx":
            del field["/AP"]
    out = io.BytesIO()
    writer.write(out)
    assert lines(out.getvalue()) == EXPECTED


def test_a_value_is_drawn_and_boxed() -> None:
    data = pdf(form)
    text = load_bytes(data, "form.pdf").pages[0].text
    start = text.index("Jane Doe")
    (box,) = page_picture(data, 1, [(start, start + 8)], text=text, scale=1).boxes
    # The field lies from 120 to 320 points, 735 to 755 from the bottom of a page of 842.
    assert 118 <= box.left < box.right <= 200
    assert 842 - 757 <= box.top < box.bottom <= 842 - 733
