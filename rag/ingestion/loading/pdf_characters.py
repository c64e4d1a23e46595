"""The characters of a PDF page, one for each index of pdfium."""

from __future__ import annotations

import ctypes
import re

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_NO_CHARACTER = re.compile("\ufffe")


def characters_of(textpage: pdfium.PdfTextPage) -> str:
    """One character for each index of pdfium; half of a surrogate pair becomes a NUL."""
    count = max(0, textpage.count_chars())
    held = (ctypes.c_ushort * (count + 1))()
    # Asked for all at once, which is a tenth of the time; where that gives more or fewer, one by one.
    if count and pdfium_c.FPDFText_GetText(textpage.raw, 0, count, held) == count + 1:
        raw = bytes(held)[: 2 * count].decode("utf-16-le", "surrogatepass")
        if len(raw) == count:
            # Asked for so, a hyphen at a line end cannot be told from a character that is none.
            return _NO_CHARACTER.sub(lambda m: chr(pdfium_c.FPDFText_GetUnicode(textpage.raw, m.start())), raw)
    codes = [pdfium_c.FPDFText_GetUnicode(textpage.raw, i) for i in range(count)]
    for i, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00 and i + 1 < len(codes) and 0xDC00 <= codes[i + 1] < 0xE000:
            codes[i : i + 2] = [0x10000 + ((code - 0xD800) << 10) + (codes[i + 1] - 0xDC00), 0]
    return "".join(chr(code) if code < 0x110000 else "\0" for code in codes)
