"""The members of a list that is asked for: the units that say it, and what follows a unit that announces it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import takewhile
from typing import Final

from rag.answering.evidence.candidates import Candidate
from rag.answering.evidence.disagreement import says_not
from rag.answering.evidence.pages import CutPage
from rag.answering.evidence.sums import added_up
from rag.answering.evidence.units import Unit
from rag.core.tables import CELL_BORDER
from rag.core.text import CARDINAL, coverage, number_value, terms
from rag.core.types import PageKey, Passage, Quote

# A member of a list scores at least this share of the best. By hand: measured on no set yet.
_MEMBER: Final = 0.7
# Of the best candidates, those that may announce the list.
_ANNOUNCERS: Final = 3
# Sentences that go on an item, before something else begins.
_GOES_ON: Final = 1
# How many there are of what, in words or figures: "four product lines".
_COUNT: Final = re.compile(
    rf"\b(?P<count>{CARDINAL}|\d{{1,2}}) (?P<what>[^\W\d_]\w*+(?: [^\W\d_]\w*+){{0,2}})"
    r"|(?P<count_zh>[两二三四五六七八九十]{1,3})[个种项条类款大](?P<what_zh>\w{1,6})",
    re.IGNORECASE,
)
_MOST: Final = 30
# Of what every one is asked for: "each membership", "alle Tarife".
_EACH: Final = re.compile(
    r"\b(?:each|every|all|jede[rsmn]?|alle[rn]?)\b (?:of )?(?:(?:the|our|these|die|der|unsere[rn]?) )?"
    r"(?P<what>[^\W\d_]++)",
    re.IGNORECASE,
)
_EACH_ZH: Final = re.compile("各|每|所有|全部")
_CODED: Final = re.compile(r"([A-Z]{1,6})[-./ ]?\d{1,6}\b")
_OPENS: Final = re.compile(
    r"(?:[:：]|\b(?:as follows|the following|wie folgt|folgende)|如下|以下)[.。]?\s*+$", re.IGNORECASE
)


def list_members(
    ranked: Sequence[Candidate],
    passages: Sequence[Passage],
    pages: Mapping[PageKey, CutPage],
    wanted: Mapping[str, float],
    k: int,
) -> list[Candidate]:
    """The members, best first; the same words of several documents are several members.

    Args:
        ranked: candidates, best first.
        wanted: the question's terms and their weights.
    """
    at = {(passage.document, passage.page): passage for passage in reversed(passages)}
    chosen: list[Candidate] = []
    for best in ranked[:_ANNOUNCERS]:
        if found := list(_announced(best, at, pages, wanted)):
            chosen = [best, *found]
            break
    best_score = ranked[0].words + ranked[0].meaning
    for candidate in ranked:
        if candidate.words + candidate.meaning >= _MEMBER * best_score and not any(map(candidate.overlaps, chosen)):
            chosen.append(candidate)
    return chosen[:k]


def are_of_each(question: str, quotes: Sequence[Quote]) -> bool:
    """Whether quotes are the rows of a table whose things something is asked of each."""
    tables = {(quote.document, quote.head) for quote in quotes}
    asked = any(pattern.search(question) for pattern in (_EACH, _EACH_ZH))
    return asked and len(quotes) > 1 and len(tables) == 1 and quotes[0].head != ""


def rows_of_each(question: str, ranked: Sequence[Candidate], passages: Sequence[Passage]) -> list[Candidate]:
    """All rows of the table whose first column names what the question asks of each: "each membership"."""
    what = _EACH.search(question)
    named = set(terms(what["what"] if what else question if _EACH_ZH.search(question) else ""))
    at = {(passage.document, passage.page): passage for passage in reversed(passages)}
    for one in ranked:
        unit, units = one.unit, one.page.units
        label = unit.head.partition(CELL_BORDER)[0]
        if unit.sort == "row" and unit.said and named & set(terms(label)):
            passage = at[one.passage.document, one.passage.page]
            whole = [place for place, each in enumerate(units) if each.sort == "row" and _same_table(each, unit)]
            return [_candidate(one, place, passage) for place in whole]
    return []


def in_state(question: str, members: Sequence[Candidate]) -> list[Candidate]:
    """The members, of a table's rows those whose cells hold what the question says: "open" of "Which are still open?".
    The others, where it asks for what is not so."""
    asked, denied = set(terms(question)), says_not(question)
    kept = list[Candidate]()
    for one in members:
        cells = _cells(one)
        table = [_cells(other) for other in members if _same_table(other.unit, one.unit)] if one.unit.said else []
        # A column behind the rows' labels tells them apart where some hold a word of the question and some do not.
        telling = [
            place
            for place in range(1, len(cells))
            if {place < len(row) and _is_asked(row[place], asked) for row in table} == {True, False}
        ]
        if all(_is_asked(cells[place], asked) != denied for place in telling):
            kept.append(one)
    return kept or list(members)


def _cells(row: Candidate) -> list[frozenset[str]]:
    return [frozenset(terms(cell)) for cell in row.text.split(CELL_BORDER)]


def _is_asked(cell: frozenset[str], asked: Set[str]) -> bool:
    return bool(cell) and cell <= asked


def followed(best: Candidate, passages: Sequence[Passage]) -> list[Candidate]:
    """The items directly below a unit that ends by announcing them."""
    units, place = best.page.units, best.page.units.index(best.unit) + 1
    if not _OPENS.search(best.text) or place == len(units) or units[place].sort != "item":
        return []
    at = {(passage.document, passage.page): passage for passage in reversed(passages)}
    return list(_items(best, place, at))


def _announced(
    best: Candidate, at: Mapping[PageKey, Passage], pages: Mapping[PageKey, CutPage], wanted: Mapping[str, float]
) -> Iterator[Candidate]:
    """What a candidate announces: items below it, or sections; of an item, the others of its list."""
    page, units = best.page, best.page.units
    here = units.index(best.unit)
    if best.unit.said and best.unit.sort == "row" and (parts := added_up(page, here)):
        yield from (_candidate(best, place, at[best.passage.document, best.passage.page]) for place in parts)
        return
    if _sort(page, here) not in ("sentence", "heading"):
        first = _first(page, here)
        above = terms(f"{best.passage.section} {best.unit.head} {_text(page, first - 1) if first else ''}")
        if coverage(wanted, above) > coverage(wanted, terms(best.text)):
            yield from _items(best, first, at, skip=here)
        return
    items = list(_items(best, here + 1, at)) if here + 1 < len(units) and units[here + 1].sort == "item" else []
    if len(items) > 1:
        yield from items
        return
    count = _count(best.text, wanted)
    if count or _OPENS.search(best.text):
        yield from _sections(best, at, pages, count)


def _count(text: str, wanted: Mapping[str, float]) -> int:
    """How many there are of what is asked for, as a text says; 0 where it does not."""
    for match in _COUNT.finditer(text):
        number = number_value(match["count"] or match["count_zh"])
        if 1 < number <= _MOST and not wanted.keys().isdisjoint(terms(match["what"] or match["what_zh"])):
            return int(number)
    return 0


def _candidate(best: Candidate, place: int, passage: Passage) -> Candidate:
    """A unit of the best one's page, as good as that."""
    page, before = best.page, _text(best.page, place - 1) if place else ""
    return Candidate(passage, page.units[place], _text(page, place), page, before, best.words, best.meaning)


def _same_table(one: Unit, other: Unit) -> bool:
    return bool(one.said) and (one.head, one.caption, one.notes) == (other.head, other.caption, other.notes)


def _text(page: CutPage, place: int) -> str:
    return page.text[page.units[place].start : page.units[place].end]


def _sort(page: CutPage, place: int) -> str:
    """What kind of unit it is. Sentences that each begin with a code of the same letters are the items of a list."""
    sort = page.units[place].sort
    code = _CODED.match(_text(page, place)) if sort == "sentence" else None
    return f"code {code[1]}" if code else sort


def _first(page: CutPage, here: int) -> int:
    """Where the list of an item begins."""
    sort, first = _sort(page, here), here
    for place in range(here, max(-1, here - _MOST), -1):
        if _sort(page, place) == sort:
            first = place
        elif first - place > _GOES_ON:
            break
    return first


def _items(best: Candidate, first: int, at: Mapping[PageKey, Passage], skip: int = -1) -> Iterator[Candidate]:
    """The items of a list from its first one on."""
    units, passage = best.page.units, at[best.passage.document, best.passage.page]
    sort, last = _sort(best.page, first), first
    for place in range(first, len(units)):
        if _sort(best.page, place) == sort:
            last = place
            if place != skip:
                yield _candidate(best, place, passage)
        elif units[place].sort != "sentence" or place - last > _GOES_ON:
            return


def _sections(
    best: Candidate, at: Mapping[PageKey, Passage], pages: Mapping[PageKey, CutPage], count: int
) -> Iterator[Candidate]:
    """The first unit of each section that follows, side by side; as many as are announced."""
    document, page = best.passage.document, best.passage.page
    numbers = sorted(number for name, number in pages if name == document and number >= page)
    # Where a page between was not found, what follows it belongs to something else.
    together = [n for place, n in enumerate(numbers) if n == page + place]
    headings = [
        (number, heading)
        for number in together
        for heading in pages[document, number].headings
        if number > page or heading.start > best.unit.start
    ]
    level = headings[0][1].level if headings else 0
    beside = [
        (number, heading.start)
        for number, heading in takewhile(lambda one: one[1].level >= level, headings)
        if heading.level == level
    ]
    # Whoever counts the sections to come counts no more than there are: "12 years and above" announces none.
    for number, start in (beside if len(beside) >= max(2, count) else [])[: count or None]:
        cut = pages[document, number]
        unit = next(
            (one for one in cut.units if one.start >= start and one.sort not in ("heading", "head", "contents")), None
        )
        if unit is not None:
            yield Candidate(at[document, number], unit, cut.text[unit.start : unit.end], cut, "", best.words)
