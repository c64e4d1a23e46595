"""What pdfium says of single characters and objects of a page, asked as cheaply as possible.

These questions are asked for every word of every page. Bound like this, without checks of the arguments' types and
without letting go of the interpreter's lock, a call takes about half as long.

Callers hold `rag.ingestion.loading.pdf.LOCK`: pdfium must not be used by two threads.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from ctypes import addressof, c_double, c_float, c_int, c_uint, c_void_p
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

Box = tuple[float, float, float, float]  # left, bottom, right, top; points from the bottom left corner
Colour = tuple[int, int, int, int]  # red, green, blue, opacity

# pdfium writes U+0002 (or U+FFFE) for a hyphen at a line end where it has joined the two lines itself.
HYPHEN: Final = "\x02"
_FONT_NAME_BYTES: Final = 256


def _bound(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    call: Callable[..., Any] = ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, c_void_p).value)  # type: ignore[arg-type]
    return call


_handle_at = (c_void_p, c_int)
_loose_box = _bound(pdfium_c.FPDFText_GetLooseCharBox, c_int, *_handle_at, c_void_p)
_tight_box = _bound(pdfium_c.FPDFText_GetCharBox, c_int, *_handle_at, c_void_p, c_void_p, c_void_p, c_void_p)
_origin = _bound(pdfium_c.FPDFText_GetCharOrigin, c_int, *_handle_at, c_void_p, c_void_p)
_code = _bound(pdfium_c.FPDFText_GetUnicode, c_uint, *_handle_at)
_font_size = _bound(pdfium_c.FPDFText_GetFontSize, c_double, *_handle_at)
_font_weight = _bound(pdfium_c.FPDFText_GetFontWeight, c_int, *_handle_at)
_font_info = _bound(pdfium_c.FPDFText_GetFontInfo, ctypes.c_ulong, *_handle_at, c_void_p, ctypes.c_ulong, c_void_p)
_map_error = _bound(pdfium_c.FPDFText_HasUnicodeMapError, c_int, *_handle_at)
_text_object = _bound(pdfium_c.FPDFText_GetTextObject, c_void_p, *_handle_at)
_page_object = _bound(pdfium_c.FPDFPage_GetObject, c_void_p, *_handle_at)
_form_object = _bound(pdfium_c.FPDFFormObj_GetObject, c_void_p, c_void_p, ctypes.c_ulong)
_type = _bound(pdfium_c.FPDFPageObj_GetType, c_int, c_void_p)
_bounds = _bound(pdfium_c.FPDFPageObj_GetBounds, c_int, *(c_void_p,) * 5)
_fill = _bound(pdfium_c.FPDFPageObj_GetFillColor, c_int, *(c_void_p,) * 5)
_render_mode = _bound(pdfium_c.FPDFTextObj_GetTextRenderMode, c_int, c_void_p)


class Characters:
    """The characters of a page by pdfium's indices; `text` holds one character for each."""

    def __init__(self, textpage: pdfium.PdfTextPage) -> None:
        self._handle = ctypes.cast(textpage.raw, c_void_p).value
        self._rect, self._rect_of_last = (c_float * 4)(), (c_float * 4)()
        self._doubles = (c_double * 4)()
        self._rect_at, self._at = addressof(self._rect), addressof(self._doubles)
        self.text = self._all(textpage)

    def _all(self, textpage: pdfium.PdfTextPage) -> str:
        """One character for each index of pdfium; half of a surrogate pair becomes a NUL."""
        count = max(0, textpage.count_chars())
        buffer = (ctypes.c_ushort * (count + 1))()
        # All at once, which leaves out characters without a code: then the places would shift.
        if count and pdfium_c.FPDFText_GetText(textpage.raw, 0, count, buffer) == count + 1:
            text = bytes(buffer)[:-2].decode("utf-16-le", "surrogatepass")
            if len(text) == count and not any("\ud800" <= c < "\ue000" for c in (min(text), max(text))):
                return text.replace("\ufffe", HYPHEN)
        codes: list[int] = [_code(self._handle, i) for i in range(count)]
        for i, code in enumerate(codes):
            if 0xD800 <= code < 0xDC00 and i + 1 < len(codes) and 0xDC00 <= codes[i + 1] < 0xE000:
                codes[i : i + 2] = [0x10000 + ((code - 0xD800) << 10) + (codes[i + 1] - 0xDC00), 0]
        return "".join(chr(code) if code < 0x110000 else "\0" for code in codes).replace("\ufffe", HYPHEN)

    def box(self, index: int) -> Box:
        """As wide as its advance and as high as its font; its ink where the font does not say how high it is."""
        _loose_box(self._handle, index, self._rect_at)
        left, top, right, bottom = self._rect
        if top - bottom < 0.1 or right < left:
            return self.ink(index)
        return left, bottom, right, top

    def ends(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, Box, Box]]:
        """Where words begin and end, and the boxes of their first and last characters."""
        handle, first, last = self._handle, self._rect, self._rect_of_last
        first_at, last_at = addressof(first), addressof(last)
        for start, end in spans:
            _loose_box(handle, start, first_at)
            left, top, right, bottom = first
            one = (left, bottom, right, top) if top - bottom >= 0.1 and right >= left else self.ink(start)
            if end - start == 1:
                yield start, end, one, one
                continue
            _loose_box(handle, end - 1, last_at)
            left, top, right, bottom = last
            yield start, end, one, (left, bottom, right, top) if top - bottom >= 0.1 and right >= left else self.ink(end - 1)

    def ink(self, index: int) -> Box:
        at = self._at
        _tight_box(self._handle, index, at, at + 8, at + 16, at + 24)
        left, right, bottom, top = self._doubles
        return left, bottom, right, top

    def origin(self, index: int) -> tuple[float, float]:
        """Where its baseline begins."""
        _origin(self._handle, index, self._at, self._at + 8)
        return self._doubles[0], self._doubles[1]

    def size(self, index: int) -> float:
        return float(_font_size(self._handle, index))

    def is_bold(self, index: int) -> bool:
        """Whether its font is a bold one, by its weight or its name."""
        if _font_weight(self._handle, index) >= 600:
            return True
        name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        _font_info(self._handle, index, addressof(name), _FONT_NAME_BYTES, None)
        return _names_bold(name.value)

    def is_unmapped(self, index: int) -> bool:
        """Whether its font does not say which character it is."""
        return bool(_map_error(self._handle, index) == 1)

    def text_object(self, index: int) -> int:
        """The object that draws it; 0 for what pdfium has put in itself."""
        return int(_text_object(self._handle, index) or 0)


def _names_bold(font: bytes) -> bool:
    lower = font.lower()
    return b"bold" in lower or b"black" in lower or b"heavy" in lower or lower.endswith((b"-bd", b",b", b"-b"))


def objects_of(page: pdfium.PdfPage) -> list[tuple[int, int]]:
    """The objects of a page in the order in which they are drawn, as (object, type)."""
    handle = ctypes.cast(page.raw, c_void_p).value
    found = (_page_object(handle, i) for i in range(pdfium_c.FPDFPage_CountObjects(page.raw)))
    return [(one, _type(one)) for one in found if one]


def objects_in_form(form: int) -> list[tuple[int, int]]:
    count = pdfium_c.FPDFFormObj_CountObjects(ctypes.cast(form, pdfium_c.FPDF_PAGEOBJECT))
    found = (_form_object(form, i) for i in range(max(0, count)))
    return [(one, _type(one)) for one in found if one]


def matrix_of(one: int) -> tuple[float, ...]:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(ctypes.cast(one, pdfium_c.FPDF_PAGEOBJECT), matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def bounds_of(one: int) -> Box:
    box = (c_float * 4)()
    at = addressof(box)
    if not _bounds(one, at, at + 4, at + 8, at + 12):
        return 0.0, 0.0, 0.0, 0.0
    return box[0], box[1], box[2], box[3]


def fill_of(one: int) -> Colour:
    colour = (c_uint * 4)()
    at = addressof(colour)
    if not _fill(one, at, at + 4, at + 8, at + 12):
        return 0, 0, 0, 255
    return colour[0], colour[1], colour[2], colour[3]


def render_mode_of(one: int) -> int:
    return int(_render_mode(one))
