"""The search indexes, which can always be rebuilt from the store: vectors in memory or in Milvus, and full text.

Each collection's vectors are read at its first search and brought up to date before every search, so that changes by
other processes count. For libraries that take long to read, a snapshot is kept on the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from rag.core.errors import SettingsInvalid
from rag.library.index import postgres_bm25, sqlite_bm25
from rag.library.index.milvus_client import Milvus
from rag.library.index.milvus_index import MilvusIndex
from rag.library.index.postgres_index import SharedIndex
from rag.library.index.vector_sync import KEEP_AFTER_SECONDS, Following
from rag.library.index.vectors import VectorIndex
from rag.library.store import Store
from rag.library.store.passages import Ids, Vectors
from rag.library.store.postgresql import PostgreSQL
from rag.library.store.words import rebuild

__all__ = ["Index", "Milvus", "MilvusIndex", "SharedIndex", "VectorIndex", "open_index", "rebuild_words", "words_fit"]


_NO_PYMILVUS = "it needs the package pymilvus: pip install -r requirements-team.txt"


def open_index(store: Store, vectors: str = "") -> Index | SharedIndex:
    """The index of a library, on the engine that the library is on.

    Args:
        vectors: `milvus://…`, where that server searches the vectors of a library in PostgreSQL.

    Raises:
        SettingsInvalid: pymilvus is not installed.
    """
    if vectors:
        if find_spec("pymilvus") is None:
            raise SettingsInvalid(setting="RAG_VECTORS", problem=_NO_PYMILVUS)
        return MilvusIndex(store, Milvus(vectors))
    return SharedIndex(store) if isinstance(store.database, PostgreSQL) else Index(store)


def words_fit(store: Store) -> bool:
    """Whether the full-text index agrees with the chunks."""
    return postgres_bm25.fit(store) if isinstance(store.database, PostgreSQL) else sqlite_bm25.fit(store)


def rebuild_words(store: Store) -> None:
    """Rebuild the full-text index from the chunks."""
    with store.database.write_alone() as connection:
        rebuild(connection)


class Index:
    """The index of one library on SQLite. Thread-safe.

    Args:
        keep_after: seconds that reading the vectors may take before a snapshot of them is kept.
    """

    def __init__(self, store: Store, *, keep_after: float = KEEP_AFTER_SECONDS) -> None:
        self._store = store
        self._keep_after = keep_after
        self._followed: dict[str, Following] = {}
        self._words = sqlite_bm25.Words(store)
        self._lock = threading.Lock()

    def search_vectors(
        self,
        collection_id: str,
        vector: Vectors,
        k: int,
        documents: Sequence[str] | None = None,
        *,
        known: Sequence[int] | None = None,
    ) -> list[tuple[int, float]]:
        """The k chunks nearest to a unit vector (dimension,), with their cosines, nearest first.

        Args:
            documents: ids to search among; None means all. The filter is part of the search.
            known: ignored; see `milvus_index.py`.
        """
        with self._follow(collection_id).fresh() as vectors:
            if vectors is None:
                return []
            only = None
            if documents is not None:
                only = self._store.documents.chunk_ids(collection_id, documents)
                only = np.intersect1d(only, vectors.ids, assume_unique=True)
            return vectors.search(vector, k, only)

    def search_words(
        self, owner: str, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[int, float]]:
        """The k best chunks for the query's words, with BM25 scores, best first; none of another's collection."""
        if not self._store.collections.reaches(owner, collection_id):
            return []
        only = None if documents is None else self._store.documents.chunk_ids(collection_id, documents)
        chunks = self._chunks(collection_id)
        if only is not None:
            only = np.intersect1d(only, chunks, assume_unique=True)
        return self._words.search(collection_id, chunks, query, k, only)

    def count_words(self, owner: str, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """The number of chunks of the collection, and of those with each word, counted up to 5,000.

        Of another's collection 0.
        """
        if not self._store.collections.reaches(owner, collection_id):
            return 0, {}
        chunks = self._chunks(collection_id)
        return len(chunks), self._words.count(chunks, terms)

    def read_ahead(self) -> None:
        """Load the posting lists of common words; 5 seconds for 100,000 chunks."""
        self._words.read_ahead()

    def rebuild(self, collection_id: str) -> int:
        """Drop what is in memory and read it again from the store; returns the number of vectors."""
        self._words.forget()
        followed = self._follow(collection_id)
        with followed.alone():
            followed.read_anew()
            return len(followed.ids)

    def copy_holds(self, collection_id: str) -> bool | None:
        """Whether the collection's snapshot agrees with the store; None where there is none. A wrong one is removed."""
        self.rebuild(collection_id)
        followed = self._follow(collection_id)
        with followed.alone():
            return followed.copy_holds()

    def _chunks(self, collection_id: str) -> Ids:
        """The ids of the collection's chunks, ascending; the same array object until they change."""
        followed = self._follow(collection_id)
        with followed.fresh():
            return followed.ids

    def _follow(self, collection_id: str) -> Following:
        with self._lock:
            if collection_id not in self._followed:
                self._followed[collection_id] = Following(self._store, collection_id, self._keep_after)
            return self._followed[collection_id]
