"""Where words stand on the page: from offsets in a page's text to rectangles on its picture.

Offsets lead to pdfium's characters, these to their boxes, and the boxes of one line to one box.
Where the text came from another reader, the words are looked for among pdfium's.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_int
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from rag.core.formats import Kind
from rag.core.text import letters
from rag.core.types import PageWord, words_at
from rag.ingestion.loading.page_pictures import draw, opened, rendered
from rag.ingestion.loading.pdf import read_page, upright_text
from rag.ingestion.loading.pdf_forms import Field

Span = tuple[int, int]
Rectangle = tuple[float, float, float, float]  # left, top, right, bottom; pixels from the top left corner

_LONGEST_SIDE = 3000  # pixels; a poster is drawn smaller instead of filling the memory
_FINE = 16  # pdfium places points on whole pixels; on a page so many times larger they are exact enough
_LONG_WORD = 4  # letters of a recognised word that tells which way lines run
_PARTED = 4  # characters at most that a reader drops where a hyphen parted a word: hyphen, line end, indent


def render(
    data: bytes, number: int, spans: Sequence[Span], text: str | None, password: str | None, scale: float
) -> tuple[Image.Image, list[Rectangle]]:
    """The picture of a page of a PDF (RGB) and the rectangles of the spans on it, line by line.

    Everything of pdfium is opened and closed under its lock.

    Raises:
        NotFound: the document has no page of that number.
        PageNotDrawn: pdfium cannot open the document or the page.
    """
    with opened(data, number, password) as (page, fields):
        return _draw(page, fields, spans, text, scale)


def locate(data: bytes, number: int, spans: Sequence[Span], text: str | None) -> list[Rectangle]:
    """The rectangles of the spans in points instead of pixels, with no picture drawn. Raises as `render`."""
    with opened(data, number, None) as (page, fields):
        width, height = page.get_size()
        size = max(1, round(width)), max(1, round(height))
        x, y = width / size[0], height / size[1]
        found = _rectangles(page, fields, spans, text, size)
        return [(left * x, top * y, right * x, bottom * y) for left, top, right, bottom in found]


def render_recognised(
    data: bytes, kind: Kind, number: int, spans: Sequence[Span], words: Sequence[PageWord], scale: float
) -> tuple[Image.Image, list[Rectangle]]:
    """As `render`, of a picture, or of a page that text recognition read, which says where its words stand."""
    image, unit = draw(data, kind, number, None, round(72 * scale), _LONGEST_SIDE)
    return image, [
        (left / unit, top / unit, right / unit, bottom / unit)
        for left, top, right, bottom in locate_recognised(spans, words)
    ]


def locate_recognised(spans: Sequence[Span], words: Sequence[PageWord]) -> list[Rectangle]:
    """The rectangles of spans of recognised words, in the units of these, line by line."""
    lines: list[_Line] = []
    upright = _runs_up(words)
    for start, end in spans:
        for word in words_at(words, start, end):
            box = _part(word, start, end, upright)
            if lines and lines[-1].takes(box):
                lines[-1].grow(box)
            else:
                lines.append(box)
    return [(line.left, line.bottom, line.right, line.top) for line in lines]


def _runs_up(words: Sequence[PageWord]) -> bool:
    """Whether the lines of a page run upwards or downwards: most words of some length are higher than wide."""
    high = [word.bottom - word.top > word.right - word.left for word in words if word.end - word.start >= _LONG_WORD]
    return 2 * sum(high) > len(high)


def _part(word: PageWord, start: int, end: int, upright: bool) -> _Line:
    """The box of the letters of a word that a span covers, each as wide as the others; its `bottom` is the upper edge.

    Of a word that runs upwards or downwards, which is not known, all of it.
    """
    if upright:
        return _Line(word.left, word.top, word.right, word.bottom, upright=True)
    step = (word.right - word.left) / (word.end - word.start)
    left, right = (word.left + step * (place - word.start) for place in (max(start, word.start), min(end, word.end)))
    return _Line(left, word.top, right, word.bottom, upright=False)


def _draw(
    page: pdfium.PdfPage, fields: Sequence[Field], spans: Sequence[Span], text: str | None, scale: float
) -> tuple[Image.Image, list[Rectangle]]:
    scale = min(scale, _LONGEST_SIDE / max(1.0, *page.get_size()))
    image = rendered(page, scale)
    rectangles = _rectangles(page, fields, spans, text, image.size) if spans else []
    return image, rectangles


def _rectangles(
    page: pdfium.PdfPage, fields: Sequence[Field], spans: Sequence[Span], text: str | None, size: tuple[int, int]
) -> list[Rectangle]:
    with upright_text(page) as textpage:
        read, indices = read_page(textpage, fields)
        if text is not None and text != read:
            spans = [found for start, end in spans if (found := _found(read, text, start, end))]
        wanted = (_characters(indices[max(start, 0) : max(end, 0)]) for start, end in spans)
        lines = [line for characters in wanted for line in _lines(textpage, characters)]
    return [_on_picture(page, line, size) for line in lines]


def _characters(indices: Sequence[int]) -> list[int]:
    """pdfium's characters of a stretch of text, the hyphens that the reader dropped among them."""
    found: list[int] = []
    for index in indices:
        if index < 0 or (found and index == found[-1]):
            continue
        if found and found[-1] < index <= found[-1] + _PARTED:
            found.extend(range(found[-1] + 1, index))
        found.append(index)
    return found


def _found(read: str, text: str, start: int, end: int) -> Span | None:
    """Where the words `text[start:end]` of another reader stand in pdfium's text of the same page.

    Of several places the one that lies at about the same part of the page.
    """
    wanted, _ = letters(text[start:end])
    squeezed, origin = letters(read)
    if not wanted:
        return None
    expected = start / max(len(text), 1) * len(squeezed)
    at, nearest = squeezed.find(wanted), -1
    while at >= 0:
        if nearest < 0 or abs(at - expected) < abs(nearest - expected):
            nearest = at
        at = squeezed.find(wanted, at + 1)
    if nearest < 0:
        return None
    first, last = origin[nearest], origin[nearest + len(wanted) - 1] + 1
    return first, last + len(commonprefix([read[last:], _signs_after(text[start:end])]))  # noqa: RUF071 - letters are meant


def _signs_after(quote: str) -> str:
    """What follows the last letter or digit: a full stop, a bracket."""
    return next((quote[i + 1 :] for i in range(len(quote) - 1, -1, -1) if quote[i].isalnum()), "")


@dataclass(slots=True)
class _Line:
    """A growing box in page coordinates (points, from the bottom left); `upright` text runs along y."""

    left: float
    bottom: float
    right: float
    top: float
    upright: bool

    def takes(self, other: _Line) -> bool:
        """Whether the other box stands on this line, next to it: not below, not in the next column."""
        if self.upright != other.upright:
            return False
        across = (self.left, self.right, other.left, other.right)
        along = (self.bottom, self.top, other.bottom, other.top)
        if not self.upright:
            across, along = along, across
        height = min(across[1] - across[0], across[3] - across[2])
        overlap = min(across[1], across[3]) - max(across[0], across[2])
        gap = max(along[0], along[2]) - min(along[1], along[3])
        return overlap >= height / 2 and gap <= height

    def grow(self, other: _Line) -> None:
        self.left, self.bottom = min(self.left, other.left), min(self.bottom, other.bottom)
        self.right, self.top = max(self.right, other.right), max(self.top, other.top)


def _lines(textpage: Any, indices: Sequence[int]) -> list[_Line]:
    """The characters' boxes, those that touch on a line made one."""
    lines: list[_Line] = []
    for index in indices:
        box = _character(textpage, index)
        if box is None:
            continue
        if lines and lines[-1].takes(box):
            lines[-1].grow(box)
        else:
            lines.append(box)
    return lines


def _character(textpage: Any, index: int) -> _Line | None:
    """The box of one character, as high as its font and as wide as its advance; None for white space."""
    if chr(pdfium_c.FPDFText_GetUnicode(textpage, index)).isspace():
        return None
    left, bottom, right, top = textpage.get_charbox(index, loose=True)
    inner = textpage.get_charbox(index)
    if right - left <= 0 or top - bottom <= 0 or top - bottom > 4 * max(inner[3] - inner[1], inner[2] - inner[0], 1):
        left, bottom, right, top = inner  # the font lies about its height
    if right - left <= 0 or top - bottom <= 0:
        return None
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFText_GetMatrix(textpage, index, matrix)
    return _Line(left, bottom, right, top, upright=abs(matrix.b) > abs(matrix.a))


def _on_picture(page: Any, line: _Line, size: tuple[int, int]) -> Rectangle:
    """From points on the page to pixels on its picture: pdfium knows its rotation and its crop box."""
    xs, ys = zip(
        *(_to_device(page, x, y, size) for x, y in ((line.left, line.bottom), (line.right, line.top))), strict=True
    )
    return min(xs), min(ys), max(xs), max(ys)


def _to_device(page: Any, x: float, y: float, size: tuple[int, int]) -> tuple[float, float]:
    across, down = c_int(), c_int()
    pdfium_c.FPDF_PageToDevice(page, 0, 0, size[0] * _FINE, size[1] * _FINE, 0, x, y, across, down)
    return across.value / _FINE, down.value / _FINE
