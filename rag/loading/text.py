"""Plain text and Markdown become pages; whose bytes are text at all is decided here."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from charset_normalizer import from_bytes

from rag.errors import NoText
from rag.loading.names import title_of
from rag.types import Heading, Kind, LoadedDocument, Page

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text holds, whatever its encoding; tab, line and page breaks are none.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff\ud800-\udfff]")
_SAMPLE = 1 << 16

# Pictures written into the text; nobody reads them or asks about them.
_EMBEDDED = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]{40,}")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_ATX = re.compile(r" {0,3}#{1,6}[ \t]++(.+)")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")


def read_text(data: bytes, name: str, kind: Kind = "text", charset: str | None = None) -> LoadedDocument:
    """A text file as one page; in Markdown, headings are noted at their places.

    Raises:
        NoText: it holds white space only.
    """
    text = _EMBEDDED.sub("data:", decode(data, charset) or "")
    if not text.strip():
        raise NoText(name=name, pages="1")
    headings = tuple(_markdown_headings(text)) if kind == "markdown" else ()
    title = title_of(headings[0].title if headings else "", name)
    return LoadedDocument(name, title, kind, (Page(1, "1", text, headings),))


def decode(data: bytes, charset: str | None = None) -> str | None:
    """The bytes as text with "\\n" line ends, or None where they are no text.

    Looked at in order: a byte order mark, `charset` (what a server stated), UTF-8, and then
    what the bytes look like, Chinese in GB18030 before the rest.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _clean(data.decode(encoding, errors="replace"))
    if _looks_utf16(data):
        return _clean(data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace"))
    if _BINARY.search(data[:_SAMPLE]):
        return None
    for encoding in filter(None, (charset, "utf-8")):
        try:
            return _clean(data.decode(encoding))
        except (LookupError, UnicodeDecodeError):
            continue
    return _guess(data)


def _guess(data: bytes) -> str | None:
    try:
        chinese = data.decode("gb18030")
    except UnicodeDecodeError:
        chinese = ""
    # Western text in an old encoding often decodes as GB18030 too, into rare characters.
    foreign = [character for character in chinese if ord(character) > 127]
    common = sum("\u4e00" <= c <= "\u9fa5" or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uff5e" for c in foreign)
    if foreign and common > 0.9 * len(foreign) and common > 0.3 * len(chinese):
        return _clean(chinese)
    best = from_bytes(data[:_SAMPLE]).best()
    encoding = best.encoding if best else "cp1252"
    return _clean(data.decode(encoding, errors="replace"))


def _looks_utf16(data: bytes) -> bool:
    """Latin text in UTF-16 without a mark: nearly every other byte is zero, and no more."""
    head = data[:400]
    pairs = len(head) // 2
    return pairs > 4 and max(head[::2].count(0), head[1::2].count(0)) > 0.8 * pairs and data.count(0) < 0.6 * len(data)


def _clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _without_closing(title: str) -> str:
    """A heading's words without the number signs that may close it."""
    return title.rstrip(" \t").rstrip("#").rstrip(" \t")


def _markdown_headings(text: str) -> Iterator[Heading]:
    fenced = False
    start, above = 0, ""
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            if (atx := _ATX.match(line)) and (title := _without_closing(atx.group(1))):
                yield Heading(start, title)
            elif above.strip() and _SETEXT.match(line) and not above.lstrip().startswith(("|", "-", "*", ">", "#")):
                yield Heading(start - len(above) - 1, above.strip())
        above = line
        start += len(line) + 1
