"""The parts of a Word, Excel or PowerPoint file, wherever the program that wrote it put them, in the names of ordinary
files: the strict form of the standard is read too, and Word's as one XML file (Flat OPC).
"""

from __future__ import annotations

import base64
import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, TooLarge
from rag.ingestion.loading.encoding_labels import encoding_of
from rag.ingestion.loading.encodings import declared

A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DIAGRAM: Final = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_RELATIONSHIP: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_FLAT: Final = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_CORE: Final = "/core-properties"
_TITLE: Final = "{http://purl.org/dc/elements/1.1/}title"
_MODIFIED: Final = "{http://purl.org/dc/terms/}modified"
_CREATED: Final = "{http://purl.org/dc/terms/}created"
_STRICT: Final = "http://purl.oclc.org/ooxml/"
# The names of the strict form, and those that everything here is written for.
_NAMES: Final = {
    "http://purl.oclc.org/ooxml/wordprocessingml/main": W[1:-1],
    "http://purl.oclc.org/ooxml/officeDocument/math": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": R[1:-1],
    "http://purl.oclc.org/ooxml/drawingml/main": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/presentationml/main": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "http://purl.oclc.org/ooxml/drawingml/chart": "http://schemas.openxmlformats.org/drawingml/2006/chart",
}

_ENTRIES: Final = 1000
_UNPACKED: Final = 100 * 2**20
_RATIO: Final = 100
_PACKED_BELOW: Final = 2**20
_DECLARED: Final = 400  # bytes of a part, among which is what it says of its encoding


class Package:
    """An Office file taken apart. `main` is the name of the part that holds the text, or leads to it."""

    def __init__(self, parts: dict[str, bytes], names: Sequence[str] = ()) -> None:
        self.names = names  # of all parts, those that stay packed too
        # Names of parts do not tell capitals from small letters.
        self._parts = {name.lower().lstrip("/"): content for name, content in parts.items()}
        self.main = self._main()

    def root(self, part: str) -> Any:
        """The part's XML; None where there is no such part."""
        content = self._parts.get(part.lower().lstrip("/"))
        return None if content is None else parsed(content)

    def content(self, part: str) -> bytes | None:
        return self._parts.get(part.lower().lstrip("/"))

    def related(self, part: str, type_: str) -> Iterator[str]:
        """The parts that a part is linked with in such a way."""
        for kind, target in self.links(part).values():
            if kind.endswith(type_):
                yield target

    def links(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part is linked with: by the link's id, its type and the name of the other part."""
        folder, name = posixpath.split(part.lstrip("/"))
        root = self.root(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for link in () if root is None else root.iter(_RELATIONSHIP):
            if link.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, link.get("Target", "")))
                found[link.get("Id", "")] = link.get("Type", ""), target.lstrip("/")
        return found

    def one(self, type_: str) -> Any:
        """The XML of the part of such a type that belongs to the text; None where there is none."""
        return next((root for part in self.related(self.main, type_) if (root := self.root(part)) is not None), None)

    def title(self) -> str:
        """What the file's properties call it."""
        return self._property(_TITLE)

    def date(self) -> str:
        """When it was last changed, else made, as its properties say."""
        return self._property(_MODIFIED) or self._property(_CREATED)

    def _property(self, tag: str) -> str:
        for part in self.related("", _CORE):
            root = self.root(part)
            found = None if root is None else root.find(tag)
            if found is not None and found.text:
                return str(found.text)
        return ""

    def _main(self) -> str:
        candidates = [
            *self.related("", "/officeDocument"),
            "word/document.xml",
            "xl/workbook.xml",
            "ppt/presentation.xml",
        ]
        candidates += [name for name in self._parts if name.endswith("/document.xml")]
        return next((name for name in candidates if self.content(name)), "")


def open_package(data: bytes, name: str, expected: str = "docx") -> Package:
    """The parts of the file.

    Raises:
        DamagedFile: it is no such file inside.
        TooLarge: unpacked, it is more than the limits for archives allow.
    """
    if not data.startswith(b"PK"):
        return Package(_flat_parts(data))
    check_archive(data, name, expected)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # Some programs part folders as Windows does.
        read = {e.filename.replace("\\", "/"): archive.read(e) for e in archive.infolist() if _is_read(e.filename)}
        return Package(read, [name.replace("\\", "/") for name in archive.namelist()])


def _is_read(name: str) -> bool:
    """Pictures, fonts and other files of no words stay packed."""
    return name.lower().endswith((".xml", ".rels", ".html", ".htm", ".xhtml", ".mht", ".mhtml", ".txt", ".docx"))


def check_archive(data: bytes, name: str, expected: str) -> None:
    """Refuse an archive that would unpack into far more than it seems."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) <= _ENTRIES and any(_strangely_written(archive, entry) for entry in entries):
                raise DamagedFile(name=name, expected=expected)
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, zlib.error) as error:
        raise DamagedFile(name=name, expected=expected) from error
    if len(entries) > _ENTRIES:
        raise TooLarge(name=name, limit=f"{_ENTRIES:,}")
    check_sizes([entry for entry in entries if _is_read(entry.filename)], name)


def check_sizes(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    """Refuse files that would unpack into far more than they seem.

    Raises:
        TooLarge: there are too many, or they are too large together, or one is packed too well.
    """
    if len(entries) > _ENTRIES:
        raise TooLarge(name=name, limit=f"{_ENTRIES:,}")
    if sum(entry.file_size for entry in entries) > _UNPACKED:
        raise TooLarge(name=name, limit=f"{_UNPACKED // 2**20} MB")
    for entry in entries:
        if entry.file_size > _PACKED_BELOW and entry.file_size > _RATIO * entry.compress_size:
            raise TooLarge(name=name, limit=f"{_RATIO}:1")


def _strangely_written(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether a part says that it is in an encoding that no standard of the web knows: libxml2 would look further."""
    if not entry.filename.endswith((".xml", ".rels")):
        return False
    with archive.open(entry) as part:
        label = declared(part.read(_DECLARED))
    return label is not None and encoding_of(label) is None


def _flat_parts(data: bytes) -> dict[str, bytes]:
    parts = {}
    for part in parsed(data).iter(f"{_FLAT}part"):
        content = b""
        inner = part.find(f"{_FLAT}xmlData")
        if inner is not None and len(inner):
            content = etree.tostring(inner[0])
        elif (binary := part.find(f"{_FLAT}binaryData")) is not None:
            content = base64.b64decode(binary.text or "")
        parts[part.get(f"{_FLAT}name", "")] = content
    return parts


def parsed(content: bytes) -> Any:
    """XML as a tree: nothing is fetched, no entity is put in."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(content, parser)
    if root.tag.startswith(f"{{{_STRICT}"):
        _rename(root)
    return root


def _rename(root: Any) -> None:
    for element in root.iter(etree.Element):
        element.tag = _named(element.tag)
        for key in [key for key in element.attrib if key.startswith(f"{{{_STRICT}")]:
            element.attrib[_named(key)] = element.attrib.pop(key)


def _named(name: str) -> str:
    space, _, local = name[1:].partition("}")
    return f"{{{_NAMES[space]}}}{local}" if name[:1] == "{" and space in _NAMES else name
