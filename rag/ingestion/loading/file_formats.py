"""Formats that are known by their first bytes and not read here, by name, and which archives are Word files."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP: Final = b"PK\3\4"
_WORD: Final = re.compile(rb"wordprocessingml/(?:2006/)?main")
_TARGET: Final = re.compile(rb'<(?:\w{1,20}:)?Relationship\s([^<>]{0,2000}?/officeDocument"[^<>]{0,2000})>')
_TO: Final = re.compile(rb'Target="/?([^"]{1,200})"')
_HEAD: Final = 4000


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """A format by its name, with the endings that its files bear."""

    name: str
    endings: tuple[str, ...]

    def is_named(self, name: str) -> bool:
        """Whether a file's name says that it is one."""
        return PurePosixPath(name.lower()).suffix in self.endings


_OLD_WORD: Final = KnownFormat("Word 97–2003", (".doc", ".dot"))
_EXCEL: Final = KnownFormat("Excel", (".xlsx", ".xlsm", ".xltx", ".xlsb"))
_POWERPOINT: Final = KnownFormat("PowerPoint", (".pptx", ".pptm", ".ppsx", ".potx"))
_ARCHIVE: Final = KnownFormat("ZIP", (".zip", ".jar", ".docx"))
# The names under which old Office files hold what they are.
_STREAMS: Final = (
    ("WordDocument", _OLD_WORD),
    ("PowerPoint Document", KnownFormat("PowerPoint 97–2003", (".ppt", ".pps", ".pot"))),
    ("Workbook", KnownFormat("Excel 97–2003", (".xls", ".xlt"))),
    ("__substg1.0_", KnownFormat("Outlook", (".msg",))),
)
_SIGNS: Final = (
    (b"{\\rtf", KnownFormat("RTF", (".rtf",))),
    (b"%!PS", KnownFormat("PostScript", (".ps", ".eps"))),
    (b"%!FontType", KnownFormat("PostScript", (".pfb", ".pfa"))),
    (b"\x89PNG\r\n", KnownFormat("PNG", (".png",))),
    (b"\xff\xd8\xff", KnownFormat("JPEG", (".jpg", ".jpeg"))),
    (b"GIF8", KnownFormat("GIF", (".gif",))),
    (b"II*\0", KnownFormat("TIFF", (".tif", ".tiff"))),
    (b"MM\0*", KnownFormat("TIFF", (".tif", ".tiff"))),
    (b"\x1f\x8b", KnownFormat("GZIP", (".gz", ".tgz"))),
    (b"7z\xbc\xaf", KnownFormat("7-Zip", (".7z",))),
    (b"Rar!", KnownFormat("RAR", (".rar",))),
    (b"\xffWPC", KnownFormat("WordPerfect", (".wpd", ".wp"))),
    (b"AT&TFORM", KnownFormat("DjVu", (".djvu", ".djv"))),
    (b"SQLite format 3", KnownFormat("SQLite", (".db", ".sqlite"))),
)
_PARTS: Final = (
    ("xl/workbook", _EXCEL),
    ("ppt/presentation", _POWERPOINT),
    ("meta-inf/container.xml", KnownFormat("EPUB", (".epub",))),
    ("content.xml", KnownFormat("OpenDocument", (".odt", ".ods", ".odp", ".ott"))),
    ("index/document.iwa", KnownFormat("Apple iWork", (".pages", ".numbers", ".key"))),
    ("visio/document.xml", KnownFormat("Visio", (".vsdx",))),
)


def other_format(data: bytes) -> KnownFormat | None:
    """The format of bytes that are not read here; None where none is known, or they are a Word file."""
    if data.startswith(OLE):
        return next((kind for stream, kind in _STREAMS if stream.encode("utf-16-le") in data), None)
    if data.startswith(ZIP):
        return _in_archive(data)
    start = data[:64].lstrip()
    return next((kind for sign, kind in _SIGNS if start.startswith(sign)), None)


def is_word(data: bytes) -> bool:
    """Whether an archive holds the text of a Word file, wherever in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {name.lower(): name for name in archive.namelist()}
            if "word/document.xml" in names:
                return True
            links = archive.read(names["_rels/.rels"]) if "_rels/.rels" in names else b""
            for link in _TARGET.finditer(links[: 1 << 16]):
                target = _TO.search(link[1])
                part = names.get(target[1].decode("utf-8", "replace").lower()) if target else None
                if part:
                    with archive.open(part) as content:
                        return _WORD.search(content.read(_HEAD)) is not None
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        return False
    return False


def _in_archive(data: bytes) -> KnownFormat | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.lower() for name in archive.namelist()[:1000]]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return None
    for part, kind in _PARTS:
        if any(name.startswith(part) for name in names):
            return kind
    return _ARCHIVE
