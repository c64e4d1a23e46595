"""What kind of document some bytes are: their content decides, their name only where it is silent."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath

from rag.core.errors import DamagedFile, EmptyFile, ProtectedFile, UnsupportedKind
from rag.core.types import Kind

# The endings of file names that are read, and what they promise.
ENDINGS: dict[str, Kind] = {
    ".pdf": "pdf",
    ".docx": "word",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
}
KINDS = tuple(ENDINGS)

# Of what stands before the first tag, a comment ends where it first can.
_HTML = re.compile(
    r"\s*+(?>(?:<\?xml[^>]*+>|<!--.*?-->)\s*+)*+<(?:!doctype\s++html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HEAD = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What an encrypted Word file holds in place of its parts.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Formats that are written in letters and yet are no text to read.
_WRITTEN = (b"{\\rtf", b"%!PS", b"%!FontType")


def kind_of(data: bytes, name: str) -> Kind:
    """The kind of a document, by its content first.

    Raises:
        EmptyFile: there is nothing.
        DamagedFile: the name promises a PDF or Word file, and the bytes are none.
        ProtectedFile: a Word file that only its password opens.
        UnsupportedKind: they are something else.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise EmptyFile(name=name)
    promised = ENDINGS.get(PurePosixPath(name.lower()).suffix)
    if b"%PDF" in data[:1024] or promised == "pdf":
        return "pdf"  # some readers open a PDF whose head is lost; only they can tell
    if data.startswith(b"PK\3\4") and _is_word(data):
        return "word"
    if promised == "word" and not data.startswith(_OLE):
        raise DamagedFile(name=name, expected="docx")
    if promised == "word" and _ENCRYPTED in data:
        raise ProtectedFile(name=name)
    text = _start_as_text(data, name)
    if text is None or data.lstrip().startswith(_WRITTEN):
        raise UnsupportedKind(name=name, kinds=" ".join(KINDS))
    if _HTML.match(text) or promised == "html":
        return "html"
    return promised or "text"


def _is_word(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "word/document.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return False


def _start_as_text(data: bytes, name: str) -> str | None:
    from rag.ingestion.loading.encodings import decode

    if data.startswith((b"PK\3\4", _OLE)):
        return None
    return decode(data[:_HEAD], name=name)
