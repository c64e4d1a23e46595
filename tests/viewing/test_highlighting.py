"""The quoted words and only those are boxed: by the ink on the picture, and by poppler's word boxes."""

from __future__ import annotations

import io
import shutil
import statistics
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pypdf
import pypdfium2
import pytest
import reportlab
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Browser
from pypdf.generic import RectangleObject
from reportlab.lib.colors import black, red
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bench import boxes as bench
from rag.core.errors import NotFound, PageNotDrawn
from rag.ingestion.loading.pdf import LOCK
from rag.viewing.highlighting import Picture, _Kept, crop, marked_text, page_picture, text_fragment

HANDBOOK = Path(__file__).resolve().parents[2] / "data" / "samples" / "employee-handbook.pdf"
needs_poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not here")

pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
pdfmetrics.registerFont(TTFont("Vera", Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"))

# A line is a list of (words, whether they are quoted). The quoted words are drawn in red.
Lines = list[list[tuple[str, bool]]]
PLAIN: Lines = [
    [("The tide gauge is read each hour. ", False), ("It is cleaned on the first", True)],
    [("Monday of the month by two people.", True), (" The log is kept.", False)],
    [("Nobody opens the lid while it rains.", False)],
]
HYPHENATED: Lines = [
    [("Before sailing, ", False), ("the crew checks the anemo-", True)],
    [("meter and the radio link.", True), (" Then it casts off.", False)],
    [("A second meter lies in the store.", False)],
]
LIGATURES: Lines = [
    [("The door is shut. ", False), ("One \ufb01nal \ufb02ag is red,", True)],
    [("as the captain con\ufb01rmed.", True), (" It \ufb02ies high.", False)],
]
CHINESE: Lines = [
    [("每位员工每年享有年假。", False), ("入职满五年的员工", True)],
    [("享有二十八天年假。", True), ("年假须提前申请。", False)],
    [("未休年假可结转至次年三月。", False)],
]


CHINESE_LINES: Lines = [
    [("每位员工每年享有年假。", False)],
    [("入职满五年的员工享有", True)],
    [("二十八天年假。", True)],
]


def draw(lines: Lines, font: str = "Vera", *, x: float = 60, top: float = 760) -> Callable[[Canvas], None]:
    def onto(canvas: Canvas) -> None:
        for i, line in enumerate(lines):
            text = canvas.beginText(x, top - i * 18)
            text.setFont(font, 12)
            for words, quoted in line:
                text.setFillColor(red if quoted else black)
                text.textOut(words)
            canvas.drawText(text)

    return onto


def pdf(*parts: Callable[[Canvas], None], turn: int = 0, crop_by: float = 0) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    for part in parts:
        part(canvas)
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=out)
    writer.pages[0].rotate(turn)
    if crop_by:
        writer.pages[0].cropbox = RectangleObject((crop_by, crop_by, A4[0] - crop_by / 2, A4[1] - crop_by / 4))
    turned = io.BytesIO()
    writer.write(turned)
    return turned.getvalue()


def report(texts: Sequence[str], *, columns: int, turn: int = 0) -> bytes:
    """A page for each text, set in so many columns."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    for text in texts:
        width = (A4[0] - 120) / columns
        lines = [line for part in text.splitlines() for line in simpleSplit(part, "Vera", 9, width - 24)]
        for i, line in enumerate(lines[: 50 * columns]):
            canvas.setFont("Vera", 9)
            canvas.drawString(60 + i // 50 * width, 780 - i % 50 * 14, line)
        canvas.setPageRotation(turn)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def sideways(lines: Lines) -> Callable[[Canvas], None]:
    """Text that itself runs upwards, on a page that is not turned."""

    def onto(canvas: Canvas) -> None:
        canvas.rotate(90)
        canvas.translate(0, -A4[0])
        draw(lines, top=500)(canvas)

    return onto


def spans_of(data: bytes, lines: Lines) -> list[tuple[int, int]]:
    """Where the quoted words of each line stand in the page's text."""
    text = bench.page_text(data, 1)
    spans = []
    for words in (words for line in lines for words, quoted in line if quoted):
        ends = [part.replace("\ufb01", "fi").replace("\ufb02", "fl") for part in (words[:5], words[-5:])]
        # A hyphen at the line's end is not in the text: the word was made whole.
        start = text.index(ends[0])
        spans.append((start, text.index(ends[1].rstrip("-"), start) + len(ends[1].rstrip("-"))))
    return spans


def ink(data: bytes, picture: Picture) -> tuple[float, float]:
    """How much of the red ink the boxes hold, and how much of the black ink."""
    bare = page_picture(data, 1, [])
    with Image.open(io.BytesIO(bare.data)) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    is_red = (pixels[..., 0] > 150) & (pixels[..., 1] < 110)
    is_black = pixels.max(axis=2) < 110
    inside = np.zeros(is_red.shape, dtype=bool)
    for box in picture.boxes:
        inside[round(box.top) : round(box.bottom), round(box.left) : round(box.right)] = True
    return float((is_red & inside).sum() / is_red.sum()), float((is_black & inside).sum() / is_black.sum())


PAGES: dict[str, tuple[bytes, Lines, int]] = {
    "plain": (pdf(draw(PLAIN)), PLAIN, 2),
    "turned 90": (pdf(draw(PLAIN), turn=90), PLAIN, 2),
    "turned 180": (pdf(draw(PLAIN), turn=180), PLAIN, 2),
    "turned 270": (pdf(draw(PLAIN), turn=270), PLAIN, 2),
    "cropped": (pdf(draw(PLAIN, x=120, top=700), crop_by=80), PLAIN, 2),
    "cropped and turned": (pdf(draw(PLAIN, x=120, top=700), crop_by=80, turn=90), PLAIN, 2),
    "text upwards": (pdf(sideways(PLAIN)), PLAIN, 2),
    "two columns": (pdf(draw(HYPHENATED), draw([[("In the other column stands", False)]] * 3, x=440)), HYPHENATED, 2),
    "hyphenated": (pdf(draw(HYPHENATED)), HYPHENATED, 2),
    "ligatures": (pdf(draw(LIGATURES)), LIGATURES, 2),
    "Chinese": (pdf(draw(CHINESE, "STSong-Light")), CHINESE, 2),
    "Chinese lines": (pdf(draw(CHINESE_LINES, "STSong-Light")), CHINESE_LINES, 2),
    "Chinese turned": (pdf(draw(CHINESE_LINES, "STSong-Light"), turn=90), CHINESE_LINES, 2),
}
each_page = pytest.mark.parametrize(("data", "lines", "count"), PAGES.values(), ids=PAGES.keys())


@each_page
def test_the_boxes_hold_the_ink_of_the_quoted_words_and_no_other(data: bytes, lines: Lines, count: int) -> None:
    picture = page_picture(data, 1, spans_of(data, lines))
    assert len(picture.boxes) == count
    quoted, other = ink(data, picture)
    if lines is CHINESE and quoted != quoted:
        pytest.skip("no Chinese font on this machine to draw with")
    assert quoted >= 0.98
    assert other <= 0.02


@needs_poppler
@each_page
def test_the_boxes_agree_with_popplers_words(data: bytes, lines: Lines, count: int, tmp_path: Path) -> None:
    if lines is CHINESE:
        pytest.skip("poppler takes a whole run of Chinese for one word; the lines that are quoted whole are compared")
    path = tmp_path / "page.pdf"
    path.write_bytes(data)
    for result in bench.measure(path, 1, spans_of(data, lines)):
        assert result is not None
        assert result.words >= 0.95
        assert result.area >= 0.85


@needs_poppler
def test_boxes_fit_random_quotes_of_a_report(tmp_path: Path) -> None:
    """Its pages have one column, two columns, or are turned; the font is its own, as in most reports."""
    with LOCK:
        handbook = pypdfium2.PdfDocument(HANDBOOK)
        texts = [page.get_textpage().get_text_bounded() for page in handbook]
        handbook.close()
    (tmp_path / "one.pdf").write_bytes(report(texts[:5], columns=1))
    (tmp_path / "two.pdf").write_bytes(report(texts[5:10], columns=2))
    (tmp_path / "turned.pdf").write_bytes(report(texts[10:], columns=1, turn=90))
    found = [result for result in bench.run(tmp_path, 30, seed=11) if result]
    assert statistics.mean(result.words for result in found) >= 0.95
    assert statistics.mean(result.area for result in found) >= 0.92


def test_a_box_is_not_moved_by_a_line() -> None:
    """The measure itself notices a mistake: the words beside the quote give other boxes."""
    data = PAGES["plain"][0]
    text = bench.page_text(data, 1)
    start = text.index("Nobody")
    quoted, other = ink(data, page_picture(data, 1, [(start, start + 20)]))
    assert quoted < 0.01
    assert other > 0.1


def test_cells_of_a_row_are_boxed_apart() -> None:
    data = HANDBOOK.read_bytes()
    text = bench.page_text(data, 7)
    start = text.index("5 to 9 years")
    picture = page_picture(data, 7, [(start, text.index("\n", start))])
    assert len(picture.boxes) == 3
    assert len({round(box.top) for box in picture.boxes}) == 1


def test_the_words_of_another_reader_are_looked_for_on_the_page() -> None:
    data = PAGES["plain"][0]
    spans = spans_of(data, PLAIN)
    other_reader = (
        "THE TIDE  GAUGE is read each hour.It is cleaned on the\n\nfirst Monday of the month by two people. The log"
    )
    found = other_reader.index("It is"), other_reader.index(" The log")
    assert page_picture(data, 1, [found], text=other_reader).boxes == page_picture(data, 1, spans).boxes


def test_of_two_places_the_one_nearest_to_the_offset_is_boxed() -> None:
    lines: Lines = [[("Ask the front desk.", False)], [("Something else.", False)], [("Ask the front desk.", False)]]
    data = pdf(draw(lines))
    other_reader = "Ask the  front desk. Something else. Ask the front  desk."
    first, last = (page_picture(data, 1, [span], text=other_reader).boxes for span in ((0, 20), (37, 57)))
    assert first[0].bottom < last[0].top


def test_words_that_are_not_on_the_page_give_a_bare_picture() -> None:
    picture = page_picture(PAGES["plain"][0], 1, [(0, 9)], text="Elsewhere it says so.")
    assert picture.boxes == ()


def test_offsets_outside_the_text_do_no_harm() -> None:
    data = PAGES["plain"][0]
    assert page_picture(data, 1, [(-5, 0), (10_000, 10_010), (7, 3)]).boxes == ()


def test_the_picture_is_a_png_of_the_size_it_names() -> None:
    picture = page_picture(HANDBOOK.read_bytes(), 7, [(0, 10)], scale=1.5)
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.format == "PNG"
        assert image.size == (picture.width, picture.height) == (893, 1263)


def test_a_huge_page_is_drawn_smaller() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(14_000, 7_000))
    canvas.drawString(100, 100, "A poster")
    canvas.save()
    picture = page_picture(out.getvalue(), 1, [(0, 8)])
    assert max(picture.width, picture.height) <= 3001
    assert len(picture.boxes) == 1


def test_a_crop_holds_the_boxes_and_a_little_around_them() -> None:
    whole = page_picture(PAGES["plain"][0], 1, spans_of(PAGES["plain"][0], PLAIN))
    strip = crop(whole, margin=40)
    assert strip.width == whole.width
    assert strip.height < 200
    assert strip.boxes[0].top == pytest.approx(40, abs=1)
    assert crop(page_picture(PAGES["plain"][0], 1, [])).height == whole.height


def test_the_same_page_is_drawn_once() -> None:
    data = HANDBOOK.read_bytes()
    assert page_picture(data, 5, [(3, 30)]) is page_picture(bytes(data), 5, [(3, 30)])
    assert page_picture(data, 5, [(3, 31)]) is not page_picture(data, 5, [(3, 30)])


def test_the_oldest_pictures_make_room() -> None:
    kept = _Kept(room=25)
    pictures = {name: Picture(name.encode() * 10, 1, 1) for name in "abc"}
    kept.put("a", pictures["a"])
    kept.put("b", pictures["b"])
    assert kept.get("a") is pictures["a"]
    kept.put("c", pictures["c"])
    assert kept.get("b") is None
    assert kept.get("a") is pictures["a"]
    assert kept.get("c") is pictures["c"]


def test_many_threads_may_ask_at_once() -> None:
    data = HANDBOOK.read_bytes()
    with ThreadPoolExecutor(8) as pool:
        widths = list(pool.map(lambda i: page_picture(data, i % 15 + 1, [(i, i + 5)], scale=0.5).width, range(40)))
    assert set(widths) == {298}


@pytest.mark.parametrize("page", [0, 16, -1])
def test_a_page_that_is_not_there_is_not_found(page: int) -> None:
    with pytest.raises(NotFound):
        page_picture(HANDBOOK.read_bytes(), page, [])


@pytest.mark.parametrize("data", [b"", b"not a pdf", HANDBOOK.read_bytes()[:300]], ids=["empty", "text", "cut"])
def test_what_is_no_pdf_is_not_drawn(data: bytes) -> None:
    with pytest.raises(PageNotDrawn):
        page_picture(data, 1, [])


def test_an_encrypted_page_needs_its_password() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(PAGES["plain"][0]))
    writer.encrypt("tide", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(PageNotDrawn):
        page_picture(out.getvalue(), 1, [])
    assert len(page_picture(out.getvalue(), 1, [(0, 3)], password="tide").boxes) == 1


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=6))
def test_marked_segments_make_up_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    segments = marked_text(text, spans)
    assert "".join(part for part, _ in segments) == text
    assert all(part for part, _ in segments)
    wanted = {i for start, end in spans for i in range(max(start, 0), min(end, len(text)))}
    flags = [marked for part, marked in segments for _ in part]
    assert {i for i, marked in enumerate(flags) if marked} == wanted


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("Leave lapses, then.", "https://a.example/p#:~:text=Leave%20lapses%2C%20then."),
        ("self-service & more", "https://a.example/p#:~:text=self%2Dservice%20%26%20more"),
        ("年假为28天。", "https://a.example/p#:~:text=%E5%B9%B4%E5%81%87%E4%B8%BA28%E5%A4%A9%E3%80%82"),
        (
            "one two three four five six seven eight nine ten eleven",
            "https://a.example/p#:~:text=one%20two%20three%20four%20five,seven%20eight%20nine%20ten%20eleven",
        ),
        ("Zurich\n72 euros", "https://a.example/p#:~:text=Zurich,72%20euros"),
        ("   ", "https://a.example/p"),
    ],
)
def test_a_text_fragment_names_the_quote(quote: str, expected: str) -> None:
    assert text_fragment("https://a.example/p", quote) == expected


def test_a_short_quote_is_told_apart_by_its_neighbours() -> None:
    address = text_fragment("https://a.example/", "28 days", before="to 9 years:", after="of leave")
    assert address == "https://a.example/#:~:text=years%3A-,28%20days,-of"


def test_a_fragment_that_is_there_is_kept_but_not_doubled() -> None:
    assert text_fragment("https://a.example/#top", "Leave") == "https://a.example/#top:~:text=Leave"
    assert text_fragment("https://a.example/#:~:text=old", "new") == "https://a.example/#:~:text=new"


@given(st.text(min_size=1, max_size=40).filter(lambda text: len(text.split()) == 1 and len(text.splitlines()) == 1))
def test_a_fragment_holds_nothing_that_a_browser_takes_for_its_own(quote: str) -> None:
    directive = text_fragment("https://a.example/", quote).partition(":~:text=")[2]
    assert not set(directive) & set("-,&#\" <>'")
    assert unquote(directive) == quote.split()[0]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    filler = "<p>Nothing to see in this paragraph.</p>" * 200
    page = "<p>The office is in building 12-B, near the <b>old harbour</b>, and opens at 9.</p>"
    page += "<p>新址位于望潮大厦12层。</p>"
    (tmp_path / "page.html").write_text(f"<!doctype html><meta charset=utf-8>{filler}{page}{filler}", "utf-8")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/page.html"
    server.shutdown()


@pytest.mark.browser
@pytest.mark.parametrize(
    "quote",
    [
        "The office is in building 12-B, near the old harbour, and opens at 9.",
        "building 12-B, near",
        "新址位于望潮大厦12层。",
    ],
)
def test_a_browser_finds_the_quote_by_its_fragment(served: str, quote: str, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(text_fragment(served, quote))
    page.wait_for_function("window.scrollY > 1000", timeout=5000)
    page.close()


def test_pdfium_is_left_closed() -> None:
    """Nothing stays open after a picture, also when the page is missing."""
    with pytest.raises(NotFound):
        page_picture(PAGES["plain"][0], 2, [])
    document = pypdfium2.PdfDocument(PAGES["plain"][0])
    assert len(document) == 1
    document.close()
