"""Boxes to tick and bullets that a PDF draws as shapes."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.ingestion.drawings import at, body, read_page

ASKED = (("Harbour tour", False), ("Sailing lesson", True), ("Supper", True))


def crossed(canvas: Canvas, x: float, y: float, *, ticked: bool) -> None:
    canvas.rect(x, y, 10, 10)
    if ticked:
        canvas.line(x, y, x + 10, y + 10)
        canvas.line(x, y + 10, x + 10, y)


def as_browsers_do(canvas: Canvas, x: float, y: float, *, ticked: bool) -> None:
    canvas.setFillColorRGB(*((0, 0.46, 1) if ticked else (1, 1, 1)))
    canvas.setStrokeColorRGB(0.46, 0.46, 0.46)
    canvas.roundRect(x, y, 10, 10, 2, stroke=not ticked, fill=1)
    if ticked:
        canvas.setStrokeColorRGB(1, 1, 1)
        canvas.lines([(x + 1, y + 5, x + 4, y + 2), (x + 4, y + 2, x + 9, y + 9)])
    canvas.setStrokeColorRGB(0, 0, 0)
    canvas.setFillColorRGB(0, 0, 0)


def chosen(canvas: Canvas, x: float, y: float, *, ticked: bool) -> None:
    canvas.circle(x + 5, y + 5, 5)
    if ticked:
        canvas.circle(x + 5, y + 5, 2.5, fill=1, stroke=0)


def written(canvas: Canvas, x: float, y: float, *, ticked: bool) -> None:
    canvas.rect(x, y, 10, 10)
    if ticked:
        at(canvas, x + 2, y + 1.5, "x", size=10)


@pytest.mark.parametrize("box", [crossed, as_browsers_do, chosen, written])
def test_a_drawn_box_is_read_as_ticked_or_empty(box: object) -> None:
    assert callable(box)

    def page(canvas: Canvas) -> None:
        for number, (label, ticked) in enumerate(ASKED):
            box(canvas, 60, 700 - number * 22, ticked=ticked)
            at(canvas, 75, 701 - number * 22, label)

    assert read_page(page).text.split() == ["☐", "Harbour", "tour", "☒", "Sailing", "lesson", "☒", "Supper"]


def legend(canvas: Canvas) -> None:
    for number, (label, grey) in enumerate((("North", 0.2), ("South", 1.0), ("East", 0.6))):
        canvas.rect(60, 700 - number * 20, 8, 8)
        canvas.setFillGray(grey)
        canvas.rect(61, 701 - number * 20, 6, 6, stroke=0, fill=1)
        canvas.setFillGray(0)
        at(canvas, 73, 701 - number * 20, label)


def one_letter_each(canvas: Canvas) -> None:
    for number in range(5):
        canvas.rect(60 + number * 14, 698, 14, 14)
    at(canvas, 140, 700, "Number of the boat")


@pytest.mark.parametrize("drawing", [legend, one_letter_each])
def test_squares_of_charts_and_cells_for_letters_are_no_boxes_to_tick(drawing: object) -> None:
    assert callable(drawing)
    assert not {"☐", "☒"} & set(read_page(drawing).text)


def test_bullets_that_are_drawn_begin_their_items() -> None:
    def page(canvas: Canvas) -> None:
        body(canvas)
        for number, item in enumerate(("a lamp for the way home", "a rope of ten metres")):
            canvas.circle(66, 603 - number * 15, 2, fill=1)
            at(canvas, 76, 600 - number * 15, item)

    text = read_page(page).text
    assert text.endswith("• a lamp for the way home\n• a rope of ten metres")
    assert text.count("•") == 2
