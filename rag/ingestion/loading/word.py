"""Word files become text: paragraphs, lists and tables in order, headings at their places."""

from __future__ import annotations

import binascii
import re
from dataclasses import replace
from typing import Any, Final

from lxml.etree import LxmlError  # type: ignore[import-untyped]

<<<<<<< HEAD
from rag.core.errors import DamagedFile, NoText
from rag.core.types import LoadedDocument
from rag.ingestion.loading.colors import WHITE, color_of
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.loaders import ReadingOptions
=======
from rag.core.errors import DamagedFile, NoText, TooLarge
from rag.core.tables import Table
from rag.core.types import Heading, LoadedDocument
from rag.ingestion.loading.encoding_labels import encoding_of
from rag.ingestion.loading.encodings import declared
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of
from rag.ingestion.loading.word_chunks import read_chunks
from rag.ingestion.loading.word_fields import write_boxes
from rag.ingestion.loading.word_notes import Notes, comments, running_parts
from rag.ingestion.loading.word_numbering import Numbering
<<<<<<< HEAD
from rag.ingestion.loading.word_package import Package, W, open_package
from rag.ingestion.loading.word_styles import Ground, Styles
from rag.ingestion.loading.word_text import Reader
=======
from rag.ingestion.loading.word_tables import cells_of, is_layout, word_table
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb

# What is left of a header that only counts the pages.
_PAGE_WORDS: Final = re.compile(r"[\W\d_]|\b(?:page|pages|of|seite|seiten|von|p|pg)\b|第|页|共|頁", re.IGNORECASE)


def read_word(data: bytes, name: str) -> LoadedDocument:
<<<<<<< HEAD
    """A Word file as text; table rows are lines with " | " between their cells.
=======
    """A .docx file as text and tables.
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb

    Raises:
        DamagedFile: it is no Word file inside.
        TooLarge: unpacked, it is more than the limits for archives allow.
        NoText: it holds no words.
    """
    try:
<<<<<<< HEAD
        package = open_package(data, name)
        body = package.root(package.main)
        if body is None:
            raise DamagedFile(name=name, expected="docx")
        reader = _read(package, body)
        stated, date = package.title(), iso_date(package.date())
    except (LxmlError, KeyError, ValueError, AttributeError, binascii.Error) as error:
=======
        document = Document(io.BytesIO(data))
        text, headings, tables = _render(document)
        stated = document.core_properties.title
    except (PackageNotFoundError, LxmlError, zipfile.BadZipFile, KeyError, ValueError, AttributeError) as error:
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
        raise DamagedFile(name=name, expected="docx") from error
    written = reader.flow.finish()
    if not written.text.strip():
        raise NoText(name=name, pages="1")
<<<<<<< HEAD
    title = title_of(stated, name, *reader.titles[:1], *(heading.title for heading in written.headings[:1]))
    document = in_parts(name, title, "word", written.text, written.headings, left_out=written.left_out)
    return replace(document, date=date)


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_word(data, name)


def _read(package: Package, body: Any) -> Reader:
    """All that a reader of the file sees: the text, then the notes, then what stands on top and foot of its pages."""
    styles = Styles(package.one("/styles"))
    numbering = Numbering(package.one("/numbering"), styles)
    notes, said = Notes(package), comments(package)
    ground = _page_ground(package, body)
    read_chunks(package, body)
    write_boxes(body)
    reader = Reader(styles, numbering, notes, said)
    reader.blocks(body, ground)
    for number, note in notes.read():
        reader.flow.end("\n\n")
        reader.flow.lead = f"[{number}] "
        reader.blocks(note, ground)
    for part in running_parts(package):
        _running(package.root(part), reader, Reader(styles, numbering, notes, said, pages=False), ground)
    return reader


def _running(root: Any, reader: Reader, apart: Reader, ground: Ground) -> None:
    """Read a header or footer once, if it says more than the number of the page."""
    if root is None:
        return
    write_boxes(root)
    apart.blocks(root, ground)
    written = apart.flow.finish()
    known = {" ".join(line.split()) for line in reader.flow.lines()}
    lines = [line for line in written.text.split("\n") if _PAGE_WORDS.sub("", line)]
    fresh = [line.strip() for line in lines if " ".join(line.split()) not in known]
    reader.flow.block("\n".join(fresh), left_out=written.left_out)


def _page_ground(package: Package, body: Any) -> Ground:
    background = body.find(f"{W}background")
    settings = package.one("/settings")
    if background is None or settings is None or settings.find(f"{W}displayBackgroundShape") is None:
        return Ground(WHITE)
    return Ground(color_of(background.get(f"{W}color", "")))
=======
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
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
