"""What can always be rebuilt from the store: the vectors in memory or in Milvus, and the way to the words.

Each collection's vectors are read when it is first searched and brought up to date before every
search, so that what another process added is found and what it removed is not. Of a library that takes
long to read, a copy is kept on the disk.
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
from rag.library.index.vectors import Ids, VectorIndex, Vectors
from rag.library.store import Store
from rag.library.store.postgresql import PostgreSQL
from rag.library.store.words import rebuild

__all__ = ["Index", "Milvus", "MilvusIndex", "SharedIndex", "VectorIndex", "open_index", "rebuild_words", "words_fit"]


_NO_PYMILVUS = "it needs the package pymilvus: pip install -r requirements-team.txt"


def open_index(store: Store, vectors: str = "") -> Index | SharedIndex:
    """The index of a library, on the engine that the library is on.

    Args:
        vectors: `milvus://…`, where that server searches the vectors of a library in PostgreSQL.

    Raises:
        SettingsInvalid: the package that speaks to it is not installed.
    """
    if vectors:
        if find_spec("pymilvus") is None:
            raise SettingsInvalid(setting="RAG_VECTORS", problem=_NO_PYMILVUS)
        return MilvusIndex(store, Milvus(vectors))
    return SharedIndex(store) if isinstance(store.database, PostgreSQL) else Index(store)


def words_fit(store: Store) -> bool:
    """Whether the words index says what the chunks say."""
    return postgres_bm25.fit(store) if isinstance(store.database, PostgreSQL) else sqlite_bm25.fit(store)


def rebuild_words(store: Store) -> None:
    """Make the words index anew from the chunks."""
    with store.database.write_alone() as connection:
        rebuild(connection)


class Index:
    """The index of one library. Any number of threads may search it.

    Args:
        keep_after: seconds of reading from the store after which the vectors are also kept as a file.
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
            known: only an index that is not whole looks at these; see `milvus_index.py`.
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
        """The k chunks that hold the query's words best, with their BM25 scores (larger is better), best first.

        Another's collection has none.
        """
        if not self._store.collections.reaches(owner, collection_id):
            return []
        only = None if documents is None else self._store.documents.chunk_ids(collection_id, documents)
        chunks = self._chunks(collection_id)
        if only is not None:
            only = np.intersect1d(only, chunks, assume_unique=True)
        return self._words.search(collection_id, chunks, query, k, only)

    def count_words(self, owner: str, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """How many chunks the collection has, and how many of them hold each word.

        Of a common word, 5,000 are counted; another's collection has none.
        """
        if not self._store.collections.reaches(owner, collection_id):
            return 0, {}
        chunks = self._chunks(collection_id)
        return len(chunks), self._words.count(chunks, terms)

    def read_ahead(self) -> None:
        """Look up the common words of the library before they are asked for; 5 seconds for 100,000 chunks."""
        self._words.read_ahead()

    def rebuild(self, collection_id: str) -> int:
        """Forget what is in memory and read it anew from the store; returns how many vectors there are."""
        self._words.forget()
        followed = self._follow(collection_id)
        with followed.alone():
            followed.read_anew()
            return len(followed.ids)

    def copy_holds(self, collection_id: str) -> bool | None:
        """Whether the collection's copy on the disk says what the store says; None where there is none.

        One that does not is removed, and made anew when it is missed.
        """
        self.rebuild(collection_id)
        followed = self._follow(collection_id)
        with followed.alone():
            return followed.copy_holds()

    def _chunks(self, collection_id: str) -> Ids:
        """The ids of the collection's chunks as the store has them now, ascending; the same array while they stay."""
        followed = self._follow(collection_id)
        with followed.fresh():
            return followed.ids

    def _follow(self, collection_id: str) -> Following:
        with self._lock:
            if collection_id not in self._followed:
                self._followed[collection_id] = Following(self._store, collection_id, self._keep_after)
            return self._followed[collection_id]
