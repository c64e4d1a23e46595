"""Pages of PDFs that cannot be read are named: pictures of text, stamped or not, and letters without a character."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from rag.core.errors import NoText
from tests.ingestion.drawings import Drawing, at, body, picture, read


def scan(canvas: Canvas) -> None:
    canvas.drawImage(picture("lightgrey"), 30, 40, 530, 740)


def stamped(number: int) -> Drawing:
    def page(canvas: Canvas) -> None:
        scan(canvas)
        at(canvas, 60, 810, f"Received 14 MAR 2019 Archive copy {number}/3")

    return page


def text(canvas: Canvas) -> None:
    body(canvas)


def test_scans_with_a_stamp_hold_no_text() -> None:
    with pytest.raises(NoText) as caught:
        read(*(stamped(number) for number in (1, 2, 3)))
    assert caught.value.fields == {"name": "drawn.pdf", "pages": "1–3"}


def test_a_scan_among_pages_of_text_is_named() -> None:
    pages = read(text, scan, stamped(3)).pages
    assert [page.unread for page in pages] == [None, "picture", "picture"]


def test_an_empty_page_is_empty_and_not_unread() -> None:
    document = read(text, lambda canvas: None)
    assert (document.pages[1].unread, document.empty_pages) == (None, (2,))


def test_letters_drawn_as_lines_are_named() -> None:
    def drawn(canvas: Canvas) -> None:
        for number in range(60):
            canvas.circle(60 + 7 * (number % 30), 700 - 20 * (number // 30), 3)

    assert [page.unread for page in read(text, drawn).pages] == [None, "picture"]
