"""Word files become text: paragraphs, lists and tables in order, headings at their places."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

from docx import Document
from docx.document import Document as DocxDocument
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from lxml.etree import LxmlError  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, NoText, TooLarge
from rag.core.tables import Table
from rag.core.types import Heading, LoadedDocument
from rag.ingestion.loading.encoding_labels import encoding_of
from rag.ingestion.loading.encodings import declared
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of
from rag.ingestion.loading.word_numbering import Numbering
from rag.ingestion.loading.word_tables import cells_of, is_layout, word_table

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Text that was deleted, moved away or stands there a second time for older programs.
_UNSEEN = {f"{_W}del", f"{_W}moveFrom", _FALLBACK}
_HEADING = re.compile(r"(heading|title|标题|überschrift|titre)\b", re.IGNORECASE)

_ENTRIES = 1000
_UNPACKED = 100 * 2**20
_RATIO = 100
_PACKED_BELOW = 2**20
_DECLARED = 400  # bytes of a part, among which is what it says of its encoding


def read_word(data: bytes, name: str) -> LoadedDocument:
    """A .docx file as text and tables.

    Raises:
        DamagedFile: it is no Word file inside.
        TooLarge: unpacked, it is more than the limits for archives allow.
        NoText: it holds no words.
    """
    check_archive(data, name)
    try:
        document = Document(io.BytesIO(data))
        text, headings, tables = _render(document)
        stated = document.core_properties.title
    except (PackageNotFoundError, LxmlError, zipfile.BadZipFile, KeyError, ValueError, AttributeError) as error:
        raise DamagedFile(name=name, expected="docx") from error
    if not text.strip():
        raise NoText(name=name, pages="1")
    title = title_of(stated or (headings[0].title if headings else ""), name)
    return in_parts(name, title, "word", text, headings, tables=tables)


def check_archive(data: bytes, name: str) -> None:
    """Refuse an archive that would unpack into far more than it seems.

    Raises:
        DamagedFile, TooLarge
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) <= _ENTRIES and any(_strangely_written(archive, entry) for entry in entries):
                raise DamagedFile(name=name, expected="docx")
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, zlib.error) as error:
        raise DamagedFile(name=name, expected="docx") from error
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > _ENTRIES or unpacked > _UNPACKED:
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


def _render(document: DocxDocument) -> tuple[str, list[Heading], list[Table]]:
    names = {style.style_id: style.name or "" for style in document.styles}
    parts: list[str] = []
    headings: list[Heading] = []
    tables: list[Table] = []
    length = 0
    numbering = Numbering(document)
    for text, style, goes_on, table in chain(_blocks(document.element.body, numbering), _notes(document, numbering)):
        if not text.strip():
            continue
        gap = "\n" if goes_on and parts else "\n\n" if parts else ""
        if _HEADING.match(names.get(style, "")):
            headings.append(Heading(length + len(gap), " ".join(text.split())))
        if table:
            tables.append(table.moved(length + len(gap)))
        parts.append(gap + text)
        length += len(gap) + len(text)
    return "".join(parts), headings, tables


def _blocks(parent: Any, numbering: Numbering) -> Iterator[tuple[str, str, bool, Table | None]]:
    """Paragraphs and tables in order, as (text, style id, whether it goes on a list, the table)."""
    listed = False
    for element in parent:
        if element.tag == f"{_W}p":
            text = _text(element)
            label = numbering.label(element) if text else ""
            yield label + text, _style(element), listed and bool(label), None
            listed = bool(label)
        elif element.tag == f"{_W}tbl" and is_layout(element):
            for cell in cells_of(element):
                yield from _blocks(cell, numbering)
        elif element.tag == f"{_W}tbl":
            written = word_table(element, lambda cell: (text for text, *_ in _blocks(cell, numbering)))
            if written:
                yield written[0], "", False, written[1]
        elif element.tag not in _UNSEEN and len(element):
            yield from _blocks(element, numbering)


def _notes(document: DocxDocument, numbering: Numbering) -> Iterator[tuple[str, str, bool, Table | None]]:
    """Footnotes and endnotes, which stand in files of their own, after everything else."""
    for link in document.part.rels.values():
        if not link.is_external and link.reltype.endswith(("/footnotes", "/endnotes")):
            for note in parse_xml(link.target_part.blob):
                if note.get(f"{_W}type") is None:  # the others draw the line above the notes
                    yield from _blocks(note, numbering)


def _style(paragraph: Any) -> str:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return "" if style is None else str(style.get(f"{_W}val", ""))


def _text(element: Any) -> str:
    """The words of a paragraph, text boxes in it on lines of their own."""
    return "".join(_pieces(element)).strip()


def _pieces(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag in _UNSEEN:
            continue
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in (f"{_W}tab", f"{_W}ptab"):
            yield "\t" if element.tag == f"{_W}r" else ""
        elif child.tag in (f"{_W}br", f"{_W}cr"):
            yield "\n"
        elif child.tag == f"{_W}noBreakHyphen":
            yield "-"
        elif child.tag == f"{_W}p":
            yield "\n"
            yield from _pieces(child)
        else:
            yield from _pieces(child)
