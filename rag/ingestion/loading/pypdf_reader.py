"""A PDF as pypdf reads it: its facts, and its text where pdfium finds none."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.pdf_headings import Bookmark
from rag.ingestion.loading.plain_characters import tidy

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


class SecondReader:
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
