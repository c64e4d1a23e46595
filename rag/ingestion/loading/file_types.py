"""What kind of document some bytes are: their content decides, their name only where it is silent."""

from __future__ import annotations

import io
import re
import zipfile

from rag.core.errors import DamagedFile, EmptyFile, ProtectedFile, UnsupportedKind
from rag.core.formats import ENDINGS, FORMATS, Kind, promised

# Of what stands before the first tag, a comment ends where it first can.
_HTML = re.compile(
    r"\s*+(?>(?:<\?xml[^>]*+>|<!--.*?-->)\s*+)*+<(?:!doctype\s++html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_HEAD = 1 << 16
# PDFs may have something before their first bytes.
_MAGIC_WITHIN = 1024
_ZIP = b"PK\3\4"
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
    meant = promised(name)
    for format in FORMATS:
        # Some readers open a file whose head is lost; only they can tell.
        if format.magic and (format.magic in data[:_MAGIC_WITHIN] or format is meant):
            return format.kind
    members = _members(data)
    for format in FORMATS:
        if format.member and format.member in members:
            return format.kind
    if meant and meant.member and not data.startswith(_OLE):
        raise DamagedFile(name=name, expected=meant.endings[0].lstrip("."))
    if meant and meant.member and _ENCRYPTED in data:
        raise ProtectedFile(name=name)
    text = _start_as_text(data, name)
    if text is None or data.lstrip().startswith(_WRITTEN):
        raise UnsupportedKind(name=name, kinds=" ".join(ENDINGS))
    if _HTML.match(text):
        return "html"
    return meant.kind if meant else "text"


def _members(data: bytes) -> set[str]:
    """The names in a ZIP archive; none where the bytes are no such thing."""
    if not data.startswith(_ZIP):
        return set()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return set()


def _start_as_text(data: bytes, name: str) -> str | None:
    from rag.ingestion.loading.encodings import decode

    if data.startswith((_ZIP, _OLE)):
        return None
    return decode(data[:_HEAD], name=name)
