"""The search itself: words and vectors, for each form of the question, fused by rank."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from rag.answering.retrieval.abstention import Signals, gate, signals
from rag.answering.retrieval.follow_ups import Form, forms
from rag.answering.retrieval.rank_fusion import RANK, Ranking, by_page, join, reciprocal_rank_fusion
from rag.core.call_context import CallContext
from rag.core.errors import VectorsLacking
from rag.core.text import terms
from rag.core.types import Page, PageKey, Passage
from rag.models.catalogue import embedder_facts
from rag.models.embedding import Embedder

Vector = npt.NDArray[np.float32]

# Chunks asked of each list, and candidates read from the store for each passage wanted.
DEPTH: Final = 100
_CANDIDATES: Final = 4

# Fewer chunks than this do not tell a rare word from a common one: they are counted as so many.
_TELLING: Final = 200

# Look-ups of words at a time, for all who ask.
_AT_ONCE: Final = 4


class Searchable(Protocol):
    """What the search needs of an index; `rag.library.index.Index` is one."""

    def search_vectors(
        self,
        collection_id: str,
        vector: Vector,
        k: int,
        documents: Sequence[str] | None = None,
        *,
        known: Sequence[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Raises VectorsLacking where not all can be looked at, unless chunks are `known` to be looked at instead."""

    def search_words(
        self, owner: str, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[int, float]]: ...

    def count_words(self, owner: str, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """How many chunks there are, and how many hold each of the terms, as `rag.core.text.terms` makes them."""


class Readable(Protocol):
    """What the search needs of the documents; `rag.library.store.Store.documents` is one."""

    def passages(self, owner: str, chunk_ids: Iterable[int]) -> dict[int, Passage]: ...

    def pages_at(self, owner: str, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]: ...


class Reranker(Protocol):
    """A model that reads question and passage together."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """One number for each text; larger is nearer."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; `words_only` where the vectors were out of reach.

    `query` is the form of the question that counted most, `weights` what each of its terms is worth
    (a rare word more than a common one), `gate` the chance that the passages answer it at all: below `threshold`
    it is not answered. `pages` are those that the passages lie on, by document and number.
    """

    passages: tuple[Passage, ...]
    query: str
    signals: Signals
    gate: float
    threshold: float
    weights: Mapping[str, float] = field(default_factory=dict)
    words_only: bool = False
    pages: Mapping[PageKey, Page] = field(default_factory=dict)


class Retriever:
    """Finds the passages for a question in one collection. Any number of threads may share one."""

    def __init__(
        self, index: Searchable, documents: Readable, embedder: Embedder, reranker: Reranker | None = None
    ) -> None:
        self._index = index
        self._documents = documents
        self._embedder = embedder
        self._facts = embedder_facts(embedder.name)
        self._reranker = reranker
        # The words are looked up while the question is embedded: neither holds the interpreter.
        self._beside = ThreadPoolExecutor(_AT_ONCE, "words")

    def search(
        self,
        question: str,
        context: CallContext,
        *,
        previous: Sequence[str] = (),
        k: int = 8,
    ) -> Found:
        """The k passages nearest to a question.

        Args:
            previous: the questions asked before in the same chat, oldest first.
        """
        ways = forms(question, previous)
        said = [self._beside.submit(self._by_words, way, context) for way in ways]
        telling = self._beside.submit(self._weights, ways[0].query, context)
        collection, documents = context.collection, context.documents or None
        rankings: list[Ranking] = []
        similarity, words_only, fusion = 0.0, False, self._facts.fusion
        for way, by_words in zip(ways, said, strict=True):
            vector = self._embedder.embed_query(way.query)
            try:
                vectors = self._index.search_vectors(collection, vector, DEPTH, documents)
            except VectorsLacking:
                words_only, known = True, by_words.result().items
                vectors = self._index.search_vectors(collection, vector, DEPTH, documents, known=known)
            similarity = max(similarity, vectors[0][1] if vectors else 0.0)
            worth = fusion.unread
            if self._facts.reads(way.query):
                worth = fusion.vectors if len(ways) == 1 else fusion.follow_up
            rankings.append(by_words.result())
            rankings.append(Ranking(tuple(chunk for chunk, _ in vectors), way.weight * worth))
        # Of a language that is not read, the vectors' lists would drown the words'.
        slowly = len(ways) > 1 and self._facts.reads(ways[0].query)
        fused = reciprocal_rank_fusion(rankings, fusion.rank_follow_up if slowly else RANK)
        passages, pages = self._passages(question, fused, context.owner, k)
        chunks, weights = telling.result()
        seen = signals(
            ways[0].query,
            weights,
            passages,
            similarity,
            by_words=rankings[0],
            by_meaning=rankings[1],
            chunks=chunks,
            follow_up=len(ways) > 1,
            tells=self._facts.tells(ways[0].query),
        )
        score, least = gate(seen, self._facts.gate), self._facts.gate.threshold
        return Found(tuple(passages), ways[0].query, seen, score, least, weights, words_only, pages)

    def _by_words(self, way: Form, context: CallContext) -> Ranking:
        documents = context.documents or None
        found = self._index.search_words(context.owner, context.collection, way.query, DEPTH, documents)
        return Ranking(tuple(chunk for chunk, _ in found), way.weight)

    def _passages(
        self, question: str, fused: Sequence[tuple[int, float]], owner: str, k: int
    ) -> tuple[list[Passage], Mapping[PageKey, Page]]:
        """The k best passages, and the pages they lie on."""
        best = fused[: k * _CANDIDATES]
        read = self._documents.passages(owner, [chunk for chunk, _ in best])
        candidates = by_page([replace(read[chunk], score=score) for chunk, score in best if chunk in read])
        if self._reranker is not None and candidates:
            scores = self._reranker.scores(question, [passage.text for passage in candidates])
            candidates = [replace(p, score=float(s)) for p, s in zip(candidates, scores, strict=True)]
            candidates.sort(key=lambda passage: -passage.score)
        met = Counter((passage.document, passage.page) for passage in candidates)
        # Only where a page was met twice can two of its chunks be joined.
        pages = self._documents.pages_at(owner, [place for place, times in met.items() if times > 1])
        there = [p for p in candidates if met[p.document, p.page] == 1 or (p.document, p.page) in pages]
        joined = join(there, lambda passage: pages[passage.document, passage.page].text, k)
        met_at = dict.fromkeys((p.document, p.page) for p in joined)
        pages |= self._documents.pages_at(owner, met_at.keys() - pages.keys())
        # One that was removed a moment ago is no source any more.
        found = {place: pages[place] for place in met_at if place in pages}
        return [passage for passage in joined if (passage.document, passage.page) in found], found

    def _weights(self, query: str, context: CallContext) -> tuple[int, dict[str, float]]:
        """How many chunks there are, and how telling each term of the query is: log of how few of them hold it."""
        asked = list(dict.fromkeys(terms(query)))
        total, counts = self._index.count_words(context.owner, context.collection, asked)
        most = max(total, _TELLING) + 1
        return total, {term: math.log(1 + most / (counts.get(term, 0) + 0.5)) for term in asked}
