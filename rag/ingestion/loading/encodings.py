"""What characters some bytes are: decided here alone, for what the network gives and for files alike.

In this order: a byte order mark, or the pattern that UTF-16 and UTF-32 have without one; what is UTF-8 beyond chance;
a label of the WHATWG Encoding Standard, with its meaning; UTF-8; what the bytes look like. Python's registry of codecs
is asked for the names that stand in this file and for no other.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from typing import Final

from rag.core.errors import CharactersRefused
from rag.ingestion.loading.encoding_detection import BINARY, likeliest, strictly, without_mark
from rag.ingestion.loading.encoding_labels import encoding_of

# UTF-32's first: its little endian mark begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What the standard calls an encoding, where Python has its decoder under another name.
_DECODERS: Final = {
    "iso-8859-8-i": "iso-8859-8",
    "macintosh": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
    "windows-874": "cp874",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "x-user-defined": "latin-1",
}
# In what a page says of itself these mean others, as the standard has it: it was read up to there as ASCII.
_IN_MARKUP: Final = {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}
_USER_DEFINED: Final = {byte: 0xF700 + byte for byte in range(0x80, 0x100)}

_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
_TERMINAL: Final = re.compile("\x1b\\[[0-9;?]{0,40}[A-Za-z]")
# By these an encoding that the standard refuses leaves ASCII.
_SHIFTS: Final = re.compile(rb"\x1b\$|~\{")
_STRAY: Final = re.compile("[\udc80-\udcff]")
# By this Japanese mail does: no other text holds it.
_JAPANESE_SHIFT: Final = re.compile(rb"\x1b\$[@B][!-~]{2}")
# Letters of several bytes that such a text has at least, and twice as many as others.
_FEWEST: Final = 2
_SAMPLE: Final = 1 << 16
# So many letters of several bytes are UTF-8 by chance in no text of another encoding.
_BEYOND_CHANCE: Final = 6
# The share of letters that may be wrong in what a label stands for.
_FAULTS: Final = 0.01

_HEAD: Final = 4096
_DECLARATION: Final = re.compile(rb"\s{0,100}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})")
_META: Final = re.compile(rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)


def decode(data: bytes, label: str | None = None, *, name: str = "", markup: bool = False) -> str | None:
    """The bytes as text with "\\n" line ends, or None where they are no text.

    Args:
        label: what a server called the characters. Labels that the standard does not know count for nothing.
        name: what the document is called, for the error.
        markup: whether what HTML or XML says of itself counts after the label.

    Raises:
        CharactersRefused: it is written in an encoding that the standard refuses.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _clean(_decoded(data[len(mark) :], encoding))
    wide = without_mark(data[:_SAMPLE])
    if wide is not None:
        return _clean(_decoded(data, wide))
    if BINARY.search(data[:_SAMPLE]):
        return None
    plain = strictly(data, "utf-8")
    if plain is not None and _several_bytes(data[:_SAMPLE]) >= _BEYOND_CHANCE:
        return _clean(plain)
    for encoding in _stated(data, label, markup):
        if encoding == "windows-1252" and plain is not None and not data.isascii():
            break  # a Western text is UTF-8 throughout by no chance; to many programs that label is only the usual one
        if encoding == "replacement" and _SHIFTS.search(data):
            raise CharactersRefused(name=name)
        text = _as_labelled(data, encoding, plain)
        if text is not None:
            return _clean(text)
    if plain is not None and _JAPANESE_SHIFT.search(data[:_SAMPLE]) and data.isascii():
        return _clean(_decoded(data, "iso2022_jp"))
    if plain is None:
        plain = _with_strays(data)
    return _clean(plain if plain is not None else _decoded(data, likeliest(data[:_SAMPLE])))


def declared(data: bytes) -> str | None:
    """What HTML or XML calls its own characters, as it stands there; comments say nothing."""
    head = b"".join(part.partition(b"-->")[2] if i else part for i, part in enumerate(data[:_HEAD].split(b"<!--")))
    found = _DECLARATION.match(head) or _META.search(head)
    return found[1].decode("ascii") if found else None


def _stated(data: bytes, label: str | None, markup: bool) -> Iterable[str]:
    """The encodings that are named, the server's word first."""
    if label and (encoding := encoding_of(label)):
        yield encoding
    if markup and (said := declared(data)) and (encoding := encoding_of(said)):
        yield _IN_MARKUP.get(encoding, encoding)


def _as_labelled(data: bytes, encoding: str, plain: str | None) -> str | None:
    """The text in this encoding, None where it is none in it: a few letters may be wrong, as after a bad download.

    Args:
        plain: the text in UTF-8, where the bytes are that.
    """
    if encoding in ("replacement", "utf-8") or (encoding.startswith("utf-16") and plain is not None):
        return None
    text = _decoded(data, _DECODERS.get(encoding, encoding))
    if encoding == "x-user-defined":
        return text.translate(_USER_DEFINED)
    return text if text.count("\ufffd") <= _FAULTS * len(text) else None


def _with_strays(data: bytes) -> str | None:
    """UTF-8 into which some lines of a Western text were copied as they were; None where it is no such."""
    text = data.decode("utf-8", "surrogateescape")
    strays = set(map(ord, _STRAY.findall(text)))
    wrong = sum(text.count(chr(stray)) for stray in strays)
    right = len(text) - sum(map(str.isascii, text)) - wrong
    if right < _FEWEST or right <= 2 * wrong:
        return None
    return text.translate({stray: _decoded(bytes([stray - 0xDC00]), "windows-1252") for stray in strays})


def _several_bytes(sample: bytes) -> int:
    """How many letters of UTF-8 have several bytes: those that begin one."""
    return sum(map(sample.count, (bytes([first]) for first in range(0xC2, 0xF5))))


def _decoded(data: bytes, encoding: str) -> str:
    return data.decode(encoding, "footnote-whatwg")


def _as_the_standard_has_it(error: UnicodeError) -> tuple[str, int]:
    """What stands for bytes that Python's decoders do not know: control characters and a few signs, else U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.start + 2]
    if error.encoding == "gb18030" and wrong[:1] == b"\x80":
        return "€", error.start + 1
    if error.encoding == "euc_jp" and len(wrong) == 2 and min(wrong) > 0xA0:
        # Signs of the 13th row and others that only the decoder of Shift_JIS has.
        row, cell = wrong[0] - 0xA1, wrong[1] - 0xA1
        first = row // 2 + (0x81 if row < 62 else 0xC1)
        second = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)
        return bytes([first, second]).decode("cp932", "replace"), error.start + 2
    if error.encoding in ("charmap", "cp874") and wrong[0] < 0xA0:
        return chr(wrong[0]), error.start + 1
    return "\ufffd", error.end


codecs.register_error("footnote-whatwg", _as_the_standard_has_it)


def _clean(text: str) -> str:
    if "\x1b" in text:  # colours and the like, for a terminal
        text = _TERMINAL.sub("", text)
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
