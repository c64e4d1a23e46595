"""Hybrid search: BM25 and vector rankings of each query variant, fused by reciprocal rank fusion."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from rag.answering.retrieval.abstention import Signals, gate, raised, signals
from rag.answering.retrieval.follow_ups import Form, brings_something, forms, stands_alone
from rag.answering.retrieval.identifier_search import held, with_spellings
from rag.answering.retrieval.interfaces import Found, Readable, Reranker, Searchable
from rag.answering.retrieval.missing_things import missing_things
from rag.answering.retrieval.name_questions import unheld_kinds
from rag.answering.retrieval.question_kinds import searched
from rag.answering.retrieval.questioned_figures import QUESTIONED, questioned_figures
from rag.answering.retrieval.rank_fusion import RANK, Ranking, by_page, join, reciprocal_rank_fusion
from rag.answering.retrieval.spelling import respelled
from rag.core.call_context import CallContext
from rag.core.errors import VectorsLacking
from rag.core.text import language_of, terms
from rag.core.text.synonyms import synonyms
from rag.core.types import Page, PageKey, Passage
from rag.models.catalogue import embedder_facts
from rag.models.embedding import Embedder

# Length of each ranking, and candidates read from the store per passage wanted.
DEPTH: Final = 100
_CANDIDATES: Final = 4
# ... and those behind them of which only rows of tables are looked at: tables are alike, and of many the one that is
# asked for lies far behind. Chosen on one half of TAT-QA's tables, 10 of 4, 10 and 20; see bench/quality.md.
_TABLES: Final = 10

# Minimum corpus size in the IDF: smaller ones do not tell rare terms from common ones.
_MIN_CHUNKS: Final = 200

# Passages that the gate of a follow-up by itself looks at, and the nearest whose language is looked at.
_OWN: Final = 4

# Threads for BM25 queries.
_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class _Lists:
    """What one form of a question found; `similarity` is the best cosine."""

    words: Ranking
    vectors: Ranking
    similarity: float
    words_only: bool = False


class Retriever:
    """Retrieves the passages for a question from one collection. Thread-safe."""

    def __init__(
        self, index: Searchable, documents: Readable, embedder: Embedder, reranker: Reranker | None = None
    ) -> None:
        self._index = index
        self._documents = documents
        self._embedder = embedder
        self._facts = embedder_facts(embedder.name)
        self._reranker = reranker
        # BM25 queries run while the question is embedded: neither holds the GIL.
        self._pool = ThreadPoolExecutor(_THREADS, "words")

    def search(
        self,
        question: str,
        context: CallContext,
        *,
        previous: Sequence[str] = (),
        k: int = 8,
    ) -> Found:
        """The k best passages for a question.

        Args:
            previous: earlier questions of the chat, oldest first.
        """
        question = searched(question)
        ways = forms(question, previous)
        by_words = [self._pool.submit(self._by_words, way, context) for way in ways]
        telling = self._pool.submit(self._weights, ways[0].query, context)
        lists = [self._lists(way, words, context, len(ways) > 1) for way, words in zip(ways, by_words, strict=True)]
        # Of a language that is not read, the vectors' lists would drown the words'.
        slowly = len(ways) > 1 and self._facts.reads(ways[0].query)
        rankings = [ranking for each in lists for ranking in (each.words, each.vectors)]
        fused = reciprocal_rank_fusion(rankings, self._facts.fusion.rank_follow_up if slowly else RANK)
        ranked, pages = self._passages(question, fused[: k * _CANDIDATES], context.owner, self._reranker)
        further_on = fused[k * _CANDIDATES : k * _TABLES]
        behind, theirs = self._passages(question, further_on, context.owner, None, known=pages)
        pages = {**theirs, **pages}
        passages, further = ranked[:k], tuple(one for one in (*ranked[k:], *behind) if _in_a_table(one, pages))
        pages = {place: pages[place] for place in ((one.document, one.page) for one in (*passages, *further))}
        query = respelled(ways[0].query, passages, lambda word: not self._known(word, context))
        chunks, weights = telling.result() if query == ways[0].query else self._weights(query, context)
        nearest = replace(lists[0], similarity=max(each.similarity for each in lists))
        seen = self._signals(query, weights, passages, nearest, chunks, follow_up=len(ways) > 1)
        weighed = self._facts.gate_for(query, seen.across)
        score = gate(seen, weighed)
        if len(ways) > 1 and brings_something(question):
            own = next(each for way, each in zip(ways, lists, strict=True) if way.query == question)
            score = min(score, self._own_gate(question, own, context))
        missing = missing_things(question, query, passages, lambda words: self._worded(words, context))
        return Found(
            tuple(passages),
            query,
            seen,
            0.0 if missing else score,
            weighed.threshold,
            weights,
            any(each.words_only for each in lists),
            pages,
            tuple(missing),
            further,
            () if missing else tuple(unheld_kinds(query, passages, lambda words: self._worded(words, context))),
        )

    def _lists(self, way: Form, by_words: Future[Ranking], context: CallContext, follow_up: bool) -> _Lists:
        """What one form of the question finds, by words and by meaning."""
        vector = self._embedder.embed_query(way.query)
        collection, documents = context.collection, context.documents or None
        words_only = False
        try:
            found = self._index.search_vectors(collection, vector, DEPTH, documents)
        except VectorsLacking:
            words_only, known = True, by_words.result().items
            found = self._index.search_vectors(collection, vector, DEPTH, documents, known=known)
        fusion = self._facts.fusion
        worth = fusion.unread
        if self._facts.reads(way.query):
            worth = fusion.follow_up if follow_up else fusion.vectors
            if fusion.across is not None and self._across(way.query, [chunk for chunk, _ in found], context):
                worth = fusion.across
        vectors = Ranking(tuple(chunk for chunk, _ in found), way.weight * worth)
        return _Lists(by_words.result(), vectors, found[0][1] if found else 0.0, words_only)

    def _across(self, query: str, nearest: Sequence[int], context: CallContext) -> bool:
        """Whether the nearest chunks are all in another language than the query, whose words then find none of them."""
        read = self._documents.passages(context.owner, nearest[:_OWN]).values()
        return bool(read) and all(language_of(passage.text) != language_of(query) for passage in read)

    def _signals(
        self,
        query: str,
        weights: Mapping[str, float],
        passages: Sequence[Passage],
        lists: _Lists,
        chunks: int,
        *,
        follow_up: bool = False,
    ) -> Signals:
        return signals(
            query,
            weights,
            passages,
            lists.similarity,
            by_words=lists.words,
            by_meaning=lists.vectors,
            chunks=chunks,
            follow_up=follow_up,
            calibrated=self._facts.is_calibrated_for(query),
        )

    def _own_gate(self, question: str, lists: _Lists, context: CallContext) -> float:
        """The gate of a follow-up by what it brings of its own: joined to a question that the documents answer, any
        other seems answered. The less it stands alone, the less it has to bring."""
        fused = reciprocal_rank_fusion([lists.words, lists.vectors])
        passages, _ = self._passages(question, fused[: _OWN * _CANDIDATES], context.owner, None, most=_OWN)
        chunks, weights = self._weights(question, context)
        seen = self._signals(question, weights, passages, lists, chunks)
        weighed = self._facts.gate_for(question, seen.across)
        return raised(gate(seen, weighed), 1.0 - stands_alone(question), weighed)

    def _by_words(self, variant: Form, context: CallContext) -> Ranking:
        documents = context.documents or None
        query = variant.query
        otherwise = [word for said, words in synonyms(query) if not self._known(said, context) for word in words]
        query = " ".join([with_spellings(query), *otherwise])
        found = self._index.search_words(context.owner, context.collection, query, DEPTH, documents)
        return Ranking(tuple(chunk for chunk, _ in found), variant.weight)

    def _worded(self, words: str, context: CallContext) -> list[Passage]:
        """The chunks that hold some of these words, best first."""
        documents = context.documents or None
        found = [
            chunk for chunk, _ in self._index.search_words(context.owner, context.collection, words, DEPTH, documents)
        ]
        read = self._documents.passages(context.owner, found)
        return [read[chunk] for chunk in found if chunk in read]

    def _passages(
        self,
        question: str,
        best: Sequence[tuple[int, float]],
        owner: str,
        reranker: Reranker | None,
        most: int | None = None,
        known: Mapping[PageKey, Page] = MappingProxyType({}),
    ) -> tuple[list[Passage], Mapping[PageKey, Page]]:
        """The passages of these chunks, best first, `most` of them, and their pages; not read are `known` ones."""
        read = self._documents.passages(owner, [chunk for chunk, _ in best])
        candidates = by_page([replace(read[chunk], score=score) for chunk, score in best if chunk in read])
        if reranker is not None and candidates:
            scores = reranker.scores(question, [passage.text for passage in candidates])
            candidates = [replace(p, score=float(s)) for p, s in zip(candidates, scores, strict=True)]
            candidates.sort(key=lambda passage: -passage.score)
        # What is typed as a code is meant as it is typed: its passages come before those of its neighbours.
        candidates.sort(key=lambda passage: -held(question, passage.text))
        met = Counter((passage.document, passage.page) for passage in candidates)
        # Only where a page was met twice can two of its chunks be joined.
        pages = {place: known[place] for place in met if place in known}
        twice = [place for place, times in met.items() if times > 1 and place not in pages]
        pages |= self._documents.pages_at(owner, twice) if twice else {}
        there = [p for p in candidates if met[p.document, p.page] == 1 or (p.document, p.page) in pages]
        joined = join(there, lambda passage: pages[passage.document, passage.page].text, most or len(there))
        met_at = dict.fromkeys((p.document, p.page) for p in joined)
        rest = met_at.keys() - pages.keys()
        pages |= self._documents.pages_at(owner, rest) if rest else {}
        # One that was removed a moment ago is no source any more.
        found = {place: pages[place] for place in met_at if place in pages}
        return [passage for passage in joined if (passage.document, passage.page) in found], found

    def _known(self, word: str, context: CallContext) -> bool:
        """Whether any chunk of the collection holds a word."""
        return any(self._index.count_words(context.owner, context.collection, terms(word))[1].values())

    def _weights(self, query: str, context: CallContext) -> tuple[int, dict[str, float]]:
        """The number of chunks, and the inverse document frequency of each query term: ln(1 + N / (df + 0.5))."""
        query_terms = list(dict.fromkeys(terms(query)))
        total, counts = self._index.count_words(context.owner, context.collection, query_terms)
        size = max(total, _MIN_CHUNKS) + 1
        weights = {term: math.log(1 + size / (counts.get(term, 0) + 0.5)) for term in query_terms}
        return total, weights | {term: QUESTIONED * weights[term] for term in questioned_figures(query, query_terms)}


def _in_a_table(passage: Passage, pages: Mapping[PageKey, Page]) -> bool:
    tables = pages[passage.document, passage.page].tables
    return any(table.start < passage.end and passage.start < table.end for table in tables)
