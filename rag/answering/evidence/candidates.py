"""Candidates for quotes: every quotable unit of the passages, with its lexical score."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Final

from rag.answering.evidence.answer_types import answer_kind, holds_new
from rag.answering.evidence.disagreement import says_not
from rag.answering.evidence.headlines import announcements, headlines
from rag.answering.evidence.pages import CutPage
from rag.answering.evidence.ranges import in_range
from rag.answering.evidence.units import Unit
from rag.answering.retrieval.identifier_search import held
from rag.core.tables import CELL_BORDER, is_total
from rag.core.text import coverage, index_terms, language_of, script_of, terms, words
from rag.core.text.scripts import Language
from rag.core.types import PageKey, Passage

# Feature weights, fitted on development questions, see bench/quality.md. With the similarity weights, which are per
# embedder, they sum to 1, so that scores are between 0 and 1.
_OWN: Final = 0.134  # term coverage of the unit itself
_NEAR: Final = 0.135  # ... with its neighbours and the title
_BEFORE: Final = 0.139  # ... with the preceding unit and the title: antecedents of pronouns
_PAIRS: Final = 0.076  # bigram coverage
_PASSAGE: Final = 0.084  # reciprocal rank of the passage
_ANSWER: Final = 0.074  # has a new entity of the expected answer type

_RANGE: Final = 0.10  # bonus: "5 to 9 years" for a question about six; too rare to fit
# Bonus: the share of a table row's label that the question names. "Restricted cash" is asked for, "Total cash and
# restricted cash" is not. Of a list it is the share of the question that what the row stands under names. Chosen
# on one half of TAT-QA's tables, 0.25 of 0.2 to 0.35; on the other half see bench/quality.md.
_LABEL: Final = 0.25
_HEADING: Final = 0.15  # penalty: a heading states a topic, not a fact

# Lines at the top and bottom of a page that may be running headers and footers.
_EDGE: Final = 2
_DIGITS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be quoted: its lexical score, and those of the embedder and the reader."""

    passage: Passage
    unit: Unit
    text: str
    page: CutPage
    before: str
    words: float
    meaning: float = 0.0
    read: float = 0.0

    @property
    def score(self) -> float:
        return self.words + self.meaning + self.read

    def held(self, question: str) -> int:
        """How many of the question's codes the unit holds, or the heads that it stands under."""
        section = self.page.section(self.unit.start) or self.passage.section
        return held(question, f"{section} {self.unit.said} {self.text}")

    def overlaps(self, other: Candidate) -> bool:
        same_page = (self.passage.document, self.passage.page) == (other.passage.document, other.passage.page)
        return same_page and self.unit.start < other.unit.end and other.unit.start < self.unit.end


def candidates_of(
    question: str,
    passages: Sequence[Passage],
    pages: Mapping[PageKey, CutPage],
    wanted: Mapping[str, float],
    further: Sequence[Passage] = (),
    *,
    listing: bool = False,
) -> list[Candidate]:
    """Every quotable unit that overlaps a passage, once, with its lexical score; of the further ones rows of tables.

    Args:
        listing: whether all members of a list are asked for.
    """
    asked = frozenset(words(question))
    expected = answer_kind(question)
    # Of what is *not* so a row says it in one cell and the contrary in another.
    denied = says_not(question)
    language = language_of(question)
    order = terms(question, language)
    # Chinese terms are character bigrams already.
    pairs = (
        {}
        if script_of(question) == "cjk"
        else {pair: wanted.get(pair[0], 1.0) + wanted.get(pair[1], 1.0) for pair in pairwise(order)}
    )
    every = frozenset(index_terms(question, language))
    meant = partial(_of_list, wanted, language) if listing else partial(_named, every, language)
    seen: set[tuple[str, int, int]] = set()
    found: list[Candidate] = []
    places = dict.fromkeys((passage.document, passage.page) for passage in (*passages, *further))
    paged = {(passage.document, passage.page) for passage in passages if passage.place.page}
    running = _running_lines({place: pages[place].text for place in places if place in paged})
    quotable = {place: _quotable(place[0], pages[place], running) for place in places}
    for rank, passage in enumerate((*passages, *further)):
        place = (passage.document, passage.page)
        page = pages[place]
        touched = page.touched(passage)
        unit_terms = [
            terms(unit.said or f"{unit.head} {page.text[unit.start : unit.end]}", language) for unit in touched
        ]
        announced = _announced(page, language)
        for i, unit in enumerate(touched):
            key = (*place, unit.start)
            text = page.text[unit.start : unit.end]
            if key in seen or unit.start not in quotable[place] or (rank >= len(passages) and not unit.said):
                continue
            seen.add(key)
            # What it stands under: a passage may go over several sections.
            section = page.section(unit.start) or passage.section
            topic = terms(f"{passage.title} {section}", language) + (announced if unit.said else [])
            before = [*topic, *(unit_terms[i - 1] if i else ()), *unit_terms[i]]
            after = unit_terms[i + 1] if i + 1 < len(unit_terms) else []
            score = (
                _OWN * coverage(wanted, unit_terms[i])
                + _NEAR * coverage(wanted, [*before, *after])
                + _BEFORE * coverage(wanted, before)
                + _PAIRS * coverage(pairs, pairwise(unit_terms[i]))
                + _PASSAGE / (1 + rank)
                + _LABEL * (bool(unit.said) and not denied and meant(page, unit, section, announced))
                - _HEADING * (unit.sort == "heading")
                + _RANGE * in_range(question, text)
                + _ANSWER * (expected is not None and holds_new(expected, text, asked))
            )
            last = page.text[touched[i - 1].start : touched[i - 1].end] if i else ""
            found.append(Candidate(passage, unit, text, page, last, score))
    return found


def _named(
    asked: Set[str], language: Language, page: CutPage, unit: Unit, _section: str, _announced: Sequence[str]
) -> float:
    """The share of a row's label that the question names: 0 to 1. Little words count: "Other, net" is not asked for."""
    label = set(index_terms(_label(page, unit), language))
    return len(label & asked) / len(label) if label else 0.0


def _of_list(
    wanted: Mapping[str, float],
    language: Language,
    page: CutPage,
    unit: Unit,
    section: str,
    announced: Sequence[str],
) -> float:
    """The share of the question that is named by what a row stands under, or by the row where it is a total: 0 to 1.

    The components of inventories stand below "Inventories consist of" and above "Total inventories"; the row
    "Inventories" of another table is none of them.
    """
    label = _label(page, unit)
    under = (unit.group, section, page.text[slice(*unit.caption)], label if is_total(label) else "")
    return max(coverage(wanted, each) for each in (*(terms(text, language) for text in under), announced))


def _label(page: CutPage, unit: Unit) -> str:
    return page.text[unit.start : unit.end].partition(CELL_BORDER)[0]


def _announced(page: CutPage, language: Language) -> list[str]:
    """What the tables of a page are about, as the page says it."""
    said = [page.text[one.start : one.end] for one in announcements(page.text, page.units)]
    places = {one.caption for one in page.units if one.said and any(one.caption)}
    return terms(" ".join([*said, *(page.text[first:last] for first, last in sorted(places))]), language)


def _quotable(document: str, page: CutPage, running: Set[tuple[str, str]]) -> set[int]:
    """The start offsets of a page's quotable units: no contents, bare headings or running lines."""
    bare = headlines(page.text, page.units)
    return {
        one.start
        for one in page.units
        if one.sort == "row"
        or not (
            one.sort in ("contents", "head")
            or one.start in bare
            or (document, _DIGITS.sub("", page.text[one.start : one.end])) in running
        )
    }


def _running_lines(pages: Mapping[PageKey, str]) -> set[tuple[str, str]]:
    """Running headers and footers: lines at the edge of several pages of a document, digits ignored."""
    counts: Counter[tuple[str, str]] = Counter()
    for (document, _), text in pages.items():
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        edges = {_DIGITS.sub("", line) for line in (*lines[:_EDGE], *lines[-_EDGE:]) if line[-1] not in ".!?。！？"}
        counts.update((document, line) for line in edges)
    return {place for place, count in counts.items() if count > 1}
