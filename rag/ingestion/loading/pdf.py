"""PDF bytes become pages: text by pdfium, facts about the document by pypdf.

pdfium reads text some twenty times faster and keeps table rows on one line. pypdf knows the
title, the printed page labels and the outline, and is asked again for every page on which
pdfium finds no text, and for files that pdfium does not open at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from typing import Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rag.core.errors import DamagedFile, NoText, PasswordNeeded, TooManyPages, WrongPassword
from rag.core.tables import Table
from rag.core.types import Heading, LeftOut, LoadedDocument, Page, Recognition, Recognitions
from rag.ingestion.loading.hyphens import Words
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.ocr_layer import RecognisedLayout, recognised_layout
from rag.ingestion.loading.pdf_continued import continued
from rag.ingestion.loading.pdf_forms import open_page, prepare
from rag.ingestion.loading.pdf_headings import Bookmark, headings_of
from rag.ingestion.loading.pypdf_reader import SecondReader
from rag.ingestion.loading.running_heads import running_heads
from rag.ingestion.loading.shown_lines import plain_lines
from rag.ingestion.loading.table_notes import with_surroundings
from rag.ingestion.loading.textlayer import Gone, PageLayout, PlacedText, page_layout, place, read_page
from rag.ingestion.loading.titles import title_of
from rag.ingestion.loading.unread import is_stamp

__all__ = ["LOCK", "read_page", "read_pdf"]

_NOTHING: Final[Recognitions] = {}

# Two threads in pdfium at once end the process. Whoever opens a document holds this until it is closed.
LOCK = threading.RLock()


def read_pdf(
    data: bytes,
    name: str,
    password: str | None = None,
    max_pages: int = 2000,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    recognised: Recognitions = _NOTHING,
    *,
    seen_later: bool = False,
) -> LoadedDocument:
    """The pages of a PDF, numbered from 1, with their printed labels and headings.

    `on_progress` hears of each page read: (done, in all). Pages that were `recognised` have the text seen on them.

    Raises:
        DamagedFile: neither reader finds a page in it.
        PasswordNeeded, WrongPassword: it is encrypted and does not open.
        TooManyPages: it has more than `max_pages`.
        NoText: no page holds any text, and none is `seen_later`; it was scanned, for instance.
    """
    first, locked = _open(data, password)
    second = SecondReader(data, password)
    total = len(first) if first else 0
    total = total or second.count
    if not total and (locked or second.locked):
        raise WrongPassword(name=name) if password else PasswordNeeded(name=name)
    if not total:
        raise DamagedFile(name=name, expected="pdf")
    if total > max_pages:
        raise TooManyPages(name=name, pages=total, limit=max_pages)
    layouts: list[PageLayout] = []
    seen: list[RecognisedLayout | None] = []
    for layout in _layouts(first, second, total, recognised):
        seen.append(layout if isinstance(layout, RecognisedLayout) else None)
        layouts.append(layout.layout if isinstance(layout, RecognisedLayout) else layout)
        on_progress(len(layouts), total)
    pages = _pages(layouts, second.outline(), second.labels(total), seen)
    require_text(pages, name, seen_later=seen_later)
    return LoadedDocument(
        name, title_of(second.title(), name), "pdf", pages, empty_pages=empty_of(pages), date=second.date()
    )


def _pages(
    layouts: list[PageLayout], outline: list[Bookmark], labels: list[str], seen: Sequence[RecognisedLayout | None]
) -> tuple[Page, ...]:
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
    found = headings_of(placed, outline)
    held = [one.tables(layout.tables) for one, layout in zip(placed, layouts, strict=True)]
    tables = continued([one.text for one in placed], held)
    pages = map(_page, count(1), labels, layouts, placed, zip(found, tables, strict=True))
    return tuple(
        replace(page, words=one.words(text)) if one else page
        for page, one, text in zip(pages, seen, placed, strict=True)
    )


def recognised_pages(seen: Sequence[Recognition | None], labels: list[str]) -> tuple[Page, ...]:
    """The pages of a document that is pictures and nothing else; None where one is not recognised."""
    with LOCK:
        laid_out = [recognised_layout(one) if one else None for one in seen]
    layouts = [one.layout if one else PageLayout([], unread="picture") for one in laid_out]
    return _pages(layouts, [], labels, laid_out)


def empty_of(pages: Sequence[Page]) -> tuple[int, ...]:
    """The numbers of the pages without text."""
    return tuple(page.number for page in pages if not page.text)


def require_text(pages: Sequence[Page], name: str, *, seen_later: bool) -> None:
    """Raises NoText where no page holds any, unless recognition may still find some."""
    if not seen_later and all(not page.text or page.unread for page in pages):
        raise NoText(name=name, pages=f"1–{len(pages)}" if len(pages) > 1 else "1")


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


def _layouts(
    first: pdfium.PdfDocument | None, second: SecondReader, count: int, recognised: Recognitions
) -> Iterator[PageLayout | RecognisedLayout]:
    """What stands on each page, or what was seen on it; pypdf's text where pdfium finds none."""
    layers = second.has_layers()
    for number in range(count):
        if (seen := recognised.get(number + 1)) is not None:
            with LOCK:
                yield recognised_layout(seen)
            continue
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


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_pdf(
        data,
        name,
        options.password,
        options.max_pages,
        options.on_progress,
        options.recognised,
        seen_later=options.seen_later,
    )
