"""Which units of the passages answer: first by words, then, for the best of those, by meaning."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Protocol

from rag.answering.evidence.answer_types import answer_kind, holds_new
from rag.answering.evidence.pages import CutPage, cut, text_after, text_before
from rag.answering.evidence.ranges import in_range
from rag.answering.evidence.units import Unit, announcements, headlines
from rag.core.text import coverage, language_of, script_of, terms, words
from rag.core.text.scripts import Language
from rag.core.types import PageKey, Passage, Quote
from rag.models.catalogue import QuoteWeights, embedder_facts, judge_facts
from rag.models.embedding import Embedder, ReadsBefore

# Units that go to the embedder: as many as it does in a fraction of a second on one core.
EMBEDDED: Final = 7

# What each sign is worth; fitted on the developers' questions, see bench/quality.md. With what the similarity is
# worth, which is the embedder's own, they sum to 1, so that a score lies between 0 and 1.
_OWN: Final = 0.134  # the question's terms in the unit itself
_NEAR: Final = 0.135  # ... in the unit, its neighbours and the title
_BEFORE: Final = 0.139  # ... in the unit, the one before and the title: what "it" and "they" stand for
_PAIRS: Final = 0.076  # the question's neighbouring terms side by side in the unit
_PASSAGE: Final = 0.084  # how early its passage was found
_ANSWER: Final = 0.074  # a date for a "when", a figure for a "how many", that the question does not name

_RANGE: Final = 0.10  # added: "5 to 9 years" where six are asked about; rare, so it was not fitted
_HEADING: Final = 0.15  # taken off: a heading says what is meant and not what is so

# Lines from the top and from the foot of a page that may be the same on every page.
_EDGE: Final = 2
_DIGITS: Final = re.compile(r"\d+")


class Reader(Protocol):
    """A model that reads a question and a text and says how surely the text answers it."""

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
    reader: Reader | None = None,
) -> tuple[Quote, ...]:
    """The k units of the passages that answer best, best first, no two saying the same.

    Args:
        passages: best first.
        pages: those that the passages lie on; their units are what is quoted.
        weights: what each term of the question is worth; all the same when not given.
        reader: asked about the best candidates, where there is one.
    """
    wanted = weights if weights is not None else dict.fromkeys(terms(question), 1.0)
    candidates = _candidates(question, passages, pages, wanted)
    shortlist = sorted(candidates, key=lambda candidate: -candidate.words)[:EMBEDDED]
    if not shortlist:
        return ()
    facts = embedder_facts(embedder.name)
    # What an embedder finds near in a language that it does not read is noise: words decide alone.
    ranked = _by_meaning(embedder, facts.quotes, question, shortlist) if facts.reads(question) else list(shortlist)
    if reader is not None:
        read, weight = reader.scores(question, [_read(c) for c in ranked]), judge_facts(reader.name).weight
        ranked = [replace(c, read=weight * float(s)) for c, s in zip(ranked, read, strict=True)]
    ranked.sort(key=lambda c: -(c.words + c.meaning + c.read))
    # Where it is not known what the similarities mean, they put in order and are no part of the score.
    told = facts.tells(question)
    return tuple(_quote(c, c.words + c.meaning * told + c.read) for c in _different(ranked, k))


def _by_meaning(
    embedder: Embedder, weights: QuoteWeights, question: str, shortlist: Sequence[_Candidate]
) -> list[_Candidate]:
    """The candidates with what their meaning adds to their words."""
    asked = embedder.embed_query(question)
    before = [f"{c.passage.title}\n{c.before[-200:]} " for c in shortlist]
    around = [text + _read(c) for text, c in zip(before, shortlist, strict=True)]
    ends = embedder.embed_ends(around, [len(text) for text in before]) if isinstance(embedder, ReadsBefore) else None
    if ends is not None:
        # Read once, with what it refers to: as good as both ways together.
        meaning = (weights.similarity + weights.context) * (ends @ asked)
    else:
        near = embedder.embed_passages([_read(c) for c in shortlist]) @ asked
        meaning = weights.similarity * near + weights.context * (embedder.embed_passages(around) @ asked)
    return [replace(c, meaning=float(more)) for c, more in zip(shortlist, meaning, strict=True)]


def _read(candidate: _Candidate) -> str:
    """What a model reads of a unit: a row says nothing without its column heads."""
    return candidate.unit.said or f"{candidate.unit.head} {candidate.text}".strip()


def _candidates(
    question: str, passages: Sequence[Passage], pages: Mapping[PageKey, CutPage], wanted: Mapping[str, float]
) -> list[_Candidate]:
    """Every unit that a passage touches, once, with what its words say for it."""
    asked = frozenset(words(question))
    expected = answer_kind(question)
    language = language_of(question)
    order = terms(question, language)
    # A Chinese term is a pair of characters already.
    pairs = (
        {}
        if script_of(question) == "cjk"
        else {pair: wanted.get(pair[0], 1.0) + wanted.get(pair[1], 1.0) for pair in pairwise(order)}
    )
    seen: set[tuple[str, int, int]] = set()
    found: list[_Candidate] = []
    places = dict.fromkeys((passage.document, passage.page) for passage in passages)
    paged = {(passage.document, passage.page) for passage in passages if passage.kind == "pdf"}
    running = _running_lines({place: pages[place].text for place in places if place in paged})
    quotable = {place: _quotable(place[0], pages[place], running) for place in places}
    for rank, passage in enumerate(passages):
        place = (passage.document, passage.page)
        page = pages[place]
        here = page.touched(passage)
        held = [terms(unit.said or f"{unit.head} {page.text[unit.start : unit.end]}", language) for unit in here]
        topic = terms(f"{passage.title} {passage.section}", language)
        table_topic = [*topic, *_announced(page, language)]
        for i, unit in enumerate(here):
            key = (*place, unit.start)
            text = page.text[unit.start : unit.end]
            if key in seen or unit.start not in quotable[place]:
                continue
            seen.add(key)
            before = [*(table_topic if unit.said else topic), *(held[i - 1] if i else ()), *held[i]]
            after = held[i + 1] if i + 1 < len(held) else []
            score = (
                _OWN * coverage(wanted, held[i])
                + _NEAR * coverage(wanted, [*before, *after])
                + _BEFORE * coverage(wanted, before)
                + _PAIRS * coverage(pairs, pairwise(held[i]))
                + _PASSAGE / (1 + rank)
                - _HEADING * (unit.sort == "heading")
                + _RANGE * in_range(question, text)
                + _ANSWER * (expected is not None and holds_new(expected, text, asked))
            )
            last = page.text[here[i - 1].start : here[i - 1].end] if i else ""
            found.append(_Candidate(passage, unit, text, page, last, score))
    return found


def _announced(page: CutPage, language: Language) -> list[str]:
    """What the tables of a page are about, as the page says it."""
    said = [page.text[one.start : one.end] for one in announcements(page.text, page.units)]
    places = {one.caption for one in page.units if one.said and any(one.caption)}
    return terms(" ".join([*said, *(page.text[first:last] for first, last in sorted(places))]), language)


def _quotable(document: str, page: CutPage, running: Set[tuple[str, str]]) -> set[int]:
    """The starts of the units of a page that say something themselves."""
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
    """Lines at the top or foot of several pages of a document, page numbers aside: they say nothing themselves."""
    counts: Counter[tuple[str, str]] = Counter()
    for (document, _), text in pages.items():
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        edges = {_DIGITS.sub("", line) for line in (*lines[:_EDGE], *lines[-_EDGE:]) if line[-1] not in ".!?。！？"}
        counts.update((document, line) for line in edges)
    return {place for place, count in counts.items() if count > 1}


def _different(ranked: Sequence[_Candidate], k: int) -> list[_Candidate]:
    """The first k whose words are not nearly those of one already chosen."""
    chosen: list[tuple[_Candidate, frozenset[str]]] = []
    for candidate in ranked:
        held = frozenset(terms(candidate.text))
        if not any(_same_place(candidate, other) or _overlap(held, its) >= 0.8 for other, its in chosen):
            chosen.append((candidate, held))
        if len(chosen) == k:
            break
    return [candidate for candidate, _ in chosen]


def _same_place(one: _Candidate, other: _Candidate) -> bool:
    here = (one.passage.document, one.passage.page) == (other.passage.document, other.passage.page)
    return here and one.unit.start < other.unit.end and other.unit.start < one.unit.end


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
