"""What kind of document some bytes are: their content decides, their name only where it is silent."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from rag.core.errors import DamagedFile, EmptyFile, OtherFormat, ProtectedFile, UnsupportedKind
from rag.core.formats import ENDINGS, Kind, promised
from rag.ingestion.loading.file_formats import OLE, ZIP, is_word, other_format

# Of what stands before the first tag, a comment ends where it first can.
_HTML = re.compile(
    r"\s*+(?>(?:<\?xml[^>]*+>|<!--.*?-->)\s*+)*+<(?:!doctype\s++html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HEAD: Final = 1 << 16
# What an encrypted Word file holds in place of its parts.
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_OFFICE: Final = frozenset({".xlsx", ".xlsm", ".xls", ".pptx", ".pptm", ".ppt"})
# A Word file as one XML file.
_FLAT: Final = b"http://schemas.microsoft.com/office/2006/xmlPackage"
_FLAT_WORD: Final = b"wordprocessingml"


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a document, by its content first.

    Raises:
        EmptyFile: there is nothing.
        DamagedFile: the name promises a PDF or Word file, and the bytes are none.
        ProtectedFile: a Word file that only its password opens.
        OtherFormat: they are of a format that is not read, whatever the name says.
        UnsupportedKind: they are something else.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise EmptyFile(name=name)
    suffix = PurePosixPath(name.lower()).suffix
    named = promised(name)
    meant = named.kind if named else None
    if _is_pdf(data, meant):
        return "pdf"
    if data.startswith(ZIP) and is_word(data):
        return "word"
    if data.startswith(OLE) and _ENCRYPTED in data and suffix not in _OFFICE:
        raise ProtectedFile(name=name)
    text = None if data.startswith((ZIP, OLE)) else _start_as_text(data, name)
    _refuse_other(data, name, meant)
    if text is not None and _FLAT in data[:_HEAD] and _FLAT_WORD in data:
        return "word"
    if text is not None and (_HTML.match(text) or _is_saved_page(data)):
        return "html"
    if meant == "pdf":
        return "pdf"  # some readers open a PDF whose head is lost; only they can tell
    if meant == "word":
        raise DamagedFile(name=name, expected="docx")
    if text is None:
        raise UnsupportedKind(name=name, kinds=" ".join(ENDINGS))
    return meant or "text"


def _is_pdf(data: bytes, meant: Kind | None) -> bool:
    """A text that only speaks of the mark of a PDF is none."""
    named = meant is not None and meant not in ("pdf", "word")
    return data.lstrip().startswith(b"%PDF") if named else b"%PDF" in data[:1024]


def _refuse_other(data: bytes, name: str, meant: Kind | None) -> None:
    """Say which format it is where the name says another."""
    other = other_format(data)
    if other is None or (meant == "pdf" and other.name == "ZIP"):
        return
    if other.is_named(name) and meant is None:
        raise UnsupportedKind(name=name, kinds=" ".join(ENDINGS))
    if meant == "word" and other.name == "ZIP":
        raise DamagedFile(name=name, expected="docx")
    raise OtherFormat(name=name, format=other.name)


def _is_saved_page(data: bytes) -> bool:
    from rag.ingestion.loading.mime_pages import is_page

    return is_page(data)


def _start_as_text(data: bytes, name: str) -> str | None:
    from rag.ingestion.loading.encodings import decode

    return decode(data[:_HEAD], name=name)
