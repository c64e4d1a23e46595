"""The index of a library in PostgreSQL whose vectors are searched by Milvus.

Milvus proposes candidates; the database says which exist, and computes their exact scores. Vectors that are not in
Milvus yet, or all where it does not answer, are compared exactly, as long as there are not too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from rag.core.errors import VectorsLacking
from rag.library.index.milvus_client import MOST, Milvus
from rag.library.index.milvus_sync import MilvusSync
from rag.library.index.postgres_index import COUNT, EXACT, EXACT_UP_TO, SharedIndex, run
from rag.library.store import Store
from rag.library.store.columns import vector_text
from rag.library.store.passages import Vectors

_LATER: Final = "AND id > :last {among}"
_COUNT_LATER: Final = COUNT.replace("{among}", _LATER)
_EXACT_LATER: Final = EXACT.replace("{among}", _LATER)

_SCORED: Final = """
    SELECT id, -(vector <#> CAST(:vector AS vector)) AS score FROM chunks
    WHERE id = ANY(CAST(:found AS bigint[])) AND collection = :collection {among}"""


class MilvusIndex(SharedIndex):
    """Searches one library. Thread-safe, and usable from several processes.

    Args:
        milvus: the server that searches the vectors.
        exact_up_to: the largest number of vectors outside Milvus that are compared exactly.
    """

    def __init__(self, store: Store, milvus: Milvus, *, exact_up_to: int = EXACT_UP_TO) -> None:
        super().__init__(store, exact_up_to=exact_up_to)
        self.sync = MilvusSync(store, milvus)

    def search_vectors(
        self,
        collection_id: str,
        vector: Vectors,
        k: int,
        documents: Sequence[str] | None = None,
        *,
        known: Sequence[int] | None = None,
    ) -> list[tuple[int, float]]:
        """As `Index.search_vectors`.

        Args:
            known: chunks found otherwise, to be scored instead of those that are not in Milvus.

        Raises:
            VectorsLacking: too many vectors are not in Milvus to be compared exactly, and none are `known`.
        """
        if k <= 0 or (documents is not None and not documents):
            return []
        values = {"collection": collection_id, "vector": vector_text(vector), "k": k}
        scores, last = self._proposed(values, vector, documents)
        with self._store.database.read() as connection:
            if known is not None:
                scores |= _scores(run(connection, _SCORED, values | {"found": list(known)}, documents))
            else:
                values |= {"last": last, "most": self._exact_up_to + 1}
                if run(connection, _COUNT_LATER, values, documents).scalar_one() > self._exact_up_to:
                    raise VectorsLacking
                scores |= _scores(run(connection, _EXACT_LATER, values, documents))
        return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:k]

    def _proposed(
        self, values: dict[str, Any], vector: Vectors, documents: Sequence[str] | None
    ) -> tuple[dict[int, float], int]:
        """Milvus' candidates with their exact cosines, and up to which chunk id it holds all."""
        k: int = values["k"]
        limit = min(k + 1, MOST)
        try:
            name, last = self.sync.known(values["collection"], len(vector))
            while True:
                found = self.sync.milvus.search(name, vector, limit, documents)
                with self._store.database.read() as connection:
                    scores = _scores(run(connection, _SCORED, values | {"found": found}, documents))
                if len(scores) >= k or len(found) < limit:
                    return scores, last
                if limit == MOST:
                    return scores, 0
                # Removed chunks that Milvus still holds must not displace others.
                limit = min(4 * limit, MOST)
        except VectorsLacking:
            return {}, 0

    def rebuild(self, collection_id: str) -> int:
        """Synchronise Milvus whatever its watermark says; returns the number of vectors. Raises VectorsLacking."""
        self.sync.mend(collection_id)
        return super().rebuild(collection_id)


def _scores(rows: sa.CursorResult[Any]) -> dict[int, float]:
    return {int(row.id): float(row.score) for row in rows}
