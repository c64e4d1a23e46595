"""Formats that are known by their bytes: those that are read, and by name those that are not."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from rag.core.formats import Kind

OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP: Final = (b"PK\3\4", b"PK\5\6")
_TARGET: Final = re.compile(rb'<(?:\w{1,20}:)?Relationship\s([^<>]{0,2000}?/officeDocument"[^<>]{0,2000})>')
_TO: Final = re.compile(rb'Target="/?([^"]{1,200})"')
_HEAD: Final = 4000
_NAMES: Final = 1000

# What is to be done with it: another program saves it as a newer format, its text is in a picture or in sound, or it
# is saved as PDF.
Remedy = Literal["save_as", "picture", "sound", "print"]


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """A format that is not read, by its name; what helps, and the ending to save it with."""

    name: str
    remedy: Remedy = "print"
    save_as: str = ""


_OLD_WORD: Final = KnownFormat("Word 97–2003", "save_as", ".docx")
_OLD_SLIDES: Final = KnownFormat("PowerPoint 97–2003", "save_as", ".pptx")
# The streams of old Office files by which they are known, the outermost first.
_STREAMS: Final[tuple[tuple[str, Kind | KnownFormat], ...]] = (
    ("__properties_version1.0", "outlook"),
    ("WordDocument", _OLD_WORD),
    ("PowerPoint Document", _OLD_SLIDES),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("VisioDocument", KnownFormat("Visio")),
)
_SIGNS: Final[tuple[tuple[bytes, Kind | KnownFormat], ...]] = (
    (b"%!PS", KnownFormat("PostScript")),
    (b"%!FontType", KnownFormat("PostScript")),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", KnownFormat("GIF", "picture")),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"BM", KnownFormat("BMP", "picture")),
    (b"ID3", KnownFormat("MP3", "sound")),
    (b"\xff\xfb", KnownFormat("MP3", "sound")),
    (b"OggS", KnownFormat("Ogg", "sound")),
    (b"fLaC", KnownFormat("FLAC", "sound")),
    (b"\x1aE\xdf\xa3", KnownFormat("WebM", "sound")),
    (b"\x1f\x8b", KnownFormat("GZIP", "save_as", ".zip")),
    (b"7z\xbc\xaf", KnownFormat("7-Zip", "save_as", ".zip")),
    (b"Rar!", KnownFormat("RAR", "save_as", ".zip")),
    (b"\xffWPC", KnownFormat("WordPerfect", "save_as", ".docx")),
    (b"AT&TFORM", KnownFormat("DjVu")),
    (b"SQLite format 3", KnownFormat("SQLite")),
    (b"AC10", KnownFormat("AutoCAD")),
)
# In files that begin with the name of their container, what stands at the eighth byte tells more.
_CONTAINERS: Final[tuple[tuple[bytes, bytes, Kind | KnownFormat], ...]] = (
    (b"RIFF", b"WEBP", "webp"),
    (b"RIFF", b"WAVE", KnownFormat("WAV", "sound")),
    (b"RIFF", b"AVI ", KnownFormat("AVI", "sound")),
)
_MOVIE: Final = KnownFormat("MP4", "sound")
_PHOTO: Final = KnownFormat("HEIC", "picture")
_MAIN_PARTS: Final = {"word/document.xml": "word", "xl/workbook.xml": "excel", "ppt/presentation.xml": "powerpoint"}
_MAIN_TYPES: Final = {b"wordprocessingml": "word", b"spreadsheetml": "excel", b"presentationml": "powerpoint"}
_MEDIA: Final = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/epub+zip": "epub",
}
_PARTS: Final = (
    ("xl/workbook.bin", KnownFormat("Excel (binary)", "save_as", ".xlsx")),
    ("index/document.iwa", KnownFormat("Apple iWork")),
    ("visio/document.xml", KnownFormat("Visio")),
    ("content.xml", KnownFormat("OpenDocument")),
)
_UNPACKING: Final = (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError, EOFError, zlib.error)


def known_by_content(data: bytes) -> Kind | KnownFormat | None:
    """The kind of bytes that are no text where it is read, else the format's name; None where neither is known."""
    if data.startswith(OLE):
        return _in_streams(data)
    if data.startswith(ZIP):
        return _in_archive(data)
    if data.lstrip(b" \t\r\n\xef\xbb\xbf")[:6].startswith(b"{\\rtf"):
        return "rtf"
    return _by_sign(data)


def _by_sign(data: bytes) -> Kind | KnownFormat | None:
    start = data[:64].lstrip()
    for sign, mark, kind in _CONTAINERS:
        if data.startswith(sign) and data[8:12] == mark:
            return kind
    if data[4:8] == b"ftyp":
        return _PHOTO if data[8:12] in (b"heic", b"heix", b"mif1", b"avif") else _MOVIE
    # Two letters alone may begin a text.
    signs = ((sign, kind) for sign, kind in _SIGNS if len(sign) > 2 or b"\0" in data[:64])
    return next((kind for sign, kind in signs if start.startswith(sign)), None)


def _in_streams(data: bytes) -> Kind | KnownFormat | None:
    """By the streams that the file's own listing names; by their names alone where the listing is damaged."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as opened:
            names = {entry[0].lower() for entry in opened.listdir()}
    except Exception:  # noqa: BLE001 - it raises anything on damaged files
        names = set()
    return next(
        (
            kind
            for stream, kind in _STREAMS
            if stream.lower() in names or (not names and stream.encode("utf-16-le") in data)
        ),
        None,
    )


def _in_archive(data: bytes) -> Kind | KnownFormat | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.namelist()
            names = {name.lower().replace("\\", "/").lstrip("/"): name for name in reversed(listed[:_NAMES])}
            return _main_kind(archive, names) or next(
                (kind for part, kind in _PARTS if any(name.startswith(part) for name in names)), "zip"
            )
    except _UNPACKING:
        return None


def _main_kind(archive: zipfile.ZipFile, names: dict[str, str]) -> Kind | None:
    """By what the archive says it is, or by the part that its own links name as the main one."""
    if "mimetype" in names and (
        kind := _MEDIA.get(_start(archive, names["mimetype"]).strip().removesuffix(b"-template"))
    ):
        return kind
    if "meta-inf/container.xml" in names:
        return "epub"
    for part, kind in _MAIN_PARTS.items():
        if part in names:
            return kind
    links = _start(archive, names["_rels/.rels"], 1 << 16) if "_rels/.rels" in names else b""
    for link in _TARGET.finditer(links):
        target = _TO.search(link[1])
        main = names.get(target[1].decode("utf-8", "replace").lower()) if target else None
        head = _start(archive, main) if main else b""
        for sign, kind in _MAIN_TYPES.items():
            if sign in head:
                return kind
    return None


def _start(archive: zipfile.ZipFile, part: str, size: int = _HEAD) -> bytes:
    with archive.open(part) as content:
        return content.read(size)
