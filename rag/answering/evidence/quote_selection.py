"""Quote selection: units are ranked by lexical features, the best of them then by embedding similarity too."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Protocol

from rag.answering.evidence.answer_types import answer_kind, holds_new
from rag.answering.evidence.disagreement import same_said
from rag.answering.evidence.pages import CutPage, cut, text_after, text_before
from rag.answering.evidence.ranges import in_range
from rag.answering.evidence.units import Unit, announcements, headlines
from rag.answering.retrieval.identifier_search import held
from rag.core.text import coverage, language_of, script_of, terms, words
from rag.core.text.scripts import Language
from rag.core.types import PageKey, Passage, Quote
from rag.models.catalogue import QuoteWeights, embedder_facts, judge_facts
from rag.models.embedding import Embedder, LateChunkingEmbedder

# Candidates that are embedded: a fraction of a second on one core.
EMBEDDED: Final = 7
# ... where all members of a list are asked for: two for each that is shown.
EMBEDDED_LIST: Final = 24
# A member of a list scores at least this share of the best. By hand: measured on no set yet.
_MEMBER: Final = 0.7

# Feature weights, fitted on development questions, see bench/quality.md. With the similarity weights, which are per
# embedder, they sum to 1, so that scores are between 0 and 1.
_OWN: Final = 0.134  # term coverage of the unit itself
_NEAR: Final = 0.135  # ... with its neighbours and the title
_BEFORE: Final = 0.139  # ... with the preceding unit and the title: antecedents of pronouns
_PAIRS: Final = 0.076  # bigram coverage
_PASSAGE: Final = 0.084  # reciprocal rank of the passage
_ANSWER: Final = 0.074  # has a new entity of the expected answer type

_RANGE: Final = 0.10  # bonus: "5 to 9 years" for a question about six; too rare to fit
_HEADING: Final = 0.15  # penalty: a heading states a topic, not a fact

# Lines at the top and bottom of a page that may be running headers and footers.
_EDGE: Final = 2
_DIGITS: Final = re.compile(r"\d+")


class AnswerScorer(Protocol):
    """A model that scores how well a text answers a question."""

    @property
    def name(self) -> str: ...

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]: ...


@dataclass(frozen=True, slots=True)
class _Candidate:
    passage: Passage
    unit: Unit
    text: str
    page: CutPage
    before: str
    words: float
    meaning: float = 0.0
    read: float = 0.0


def find_quotes(
    question: str,
    passages: Sequence[Passage],
    embedder: Embedder,
    *,
    pages: Mapping[PageKey, CutPage],
    weights: Mapping[str, float] | None = None,
    k: int = 3,
    reader: AnswerScorer | None = None,
    listing: bool = False,
) -> tuple[Quote, ...]:
    """The k best units of the passages, best first, without near-duplicates.

    Args:
        passages: best first.
        pages: the passages' pages, cut into units.
        weights: of the question's terms; equal if None.
        reader: scores the best candidates, where there is one.
        listing: every unit that scores nearly as the best is a member of the list asked for; k at most.
    """
    wanted = weights if weights is not None else dict.fromkeys(terms(question), 1.0)
    candidates = _candidates(question, passages, pages, wanted)
    shortlist = sorted(candidates, key=lambda c: (-held(question, c.text), -c.words))[
        : EMBEDDED_LIST if listing else EMBEDDED
    ]
    if not shortlist:
        return ()
    facts = embedder_facts(embedder.name)
    # In a language that the embedder does not support its similarities are noise.
    ranked = _by_meaning(embedder, facts.quotes, question, shortlist) if facts.reads(question) else list(shortlist)
    if reader is not None:
        read, weight = reader.scores(question, [_read(c) for c in ranked]), judge_facts(reader.name).weight
        ranked = [replace(c, read=weight * float(s)) for c, s in zip(ranked, read, strict=True)]
    ranked.sort(key=lambda c: (-held(question, c.text), -(c.words + c.meaning + c.read)))
    # Uncalibrated similarities rank, but are no part of the score.
    calibrated = facts.is_calibrated_for(question)
    chosen = _members(ranked, k) if listing else _deduplicated(ranked, k)
    return tuple(_quote(c, c.words + c.meaning * calibrated + c.read) for c in chosen)


def _by_meaning(
    embedder: Embedder, weights: QuoteWeights, question: str, shortlist: Sequence[_Candidate]
) -> list[_Candidate]:
    """The candidates with their similarity scores."""
    query = embedder.embed_query(question)
    before = [f"{c.passage.title}\n{c.before[-200:]} " for c in shortlist]
    around = [text + _read(c) for text, c in zip(before, shortlist, strict=True)]
    spans = (
        embedder.embed_spans(around, [len(text) for text in before])
        if isinstance(embedder, LateChunkingEmbedder)
        else None
    )
    if spans is not None:
        # Late chunking replaces both embeddings, with and without context.
        meaning = (weights.similarity + weights.context) * (spans @ query)
    else:
        near = embedder.embed_passages([_read(c) for c in shortlist]) @ query
        meaning = weights.similarity * near + weights.context * (embedder.embed_passages(around) @ query)
    return [replace(c, meaning=float(more)) for c, more in zip(shortlist, meaning, strict=True)]


def _read(candidate: _Candidate) -> str:
    """A unit's text for a model: a table row by its cells and their heads, another row with its column headings."""
    return candidate.unit.said or f"{candidate.unit.head} {candidate.text}".strip()


def _candidates(
    question: str, passages: Sequence[Passage], pages: Mapping[PageKey, CutPage], wanted: Mapping[str, float]
) -> list[_Candidate]:
    """Every quotable unit that overlaps a passage, once, with its lexical score."""
    asked = frozenset(words(question))
    expected = answer_kind(question)
    language = language_of(question)
    order = terms(question, language)
    # Chinese terms are character bigrams already.
    pairs = (
        {}
        if script_of(question) == "cjk"
        else {pair: wanted.get(pair[0], 1.0) + wanted.get(pair[1], 1.0) for pair in pairwise(order)}
    )
    seen: set[tuple[str, int, int]] = set()
    found: list[_Candidate] = []
    places = dict.fromkeys((passage.document, passage.page) for passage in passages)
    paged = {(passage.document, passage.page) for passage in passages if passage.place.page}
    running = _running_lines({place: pages[place].text for place in places if place in paged})
    quotable = {place: _quotable(place[0], pages[place], running) for place in places}
    for rank, passage in enumerate(passages):
        place = (passage.document, passage.page)
        page = pages[place]
        touched = page.touched(passage)
        unit_terms = [
            terms(unit.said or f"{unit.head} {page.text[unit.start : unit.end]}", language) for unit in touched
        ]
        topic = terms(f"{passage.title} {passage.section}", language)
        table_topic = [*topic, *_announced(page, language)]
        for i, unit in enumerate(touched):
            key = (*place, unit.start)
            text = page.text[unit.start : unit.end]
            if key in seen or unit.start not in quotable[place]:
                continue
            seen.add(key)
            before = [*(table_topic if unit.said else topic), *(unit_terms[i - 1] if i else ()), *unit_terms[i]]
            after = unit_terms[i + 1] if i + 1 < len(unit_terms) else []
            score = (
                _OWN * coverage(wanted, unit_terms[i])
                + _NEAR * coverage(wanted, [*before, *after])
                + _BEFORE * coverage(wanted, before)
                + _PAIRS * coverage(pairs, pairwise(unit_terms[i]))
                + _PASSAGE / (1 + rank)
                - _HEADING * (unit.sort == "heading")
                + _RANGE * in_range(question, text)
                + _ANSWER * (expected is not None and holds_new(expected, text, asked))
            )
            last = page.text[touched[i - 1].start : touched[i - 1].end] if i else ""
            found.append(_Candidate(passage, unit, text, page, last, score))
    return found


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


def _deduplicated(ranked: Sequence[_Candidate], k: int) -> list[_Candidate]:
    """The first k candidates whose terms differ enough from those already chosen."""
    chosen: list[tuple[_Candidate, frozenset[str]]] = []
    for candidate in ranked:
        own = frozenset(terms(candidate.text))
        if not any(_repeats(candidate, own, other, its) for other, its in chosen):
            chosen.append((candidate, own))
        if len(chosen) == k:
            break
    return [candidate for candidate, _ in chosen]


def _repeats(one: _Candidate, words: frozenset[str], other: _Candidate, its: frozenset[str]) -> bool:
    return _same_place(one, other) or same_said(one.text, other.text, _overlap(words, its))


def _members(ranked: Sequence[_Candidate], k: int) -> list[_Candidate]:
    """The candidates that are nearly as good as the best; the same words of several documents are several members."""
    chosen: list[_Candidate] = []
    for candidate in ranked:
        if candidate.words + candidate.meaning < _MEMBER * (ranked[0].words + ranked[0].meaning):
            continue
        if not any(_same_place(candidate, other) for other in chosen):
            chosen.append(candidate)
    return chosen[:k]


def _same_place(one: _Candidate, other: _Candidate) -> bool:
    same_page = (one.passage.document, one.passage.page) == (other.passage.document, other.passage.page)
    return same_page and one.unit.start < other.unit.end and other.unit.start < one.unit.end


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)), round(0.6 * max(len(one), len(other))))


def _quote(candidate: _Candidate, score: float) -> Quote:
    unit, page = candidate.unit, candidate.page
    return replace(
        cut(candidate.passage, page, unit),
        score=score,
        before=text_before(page, unit),
        after=text_after(page, unit),
    )
