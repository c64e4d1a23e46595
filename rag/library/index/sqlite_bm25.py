"""The words of a question, found in the library's full-text index (SQLite FTS5) and put in the order of BM25."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rag.core.errors import LibraryError
from rag.core.text import ANALYSIS, terms
from rag.library.index.postings import K1, Ids, Numbers, PostingLists, norms, read_lengths
from rag.library.store import Store
from rag.library.store.words import analysis

# Scores of which the best is looked at first.
_STRETCH: Final = 64

# Beyond this many, a word is common, and how common no longer matters.
COUNT_TO: Final = 5000


@dataclass(frozen=True, slots=True)
class _Measured:
    """Chunks (n,), ascending, with the words each has (n,) and what that counts in BM25 (n,)."""

    chunks: Ids
    lengths: Numbers
    norms: Numbers


class Words:
    """The words of a library's chunks. Any number of threads may search.

    How rare a word is, and how long chunks are on average, is counted in the collection searched.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lists = PostingLists(store)
        self._measured: dict[str, _Measured] = {}
        self._lock = threading.Lock()

    def search(
        self, collection_id: str, chunks: Ids, query: str, k: int, only: Ids | None = None
    ) -> list[tuple[int, float]]:
        """The k chunks that hold the query's words best, with their BM25 scores (larger is better), best first.

        Args:
            chunks: the ids of all chunks of the collection, ascending.
            only: ids to search among, ascending; None means all.
        """
        if not (asked := chosen(query)) or k <= 0 or not len(chunks):
            return []
        added = self._norms_of(collection_id, chunks)
        scores = np.zeros(len(chunks), np.float32)
        for word in asked:
            places, often = self._held(word, chunks)
            rare = (len(chunks) - len(places) + 0.5) / (len(places) + 0.5)
            scores[places] += max(1e-6, math.log(rare)) * (K1 + 1) * often / (often + added[places])
        if only is not None:
            chunks, scores = only, scores[np.searchsorted(chunks, only)]
        return _best(chunks, scores, k)

    def count(self, chunks: Ids, terms: Sequence[str]) -> dict[str, int]:
        """How many of a collection's chunks (ids, ascending) hold each word; of a common word, 5,000."""
        return {term: min(COUNT_TO, len(self._held(term, chunks)[0])) if len(chunks) else 0 for term in terms}

    def read_ahead(self) -> None:
        """Look up what nearly every question asks for, before it does."""
        self._lists.read_ahead()

    def forget(self) -> None:
        """Ask the database anew."""
        self._lists.forget()
        with self._lock:
            self._measured.clear()

    def _held(self, word: str, chunks: Ids) -> tuple[Ids, Numbers]:
        """Where among the chunks those stand that hold a word, and how often each does."""
        ids, often = self._lists.get(word, int(chunks[-1])).between(int(chunks[0]), int(chunks[-1]))
        if chunks[-1] - chunks[0] + 1 == len(chunks):
            return ids - chunks[0], often
        places = np.searchsorted(chunks, ids)
        ours = chunks[places] == ids
        return places[ours], often[ours]

    def _norms_of(self, collection_id: str, chunks: Ids) -> Numbers:
        """What the lengths of the chunks count in BM25; worked out again where `chunks` is another array."""
        with self._lock:
            known = self._measured.get(collection_id)
            if known is None or known.chunks is not chunks:
                known = self._measured[collection_id] = self._measure(chunks, known)
        return known.norms

    def _measure(self, chunks: Ids, known: _Measured | None) -> _Measured:
        """The chunks with their lengths, of which only the new ones are read: ids only ever grow."""
        old = chunks[:0] if known is None else chunks[: np.searchsorted(chunks, known.chunks[-1], "right")]
        held = np.zeros(len(chunks), np.float32)
        if known is not None:
            held[: len(old)] = known.lengths[np.searchsorted(known.chunks, old)]
        new = chunks[len(old) :]
        if len(new):
            ids, lengths = read_lengths(self._store, int(new[0]), int(new[-1]))
            places = np.searchsorted(new, ids)
            ours = new[places] == ids
            held[len(old) + places[ours]] = lengths[ours]
        return _Measured(chunks, held, norms(held, max(1.0, float(held.mean()))))


def _best(chunks: Ids, scores: Numbers, k: int) -> list[tuple[int, float]]:
    """The k largest scores that are not 0, largest first, with their chunks; of equal ones the older first."""
    # The k best are none below the k-th best of the bests of stretches. What is left is little to put in order.
    tops = np.maximum.reduceat(scores, np.arange(0, len(scores), _STRETCH)) if len(scores) else scores
    least = np.partition(tops, -k)[-k] if k < len(tops) else 0.0
    places = np.flatnonzero(scores >= least if least > 0 else scores > 0)
    best = places[np.argsort(-scores[places], kind="stable")[:k]]
    return list(zip(chunks[best].tolist(), scores[best].tolist(), strict=True))


def chosen(query: str) -> list[str]:
    """The terms of a query that are looked up, each once: all but the stop words, where there are others."""
    return list(dict.fromkeys(terms(query)))


def fit(store: Store) -> bool:
    """Whether the words index says what the chunks say, by today's analysis."""
    try:
        with store.database.write() as connection:
            connection.exec_driver_sql("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
            return analysis(connection) == ANALYSIS
    except LibraryError:
        return False
