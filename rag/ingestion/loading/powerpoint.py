"""PowerPoint files become a page for each slide: what is on it in reading order, then its notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, NoWords
from rag.core.types import LeftOut, LeftOutReason, LoadedDocument, Page, UnreadReason
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.office_package import DIAGRAM, A, C, Package, R, open_package
from rag.ingestion.loading.office_pictures import Pictures
from rag.ingestion.loading.slide_shapes import Shape, in_reading_order, shapes_of
from rag.ingestion.loading.slide_tables import chart_table, slide_table
from rag.ingestion.loading.slide_text import (
    BODIES,
    P,
    alternative,
    is_title,
    placeholder,
    shape_lines,
    struck_words,
    words,
)
from rag.ingestion.loading.table_notes import with_surroundings
from rag.ingestion.loading.text_flow import TextFlow
from rag.ingestion.loading.titles import title_of

_RUNNING: Final = ("dt", "ftr", "sldNum", "hdr")
NOTES: Final = "Notes"


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A presentation.

    Raises:
        DamagedFile: it is no presentation inside.
        TooLarge: unpacked, it is more than the limits for archives allow.
        NoWords: no slide has a word on it.
    """
    try:
        package = open_package(data, name, "pptx")
        presentation = package.root(package.main)
        if presentation is None:
            raise DamagedFile(name=name, expected="pptx")
        pictures = Pictures(package.names, options.recognised)
        pages = list(_pages(package, presentation, options, pictures))
        stated, date = package.title(), iso_date(package.date())
    except (etree.LxmlError, KeyError, ValueError, AttributeError, TypeError) as error:
        raise DamagedFile(name=name, expected="pptx") from error
    if not any(page.text for page in pages) and not (options.seen_later and pictures.numbers):
        raise NoWords(name=name)
    title = title_of(stated, name, *(page.headings[0].title for page in pages[:1] if page.headings))
    empty = tuple(page.number for page in pages if not page.text)
    return LoadedDocument(
        name, title, options.kind, tuple(pages), empty_pages=empty, date=date, warnings=pictures.notices(),
        pictures=tuple(pictures.numbers),
    )  # fmt: skip


def _pages(package: Package, presentation: Any, options: ReadingOptions, pictures: Pictures) -> Iterator[Page]:
    links = package.links(package.main)
    slides = [links.get(entry.get(f"{R}id", ""), ("", ""))[1] for entry in presentation.iter(f"{P}sldId")]
    size = _size(presentation)
    for number, part in enumerate(slides[: options.max_pages], 1):
        root = package.root(part)
        if root is not None:
            page = _Slide(package, part, pictures, size).read(root, number)
            # What is hidden is not shown when the slides are.
            yield _hidden(page) if root.get("show") in ("0", "false") else page
        options.on_progress(number, len(slides))


def _size(presentation: Any) -> tuple[int, int] | None:
    """The width and height of the slides."""
    stated = presentation.find(f"{P}sldSz")
    return None if stated is None else (int(stated.get("cx", "0")), int(stated.get("cy", "0")))


def _hidden(page: Page) -> Page:
    return Page(page.number, page.label, "", left_out=(LeftOut("hidden", page.text),) if page.text else ())


class _Slide:
    """Reads a slide into a text."""

    def __init__(self, package: Package, part: str, pictures: Pictures, size: tuple[int, int] | None) -> None:
        self._package, self._part, self._size = package, part, size
        self._links = package.links(part)
        self._flow = TextFlow()
        self._pictures = 0
        self._seen = pictures
        self._repeated: list[str] = []

    def read(self, root: Any, number: int) -> Page:
        layout = next((self._package.root(p) for p in self._package.related(self._part, "/slideLayout")), None)
        for shape in in_reading_order(list(shapes_of(root, layout))):
            self._shape(shape)
        self._notes()
        for text in self._repeated:
            self._flow.leave("repeated", text)
        written = self._flow.finish()
        tables = with_surroundings(written.text, written.tables)
        unread: UnreadReason | None = "picture" if self._pictures and not written.text else None
        left = tuple(written.left_out)
        return Page(number, str(number), written.text, tuple(written.headings), tables, left, unread)

    def _why_unseen(self, shape: Shape) -> LeftOutReason | None:
        """Hidden by its author, or beside the slide."""
        if shape.hidden:
            return "hidden"
        (left, top, right, bottom), (width, height) = shape.box or (0, 0, 1, 1), self._size or (2, 2)
        return "unseen" if right <= 0 or bottom <= 0 or left >= width or top >= height else None

    def _shape(self, shape: Shape) -> None:
        why = self._why_unseen(shape)
        if why is not None:
            self._flow.leave(why, "\n".join(map(words, shape.element.iter(f"{A}p"))))
            return
        for text in struck_words(shape.element):
            self._flow.leave("struck", text)
        kind, _ = placeholder(shape.element)
        if kind in _RUNNING:
            self._repeated += [text for text in shape_lines(shape.element) if kind == "ftr"]
        elif is_title(shape.element):
            self._flow.put(" ".join(shape_lines(shape.element)))
            self._flow.end("\n\n", level=1)
        elif shape.element.tag == f"{P}pic":
            self._pictures += 1
            self._flow.block(alternative(shape.element))
            left, top, right, bottom = shape.box or (0, 0, 0, 0)
            self._flow.block(self._seen.words(shape.element, right - left, bottom - top, self._links))
        elif shape.element.tag == f"{P}graphicFrame":
            self._frame(shape.element)
        else:
            lines = list(shape_lines(shape.element))
            self._flow.block("\n".join(lines) or alternative(shape.element))

    def _frame(self, frame: Any) -> None:
        table = frame.find(f".//{A}tbl")
        if table is not None:
            written = slide_table(table)
            if written is not None:
                self._flow.written(written)
            return
        chart = frame.find(f".//{C}chart")
        if chart is not None:
            root = self._package.root(self._links.get(chart.get(f"{R}id", ""), ("", ""))[1])
            written = None if root is None else chart_table(root)
            if written is not None:
                self._flow.written(written)
            return
        diagram = frame.find(f".//{DIAGRAM}relIds")
        if diagram is not None:
            root = self._package.root(self._links.get(diagram.get(f"{R}dm", ""), ("", ""))[1])
            points = () if root is None else root.iter(f"{DIAGRAM}t")
            self._flow.block("\n".join(filter(None, (" ".join(map(words, p.iter(f"{A}p"))).strip() for p in points))))
        self._flow.block(alternative(frame))

    def _notes(self) -> None:
        for part in self._package.related(self._part, "/notesSlide"):
            root = self._package.root(part)
            bodies = () if root is None else (s for s in root.iter(f"{P}sp") if placeholder(s)[0] in BODIES)
            lines = [line for body in bodies for line in shape_lines(body, bullets=False)]
            if lines:
                self._flow.put(NOTES)
                self._flow.end("\n", level=2)
                self._flow.block("\n".join(lines))
