"""Raised and lowered characters of PDFs: note marks, exponents, ordinals and subscripts stay what they are."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from rag.answering.evidence.units import units
from rag.core.text import numbers, sentences, words
from tests.ingestion.drawings import at, body, read_page


def raised(canvas: Canvas, *parts: tuple[str, float]) -> None:
    """A line at 740 of parts with their rise; what is raised or lowered is smaller."""
    x = 60.0
    for text, rise in parts:
        x = at(canvas, x, 740 + rise, text, 7 if rise else 11)


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        ([("The fee is $320", 0), ("1", 4), (" and is due on 1 March.", 0)], "The fee is $320¹ and is due on 1 March."),
        ([("Late payers are charged $45", 0), ("12", 4), (".", 0)], "Late payers are charged $45¹²."),
        ([("The premium", 0), ("a", 4), (" is paid each month.", 0)], "The premium [a] is paid each month."),
        ([("It costs 250", 0), ("a", 4), (" euros", 0)], "It costs 250 [a] euros"),
        ([("There are 2", 0), ("n", 4), (" ways", 0)], "There are 2^n ways"),
        ([("Between 10", 0), ("2", 4), (" and 10", 0), ("-4", 4), (" cells", 0)], "Between 10^2 and 10^-4 cells"),
        ([("A room of 25 m", 0), ("2", 4), (" or less", 0)], "A room of 25 m^2 or less"),
        ([("On the 4", 0), ("th", 4), (" of July", 0)], "On the 4th of July"),
        ([("Dilute H", 0), ("2", -2), ("SO", 0), ("4", -2), (" with water", 0)], "Dilute H2SO4 with water"),
        ([("About CO", 0), ("2", -2), (" and oil", 0)], "About CO2 and oil"),
        ([("See the table", 0), ("*", 4), (" below", 0)], "See the table* below"),
    ],
)
def test_what_is_raised_or_lowered_is_told_from_what_it_stands_by(parts: list[tuple[str, float]], line: str) -> None:
    def page(canvas: Canvas) -> None:
        raised(canvas, *parts)
        body(canvas)

    assert read_page(page).text.split("\n")[0] == line


def test_a_note_mark_behind_a_full_stop_ends_its_sentence() -> None:
    def page(canvas: Canvas) -> None:
        raised(canvas, ("A badge is replaced within two days.", 0), ("3", 4), (" The replacement costs nothing.", 0))
        body(canvas, ["3 Counted from the day on which the loss is reported."], top=100, size=8)

    text = read_page(page).text
    found = [text[unit.start : unit.end] for unit in units(text)]
    assert found[:2] == ["A badge is replaced within two days.³", "The replacement costs nothing."]


def test_a_marked_figure_is_searched_and_counted_without_its_mark() -> None:
    assert words("The fee is $320¹ now") == ["the", "fee", "is", "320", "now"]
    assert [number.value for number in numbers("The fee is $320¹.")] == [320.0]
    assert [(start, end) for start, end in sentences("It is so.² Then it ends.")] == [(0, 10), (11, 24)]


def test_signs_of_figures_stay_as_they_are() -> None:
    def page(canvas: Canvas) -> None:
        at(canvas, 60, 740, "It was \u2212 3,5 or -1,234.50 in 2024\u20132025.")
        body(canvas)

    assert read_page(page).text.split("\n")[0] == "It was \u2212 3,5 or -1,234.50 in 2024\u20132025."
