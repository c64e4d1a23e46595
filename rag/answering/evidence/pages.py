"""Pages with their units, and units as the quotes they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.answering.evidence.units import Unit, units
from rag.core.cells import SheetCell, range_of
from rag.core.places import line_of
from rag.core.tables import Table
from rag.core.text import from_a_word, to_a_word
from rag.core.types import Heading, Page, PageKey, PageWord, Passage, Quote, certainty_of, words_at

# Characters of its page before and after a quote that are kept with it.
SURROUNDINGS: Final = 300


@dataclass(frozen=True, slots=True)
class CutPage:
    """The text of a page, cut into its units once for all who look at it. `first_line` is the line it begins in."""

    text: str
    units: tuple[Unit, ...]
    first_line: int = 1
    headings: tuple[Heading, ...] = ()
    cells: tuple[SheetCell, ...] = ()
    words: tuple[PageWord, ...] = ()

    @classmethod
    def of(
        cls,
        text: str,
        first_line: int = 1,
        tables: Sequence[Table] = (),
        headings: Sequence[Heading] = (),
        cells: tuple[SheetCell, ...] = (),
        words: tuple[PageWord, ...] = (),
    ) -> CutPage:
        return cls(text, tuple(units(text, tables, headings)), first_line, tuple(headings), cells, words)

    def section(self, start: int) -> str:
        """The nearest heading above a place, or ''."""
        above = [heading.title for heading in self.headings if heading.start <= start]
        return " ".join(above[-1].split()) if above else ""

    def touched(self, passage: Passage) -> list[Unit]:
        """The units that the passage holds, wholly or in part."""
        return [unit for unit in self.units if unit.end > passage.start and unit.start < passage.end]


def cut_pages(pages: Mapping[PageKey, Page]) -> dict[PageKey, CutPage]:
    return {
        place: CutPage.of(page.text, page.line(0), page.tables, page.headings, page.cells, page.words)
        for place, page in pages.items()
    }


def cut(passage: Passage, page: CutPage, unit: Unit) -> Quote:
    """The quote that a unit of the passage's page makes; it carries the passage's own score."""
    seen = words_at(page.words, unit.start, unit.end)
    return Quote(
        document=passage.document,
        name=passage.name,
        title=passage.title,
        kind=passage.kind,
        address=passage.address,
        page=passage.page,
        label=passage.label,
        section=page.section(unit.start) or passage.section,
        text=page.text[unit.start : unit.end],
        start=unit.start,
        end=unit.end,
        score=passage.score,
        head=unit.head,
        line=line_of(passage.kind, page.first_line, page.text[: unit.start]),
        cells=range_of(page.cells, unit.start, unit.end),
        certainty=certainty_of(seen),
        unsure=tuple(page.text[word.start : word.end] for word in seen if word.unsure),
    )


def text_before(page: CutPage, unit: Unit) -> str:
    """A little of the text before a unit, from a whole word on; of a table's row, its caption at least."""
    start = max(0, unit.start - SURROUNDINGS)
    near = page.text[start : unit.start]
    near = near if len(near) < SURROUNDINGS else from_a_word(near)
    first, last = unit.caption
    return near if start <= first or first >= last else f"{page.text[first:last]}\n{near}"


def text_after(page: CutPage, unit: Unit) -> str:
    """A little of the text behind a unit, up to a whole word; of a table's row, the notes below it at least."""
    near = page.text[unit.end : unit.end + SURROUNDINGS]
    near = near if len(near) < SURROUNDINGS else to_a_word(near)
    first, last = unit.notes
    return near if last <= unit.end + SURROUNDINGS or first >= last else f"{near}\n{page.text[first:last]}"


def sentences_of(passages: Sequence[Passage], pages: Mapping[PageKey, CutPage]) -> list[Quote]:
    """All that the passages say, each unit of their pages once, as quotes with a little of what stands before them.

    Heads of tables say nothing by themselves, and stand with each row.
    """
    found: dict[tuple[PageKey, int], Quote] = {}
    for passage in passages:
        place = (passage.document, passage.page)
        page = pages[place]
        for unit in page.touched(passage):
            if (place, unit.start) not in found and unit.sort != "head":
                before = text_before(page, unit)
                found[place, unit.start] = replace(cut(passage, page, unit), before=before)
    return list(found.values())
