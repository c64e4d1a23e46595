"""OpenDocument slides (LibreOffice Impress and others): each is a page, with its notes."""

from __future__ import annotations

from typing import Any, Final

from rag.core.errors import NoWords
from rag.core.types import LeftOut, LoadedDocument, Page, UnreadReason
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.open_document import DRAW, PRESENTATION, SVG, TABLE, TEXT, OpenDocument
from rag.ingestion.loading.open_looks import Look, Looks
from rag.ingestion.loading.open_text import OpenReader
from rag.ingestion.loading.powerpoint import NOTES
from rag.ingestion.loading.table_notes import with_surroundings
from rag.ingestion.loading.titles import title_of

# What a slide's words stand on is not known.
_GROUND: Final = Look(paper=False)
_RUNNING: Final = ("date-time", "footer", "page-number", "header")


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A presentation.

    Raises:
        DamagedFile, TooLarge, ProtectedFile: as `OpenDocument`.
        NoWords: no slide has a word on it.
    """
    opened = OpenDocument(data, name, "odp")
    slides = list(opened.body.iterchildren(f"{DRAW}page"))[: options.max_pages]
    hidden = opened.hidden_slides()
    looks = Looks(opened)
    pages = [_page(one, number, looks, one.get(f"{DRAW}style-name") in hidden) for number, one in enumerate(slides, 1)]
    if not any(page.text for page in pages):
        raise NoWords(name=name)
    first = [heading.title for heading in pages[0].headings[:1]]
    empty = tuple(page.number for page in pages if not page.text)
    title = title_of(opened.title, name, *first)
    return LoadedDocument(name, title, options.kind, tuple(pages), empty_pages=empty, date=opened.date)


def _page(slide: Any, number: int, looks: Looks, hidden: bool) -> Page:
    reader = OpenReader(looks, _GROUND)
    pictures = False
    for shape in sorted(_shapes(slide), key=_order):
        kind = shape.get(f"{PRESENTATION}class", "")
        if kind in _RUNNING:
            continue
        if kind == "title":
            inner = OpenReader(looks, _GROUND)
            inner.blocks(shape)
            title = inner.finish()
            for part in title.left_out:
                reader.flow.leave(part.why, part.text)
            reader.flow.put(" ".join(title.text.split()))
            reader.flow.end("\n\n", level=1)
            continue
        pictures = pictures or shape.find(f"{DRAW}image") is not None
        reader.blocks(shape)
        reader.flow.apart("\n\n")
    _notes(slide, reader, looks)
    written = reader.finish()
    if hidden:
        return Page(number, str(number), "", left_out=(LeftOut("hidden", written.text),) if written.text else ())
    tables = with_surroundings(written.text, written.tables)
    unread: UnreadReason | None = "picture" if pictures and not written.text else None
    left = tuple(written.left_out)
    return Page(number, str(number), written.text, tuple(written.headings), tables, left, unread)


def _notes(slide: Any, reader: OpenReader, looks: Looks) -> None:
    for notes in slide.iterchildren(f"{PRESENTATION}notes"):
        inner = OpenReader(looks, _GROUND)
        for shape in _shapes(notes):
            inner.blocks(shape)
        written = inner.finish()
        if written.text.strip():
            reader.flow.put(NOTES)
            reader.flow.end("\n", level=2)
            reader.flow.written(written)


def _shapes(slide: Any) -> list[Any]:
    """The shapes with text or tables, those of groups among them."""
    kinds = ("frame", "custom-shape", "rect", "ellipse", "line", "polygon", "path", "caption", "connector")
    tags = {f"{DRAW}{kind}" for kind in kinds}
    found = []
    for child in slide:
        if child.tag == f"{DRAW}g":
            found += _shapes(child)
        elif child.tag in tags and (_has_text(child) or child.find(f"{DRAW}image") is not None):
            found.append(child)
    return found


def _has_text(shape: Any) -> bool:
    return any(True for _ in shape.iter(f"{TEXT}p", f"{TEXT}h", f"{TABLE}table"))


def _order(shape: Any) -> tuple[bool, float, float]:
    return shape.get(f"{PRESENTATION}class") != "title", _length(shape, "y"), _length(shape, "x")


def _length(shape: Any, name: str) -> float:
    """Where it stands, in centimetres."""
    text = shape.get(f"{SVG}{name}", "0cm")
    per = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72}.get(text[-2:], 1.0)
    try:
        return round(float(text[:-2] or 0) * per, 1)
    except ValueError:
        return 0.0
