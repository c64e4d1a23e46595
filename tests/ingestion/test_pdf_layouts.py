"""Layouts of PDF pages: heads that change from page to page, text that runs downwards, cells set in the middle."""

from __future__ import annotations

from reportlab.pdfgen.canvas import Canvas

from rag.ingestion.loading.table_heads import head_rows
from tests.ingestion.drawings import Drawing, at, body, read, read_page

BOATS = {6: "dory", 7: "ketch", 8: "yawl"}


def test_heads_of_left_and_right_pages_are_left_out_of_three_pages() -> None:
    def page(number: int) -> Drawing:
        head = f"{number}   The boat house" if number % 2 else f"Rules of the lake   {number}"

        def draw(canvas: Canvas) -> None:
            at(canvas, 60, 800, head, size=9)
            body(canvas, [f"Of the {BOATS[number]}:"])
            body(canvas, top=700 - 10 * number)

        return draw

    for page_read in read(page(6), page(7), page(8)).pages:
        assert page_read.text.startswith("Of the")
        assert [part.why for part in page_read.left_out] == ["repeated"]


def test_lines_that_run_downwards_are_read_from_the_first() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(0, 842)
        canvas.rotate(-90)
        for number, line in enumerate(
            ("The first line says who rows.", "The second says when.", "The third says where.")
        ):
            at(canvas, 60, 500 - 20 * number, line)

    text = read_page(draw).text
    assert 0 <= text.find("first") < text.find("second") < text.find("third")


def test_lines_of_cells_that_stand_in_the_middle_of_their_rows_are_one_row() -> None:
    def draw(canvas: Canvas) -> None:
        for x, head in ((60, "What is lent"), (220, "When"), (330, "By whom")):
            at(canvas, x, 700, head, size=10, font="Helvetica-Bold")
        rows = (
            (
                ("Rowing boats of", "the old kind"),
                ("in the mornings", "of weekdays and", "on holidays"),
                ("the warden",),
            ),
            (("Life jackets",), ("always",), ("members",)),
            (("Sails and masts", "for dinghies"), ("from May to", "the end of the", "season"), ("the sail loft",)),
        )
        top = 686.0
        for row in rows:
            high = 12 * max(map(len, row))
            for x, lines in zip((60, 220, 330), row, strict=True):
                first = top - (high - 12 * len(lines)) / 2 - 9
                for number, line in enumerate(lines):
                    at(canvas, x, first - 12 * number, line, size=10)
            top -= high + 5

    assert read_page(draw).text.split("\n") == [
        "What is lent | When | By whom",
        "Rowing boats of the old kind | in the mornings of weekdays and on holidays | the warden",
        "Life jackets | always | members",
        "Sails and masts for dinghies | from May to the end of the season | the sail loft",
    ]


def test_pairs_of_words_are_no_heads_over_one_figure() -> None:
    pairs = [
        ["Who are you?", "Ada, of the boat house"],
        ["Where from?", "The lake"],
        ["How old?", "47"],
        ["Why?", "To row"],
    ]
    assert head_rows([*pairs, ["Since when?", "May"]]) < 2
