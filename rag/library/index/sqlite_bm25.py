"""BM25 over SQLite's full-text index (FTS5)."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rag.core.errors import LibraryError
from rag.core.text import ANALYSIS, terms
from rag.library.index.postings import K1, Numbers, PostingLists, norms, read_lengths
from rag.library.store import Store
from rag.library.store.passages import Ids
from rag.library.store.words import analysis

# Scores per stretch when looking for the best.
_STRETCH: Final = 64

# A word in more chunks than these is common; counting stops here.
COUNT_TO: Final = 5000


@dataclass(frozen=True, slots=True)
class _Lengths:
    """Chunks (n,), ascending, with their lengths in words (n,) and BM25's normalisation of these (n,)."""

    chunks: Ids
    lengths: Numbers
    norms: Numbers


class Words:
    """Word search over a library's chunks. Thread-safe.

    Document frequencies and the average length are those of the collection searched.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lists = PostingLists(store)
        self._lengths: dict[str, _Lengths] = {}
        self._lock = threading.Lock()

    def search(
        self, collection_id: str, chunks: Ids, query: str, k: int, only: Ids | None = None
    ) -> list[tuple[int, float]]:
        """The k best chunks for the query's words, with their BM25 scores (larger is better), best first.

        Args:
            chunks: the ids of all chunks of the collection, ascending.
            only: ids to search among, ascending; None means all.
        """
        if not (asked := chosen(query)) or k <= 0 or not len(chunks):
            return []
        norms_ = self._norms_of(collection_id, chunks)
        scores = np.zeros(len(chunks), np.float32)
        for word in asked:
            places, often = self._occurrences(word, chunks)
            rare = (len(chunks) - len(places) + 0.5) / (len(places) + 0.5)
            scores[places] += max(1e-6, math.log(rare)) * (K1 + 1) * often / (often + norms_[places])
        if only is not None:
            chunks, scores = only, scores[np.searchsorted(chunks, only)]
        return _best(chunks, scores, k)

    def count(self, chunks: Ids, terms: Sequence[str]) -> dict[str, int]:
        """How many of a collection's chunks (ids, ascending) hold each word, counted up to 5,000."""
        return {term: min(COUNT_TO, len(self._occurrences(term, chunks)[0])) if len(chunks) else 0 for term in terms}

    def read_ahead(self) -> None:
        """Load the posting lists of common words."""
        self._lists.read_ahead()

    def forget(self) -> None:
        """Drop all cached posting lists and lengths."""
        self._lists.forget()
        with self._lock:
            self._lengths.clear()

    def _occurrences(self, word: str, chunks: Ids) -> tuple[Ids, Numbers]:
        """The positions in `chunks` of those that hold a word, and its weighted frequency in each."""
        ids, often = self._lists.get(word, int(chunks[-1])).between(int(chunks[0]), int(chunks[-1]))
        if chunks[-1] - chunks[0] + 1 == len(chunks):
            return ids - chunks[0], often
        places = np.searchsorted(chunks, ids)
        ours = chunks[places] == ids
        return places[ours], often[ours]

    def _norms_of(self, collection_id: str, chunks: Ids) -> Numbers:
        """BM25's length normalisation of the chunks; computed again where `chunks` is another array."""
        with self._lock:
            lengths = self._lengths.get(collection_id)
            if lengths is None or lengths.chunks is not chunks:
                lengths = self._lengths[collection_id] = self._measure(chunks, lengths)
        return lengths.norms

    def _measure(self, chunks: Ids, before: _Lengths | None) -> _Lengths:
        """The lengths of the chunks, reading only those of new ones: ids only ever grow."""
        old = chunks[:0] if before is None else chunks[: np.searchsorted(chunks, before.chunks[-1], "right")]
        lengths = np.zeros(len(chunks), np.float32)
        if before is not None:
            lengths[: len(old)] = before.lengths[np.searchsorted(before.chunks, old)]
        new = chunks[len(old) :]
        if len(new):
            ids, read = read_lengths(self._store, int(new[0]), int(new[-1]))
            places = np.searchsorted(new, ids)
            ours = new[places] == ids
            lengths[len(old) + places[ours]] = read[ours]
        return _Lengths(chunks, lengths, norms(lengths, max(1.0, float(lengths.mean()))))


def _best(chunks: Ids, scores: Numbers, k: int) -> list[tuple[int, float]]:
    """The k largest non-zero scores with their chunks, largest first; among equal ones the older chunk first."""
    # None of the k best is below the k-th largest maximum of a stretch, which leaves little to sort.
    tops = np.maximum.reduceat(scores, np.arange(0, len(scores), _STRETCH)) if len(scores) else scores
    least = np.partition(tops, -k)[-k] if k < len(tops) else 0.0
    places = np.flatnonzero(scores >= least if least > 0 else scores > 0)
    best = places[np.argsort(-scores[places], kind="stable")[:k]]
    return list(zip(chunks[best].tolist(), scores[best].tolist(), strict=True))


def chosen(query: str) -> list[str]:
    """The distinct terms of a query to search for: without stop words, unless there are no others."""
    return list(dict.fromkeys(terms(query)))


def fit(store: Store) -> bool:
    """Whether the index agrees with the chunks under the current analysis."""
    try:
        with store.database.write() as connection:
            connection.exec_driver_sql("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
            return analysis(connection) == ANALYSIS
    except LibraryError:
        return False
