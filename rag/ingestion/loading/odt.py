"""OpenDocument texts (LibreOffice Writer and others)."""

from __future__ import annotations

from dataclasses import replace

from rag.core.errors import NoWords
from rag.core.types import LoadedDocument
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.open_document import OpenDocument, words_of
from rag.ingestion.loading.open_looks import Look, Looks
from rag.ingestion.loading.open_text import OpenReader
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A text, then its notes, then what stands on top and foot of its pages.

    Raises:
        DamagedFile, TooLarge, ProtectedFile: as `OpenDocument`.
        NoWords: nothing is written in it.
    """
    opened = OpenDocument(data, name, "odt")
    reader = OpenReader(Looks(opened), Look())
    reader.blocks(opened.body)
    written = reader.finish()
    known = {" ".join(line.split()) for line in written.text.split("\n")}
    running = dict.fromkeys(line for line in map(words_of, opened.running()) if line and line not in known)
    if running:
        reader.flow.block("\n".join(running))
        written = reader.flow.finish()
    if not written.text.strip():
        raise NoWords(name=name)
    headings = [heading.title for heading in written.headings]
    document = in_parts(name, title_of(opened.title, name, *reader.titles[:1], *headings[:1]), options.kind, written)
    return replace(document, date=opened.date)
