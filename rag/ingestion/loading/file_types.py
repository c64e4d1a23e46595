"""What kind of document some bytes are: their content decides, their name only where it is silent."""

from __future__ import annotations

import re
from typing import Final

from rag.core.errors import (
    DamagedFile,
    EmptyFile,
    OldFormat,
    OtherFormat,
    PictureOnly,
    ProtectedFile,
    SoundOnly,
    UnsupportedKind,
)
from rag.core.formats import NAMES, Format, Kind, promised
from rag.ingestion.loading.file_formats import OLE, ZIP, KnownFormat, known_by_content

# Of what stands before the first tag, a comment ends where it first can.
_HTML = re.compile(
    r"\s*+(?>(?:<\?xml[^>]*+>|<!--.*?-->)\s*+)*+<(?:!doctype\s++html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HEAD: Final = 1 << 16
# What an encrypted Office file holds in place of its parts.
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
# A Word file as one XML file.
_FLAT: Final = b"http://schemas.microsoft.com/office/2006/xmlPackage"
_FLAT_WORD: Final = b"wordprocessingml"


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a document, by its content first.

    Raises:
        EmptyFile: there is nothing.
        DamagedFile: the name promises a format that is no text, and the bytes are none.
        ProtectedFile: an Office file that only its password opens.
        OldFormat, PictureOnly, SoundOnly, OtherFormat: they are of a format that is not read.
        UnsupportedKind: they are something else.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise EmptyFile(name=name)
    named = promised(name)
    if _is_pdf(data, named):
        return "pdf"
    if data.startswith(OLE) and _ENCRYPTED in data:
        raise ProtectedFile(name=name)
    known = known_by_content(data)
    if isinstance(known, str) and not (known == "zip" and named and named.binary and named.kind != "zip"):
        return known
    if named and named.kind == "pdf" and data.startswith(ZIP):
        return "pdf"  # some readers open a PDF whose head is lost; only they can tell
    if isinstance(known, KnownFormat) and not (known.name == "ZIP" and named and named.binary):
        raise _not_read(known, name)
    return _by_text(data, name, named)


def _by_text(data: bytes, name: str, named: Format | None) -> Kind:
    text = None if data.startswith((*ZIP, OLE)) else _start_as_text(data, name)
    if text is not None and _FLAT in data[:_HEAD] and _FLAT_WORD in data:
        return "word"
    if text is not None and (_HTML.match(text) or ((named is None or not named.letters) and _is_saved_page(data))):
        return "html"
    if named is not None and named.binary:
        if named.kind == "pdf":
            return "pdf"
        if text is not None and named.kind == "xls":
            return "csv"  # so other programs name what only Excel is to open
        raise DamagedFile(name=name, expected=(named.saved or named.endings[0]).lstrip("."))
    if text is None:
        raise UnsupportedKind(name=name, kinds=", ".join(NAMES))
    return named.kind if named else "text"


def _is_pdf(data: bytes, named: Format | None) -> bool:
    """A text that only speaks of the mark of a PDF is none, nor is a file that holds one."""
    if named is not None and named.kind not in ("pdf", "word"):
        return data.lstrip().startswith(b"%PDF")
    return b"%PDF" in data[:1024] and not data.startswith((*ZIP, OLE))


def _not_read(known: KnownFormat, name: str) -> Exception:
    """The error that says what helps."""
    if known.remedy == "picture":
        return PictureOnly(name=name, format=known.name)
    if known.remedy == "sound":
        return SoundOnly(name=name, format=known.name)
    if known.remedy == "save_as":
        return OldFormat(name=name, format=known.name, ending=known.save_as)
    return OtherFormat(name=name, format=known.name)


def _is_saved_page(data: bytes) -> bool:
    from rag.ingestion.loading.mime_pages import is_page

    return is_page(data)


def _start_as_text(data: bytes, name: str) -> str | None:
    from rag.ingestion.loading.encodings import decode

    return decode(data[:_HEAD], name=name)
