"""Quote selection: units are ranked by lexical features, the best of them then by embedding similarity too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from rag.answering.evidence.candidates import Candidate, candidates_of
from rag.answering.evidence.disagreement import same_said
from rag.answering.evidence.list_members import followed, in_state, list_members, rows_of_each
from rag.answering.evidence.pages import CutPage, cut, text_after, text_before
from rag.answering.evidence.several_answers import beside, has_several, of_each
from rag.core.text import language_of, terms
from rag.core.types import PageKey, Passage, Quote
from rag.models.catalogue import EmbedderFacts, embedder_facts, judge_facts
from rag.models.embedding import Embedder, LateChunkingEmbedder

# Candidates that are embedded: a fraction of a second on one core.
EMBEDDED: Final = 7
# ... where all members of a list are asked for: two for each that is shown.
EMBEDDED_LIST: Final = 24
# ... and the best of each further document, up to so many in all.
_EMBEDDED_DOCUMENTS: Final = 14


class AnswerScorer(Protocol):
    """A model that scores how well a text answers a question."""

    @property
    def name(self) -> str: ...

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]: ...


def find_quotes(
    question: str,
    passages: Sequence[Passage],
    embedder: Embedder,
    *,
    pages: Mapping[PageKey, CutPage],
    weights: Mapping[str, float] | None = None,
    k: int = 3,
    reader: AnswerScorer | None = None,
    most: int = 0,
    listing: bool = False,
    further: Sequence[Passage] = (),
) -> tuple[Quote, ...]:
    """The k best units of the passages, best first, without near-duplicates; more where other documents say otherwise.

    Args:
        passages: best first.
        pages: the passages' pages, cut into units.
        weights: of the question's terms; equal if None.
        reader: scores the best candidates, where there is one.
        most: how many there may be with those that say something else, or are announced by the best; k if less.
        listing: every unit that scores nearly as the best is a member of the list asked for; k at most.
        further: passages behind those, of which only rows of tables are looked at.
    """
    wanted = weights if weights is not None else dict.fromkeys(terms(question), 1.0)
    candidates = candidates_of(question, passages, pages, wanted, further, listing=listing)
    candidates.sort(key=lambda c: (-c.held(question), -c.words))
    facts, language = embedder_facts(embedder.name), language_of(question)
    # Between two languages words choose nothing: more is left to the embedder.
    across = facts.reads(question) and all(language_of(passage.text) != language for passage in passages)
    shortlist = candidates[: EMBEDDED_LIST if listing or across else EMBEDDED]
    if most > k and not listing:
        shortlist += _of_other_documents(shortlist, candidates)
    if not shortlist:
        return ()
    ranked = _ranked(question, shortlist, embedder, reader)
    rows = rows_of_each(question, ranked, (*passages, *further))
    if listing:
        members = list_members(ranked, (*passages, *further), pages, wanted, k)
        chosen = in_state(question, [*rows, *(one for one in members if not any(map(one.overlaps, rows)))][:k])
    elif rows:
        chosen = rows[: max(k, most)]
    else:
        chosen = _deduplicated(ranked, k)
        several = most > k and has_several(question, ranked)
        if several and (more := of_each(question, shortlist, candidates)):
            ranked += _ranked(question, more, embedder, reader)
            ranked.sort(key=lambda c: (-c.held(question), -c.score))
        others = beside(question, ranked, chosen, several)
        chosen = (_with_items(chosen, (*passages, *further)) + others)[: max(k, most)]
    # Uncalibrated similarities rank, but are no part of the score.
    calibrated = facts.is_calibrated_for(question)
    return tuple(_quote(c, c.words + c.meaning * calibrated + c.read) for c in chosen)


def _ranked(
    question: str, shortlist: Sequence[Candidate], embedder: Embedder, reader: AnswerScorer | None
) -> list[Candidate]:
    """The candidates with all their scores, best first."""
    facts = embedder_facts(embedder.name)
    # In a language that the embedder does not support its similarities are noise.
    ranked = _by_meaning(embedder, facts, question, shortlist) if facts.reads(question) else list(shortlist)
    if reader is not None:
        read, weight = reader.scores(question, [_read(c) for c in ranked]), judge_facts(reader.name).weight
        ranked = [replace(c, read=weight * float(s)) for c, s in zip(ranked, read, strict=True)]
    return sorted(ranked, key=lambda c: (-c.held(question), -c.score))


def _by_meaning(
    embedder: Embedder, facts: EmbedderFacts, question: str, shortlist: Sequence[Candidate]
) -> list[Candidate]:
    """The candidates with their similarity scores."""
    query, weights = embedder.embed_query(question), facts.quotes
    before = [f"{c.passage.title}\n{c.before[-200:]} " for c in shortlist]
    around = [text + _read(c) for text, c in zip(before, shortlist, strict=True)]
    spans = (
        embedder.embed_spans(around, [len(text) for text in before])
        if isinstance(embedder, LateChunkingEmbedder)
        else None
    )
    if spans is not None:
        # Late chunking replaces both embeddings, with and without context.
        meaning = (weights.similarity + weights.context) * facts.scaled(spans @ query)
    else:
        near = facts.scaled(embedder.embed_passages([_read(c) for c in shortlist]) @ query)
        meaning = weights.similarity * near + weights.context * facts.scaled(embedder.embed_passages(around) @ query)
    return [replace(c, meaning=float(more)) for c, more in zip(shortlist, meaning, strict=True)]


def _read(candidate: Candidate) -> str:
    """A unit's text for a model: a table row by its cells and their heads, another row with its column headings."""
    return candidate.unit.said or f"{candidate.unit.head} {candidate.text}".strip()


def _of_other_documents(shortlist: Sequence[Candidate], candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best candidate of each document that has none in the shortlist."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        best.setdefault(candidate.passage.document, candidate)
    there = {candidate.passage.document for candidate in shortlist}
    return [one for name, one in best.items() if name not in there][: _EMBEDDED_DOCUMENTS - len(shortlist)]


def _with_items(chosen: Sequence[Candidate], passages: Sequence[Passage]) -> list[Candidate]:
    """The chosen ones, behind the best the items that it announces: by itself it says nothing."""
    items = followed(chosen[0], passages)
    return [chosen[0], *items, *(one for one in chosen[1:] if not any(map(one.overlaps, items)))]


def _deduplicated(ranked: Sequence[Candidate], k: int) -> list[Candidate]:
    """The first k candidates whose terms differ enough from those already chosen."""
    chosen: list[tuple[Candidate, frozenset[str]]] = []
    for candidate in ranked:
        own = frozenset(terms(candidate.text))
        if not any(_repeats(candidate, own, other, its) for other, its in chosen):
            chosen.append((candidate, own))
        if len(chosen) == k:
            break
    return [candidate for candidate, _ in chosen]


def _repeats(one: Candidate, words: frozenset[str], other: Candidate, its: frozenset[str]) -> bool:
    return one.overlaps(other) or same_said(one.text, other.text, _overlap(words, its))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)), round(0.6 * max(len(one), len(other))))


def _quote(candidate: Candidate, score: float) -> Quote:
    unit, page = candidate.unit, candidate.page
    return replace(
        cut(candidate.passage, page, unit),
        score=score,
        before=text_before(page, unit),
        after=text_after(page, unit),
    )
