"""PDF bytes become pages: text by pdfium, facts about the document by pypdf.

pdfium reads text some twenty times faster and keeps table rows on one line. pypdf knows the
title, the printed page labels and the outline, and is asked again for every page on which
pdfium finds no text, and for files that pdfium does not open at all.
"""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from rag.core.errors import DamagedFile, NoText, PasswordNeeded, TooManyPages, WrongPassword
from rag.core.text import find_words
from rag.core.types import Heading, LoadedDocument, Page
from rag.ingestion.loading.pdf_continued import continued
from rag.ingestion.loading.pdf_table_text import FoundTable
from rag.ingestion.loading.table_notes import with_surroundings
from rag.ingestion.loading.textlayer import headings, read_layout, read_page, tidy
from rag.ingestion.loading.titles import title_of

__all__ = ["LOCK", "read_page", "read_pdf"]

# Two threads in pdfium at once end the process. Whoever opens a document holds this until it is closed.
LOCK = threading.RLock()

# What pypdf raises on damaged files, beside its own errors. It is the second reader: whatever
# becomes of it, the text that pdfium found is kept.
_PYPDF_FAILS = (
    PyPdfError,
    DependencyError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
_REPEATED = 0.3


def read_pdf(
    data: bytes,
    name: str,
    password: str | None = None,
    max_pages: int = 2000,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> LoadedDocument:
    """The pages of a PDF, numbered from 1, with their printed labels and headings.

    `told` hears of each page read: (done, in all).

    Raises:
        DamagedFile: neither reader finds a page in it.
        PasswordNeeded, WrongPassword: it is encrypted and does not open.
        TooManyPages: it has more than `max_pages`.
        NoText: no page holds any text; it was scanned, for instance.
    """
    first, locked = _open(data, password)
    second = _Second(data, password)
    count = len(first) if first else 0
    count = count or second.count
    if not count and (locked or second.locked):
        raise WrongPassword(name=name) if password else PasswordNeeded(name=name)
    if not count:
        raise DamagedFile(name=name, expected="pdf")
    if count > max_pages:
        raise TooManyPages(name=name, pages=count, limit=max_pages)
    texts: list[tuple[str, list[Heading], list[FoundTable]]] = []
    for text in _texts(first, second, count):
        texts.append(text)
        told(len(texts), count)
    empty = tuple(number for number, (text, *_) in enumerate(texts, 1) if not text)
    if len(empty) == count:
        raise NoText(name=name, pages=f"1–{count}" if count > 1 else "1")
    labels = second.labels(count)
    words = [text for text, *_ in texts]
    found = _outlined(second.outline(), words) or _unrepeated([lines for _, lines, _ in texts])
    tables = continued(words, [held for *_, held in texts])
    pages = tuple(
        Page(number, label, text, tuple(places), with_surroundings(text, held))
        for number, (label, text, places, held) in enumerate(zip(labels, words, found, tables, strict=True), 1)
    )
    return LoadedDocument(name, title_of(second.title(), name), "pdf", pages, empty_pages=empty)


def _open(data: bytes, password: str | None) -> tuple[pdfium.PdfDocument | None, bool]:
    """The document as pdfium opens it, or None; and whether a password stood in the way."""
    try:
        with LOCK:
            return pdfium.PdfDocument(data, password=password), False
    except pdfium.PdfiumError as error:
        return None, error.err_code == pdfium_c.FPDF_ERR_PASSWORD


def _texts(
    first: pdfium.PdfDocument | None, second: _Second, count: int
) -> Iterator[tuple[str, list[Heading], list[FoundTable]]]:
    """Text and large lines of each page; pypdf's text where pdfium finds none."""
    for number in range(count):
        text, lines, tables = _page(first, number) if first else ("", [], [])
        yield (text, lines, tables) if text.strip() else (second.text(number), [], [])
    if first:
        with LOCK:
            first.close()


@contextmanager
def upright_text(page: pdfium.PdfPage) -> Iterator[pdfium.PdfTextPage]:
    """The page's text in reading order. Turned pages are turned back meanwhile: pdfium puts the words of
    pages that stand on their heads in a wrong order."""
    turned = page.get_rotation()
    page.set_rotation(0)
    try:
        with closing(page.get_textpage()) as textpage:
            yield textpage
    finally:
        page.set_rotation(turned)


def _page(document: pdfium.PdfDocument, number: int) -> tuple[str, list[Heading], list[FoundTable]]:
    try:
        with LOCK, closing(document[number]) as page, upright_text(page) as textpage:
            text, indices, tables = read_layout(textpage)
            return text, headings(textpage, text, indices, [one.table for one in tables]), tables
    except pdfium.PdfiumError:
        return "", [], []


class _Second:
    """The document as pypdf reads it: every answer has a harmless value where pypdf fails."""

    def __init__(self, data: bytes, password: str | None) -> None:
        self.locked = False
        self.count = 0
        try:
            self._reader = PdfReader(io.BytesIO(data))
            if self._reader.is_encrypted:
                self.locked = self._reader.decrypt(password or "") == PasswordType.NOT_DECRYPTED
            self.count = 0 if self.locked else len(self._reader.pages)
        except _PYPDF_FAILS:
            self.count = 0

    def text(self, number: int) -> str:
        """The text of the page at `number`, counted from 0; empty where there is none."""
        try:
            return tidy(self._reader.pages[number].extract_text()) if number < self.count else ""
        except _PYPDF_FAILS:
            return ""

    def title(self) -> str:
        try:
            return str(self._reader.metadata.title or "") if self.count and self._reader.metadata else ""
        except _PYPDF_FAILS:
            return ""

    def labels(self, count: int) -> list[str]:
        """What is printed on the pages; their numbers where nothing is."""
        numbers = [str(number) for number in range(1, count + 1)]
        try:
            labels = self._reader.page_labels if self.count == count else numbers
        except _PYPDF_FAILS:
            return numbers
        return [tidy(label)[:20] or number for label, number in zip(labels, numbers, strict=True)]

    def outline(self) -> list[tuple[int, str]]:
        """The bookmarks in order, as (page counted from 0, title)."""
        try:
            return list(self._bookmarks(self._reader.outline)) if self.count else []
        except _PYPDF_FAILS:
            return []

    def _bookmarks(self, entries: list[Any]) -> Iterator[tuple[int, str]]:
        for entry in entries:
            if isinstance(entry, list):
                yield from self._bookmarks(entry)
                continue
            page = self._reader.get_destination_page_number(entry)
            title = tidy(str(entry.title)).replace("\n", " ")
            if page is not None and title:
                yield page, title


def _outlined(outline: list[tuple[int, str]], texts: list[str]) -> list[list[Heading]]:
    """The bookmarks at the places where their words stand on the page, or at its top."""
    found: list[list[Heading]] = [[] for _ in texts]
    for page, title in outline:
        if 0 <= page < len(texts) and texts[page]:
            place = find_words(texts[page], title, any_case=True)
            found[page].append(Heading(place[0] if place else 0, title))
    for places in found:
        places.sort(key=lambda heading: heading.start)
    return found if any(found) else []


def _unrepeated(found: list[list[Heading]]) -> list[list[Heading]]:
    """Without the running heads: lines that stand on a good part of the pages head nothing."""
    times = Counter(title for page in found for title in {heading.title for heading in page})
    limit = max(3, _REPEATED * len(found))
    return [[heading for heading in page if times[heading.title] < limit] for page in found]
