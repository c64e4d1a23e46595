"""What pdfium says of single characters and objects of a page, asked as cheaply as possible.

These questions are asked for every word of every page. Bound like this, without checks of the arguments' types and
without letting go of the interpreter's lock, a call takes about half as long.

Callers hold `rag.ingestion.loading.pdf.LOCK`: pdfium must not be used by two threads.
"""

from __future__ import annotations

import ctypes
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from ctypes import addressof, c_double, c_float, c_int, c_uint, c_void_p
from functools import cache
from itertools import repeat
from math import hypot
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

Box = tuple[float, float, float, float]  # left, bottom, right, top; points from the bottom left corner
Colour = tuple[int, int, int, int]  # red, green, blue, opacity

# pdfium writes U+0002 (or U+FFFE) for a hyphen at a line end where it has joined the two lines itself.
HYPHEN: Final = "\x02"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
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
_matrix = _bound(pdfium_c.FPDFText_GetMatrix, c_int, *_handle_at, c_void_p)
_font_weight = _bound(pdfium_c.FPDFText_GetFontWeight, c_int, *_handle_at)
_font_info = _bound(pdfium_c.FPDFText_GetFontInfo, ctypes.c_ulong, *_handle_at, c_void_p, ctypes.c_ulong, c_void_p)
_text_object = _bound(pdfium_c.FPDFText_GetTextObject, c_void_p, *_handle_at)
_page_object = _bound(pdfium_c.FPDFPage_GetObject, c_void_p, *_handle_at)
_form_object = _bound(pdfium_c.FPDFFormObj_GetObject, c_void_p, c_void_p, ctypes.c_ulong)
_type = _bound(pdfium_c.FPDFPageObj_GetType, c_int, c_void_p)
_bounds = _bound(pdfium_c.FPDFPageObj_GetBounds, c_int, *(c_void_p,) * 5)
_fill = _bound(pdfium_c.FPDFPageObj_GetFillColor, c_int, *(c_void_p,) * 5)
_draw_mode = _bound(pdfium_c.FPDFPath_GetDrawMode, c_int, c_void_p, c_void_p, c_void_p)
_render_mode = _bound(pdfium_c.FPDFTextObj_GetTextRenderMode, c_int, c_void_p)


class Characters:
    """The characters of a page by pdfium's indices; `text` holds one character for each."""

    def __init__(self, textpage: pdfium.PdfTextPage) -> None:
        self._handle = ctypes.cast(textpage.raw, c_void_p).value
        self._rect = (c_float * 4)()
        self._doubles = (c_double * 4)()
        self._matrix = (c_float * 6)()
        self._matrix_at = addressof(self._matrix)
        self._name = ctypes.create_string_buffer(_FONT_NAME_BYTES)
        self._name_at = addressof(self._name)
        self._rect_at, self._at = addressof(self._rect), addressof(self._doubles)
        self.text = self._all(textpage)

    def _all(self, textpage: pdfium.PdfTextPage) -> str:
        """One character for each index of pdfium; half of a surrogate pair becomes a NUL."""
        count = max(0, textpage.count_chars())
        buffer = (ctypes.c_ushort * (count + 1))()
        # All at once, which leaves out characters without a code: then the places would shift.
        if count and pdfium_c.FPDFText_GetText(textpage.raw, 0, count, buffer) == count + 1:
            text = bytes(buffer)[:-2].decode("utf-16-le", "surrogatepass")
            if len(text) == count and not _SURROGATE.search(text):
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

    def boxes(self, indices: Sequence[int]) -> list[float]:
        """The boxes of many characters: left, top, right, bottom of each, one after the other."""
        found = (c_float * (4 * len(indices)))()
        places = range(addressof(found), addressof(found) + 16 * len(indices), 16)
        deque(map(_loose_box, repeat(self._handle), indices, places), maxlen=0)
        return found[:]

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
        """The size of its font in points as it stands on the page."""
        _matrix(self._handle, index, self._matrix_at)
        return float(_font_size(self._handle, index)) * hypot(self._matrix[2], self._matrix[3])

    def is_bold(self, index: int) -> bool:
        """Whether its font is a bold one, by its weight or its name."""
        if _font_weight(self._handle, index) >= 600:
            return True
        _font_info(self._handle, index, self._name_at, _FONT_NAME_BYTES, None)
        return _names_bold(self._name.value)

    def text_objects(self, indices: Iterable[int]) -> list[int | None]:
        """The objects that draw characters; None for what pdfium has put in itself."""
        return list(map(_text_object, repeat(self._handle), indices))


@cache
def _names_bold(font: bytes) -> bool:
    lower = font.lower()
    return b"bold" in lower or b"black" in lower or b"heavy" in lower or lower.endswith((b"-bd", b",b", b"-b"))


def objects_of(page: pdfium.PdfPage) -> list[int]:
    """The objects of a page in the order in which they are drawn."""
    handle = ctypes.cast(page.raw, c_void_p).value
    return list(filter(None, map(_page_object, repeat(handle), range(pdfium_c.FPDFPage_CountObjects(page.raw)))))


def objects_in_form(form: int) -> list[int]:
    count = max(0, pdfium_c.FPDFFormObj_CountObjects(ctypes.cast(form, pdfium_c.FPDF_PAGEOBJECT)))
    return list(filter(None, map(_form_object, repeat(form), range(count))))


def types_of(objects: Iterable[int]) -> list[int]:
    return list(map(_type, objects))


def matrix_of(one: int) -> tuple[float, ...]:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(ctypes.cast(one, pdfium_c.FPDF_PAGEOBJECT), matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def bounds_of(objects: Sequence[int]) -> list[Box]:
    found = _four(_bounds, c_float, objects)
    return list(zip(found[0::4], found[1::4], found[2::4], found[3::4], strict=True))


def fills_of(objects: Sequence[int]) -> list[Colour]:
    """The colours that objects are filled with."""
    found = _four(_fill, c_uint, objects)
    return list(zip(found[0::4], found[1::4], found[2::4], found[3::4], strict=True))


def _four(call: Callable[..., Any], kind: Any, objects: Sequence[int]) -> list[Any]:
    """The four answers that pdfium gives for each of many objects, one after the other."""
    found = (kind * (4 * len(objects)))()
    first, size = addressof(found), 16 * len(objects)
    deque(map(call, objects, *(range(first + at, first + at + size, 16) for at in (0, 4, 8, 12))), maxlen=0)
    answers: list[Any] = found[:]
    return answers


def are_filled(paths: Sequence[int]) -> list[int]:
    """How paths are filled; 0 where they are not."""
    modes, strokes = (c_int * len(paths))(), (c_int * len(paths))()
    places = (range(addressof(one), addressof(one) + 4 * len(paths), 4) for one in (modes, strokes))
    deque(map(_draw_mode, paths, *places), maxlen=0)
    return modes[:]


def render_modes_of(objects: Iterable[int]) -> list[int]:
    return list(map(_render_mode, objects))
