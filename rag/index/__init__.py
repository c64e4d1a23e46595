"""What can always be rebuilt from the store: the vectors in memory, and the way to the words.

Each collection's vectors are read when it is first searched and brought up to date before every
search, so that what another process added is found and what it removed is not.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.index import words
from rag.index.vectors import FAISS, Vectors
from rag.store import Store

__all__ = ["FAISS", "Index"]


@dataclass
class _Cached:
    """One collection's vectors as of `generation`. `changing` is held to search or to change them."""

    changing: threading.Lock = field(default_factory=threading.Lock)
    generation: int = -1
    vectors: FAISS | None = None


class Index:
    """The index of one library. Any number of threads may search it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cached: dict[str, _Cached] = {}
        self._lock = threading.Lock()

    def search_vectors(
        self, collection_id: str, vector: Vectors, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[int, float]]:
        """The k chunks nearest to a unit vector (dimension,), with their cosines, nearest first.

        Args:
            documents: ids to search among; None means all. The filter is part of the search.
        """
        with self._lock:
            cached = self._cached.setdefault(collection_id, _Cached())
        with cached.changing:
            self._refresh(collection_id, cached)
            if cached.vectors is None:
                return []
            only = None
            if documents is not None:
                only = self._store.documents.chunk_ids(collection_id, documents)
                only = np.intersect1d(only, cached.vectors.ids, assume_unique=True)
            return cached.vectors.search(vector, k, only)

    def search_words(
        self, owner: str, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[int, float]]:
        """The k chunks that hold the query's words best, with their BM25 scores (larger is better), best first."""
        return words.search(self._store, owner, collection_id, query, k, documents)

    def count_words(self, owner: str, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """How many chunks the collection has, and how many of them hold each word.

        Of a word that is common in the library, 5,000 chunks are looked at; another's collection has none.
        """
        with self._lock:
            cached = self._cached.setdefault(collection_id, _Cached())
        with cached.changing:
            self._refresh(collection_id, cached)
            chunks = np.empty(0, np.int64) if cached.vectors is None else cached.vectors.ids
        if len(chunks) and not self._store.documents.passages(owner, chunks[:1].tolist()):
            chunks = chunks[:0]
        return len(chunks), words.count(self._store, chunks, terms)

    def rebuild(self, collection_id: str) -> int:
        """Forget what is in memory and read it anew from the store; returns how many vectors there are."""
        with self._lock:
            cached = self._cached[collection_id] = _Cached()
        with cached.changing:
            self._refresh(collection_id, cached)
            return 0 if cached.vectors is None else len(cached.vectors.ids)

    def _refresh(self, collection_id: str, cached: _Cached) -> None:
        # The generation is read before the chunks: should one come between, it is only read again.
        generation = self._store.documents.generation(collection_id)
        if generation == cached.generation:
            return
        current = self._store.documents.chunk_ids(collection_id)
        held = np.empty(0, np.int64) if cached.vectors is None else cached.vectors.ids
        gone = np.setdiff1d(held, current, assume_unique=True)
        if len(gone) == len(held):
            cached.vectors, held = None, np.empty(0, np.int64)
        elif cached.vectors is not None:
            cached.vectors.remove(gone)
        # Ids only ever grow, so what is new lies above all that was there.
        ids, vectors = self._store.documents.vectors(collection_id, after=int(held.max()) if len(held) else 0)
        if len(ids):
            cached.vectors = cached.vectors or FAISS(vectors.shape[1])
            cached.vectors.add(ids, vectors)
        cached.generation = generation
