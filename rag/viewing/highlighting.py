"""A quote on the picture of its page: exactly the quoted words are boxed, nothing around them.

Documents without pages to draw have the quote marked in their text instead, and an address is
given a text fragment, by which the browser finds the quote on the live page.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote as percent_encoded

from PIL import Image, ImageChops, ImageDraw

from rag.core.formats import Kind
from rag.core.places import PageBox
from rag.core.text import script_of
from rag.core.types import LeftOut, PageWord

Span = tuple[int, int]

_MARKER, _OUTLINE = (255, 236, 130), (214, 140, 0)
_KEPT_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a picture in pixels, measured from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as a PNG of `width` × `height` pixels; `boxes` are the marked stretches, line by line."""

    data: bytes
    width: int
    height: int
    boxes: tuple[Box, ...] = ()


class _Kept:
    """The pictures last drawn, forgotten from the oldest on when they fill their room."""

    def __init__(self, room: int) -> None:
        self._room, self._used = room, 0
        self._pictures: OrderedDict[object, Picture] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> Picture | None:
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
            return self._pictures.get(key)

    def put(self, key: object, picture: Picture) -> None:
        with self._lock:
            if key in self._pictures:
                return
            self._pictures[key] = picture
            self._used += len(picture.data)
            while self._used > self._room:
                self._used -= len(self._pictures.popitem(last=False)[1].data)


_kept = _Kept(_KEPT_BYTES)


def page_picture(
    data: bytes,
    page: int,
    spans: Sequence[Span],
    *,
    text: str | None = None,
    password: str | None = None,
    scale: float = 2.0,
    kind: Kind = "pdf",
    words: Sequence[PageWord] = (),
) -> Picture:
    """Draws a page of a PDF or a picture with the spans of its text marked and outlined.

    Args:
        data: the file's bytes.
        page: the page's number, from 1.
        spans: (start, end) offsets in the page's text.
        text: the page's text as it was indexed; needed where another reader than pdfium made it,
            since then the spans' words are looked for on the page.
        scale: pixels per point; less on pages longer than 3000 pixels would be.
        kind: the file's.
        words: those of a page that was read by text recognition.

    Raises:
        NotFound: the document has no such page.
        PageNotDrawn: pdfium cannot open the document or the page.
    """
    key = (hashlib.sha256(data).digest(), page, tuple(spans), text, password, scale, tuple(words))
    picture = _kept.get(key)
    if picture is None:
        from rag.viewing.word_boxes import render, render_recognised

        if words or kind != "pdf":
            image, rectangles = render_recognised(data, kind, page, spans, words, scale)
        else:
            image, rectangles = render(data, page, spans, text, password, scale)
        picture = _mark(image, [Box(*rectangle) for rectangle in rectangles])
        _kept.put(key, picture)
    return picture


def page_boxes(
    data: bytes, page: int, spans: Sequence[Span], text: str | None = None, words: Sequence[PageWord] = ()
) -> tuple[PageBox, ...]:
    """Where spans of a page's text stand on it, line by line. Arguments and errors are those of `page_picture`."""
    from rag.viewing.word_boxes import locate, locate_recognised

    rectangles = locate_recognised(spans, words) if words else locate(data, page, spans, text)
    return tuple(PageBox(page, *(round(edge, 1) for edge in rectangle)) for rectangle in rectangles)


def crop(picture: Picture, *, margin: int = 100) -> Picture:
    """The strip of a page picture that holds its boxes, at full width, `margin` pixels above and below."""
    if not picture.boxes:
        return picture
    top = max(0, int(min(box.top for box in picture.boxes)) - margin)
    bottom = min(picture.height, int(max(box.bottom for box in picture.boxes)) + margin)
    with Image.open(io.BytesIO(picture.data)) as image:
        strip = image.crop((0, top, picture.width, bottom))
    boxes = tuple(Box(box.left, box.top - top, box.right, box.bottom - top) for box in picture.boxes)
    return Picture(_png(strip), strip.width, strip.height, boxes)


def _mark(image: Image.Image, boxes: Sequence[Box]) -> Picture:
    """Colours the boxes like a marker pen, so that black stays black, and outlines them thinly."""
    pen = ImageDraw.Draw(image)
    for box in boxes:
        area = (int(box.left) - 1, int(box.top) - 1, int(box.right) + 2, int(box.bottom) + 2)
        area = (max(area[0], 0), max(area[1], 0), min(area[2], image.width), min(area[3], image.height))
        if area[0] >= area[2] or area[1] >= area[3]:
            continue
        part = image.crop(area)
        image.paste(ImageChops.multiply(part, Image.new("RGB", part.size, _MARKER)), area)
        pen.rectangle((area[0], area[1], area[2] - 1, area[3] - 1), outline=_OUTLINE)
    return Picture(_png(image), image.width, image.height, tuple(boxes))


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=4)
    return out.getvalue()


def marked_text(page_text: str, spans: Sequence[Span]) -> list[tuple[str, bool]]:
    """The text in segments of (text, whether it is marked), for documents that have no pages to draw.

    >>> marked_text("Ask before you sail.", [(4, 10)])
    [('Ask ', False), ('before', True), (' you sail.', False)]
    """
    segments: list[tuple[str, bool]] = []
    done = 0
    for start, end in sorted((max(start, 0), min(end, len(page_text))) for start, end in spans):
        start = max(start, done)
        if start >= end:
            continue
        segments += [(page_text[done:start], False), (page_text[start:end], True)]
        done = end
    segments.append((page_text[done:], False))
    return [segment for segment in segments if segment[0]]


# What is quoted; what stands in the file and was left out when it was read; what recognition may have mistaken.
Mark = Literal["", "quote", "left_out", "unsure"]


def shown_text(page_text: str, spans: Sequence[Span], left_out: Sequence[LeftOut] = ()) -> list[tuple[str, Mark]]:
    """The text in segments of (text, how it is marked), what was left out at the places where it would stand.

    >>> shown_text("Ask before you sail.", [(4, 10)], [LeftOut("struck", "never ", 4)])
    [('Ask ', ''), ('never ', 'left_out'), ('before', 'quote'), (' you sail.', '')]
    """
    segments: list[tuple[str, Mark]] = []
    begun = 0
    for part in [*sorted(left_out, key=lambda part: part.start), None]:
        end = len(page_text) if part is None else min(max(part.start, begun), len(page_text))
        here = [(start - begun, stop - begun) for start, stop in spans]
        segments += [(text, "quote" if quoted else "") for text, quoted in marked_text(page_text[begun:end], here)]
        if part is not None:
            segments.append((part.text, "left_out"))
        begun = end
    return segments


_ENDS = 5  # words at each end by which a browser finds a long quote


def text_fragment(address: str, quote: str, *, before: str = "", after: str = "") -> str:
    """The address with a text fragment: the browser scrolls to the quote and marks it.

    A long quote, or one that runs over several lines, is given by its first and last words.
    `before` and `after` are its surroundings on the page; a word of each tells a quote of one
    to three words from the same words elsewhere.
    """
    directive = ",".join(_directive(quote, before, after))
    if not directive:
        return address
    address = address.split(":~:", 1)[0]
    return f"{address}{'' if '#' in address else '#'}:~:text={directive}"


def _directive(quote: str, before: str, after: str) -> Iterator[str]:
    lines = [line.split() for line in quote.splitlines() if line.split()]
    if not lines:
        return
    if len(lines) == 1 and len(lines[0]) <= 2 * _ENDS:
        # Chinese has no spaces: one "word" of it is a whole clause and needs no neighbours.
        short = len(lines[0]) <= 3 and script_of(quote) != "cjk"
        if short and before.split():
            yield _encoded(before.split()[-1:]) + "-"
        yield _encoded(lines[0])
        if short and after.split():
            yield "-" + _encoded(after.split()[:1])
    else:
        yield _encoded(lines[0][:_ENDS])
        yield _encoded(lines[-1][-_ENDS:])


def _encoded(words: Sequence[str]) -> str:
    # A hyphen and a comma mean something in a text fragment, so they are written as codes too.
    return percent_encoded(" ".join(words), safe="").replace("-", "%2D")
