"""Word files become text: paragraphs, lists and tables in order, headings at their places."""

from __future__ import annotations

import binascii
import re
from dataclasses import replace
from typing import Any, Final

from lxml.etree import LxmlError  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, NoText
from rag.core.types import LoadedDocument, Recognitions
from rag.ingestion.loading.colors import WHITE, color_of
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.office_package import Package, W, open_package
from rag.ingestion.loading.office_pictures import Pictures
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of
from rag.ingestion.loading.word_chunks import read_chunks
from rag.ingestion.loading.word_drawings import write_drawings
from rag.ingestion.loading.word_fields import write_boxes
from rag.ingestion.loading.word_notes import Notes, comments, running_parts
from rag.ingestion.loading.word_numbering import Numbering
from rag.ingestion.loading.word_styles import Ground, Styles
from rag.ingestion.loading.word_text import Reader

# What is left of a header that only counts the pages.
_PAGE_WORDS: Final = re.compile(r"[\W\d_]|\b(?:page|pages|of|seite|seiten|von|p|pg)\b|第|页|共|頁", re.IGNORECASE)


def read_word(data: bytes, name: str, recognised: Recognitions, *, seen_later: bool) -> LoadedDocument:
    """A Word file as text and tables; table rows are lines with " | " between their cells.

    Raises:
        DamagedFile: it is no Word file inside.
        TooLarge: unpacked, it is more than the limits for archives allow.
        NoText: it holds no words.
    """
    try:
        package = open_package(data, name)
        body = package.root(package.main)
        if body is None:
            raise DamagedFile(name=name, expected="docx")
        pictures = Pictures(package.names, recognised)
        reader = _read(package, body, pictures)
        stated, date = package.title(), iso_date(package.date())
    except (LxmlError, KeyError, ValueError, AttributeError, binascii.Error) as error:
        raise DamagedFile(name=name, expected="docx") from error
    written = reader.flow.finish()
    if not written.text.strip() and not (seen_later and pictures.numbers):
        raise NoText(name=name, pages="1")
    title = title_of(stated, name, *reader.titles[:1], *(heading.title for heading in written.headings[:1]))
    document = in_parts(name, title, "word", written)
    warnings = (*document.warnings, *pictures.notices())
    return replace(document, date=date, pictures=tuple(pictures.numbers), warnings=warnings)


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_word(data, name, options.recognised, seen_later=options.seen_later)


def _read(package: Package, body: Any, pictures: Pictures) -> Reader:
    """All that a reader of the file sees: the text, then the notes, then what stands on top and foot of its pages."""
    styles = Styles(package.one("/styles"))
    numbering = Numbering(package.one("/numbering"), styles)
    notes, said = Notes(package), comments(package)
    ground = _page_ground(package, body)
    read_chunks(package, body)
    write_drawings(package, body, pictures)
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
