"""Scans are read by text recognition: their words, the places of these, turned and skewed, page by page."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from rag.core.errors import Cancelled, DamagedFile, NoText, PictureOnly, TooLarge
from rag.core.types import Page, Recognition
from rag.ingestion.loading import Ocr, load_bytes, recognising
from rag.viewing.highlighting import page_boxes
from tests.ingestion.drawings import at, body, pdf
from tests.support.scans import as_file, pictures, scanned

LINES = ("Boats are returned before sunset.", "The fee for a lost key is 45 euros.")


def page_one(canvas: Canvas) -> None:
    body(canvas, LINES, top=760, size=12)


def page_two(canvas: Canvas) -> None:
    at(canvas, 60, 760, "Kayaks are booked at the desk.", 12)


PLAIN = pdf(page_one)


def words(page: Page) -> list[str]:
    return page.text.split()


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The share that two rectangles (left, top, right, bottom) have in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    along = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or along <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return across * along / (sum(areas) - across * along)


def test_a_scan_is_read_and_its_quotes_are_boxed_like_text() -> None:
    (page,) = load_bytes(scanned(PLAIN), "scan.pdf").pages
    assert words(page) == " ".join(LINES).split()
    assert page.unread is None
    assert (page.certainty or 0) > 90
    start = page.text.index("The fee")
    (box,) = page_boxes(b"", 1, [(start, start + len(LINES[1]))], page.text, page.words)
    (own,) = page_boxes(PLAIN, 1, [(start, start + len(LINES[1]))])
    edges = [(one.left, one.top, one.right, one.bottom) for one in (box, own)]
    assert overlap(*edges) > 0.7


@pytest.mark.parametrize("turned", [90, 180, 270, 3])
def test_a_turned_or_skewed_scan_reads_as_it_is_meant(turned: int) -> None:
    (page,) = load_bytes(scanned(PLAIN, turned=turned), "scan.pdf").pages
    assert words(page) == " ".join(LINES).split()
    # The first word is where its picture was turned to: on A4, near the corner that was the left upper one.
    first = page.words[0]
    across, down = (first.left + first.right) / 2, (first.top + first.bottom) / 2
    wanted = {90: (85, 519), 180: (519, 757), 270: (757, 76), 3: (79, 114)}[turned]
    assert abs(across - wanted[0]) < 45
    assert abs(down - wanted[1]) < 45


def test_pages_with_text_of_their_own_are_read_as_they_are() -> None:
    def half(canvas: Canvas) -> None:
        page_one(canvas)
        canvas.showPage()
        canvas.drawInlineImage(pictures(pdf(page_two))[0].convert("RGB"), 0, 0, 595, 842)

    first, second = load_bytes(pdf(half), "x.pdf").pages
    assert (first.certainty, words(first)) == (None, " ".join(LINES).split())
    assert (second.certainty or 0) > 90
    assert words(second) == ["Kayaks", "are", "booked", "at", "the", "desk."]


def test_recognition_can_be_forbidden_and_forced() -> None:
    with pytest.raises(NoText):
        load_bytes(scanned(PLAIN), "scan.pdf", ocr=Ocr("never"))
    document = load_bytes(PLAIN, "text.pdf", ocr=Ocr("always"))
    assert words(document.pages[0]) == " ".join(LINES).split()
    assert (document.pages[0].certainty or 0) > 90
    assert document.ocr == "always"


class Kept:
    """Remembers pages, and how often it was given one."""

    def __init__(self) -> None:
        self.pages: dict[int, Recognition] = {}
        self.puts = 0

    def get(self) -> dict[int, Recognition]:
        return dict(self.pages)

    def put(self, number: int, seen: Recognition) -> None:
        self.puts += 1
        self.pages[number] = seen


def test_a_stopped_reading_keeps_what_it_has_and_goes_on_from_there() -> None:
    data, kept = scanned(pdf(page_one, page_two)), Kept()

    def stop(done: int, total: int) -> None:
        assert total == 2
        if done == 1:
            raise Cancelled

    first = load_bytes(data, "scan.pdf", ocr=Ocr(kept=lambda _: kept, on_progress=stop))
    assert [page.unread for page in first.pages] == [None, "picture"]
    assert words(first.pages[0]) == " ".join(LINES).split()
    again = load_bytes(data, "scan.pdf", ocr=Ocr(kept=lambda _: kept))
    assert [page.unread for page in again.pages] == [None, None]
    assert kept.puts == 2


def test_two_columns_are_read_one_after_the_other() -> None:
    left = ["The club house stands at the southern end", "of the lake and is open to all members",
            "from six in the morning until the light", "goes; in winter it is heated from eight."]  # fmt: skip
    right = ["Boats lie in the shed behind the house,", "in racks that bear their numbers, and",
             "whoever takes one out signs the book", "that lies on the table near the door."]  # fmt: skip

    def columns(canvas: Canvas) -> None:
        body(canvas, left, x=50, size=11)
        body(canvas, right, x=320, size=11)

    (page,) = load_bytes(scanned(pdf(columns)), "scan.pdf").pages
    assert words(page) == " ".join(left + right).split()


def test_a_scanned_table_is_a_table() -> None:
    rows = [
        ("Boat", "Seats", "Price"),
        ("Kayak", "1", "12.50"),
        ("Rowing boat", "4", "30.00"),
        ("Dinghy", "2", "45.00"),
    ]

    def ruled(canvas: Canvas) -> None:
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                at(canvas, 80 + 140 * column, 700 - 24 * number, cell)
        for number in range(len(rows) + 1):
            canvas.line(70, 717 - 24 * number, 490, 717 - 24 * number)
        for column in range(4):
            canvas.line(70 + 140 * column, 717, 70 + 140 * column, 717 - 24 * len(rows))

    (page,) = load_bytes(scanned(pdf(ruled)), "scan.pdf").pages
    (table,) = page.tables
    assert [cell.text for cell in table.cells] == [cell for row in rows for cell in row]


@pytest.mark.parametrize(("format", "name", "kind"), [("PNG", "a.png", "png"), ("JPEG", "a.jpg", "jpeg"),
                                                      ("WEBP", "a.webp", "webp")])  # fmt: skip
def test_a_picture_is_a_document(format: str, name: str, kind: str) -> None:
    document = load_bytes(as_file(pictures(PLAIN), format), name)
    assert (document.kind, len(document.pages)) == (kind, 1)
    assert words(document.pages[0]) == " ".join(LINES).split()
    assert document.pages[0].words[0].left > 100  # in pixels: 60 points at 150 dpi


def test_a_tiff_has_a_page_for_each_of_its_pictures() -> None:
    document = load_bytes(as_file(pictures(pdf(page_one, page_two)), "TIFF"), "fax.tiff")
    assert [words(page)[0] for page in document.pages] == ["Boats", "Kayaks"]


def test_a_photograph_is_turned_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    out = io.BytesIO()
    pictures(PLAIN)[0].rotate(90, expand=True).save(out, "JPEG", exif=exif)
    (page,) = load_bytes(out.getvalue(), "photo.jpg").pages
    assert words(page) == " ".join(LINES).split()
    assert page.words[0].top < 250


def test_what_is_no_picture_says_so() -> None:
    whole = as_file(pictures(PLAIN), "PNG")
    with pytest.raises(DamagedFile):
        load_bytes(whole[: len(whole) // 2], "half.png")
    with pytest.raises(NoText):
        load_bytes(as_file([Image.new("L", (300, 300), "white")], "PNG"), "blank.png")
    with pytest.raises(PictureOnly):
        load_bytes(as_file([Image.new("L", (30, 30))], "GIF"), "old.gif")
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    with pytest.raises(TooLarge):
        load_bytes(out.getvalue(), "bomb.png")


def test_a_page_that_takes_too_much_stays_unread_and_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    data = scanned(pdf(page_two))
    with monkeypatch.context() as short:
        short.setattr(recognising, "PAGE_LIMITS", replace(recognising.PAGE_LIMITS, seconds=-1))
        with pytest.raises(NoText):
            load_bytes(data, "slow.pdf")
    assert words(load_bytes(data, "scan.pdf").pages[0])[0] == "Kayaks"


def test_the_child_that_recognises_reaches_nothing() -> None:
    program = (
        "import socket, subprocess, sys\nfrom rag.ingestion.loading import ocr_child\n"
        "from rag.ingestion.loading.sandbox_child import closed_off\n"
        "engine = ocr_child.Engine(1)\nengine.warm_up()\nout = closed_off()\n"
        "tries = (lambda: socket.create_connection(('127.0.0.1', 9)), lambda: subprocess.run(['true']),\n"
        "         lambda: open('harm.txt', 'w'))\n"
        "for one in tries:\n try:\n  one()\n except PermissionError:\n  out.write(b'refused ')\n"
        "engine.warm_up()\nout.write(b'reads')\nout.flush()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"refused refused refused reads"
