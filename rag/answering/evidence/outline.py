"""What a document is about, in its own words: a sentence from each section of the whole document."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.evidence.units import Unit, units
from rag.core.places import line_of
from rag.core.text import terms
from rag.core.types import Document, Page, Quote

# What ends a sentence; a label or a caption ends without.
_STOP: Final = re.compile(r"[.!?。！？；;][\"'”’)\]」』）]*+$")
_FEWEST_WORDS: Final = 3
# Characters at the start and at the end of a document in which it says who wrote it; set by hand.
_EDGE: Final = 400


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    page: Page
    unit: Unit


def outline_quotes(document: Document, pages: Sequence[Page], most: int) -> list[Quote]:
    """The first sentence of each section; of as many as are spread evenly over the document where there are more.

    A document without headings is taken page by page, one of few pages sentence by sentence.
    """
    found = list(_sections(pages)) or list(_openings(pages))
    if found and len(found) < most and not found[0].title:
        every = [_Section("", page, unit) for page in pages for unit in units(page.text, page.tables, page.headings)]
        found = [one for one in every if _says_something(one.page, one.unit)]
    return [_quote(document, section) for section in _spread(found, most)]


def lead_quote(document: Document, pages: Iterable[Page]) -> Quote | None:
    """The first sentence of a document; its first words where it has none."""
    first: _Section | None = None
    for page in pages:
        for unit in units(page.text, page.tables, page.headings):
            section = _Section("", page, unit)
            if _says_something(page, unit):
                return _quote(document, section)
            first = first or section
    return _quote(document, first) if first else None


def section_quotes(document: Document, page: Page, start: int, end: int, most: int) -> list[Quote]:
    """The first units of a stretch of a page, headings left out."""
    inside = [
        unit
        for unit in units(page.text, page.tables, page.headings)
        if start <= unit.start < end and unit.sort != "heading"
    ]
    return [_quote(document, _Section("", page, unit)) for unit in inside[:most]]


def edge_quotes(document: Document, pages: Sequence[Page], wanted: Callable[[str], bool]) -> list[Quote]:
    """The units at the start of the first page and at the end of the last that satisfy a condition."""
    found = [
        _Section("", page, unit)
        for page in dict.fromkeys((pages[0], pages[-1]) if pages else ())
        for unit in units(page.text, page.tables, page.headings)
        if (page is pages[0] and unit.start < _EDGE) or (page is pages[-1] and unit.end > len(page.text) - _EDGE)
    ]
    return [_quote(document, one) for one in found if wanted(one.page.text[one.unit.start : one.unit.end])]


def _sections(pages: Sequence[Page]) -> Iterator[_Section]:
    """Each heading with the first sentence under it; a heading that another one follows at once has none."""
    said: set[str] = set()
    title = ""
    for page in pages:
        starts = [heading.start for heading in page.headings]
        for unit in units(page.text, page.tables, page.headings):
            place = bisect_right(starts, unit.start)
            title = page.headings[place - 1].title if place else title
            if title and title not in said and _says_something(page, unit):
                said.add(title)
                yield _Section(title, page, unit)


def _openings(pages: Sequence[Page]) -> Iterator[_Section]:
    for page in pages:
        unit = next(
            (unit for unit in units(page.text, page.tables, page.headings) if _says_something(page, unit)), None
        )
        if unit is not None:
            yield _Section("", page, unit)


def _says_something(page: Page, unit: Unit) -> bool:
    """Whether a unit is a sentence, and no label, caption or number."""
    text = page.text[unit.start : unit.end]
    stopped = _STOP.search(text) is not None or text.count(" ") >= 2 * _FEWEST_WORDS
    return unit.sort in ("sentence", "item") and stopped and len(terms(text)) >= _FEWEST_WORDS


def _spread(found: Sequence[_Section], most: int) -> list[_Section]:
    """The first, and others at even distances."""
    if len(found) <= most:
        return list(found)
    return [found[round(place * (len(found) - 1) / max(1, most - 1))] for place in range(most)]


def _quote(document: Document, section: _Section) -> Quote:
    page, unit = section.page, section.unit
    return Quote(
        document=document.id,
        name=document.name,
        title=document.title,
        kind=document.kind,
        address=document.address,
        page=page.number,
        label=page.label,
        section=section.title,
        text=page.text[unit.start : unit.end],
        start=unit.start,
        end=unit.end,
        score=1.0,
        head=unit.head,
        line=line_of(document.kind, page.line(0), page.text[: unit.start]),
        cells=page.cells_at(unit.start, unit.end),
    )
