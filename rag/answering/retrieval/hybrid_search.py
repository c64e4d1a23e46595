"""Hybrid search: BM25 and vector rankings of each query variant, fused by reciprocal rank fusion."""

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

# Length of each ranking, and candidates read from the store per passage wanted.
DEPTH: Final = 100
_CANDIDATES: Final = 4

# Minimum corpus size in the IDF: smaller ones do not tell rare terms from common ones.
_MIN_CHUNKS: Final = 200

# Threads for BM25 queries.
_THREADS: Final = 4


class Searchable(Protocol):
    """The index interface; `rag.library.index.Index` implements it."""

    def search_vectors(
        self,
        collection_id: str,
        vector: Vector,
        k: int,
        documents: Sequence[str] | None = None,
        *,
        known: Sequence[int] | None = None,
    ) -> list[tuple[int, float]]:
        """Raises VectorsLacking if not all vectors are reachable, unless `known` chunk ids are to be scored instead."""

    def search_words(
        self, owner: str, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[int, float]]: ...

    def count_words(self, owner: str, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """The number of chunks, and the document frequency of each term (of `rag.core.text.terms`)."""


class Readable(Protocol):
    """The document store interface; `rag.library.store.Store.documents` implements it."""

    def passages(self, owner: str, chunk_ids: Iterable[int]) -> dict[int, Passage]: ...

    def pages_at(self, owner: str, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]: ...


class Reranker(Protocol):
    """A cross-encoder."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """A relevance score per text; larger is better."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search.

    `query` is the main query variant, `weights` the IDF of its terms, `gate` the probability that the passages answer
    it (refused below `threshold`), `words_only` whether the vector index was unreachable, `pages` the passages' pages
    by document and number.
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
        variants = forms(question, previous)
        main = variants[0].query
        lexical = [self._pool.submit(self._by_words, variant, context) for variant in variants]
        weighing = self._pool.submit(self._weights, main, context)
        collection, documents = context.collection, context.documents or None
        rankings: list[Ranking] = []
        similarity, words_only, fusion = 0.0, False, self._facts.fusion
        for variant, by_words in zip(variants, lexical, strict=True):
            vector = self._embedder.embed_query(variant.query)
            try:
                vectors = self._index.search_vectors(collection, vector, DEPTH, documents)
            except VectorsLacking:
                words_only, known = True, by_words.result().items
                vectors = self._index.search_vectors(collection, vector, DEPTH, documents, known=known)
            similarity = max(similarity, vectors[0][1] if vectors else 0.0)
            weight = fusion.unread
            if self._facts.reads(variant.query):
                weight = fusion.vectors if len(variants) == 1 else fusion.follow_up
            rankings.append(by_words.result())
            rankings.append(Ranking(tuple(chunk for chunk, _ in vectors), variant.weight * weight))
        # In an unsupported language, a larger k would let the vector rankings dominate.
        flat = len(variants) > 1 and self._facts.reads(main)
        fused = reciprocal_rank_fusion(rankings, fusion.rank_follow_up if flat else RANK)
        passages, pages = self._passages(question, fused, context.owner, k)
        chunks, weights = weighing.result()
        features = signals(
            main,
            weights,
            passages,
            similarity,
            by_words=rankings[0],
            by_meaning=rankings[1],
            chunks=chunks,
            follow_up=len(variants) > 1,
            calibrated=self._facts.is_calibrated_for(main),
        )
        score, threshold = gate(features, self._facts.gate), self._facts.gate.threshold
        return Found(tuple(passages), main, features, score, threshold, weights, words_only, pages)

    def _by_words(self, variant: Form, context: CallContext) -> Ranking:
        documents = context.documents or None
        found = self._index.search_words(context.owner, context.collection, variant.query, DEPTH, documents)
        return Ranking(tuple(chunk for chunk, _ in found), variant.weight)

    def _passages(
        self, question: str, fused: Sequence[tuple[int, float]], owner: str, k: int
    ) -> tuple[list[Passage], Mapping[PageKey, Page]]:
        """The k best passages, and their pages."""
        best = fused[: k * _CANDIDATES]
        read = self._documents.passages(owner, [chunk for chunk, _ in best])
        candidates = by_page([replace(read[chunk], score=score) for chunk, score in best if chunk in read])
        if self._reranker is not None and candidates:
            scores = self._reranker.scores(question, [passage.text for passage in candidates])
            candidates = [replace(p, score=float(s)) for p, s in zip(candidates, scores, strict=True)]
            candidates.sort(key=lambda passage: -passage.score)
        counts = Counter((passage.document, passage.page) for passage in candidates)
        # Chunks are joined with others of their page only.
        pages = self._documents.pages_at(owner, [page for page, count in counts.items() if count > 1])
        existing = [p for p in candidates if counts[p.document, p.page] == 1 or (p.document, p.page) in pages]
        joined = join(existing, lambda passage: pages[passage.document, passage.page].text, k)
        keys = dict.fromkeys((p.document, p.page) for p in joined)
        pages |= self._documents.pages_at(owner, keys.keys() - pages.keys())
        # Documents removed meanwhile are left out.
        found = {key: pages[key] for key in keys if key in pages}
        return [passage for passage in joined if (passage.document, passage.page) in found], found

    def _weights(self, query: str, context: CallContext) -> tuple[int, dict[str, float]]:
        """The number of chunks, and the inverse document frequency of each query term: ln(1 + N / (df + 0.5))."""
        query_terms = list(dict.fromkeys(terms(query)))
        total, counts = self._index.count_words(context.owner, context.collection, query_terms)
        size = max(total, _MIN_CHUNKS) + 1
        return total, {term: math.log(1 + size / (counts.get(term, 0) + 0.5)) for term in query_terms}
