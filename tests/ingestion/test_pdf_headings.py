"""Headings of PDFs: bookmarks at their numbers, lines that look different from the text, printed numbers; levels."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from rag.core.types import Heading
from tests.ingestion.drawings import FILLER, at, body, read, read_page


def test_the_first_line_of_a_paragraph_is_no_heading() -> None:
    def page(canvas: Canvas) -> None:
        at(canvas, 60, 780, "Rules of the lake", size=16)
        body(canvas, top=740)
        body(canvas, FILLER[1:], top=640)

    assert read_page(page).headings == (Heading(0, "Rules of the lake", 1),)


def test_larger_and_bolder_lines_head_and_the_larger_stands_higher() -> None:
    def page(canvas: Canvas) -> None:
        at(canvas, 60, 790, "Rules of the lake", size=20)
        at(canvas, 60, 760, "For members", size=15)
        body(canvas, top=740)
        at(canvas, 60, 670, "On Sundays", font="Helvetica-Bold")
        body(canvas, FILLER[1:], top=655)
        at(canvas, 60, 600, "Guests are welcome.", font="Helvetica-Bold")

    found = [(heading.title, heading.level) for heading in read_page(page).headings]
    assert found == [("Rules of the lake", 1), ("For members", 2), ("On Sundays", 3)]


def test_printed_numbers_head_by_their_depth() -> None:
    def page(canvas: Canvas) -> None:
        body(canvas, top=760)
        at(canvas, 60, 680, "4.2 Scope of the rules")
        body(canvas, top=650)
        at(canvas, 60, 570, "4.2.1 Guests")
        body(canvas, top=540)

    found = [(heading.title, heading.level) for heading in read_page(page).headings]
    assert found == [("4.2 Scope of the rules", 2), ("4.2.1 Guests", 3)]


def test_a_bookmark_stands_before_its_printed_number_and_not_in_the_contents() -> None:
    def contents(canvas: Canvas) -> None:
        at(canvas, 60, 760, "1.1 Purpose 1")
        at(canvas, 60, 740, "1.2 Scope 2")
        canvas.bookmarkPage("contents")

    def rules(canvas: Canvas) -> None:
        body(canvas, ["The scope of these rules is told below."], top=790)
        at(canvas, 60, 760, "1.2 Scope")
        body(canvas)
        canvas.bookmarkPage("scope")
        canvas.addOutlineEntry("Rules", "contents", 0)
        canvas.addOutlineEntry("Scope", "scope", 1)

    _, second = read(contents, rules).pages
    (heading,) = second.headings
    assert (heading.title, heading.level) == ("Scope", 2)
    assert second.text[heading.start :].startswith("1.2 Scope\n\nThe club house")
