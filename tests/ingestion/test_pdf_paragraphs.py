"""Lines of PDFs become paragraphs: no break in a sentence, columns one after the other, no running heads in between."""

from __future__ import annotations

import pytest
from reportlab.pdfgen.canvas import Canvas

from rag.ingestion.loading import load_bytes
from rag.viewing.highlighting import page_picture
from tests.ingestion.drawings import FILLER, Drawing, at, body, pdf, read, read_page

LEFT = (
    "Members take part in the",
    "work days of the club, of",
    "which there are two each",
    "year. Those who cannot come",
    "pay thirty euros, which the",
    "treasurer spends on paint",
)
RIGHT = (
    "and on tools for the shed.",
    "The boats are looked over in",
    "March, before the season be-",
    "gins, and are taken from the",
    "water in October by all who",
    "have rowed in the summer.",
)


def one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def test_a_sentence_is_not_broken_at_a_parted_word() -> None:
    lines = [
        *FILLER[:2],
        "Whoever finds damage on a boat reports it to the boat war-",
        "den on the same day.",
        *FILLER[2:],
    ]
    text = read_page(lambda canvas: body(canvas, lines) and None).text
    assert "\n\n" not in text
    assert "reports it to the boat warden on the same day." in text


def test_compound_hyphens_stay_and_those_of_parted_words_go() -> None:
    lines = [
        "The rules for light- and heavy-",
        "duty trucks hold for employ-",
        "ees and for self-",
        "employed drivers. Well-",
        "known are the long-",
        "term rules.",
    ]
    text = one_line(read_page(lambda canvas: body(canvas, lines) and None).text)
    assert text == (
        "The rules for light- and heavy-duty trucks hold for employees and for self-employed drivers. "
        "Well-known are the long-term rules."
    )


def test_a_sentence_is_not_broken_at_another_font_or_a_wide_gap() -> None:
    def page(canvas: Canvas) -> None:
        y = body(canvas, [*FILLER[:3], "Whoever finds damage reports it to the boat warden and to the"])
        x = at(canvas, 60, y, "board of the club", font="Helvetica-BoldOblique")
        at(canvas, x, y, " in writing, so that it is mended.")
        body(canvas, ["The report names the boat, the day and the part that was found"], top=y - 14.3)
        body(canvas, ["to be broken, and who had rowed it last."], top=y - 14.3 - 26)

    assert "\n\n" not in read_page(page).text


def test_columns_drawn_line_by_line_are_read_one_after_the_other() -> None:
    def page(canvas: Canvas) -> None:
        at(canvas, 60, 760, "News of the club", size=18)
        for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
            at(canvas, 60, 700 - 14 * number, left)
            at(canvas, 300, 700 - 14 * number, right)

    text = one_line(read_page(page).text)
    assert "which the treasurer spends on paint and on tools for the shed. The boats" in text
    assert "before the season begins, and are taken" in text


@pytest.mark.parametrize("gutter", [4, 6, 8])
def test_columns_that_stand_as_near_as_words_are_read_one_after_the_other(gutter: float) -> None:
    left = ["The club has four boats and", "lends them to the members", "who have paid their fee.", *LEFT]
    right = [*RIGHT, "Then they are dried and laid", "into the shed, where they lie", "until the ice has gone."]

    def page(canvas: Canvas) -> None:
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            width = canvas.stringWidth(one, "Helvetica", 11)
            at(canvas, 300 - gutter - width, 700 - 14 * number, one)
            at(canvas, 300, 700 - 14 * number, other)

    text = one_line(read_page(page).text)
    assert "which the treasurer spends on paint and on tools for the shed." in text
    assert "before the season begins, and are taken" in text


def test_a_large_letter_belongs_to_the_word_that_it_begins() -> None:
    def beside(canvas: Canvas) -> None:
        at(canvas, 60, 686, "O", size=30)
        at(canvas, 84, 700, "nce a boat is out the warden has to know of it,")
        at(canvas, 84, 686, "and nobody else may take it on that day.")
        body(canvas, FILLER, top=672)

    def behind(canvas: Canvas) -> None:
        at(canvas, 84, 700, "nce a boat is out the warden has to know of it,")
        at(canvas, 84, 686, "and nobody else may take it on that day.")
        body(canvas, FILLER, top=672)
        at(canvas, 60, 686, "O", size=30)

    for page in (beside, behind):
        assert read_page(page).text.startswith("Once a boat is out the warden has to know of it,\nand nobody")


def test_words_drawn_twice_at_one_place_are_said_once() -> None:
    def page(canvas: Canvas) -> None:
        for mode in (0, 1):
            drawn = canvas.beginText(60, 760)
            drawn.setTextRenderMode(mode)
            drawn.setFont("Helvetica", 11)
            for word in ("A ", "key ", "costs ", "45 ", "euros."):
                drawn.textOut(word)
            canvas.drawText(drawn)
        body(canvas)

    assert read_page(page).text.count("45 euros.") == 1


def test_a_figure_between_two_columns_does_not_cut_the_sentence() -> None:
    def page(canvas: Canvas) -> None:
        body(canvas, LEFT)
        at(canvas, 60, 560, "Figure 2. The shed in winter", size=8)
        body(canvas, RIGHT, x=300)

    text = read_page(page).text
    assert "spends on paint\nand on tools for the shed." in text
    assert text.endswith("\n\nFigure 2. The shed in winter")


def test_the_rows_of_a_table_are_no_columns() -> None:
    def page(canvas: Canvas) -> None:
        for number, row in enumerate(["Lisbon 44", "Porto 38", "Faro 41", "Braga 29", "Evora 33", "Beja 30"]):
            name, euros = row.split()
            at(canvas, 60, 700 - 14 * number, f"A night in the town of {name}")
            at(canvas, 300, 700 - 14 * number, f"{euros} euros a night")

    assert "A night in the town of Lisbon 44 euros a night" in read_page(page).text


def test_running_heads_feet_and_page_numbers_are_no_text() -> None:
    def page(number: int) -> Drawing:
        def draw(canvas: Canvas) -> None:
            at(canvas, 60, 800, "Handbook of the boat club")
            at(canvas, 480, 800, f"Page {number} of 4")
            body(canvas, [*FILLER, f"This is rule {number} of the club."])
            at(canvas, 290, 40, f"– {number} –")

        return draw

    document = read(*(page(number) for number in range(1, 5)))
    assert [one.text for one in document.pages] == [
        "\n".join([*FILLER, f"This is rule {number} of the club."]) for number in range(1, 5)
    ]
    assert {(out.why, out.text) for out in document.pages[1].left_out} == {
        ("repeated", "Handbook of the boat club Page 2 of 4"),
        ("repeated", "– 2 –"),
    }


def lines(number: int) -> list[str]:
    """Running text of a page that no other has."""
    return [f"{line} {'abcdef'[number]}" for line in FILLER]


def test_heads_of_left_and_right_pages_are_no_text() -> None:
    def page(number: int) -> Drawing:
        def draw(canvas: Canvas) -> None:
            at(canvas, *((400, 800, "Rules for crews") if number % 2 else (60, 800, "The boat club")))
            body(canvas, lines(number))

        return draw

    for document in (read(*map(page, range(1, 5))), read(*map(page, range(1, 6)))):
        for number, one in enumerate(document.pages, 1):
            assert one.text == "\n".join(lines(number))


def test_a_foot_that_counts_two_pages_is_no_text() -> None:
    def page(number: int) -> Drawing:
        def draw(canvas: Canvas) -> None:
            body(canvas, lines(number))
            at(canvas, 60, 40, f"The boat club, page {number} of 2")

        return draw

    assert [one.text for one in read(page(1), page(2)).pages] == ["\n".join(lines(1)), "\n".join(lines(2))]


def test_a_quote_is_boxed_on_a_page_without_its_running_head() -> None:
    def page(number: int) -> Drawing:
        def draw(canvas: Canvas) -> None:
            at(canvas, 60, 800, "The boat club")
            body(canvas, [*FILLER, f"Rule {number} of the boat club."])

        return draw

    data = pdf(*(page(number) for number in range(1, 5)))
    text = load_bytes(data, "rules.pdf").pages[2].text
    start = text.index("Rule 3")
    (box,) = page_picture(data, 3, [(start, len(text))], text=text, scale=1).boxes
    assert 842 - 660 <= box.top < box.bottom <= 842 - 635


def test_what_alone_stands_on_the_pages_is_their_text() -> None:
    document = read(*(lambda canvas: at(canvas, 60, 700, "The same notice on each page.") and None for _ in range(4)))
    assert {page.text for page in document.pages} == {"The same notice on each page."}


def test_numbers_of_lines_are_no_text() -> None:
    lines = [*FILLER, *LEFT]

    def page(canvas: Canvas) -> None:
        for number, line in enumerate(lines, 1):
            at(canvas, 40, 700 - 15 * number, str(number), size=8)
            at(canvas, 72, 700 - 15 * number, line)

    found = read_page(page)
    assert found.text == "\n".join(lines)
    assert [(out.why, out.text) for out in found.left_out] == [("repeated", "1 2 3 4 5 6 7 8 9 10")]


def test_a_hyphen_that_stands_for_more_stays_and_numbers_in_words_keep_theirs() -> None:
    lines = ["All members know that pre-", "and post-war boats of twenty-", "five feet need a war-", "den on board."]
    text = read_page(lambda canvas: body(canvas, lines) and None).text
    assert one_line(text) == "All members know that pre- and post-war boats of twenty-five feet need a warden on board."


def test_numbers_of_every_fifth_line_are_no_text() -> None:
    def page(canvas: Canvas) -> None:
        body(canvas, FILLER * 4, x=80)
        for number in (5, 10, 15):
            at(canvas, 60, 700 - (number - 1) * 14.3, str(number), 8)

    assert not any(letter.isdecimal() for letter in read_page(page).text)
