"""Books (EPUB): the chapters in their order, read as web pages are, but for what only leads to others."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from lxml import etree  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, NoWords, ProtectedFile
from rag.core.types import LoadedDocument
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.office_package import check_sizes, parsed
from rag.ingestion.loading.text_flow import TextFlow
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of
from rag.ingestion.loading.web import soup_of
from rag.ingestion.loading.web_styles import Styles
from rag.ingestion.loading.web_text import render

_CHAPTERS: Final = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_DATES: Final = ("modified", "date")
# How fonts are hidden from those who would copy them; what is hidden otherwise is sold with a lock.
_FONTS: Final = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A book.

    Raises:
        DamagedFile: it is no book inside.
        TooLarge: unpacked, it is more than the limits for archives allow.
        ProtectedFile: it has a lock.
        NoWords: no chapter holds a word.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [entry for entry in archive.infolist() if not entry.filename.lower().endswith(_UNREAD)]
            check_sizes(parts, name)
            book = _Book(archive)
            if book.locked():
                raise ProtectedFile(name=name)
            flow = TextFlow()
            chapters = list(book.chapters())
            for number, chapter in enumerate(chapters, 1):
                soup = soup_of(decode(chapter, markup=True) or "")
                flow.written(render(soup.body or soup, Styles(soup)))
                options.on_progress(number, len(chapters))
    except (zipfile.BadZipFile, KeyError, OSError, NotImplementedError, zlib.error) as error:
        raise DamagedFile(name=name, expected="epub") from error
    except (etree.LxmlError, RuntimeError, EOFError, ValueError, AttributeError) as error:
        raise DamagedFile(name=name, expected="epub") from error
    written = flow.finish()
    if not written.text.strip():
        raise NoWords(name=name)
    document = in_parts(name, title_of(book.said("title"), name), options.kind, written)
    return LoadedDocument(
        name, document.title, options.kind, document.pages, warnings=document.warnings, date=book.date
    )


_UNREAD: Final = (".jpg", ".jpeg", ".png", ".gif", ".svg", ".ttf", ".otf", ".woff", ".woff2", ".mp3", ".mp4", ".css")


class _Book:
    """The list of a book's parts."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        container = parsed(archive.read("META-INF/container.xml"))
        self._path = next(root.get("full-path", "") for root in container.iter("{*}rootfile"))
        self._listing: Any = parsed(archive.read(self._path))

    def locked(self) -> bool:
        if "META-INF/encryption.xml" not in self._archive.namelist():
            return False
        root = parsed(self._archive.read("META-INF/encryption.xml"))
        ways = [way.get("Algorithm", "").encode() for way in root.iter("{*}EncryptionMethod")]
        return any(way not in _FONTS for way in ways)

    def chapters(self) -> Iterator[bytes]:
        """The chapters as the book has them read, those beside the line at the end."""
        items = {item.get("id", ""): item for item in self._listing.iter("{*}item")}
        spine = list(self._listing.iter("{*}itemref"))
        names = set(self._archive.namelist())
        for entry in sorted(spine, key=lambda one: one.get("linear") == "no"):
            item = items.get(entry.get("idref", ""))
            if item is None or item.get("media-type") not in _CHAPTERS or "nav" in item.get("properties", "").split():
                continue
            path = posixpath.normpath(posixpath.join(posixpath.dirname(self._path), unquote(item.get("href", ""))))
            if path in names:
                yield self._archive.read(path)

    def said(self, what: str) -> str:
        found = next(self._listing.iter(f"{{http://purl.org/dc/elements/1.1/}}{what}"), None)
        return (found.text or "") if found is not None else ""

    @property
    def date(self) -> str:
        return iso_date(self.said("date"))
