"""Synchronisation of Milvus with the library: for each collection one in Milvus, written from the database.

The database keeps the vectors, from which a Milvus collection can always be rebuilt. Its watermark says which history
of the library and which generation it reflects, and up to which chunk id it is complete.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from rag.library.index.milvus_client import Milvus
from rag.library.store import Store, schema
from rag.library.store.database import alone_at_once, alone_with
from rag.library.store.passages import Vectors

# Chunks written to Milvus, or compared with it by id, at a time.
_BATCH: Final = 2000

# The library's identity and history: after a restore or a failover, ids of chunks may be given a second time.
_IDENTITY: Final = """
    SELECT (SELECT system_identifier FROM pg_control_system())::text AS system,
        (SELECT oid FROM pg_database WHERE datname = current_database())::text AS database,
        left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || 'chunks'::regclass::oid::text AS past"""

# Lock key: one process at a time writes a Milvus collection.
_LOCK: Final = "milvus"

# Above every id.
_MAX_ID: Final = 2**62

_chunks, _collections = schema.chunks, schema.collections


class SyncWatermark(NamedTuple):
    """The watermark: the library's history, the collection's generation, and the last chunk id that is in Milvus.

    The generation is -1 while the Milvus collection is being filled.
    """

    past: str
    generation: int
    last: int

    @classmethod
    def read(cls, text: str) -> SyncWatermark:
        past, generation, last = text.split() if text else ("", "-1", "0")
        return cls(past, int(generation), int(last))

    def __str__(self) -> str:
        return f"{self.past} {self.generation} {self.last}"


class MilvusSync:
    """Keeps Milvus in step with one library. Thread-safe, and usable from several processes.

    Other collections on the server are left alone.
    """

    def __init__(self, store: Store, milvus: Milvus) -> None:
        self.milvus = milvus
        self._store = store
        self._followed: dict[str, int] = {}

    def follow(self, *, doubting: bool = False) -> None:
        """Synchronise all collections, and drop those whose collection was removed.

        Args:
            doubting: check every collection, and not only those that have changed since the last call.

        Raises:
            VectorsLacking: Milvus does not answer; the next call makes up for it.
        """
        with self._store.database.read() as connection:
            columns = sa.select(_collections.c.id, _collections.c.dimension, _collections.c.generation)
            rows = connection.execute(columns.where(_collections.c.dimension > 0)).all()
        library = self._identity()[0]
        current = {_name(library, row.id, row.dimension): row for row in rows}
        if doubting or not self._followed.keys() <= current.keys():
            self._followed.clear()
            for name in set(self.names()) - current.keys():
                self.milvus.drop(name)
        for name, row in current.items():
            if self._followed.get(name) != row.generation:
                with self._store.database.write() as connection:
                    if alone_at_once(connection, _LOCK, row.id):
                        self._followed[name] = self._bring_up_to_date(row.id, row.dimension)

    def mend(self, collection_id: str) -> None:
        """Synchronise a collection whatever its watermark says. Raises VectorsLacking."""
        dimension = self._store.documents.embedder(collection_id)[1]
        if dimension:
            with self._store.database.write() as connection:
                alone_with(connection, _LOCK, collection_id)
                self._bring_up_to_date(collection_id, dimension, thoroughly=True)

    def count(self) -> int:
        """The chunks of this library in Milvus, removed ones that it still holds included. Raises VectorsLacking."""
        return sum(self.milvus.count(name, 0, _MAX_ID) for name in self.names())

    def names(self) -> list[str]:
        """The Milvus collections of this library. Raises VectorsLacking."""
        ours = _name(self._identity()[0], "")
        return [name for name in self.milvus.names() if name.startswith(ours)]

    def known(self, collection_id: str, dimension: int) -> tuple[str, int]:
        """The name of its Milvus collection, and up to which chunk id that is complete. Raises VectorsLacking."""
        library, past = self._identity()
        name = _name(library, collection_id, dimension)
        mark = SyncWatermark.read(self.milvus.mark(name))
        return name, mark.last if mark.past == past else 0

    def _bring_up_to_date(self, collection_id: str, dimension: int, *, thoroughly: bool = False) -> int:
        """Synchronise a collection; returns the generation that Milvus then reflects.

        Args:
            thoroughly: also where the watermark says that there is nothing to do.
        """
        # Read before the chunks: one that is added in between is only looked at again.
        generation = self._store.documents.generation(collection_id)
        library, past = self._identity()
        name = _name(library, collection_id, dimension)
        mark = SyncWatermark.read(self.milvus.mark(name))
        if mark == SyncWatermark(past, generation, mark.last) and not thoroughly:
            return generation
        if not mark.past:
            self.milvus.make(name, dimension)
        last = self._extend(name, collection_id, past, mark.last if mark.past == past else 0, dimension)
        if thoroughly or mark.past != past:
            self.milvus.take_above(name, last)
        if thoroughly or self.milvus.count(name, 0, _MAX_ID) != self._store.documents.count(collection_id):
            self._compare(name, collection_id, 0, last)
        self.milvus.set_mark(name, str(SyncWatermark(past, generation, last)), dimension)
        return generation

    def _extend(self, name: str, collection_id: str, past: str, last: int, dimension: int) -> int:
        """Write the chunks above `last`; returns the new last one."""
        while rows := self._rows(collection_id, _chunks.c.id > last, most=_BATCH):
            self.milvus.put(name, rows)
            last = rows[-1][0]
            self.milvus.set_mark(name, str(SyncWatermark(past, -1, last)), dimension)
        return last

    def _compare(self, name: str, collection_id: str, low: int, high: int) -> None:
        """Make Milvus equal for low < id <= high: bisect where the counts differ, then compare ids."""
        with self._store.database.read() as connection:
            meant = (_chunks.c.collection == collection_id, _chunks.c.id > low, _chunks.c.id <= high)
            count = int(connection.execute(sa.select(sa.func.count()).where(*meant)).scalar_one())
        in_milvus = self.milvus.count(name, low, high)
        if count == in_milvus:
            return
        if max(count, in_milvus) > _BATCH:
            middle = (low + high) // 2
            self._compare(name, collection_id, low, middle)
            self._compare(name, collection_id, middle, high)
            return
        ids, rows = set(self.milvus.ids(name, low, high)), self._rows(collection_id, *meant)
        if gone := ids - {chunk for chunk, _, _ in rows}:
            self.milvus.take(name, sorted(gone))
        if missing := [row for row in rows if row[0] not in ids]:
            self.milvus.put(name, missing)

    def _rows(
        self, collection_id: str, *conditions: sa.ColumnElement[bool], most: int | None = None
    ) -> list[tuple[int, str, Vectors]]:
        """Rows of (chunk, document, vector), by ascending id."""
        columns = sa.select(_chunks.c.id, _chunks.c.document, _chunks.c.vector)
        query = columns.where(_chunks.c.collection == collection_id, *conditions).order_by(_chunks.c.id).limit(most)
        rows = self._store.database.rows(query)
        return [(row.id, row.document, np.frombuffer(row.vector, "<f4")) for row in rows]

    def _identity(self) -> tuple[str, str]:
        """The library's identity, and its history: see `_IDENTITY`."""
        with self._store.database.read() as connection:
            row: Any = connection.exec_driver_sql(_IDENTITY).one()
        return hashlib.sha256(f"{row.system}/{row.database}".encode()).hexdigest()[:12], str(row.past)


def _name(library: str, *parts: str | int) -> str:
    """The name of a Milvus collection: of library, collection and dimension."""
    return "_".join(["footnote", library, *map(str, parts)])
