"""The index of a library in PostgreSQL: pgvector and full-text search, always up to date, nothing in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from rag.library.index import postgres_bm25
from rag.library.store import Store
from rag.library.store.columns import vector_text
from rag.library.store.hnsw import LISTS, name, renew_lists
from rag.library.store.passages import Vectors

# Up to so many vectors are compared exactly, in a tenth of a second.
EXACT_UP_TO: Final = 100_000

# Graph search: candidates kept (ef_search), and tuples visited before a narrow filter gives up.
_WIDTH: Final = 1000
_MOST: Final = 200_000
# List search: the share of lists that is probed first, and the minimum.
_SHARE: Final = 0.05
_FEWEST: Final = 32

_AMONG: Final = "AND document IN :documents"

COUNT: Final = """
    SELECT count(*) FROM (SELECT 1 FROM chunks WHERE collection = :collection {among} LIMIT :most) AS held"""

EXACT: Final = """
    SELECT id, -(vector <#> CAST(:vector AS vector)) AS score FROM chunks
    WHERE collection = :collection {among}
    ORDER BY vector <#> CAST(:vector AS vector), id LIMIT :k"""

# The expressions must equal those of the index for it to be used; see `store/hnsw.py`.
_BY_GRAPH: Final = """
    SELECT id, -(vector::vector({dimension}) <#> CAST(:vector AS vector({dimension}))) AS score FROM chunks
    WHERE vector_dims(vector) = {dimension} AND collection = :collection {among}
    ORDER BY vector::vector({dimension}) <#> CAST(:vector AS vector({dimension})) LIMIT :k"""

_SETTINGS: Final = f"""
    SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '{_WIDTH}', true),
        set_config('hnsw.max_scan_tuples', '{_MOST}', true), set_config('enable_sort', 'off', true),
        set_config('ivfflat.iterative_scan', 'relaxed_order', true),
        set_config('ivfflat.probes', CAST(ceil(greatest({_FEWEST}, {_SHARE} * ({LISTS}))) AS text), true)"""


class SharedIndex:
    """Searches one library in PostgreSQL. Thread-safe, and usable from several processes.

    Args:
        exact_up_to: the largest number of vectors, in a collection or the chosen documents, that is compared exactly.
    """

    def __init__(self, store: Store, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self._store = store
        self._exact_up_to = exact_up_to

    def search_vectors(
        self,
        collection_id: str,
        vector: Vectors,
        k: int,
        documents: Sequence[str] | None = None,
        *,
        known: Sequence[int] | None = None,
    ) -> list[tuple[int, float]]:
        """As `Index.search_vectors`; more vectors than `exact_up_to` are searched approximately, by graph or lists."""
        if k <= 0 or (documents is not None and not documents):
            return []
        values: dict[str, Any] = {"collection": collection_id, "vector": vector_text(vector), "k": k}
        with self._store.database.read() as connection:
            count = run(connection, COUNT, values | {"most": self._exact_up_to + 1}, documents).scalar_one()
            if count <= self._exact_up_to:
                rows = run(connection, EXACT, values, documents)
            else:
                connection.execute(sa.text(_SETTINGS), {"name": name(len(vector))})
                rows = run(connection, _BY_GRAPH.replace("{dimension}", str(len(vector))), values, documents)
            # Both return their rows only nearly in order.
            return sorted(((row.id, float(row.score)) for row in rows), key=lambda pair: -pair[1])

    def search_words(
        self, owner: str, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
    ) -> list[tuple[int, float]]:
        """The k best chunks for the query's words, with BM25 scores, best first; none of another's collection."""
        if not self._store.collections.reaches(owner, collection_id):
            return []
        return postgres_bm25.search(self._store, collection_id, query, k, documents)

    def count_words(self, owner: str, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
        """The number of chunks of the collection, and of those with each word; 0 of another's collection."""
        if not self._store.collections.reaches(owner, collection_id):
            return 0, {}
        return postgres_bm25.count(self._store, collection_id, terms)

    def read_ahead(self) -> None:
        """No-op: the database caches what it reads often."""

    def rebuild(self, collection_id: str) -> int:
        """Create or renew the vector index; returns the number of vectors of the collection."""
        dimension = self._store.documents.embedder(collection_id)[1]
        with self._store.database.write() as connection:
            # Missing after another server has searched the vectors, outgrown when there are many more now.
            renew_lists(connection, dimension)
        return len(self._store.documents.chunk_ids(collection_id))

    def copy_holds(self, collection_id: str) -> bool | None:
        """None: there are no snapshots."""
        return None


def run(
    connection: sa.Connection, statement: str, values: dict[str, Any], documents: Sequence[str] | None
) -> sa.CursorResult[Any]:
    """Run a search, restricted to these documents where given."""
    text = sa.text(statement.replace("{among}", "" if documents is None else _AMONG))
    if documents is not None:
        text = text.bindparams(sa.bindparam("documents", list(documents), expanding=True))
    return connection.execute(text, values)
