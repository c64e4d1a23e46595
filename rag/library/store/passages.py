"""Reading chunks: as passages for people, as vectors and ids for the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from rag.core.types import Passage
from rag.library.store import schema
from rag.library.store.database import Database
from rag.library.store.permissions import PERSON, reach

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

_chunks, _documents = schema.chunks, schema.documents

# One statement takes 32,766 parameters at most.
_BATCH = 10_000

_BY_ID: Final = (
    sa.select(
        _chunks.c.id.label("chunk"),
        _chunks.c.document,
        _documents.c.name,
        _documents.c.title,
        _documents.c.kind,
        _documents.c.address,
        _chunks.c.page,
        _chunks.c.label,
        _chunks.c.section,
        _chunks.c.text,
        _chunks.c.start,
        _chunks.c.end,
    )
    .join_from(_chunks, _documents, _chunks.c.document == _documents.c.id)
    .where(_chunks.c.id.in_(sa.bindparam("ids", expanding=True)), _chunks.c.collection.in_(reach(PERSON)))
)
_GENERATION: Final = sa.select(schema.collections.c.generation).where(
    schema.collections.c.id == sa.bindparam("collection", type_=sa.Text)
)


class Passages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def passages(self, owner: str, chunk_ids: Iterable[int]) -> dict[int, Passage]:
        """The passages among these chunk ids that the person may read; others are left out."""
        wanted = list(chunk_ids)
        result: dict[int, Passage] = {}
        for first in range(0, len(wanted), _BATCH):
            rows = self._database.rows(_BY_ID, {"person": owner, "ids": wanted[first : first + _BATCH]})
            result.update({row.chunk: Passage(**row._mapping) for row in rows})
        return result

    def generation(self, collection_id: str) -> int:
        """A number that grows with every change to the collection's chunks; -1 when there is no such collection."""
        row = self._database.row(_GENERATION, {"collection": collection_id})
        return -1 if row is None else int(row.generation)

    def vectors(self, collection_id: str, after: int = 0) -> tuple[Ids, Vectors]:
        """Chunk ids above `after`, ascending, as (n,), and their vectors as (n, dimension)."""
        newer = sa.select(_chunks.c.id, _chunks.c.vector).where(_chunks.c.id > after).order_by(_chunks.c.id)
        with self._database.read() as connection:
            newest = connection.execute(sa.select(sa.func.max(_chunks.c.id))).scalar_one() or 0
            # Few new chunks are found by primary key: `+ ""` keeps the planner from the index on collection.
            few = newest - after <= _BATCH
            collection = _chunks.c.collection + "" if few else _chunks.c.collection
            rows = connection.execute(newer.where(collection == collection_id)).all()
        ids = np.array([row.id for row in rows], np.int64)
        if not rows:
            return ids, np.empty((0, 0), np.float32)
        return ids, np.frombuffer(b"".join(row.vector for row in rows), "<f4").reshape(len(rows), -1)

    def spans(self, collection_id: str) -> dict[str, tuple[int, int]]:
        """The chunk ids of each document: document id → its first chunk id, and the number of chunks."""
        columns = sa.select(_chunks.c.document, sa.func.min(_chunks.c.id), sa.func.count())
        query = columns.where(_chunks.c.collection == collection_id).group_by(_chunks.c.document)
        return {document: (first, count) for document, first, count in self._database.rows(query)}

    def embedder(self, collection_id: str) -> tuple[str, int]:
        """The embedding model of the collection's vectors and their dimension; ("", 0) where it has none yet."""
        collections = schema.collections
        query = sa.select(collections.c.embedder, collections.c.dimension).where(collections.c.id == collection_id)
        row = self._database.row(query)
        return (row.embedder or "", row.dimension or 0) if row else ("", 0)

    def count(self, collection_id: str) -> int:
        """The number of chunks of the collection, summed over its documents: counting millions of chunks is slow."""
        query = sa.select(sa.func.coalesce(sa.func.sum(_documents.c.chunks), 0))
        with self._database.read() as connection:
            return int(connection.execute(query.where(_documents.c.collection == collection_id)).scalar_one())

    def chunk_ids(self, collection_id: str, documents: Sequence[str] | None = None) -> Ids:
        """The ids of a collection's chunks, ascending, as (n,); only those of these documents where given."""
        query = sa.select(_chunks.c.id).where(_chunks.c.collection == collection_id)
        if documents is not None:
            query = query.where(_chunks.c.document.in_(documents))
        with self._database.read() as connection:
            return np.array(connection.execute(query.order_by(_chunks.c.id)).scalars().all(), np.int64)
