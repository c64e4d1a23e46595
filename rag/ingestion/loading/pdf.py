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
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from rag.core.errors import DamagedFile, NoText, PasswordNeeded, TooManyPages, WrongPassword
from rag.core.tables import Table
from rag.core.types import Heading, LeftOut, LoadedDocument, Page
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.hyphens import Words
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.pdf_continued import continued
from rag.ingestion.loading.pdf_forms import open_page, prepare
from rag.ingestion.loading.pdf_headings import Bookmark, headings_of
from rag.ingestion.loading.running_heads import running_heads
from rag.ingestion.loading.shown_lines import plain_lines
from rag.ingestion.loading.table_notes import with_surroundings
from rag.ingestion.loading.textlayer import Gone, PageLayout, PlacedText, page_layout, place, read_page, tidy
from rag.ingestion.loading.titles import title_of
from rag.ingestion.loading.unread import is_stamp

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


def read_pdf(
    data: bytes,
    name: str,
    password: str | None = None,
    max_pages: int = 2000,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> LoadedDocument:
    """The pages of a PDF, numbered from 1, with their printed labels and headings.

    `on_progress` hears of each page read: (done, in all).

    Raises:
        DamagedFile: neither reader finds a page in it.
        PasswordNeeded, WrongPassword: it is encrypted and does not open.
        TooManyPages: it has more than `max_pages`.
        NoText: no page holds any text; it was scanned, for instance.
    """
    first, locked = _open(data, password)
    second = _Second(data, password)
    total = len(first) if first else 0
    total = total or second.count
    if not total and (locked or second.locked):
        raise WrongPassword(name=name) if password else PasswordNeeded(name=name)
    if not total:
        raise DamagedFile(name=name, expected="pdf")
    if total > max_pages:
        raise TooManyPages(name=name, pages=total, limit=max_pages)
    layouts: list[PageLayout] = []
    for layout in _layouts(first, second, total):
        layouts.append(layout)
        on_progress(len(layouts), total)
    pages = _pages(layouts, second, second.labels(total))
    empty = tuple(page.number for page in pages if not page.text)
    if all(not page.text or page.unread for page in pages):
        raise NoText(name=name, pages=f"1–{total}" if total > 1 else "1")
    return LoadedDocument(name, title_of(second.title(), name), "pdf", pages, empty_pages=empty, date=second.date())


def _pages(layouts: list[PageLayout], second: _Second, labels: list[str]) -> tuple[Page, ...]:
    """The pages without what is drawn again on each of them."""
    heads = running_heads([layout.lines for layout in layouts], labels)
    words = Words(line.text for layout in layouts for line in layout.lines)
    placed: list[PlacedText] = []
    for layout, dropped in zip(layouts, heads, strict=True):
        kept = [line for line in layout.lines if id(line) not in dropped]
        if layout.pictured and is_stamp(kept):
            layout.unread = "picture"
        if kept or layout.unread:  # else nothing but them stands on the page
            layout.left_out += [
                Gone("repeated", line.text, line.indices[0]) for line in layout.lines if id(line) in dropped
            ]
            layout.lines = kept
        placed.append(place(layout.lines, words))
    found = headings_of(placed, second.outline())
    held = [one.tables(layout.tables) for one, layout in zip(placed, layouts, strict=True)]
    tables = continued([one.text for one in placed], held)
    return tuple(map(_page, count(1), labels, layouts, placed, zip(found, tables, strict=True)))


_Found = tuple[list[Heading], tuple[Table, ...]]


def _page(number: int, label: str, layout: PageLayout, placed: PlacedText, found: _Found) -> Page:
    left_out = tuple(LeftOut(gone.why, gone.text, placed.place_of(gone.index)) for gone in layout.left_out)
    tables = with_surroundings(placed.text, found[1])
    return Page(number, label, placed.text, tuple(found[0]), tables, left_out, layout.unread)


def _open(data: bytes, password: str | None) -> tuple[pdfium.PdfDocument | None, bool]:
    """The document as pdfium opens it, or None; and whether a password stood in the way."""
    try:
        with LOCK:
            document = pdfium.PdfDocument(data, password=password)
            prepare(document)
            return document, False
    except pdfium.PdfiumError as error:
        return None, error.err_code == pdfium_c.FPDF_ERR_PASSWORD


def _layouts(first: pdfium.PdfDocument | None, second: _Second, count: int) -> Iterator[PageLayout]:
    """What stands on each page; pypdf's text where pdfium finds none."""
    layers = second.has_layers()
    for number in range(count):
        layout = _layout(first, number, layers=layers) if first else PageLayout([])
        if not layout.lines and not layout.left_out and (text := second.text(number)):
            layout = PageLayout(plain_lines(text), unread=layout.unread)
        yield layout
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


def _layout(document: pdfium.PdfDocument, number: int, *, layers: bool) -> PageLayout:
    try:
        with LOCK, open_page(document, number) as (page, fields), upright_text(page) as textpage:
            return page_layout(textpage, fields, layers=layers)
    except pdfium.PdfiumError:
        return PageLayout([])


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

    def date(self) -> str:
        """When it was made, else when it was last changed; empty where neither is said."""
        try:
            said: Any = (self._reader.metadata if self.count else None) or {}
            return iso_date(said.get("/CreationDate")) or iso_date(said.get("/ModDate"))
        except _PYPDF_FAILS:
            return ""

    def has_layers(self) -> bool:
        """Whether the document has layers that can be off."""
        try:
            return bool(self.count) and "/OCProperties" in self._reader.root_object
        except _PYPDF_FAILS:
            return False

    def labels(self, count: int) -> list[str]:
        """What is printed on the pages; their numbers where nothing is."""
        numbers = [str(number) for number in range(1, count + 1)]
        try:
            labels = self._reader.page_labels if self.count == count else numbers
        except _PYPDF_FAILS:
            return numbers
        return [tidy(label)[:20] or number for label, number in zip(labels, numbers, strict=True)]

    def outline(self) -> list[Bookmark]:
        """The bookmarks in order."""
        try:
            return list(self._bookmarks(self._reader.outline, 1)) if self.count else []
        except _PYPDF_FAILS:
            return []

    def _bookmarks(self, entries: list[Any], level: int) -> Iterator[Bookmark]:
        for entry in entries:
            if isinstance(entry, list):
                yield from self._bookmarks(entry, level + 1)
                continue
            page = self._reader.get_destination_page_number(entry)
            title = tidy(str(entry.title)).replace("\n", " ")
            if page is not None and title:
                yield Bookmark(page, title, level)


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_pdf(data, name, options.password, options.max_pages, options.on_progress)
