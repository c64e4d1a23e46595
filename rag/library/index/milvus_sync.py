"""Keeps Milvus in step with the library: each collection's vectors on a shelf of its own, written from the database.

The vectors stay in the database, which is where shelves are made whole again from. A shelf's mark says of which past
and which generation it is, and up to which chunk all are on it.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from rag.library.index.milvus_client import Milvus
from rag.library.index.vectors import Vectors
from rag.library.store import Store, schema
from rag.library.store.database import alone_at_once, alone_with

# Chunks written to Milvus, or compared with it by their ids, at a time.
_AT_ONCE: Final = 2000

# Which library this is, and which past it has: after a restore, or where a server has taken over from one that is
# gone, ids of chunks may be given once more.
_IDENTITY: Final = """
    SELECT (SELECT system_identifier FROM pg_control_system())::text AS system,
        (SELECT oid FROM pg_database WHERE datname = current_database())::text AS database,
        left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || 'chunks'::regclass::oid::text AS past"""

# One process at a time writes the shelf of a collection.
_LOCK: Final = "milvus"

# Above every id.
_ALL: Final = 2**62

_chunks, _collections = schema.chunks, schema.collections


class SyncWatermark(NamedTuple):
    """What stands on a shelf: the library's past, the collection's generation, and up to which chunk all are there.

    The generation is -1 while the shelf is being filled.
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
    """The shelves of one library. Any number of threads and processes may keep them, one at a time each shelf.

    Args:
        milvus: the server; what else lies on it is left alone.
    """

    def __init__(self, store: Store, milvus: Milvus) -> None:
        self.milvus = milvus
        self._store = store
        self._followed: dict[str, int] = {}

    def follow(self, *, doubting: bool = False) -> None:
        """Bring all shelves up to date from the database, and drop those of collections that are gone.

        Args:
            doubting: look at each, and not only at those whose collections have changed since the last time.

        Raises:
            VectorsLacking: Milvus does not answer; what is missing is made up for the next time.
        """
        with self._store.database.read() as connection:
            columns = sa.select(_collections.c.id, _collections.c.dimension, _collections.c.generation)
            rows = connection.execute(columns.where(_collections.c.dimension > 0)).all()
        library = self._identity()[0]
        now = {_name(library, row.id, row.dimension): row for row in rows}
        if doubting or not self._followed.keys() <= now.keys():
            self._followed.clear()
            for name in set(self.names()) - now.keys():
                self.milvus.drop(name)
        for name, row in now.items():
            if self._followed.get(name) != row.generation:
                with self._store.database.write() as connection:
                    if alone_at_once(connection, _LOCK, row.id):
                        self._followed[name] = self._bring_up_to_date(row.id, row.dimension)

    def mend(self, collection_id: str) -> None:
        """Bring a collection's shelf up to date, whatever its mark says.

        Raises:
            VectorsLacking: Milvus does not answer.
        """
        dimension = self._store.documents.embedder(collection_id)[1]
        if dimension:
            with self._store.database.write() as connection:
                alone_with(connection, _LOCK, collection_id)
                self._bring_up_to_date(collection_id, dimension, thoroughly=True)

    def count(self) -> int:
        """How many chunks Milvus holds of this library, those included that the library does not hold any more.

        Raises:
            VectorsLacking: it does not answer.
        """
        return sum(self.milvus.count(name, 0, _ALL) for name in self.names())

    def names(self) -> list[str]:
        """What the shelves of this library are called. Raises VectorsLacking."""
        ours = _name(self._identity()[0], "")
        return [name for name in self.milvus.names() if name.startswith(ours)]

    def known(self, collection_id: str, dimension: int) -> tuple[str, int]:
        """What the collection's shelf is called, and up to which chunk it holds all. Raises VectorsLacking."""
        library, past = self._identity()
        name = _name(library, collection_id, dimension)
        mark = SyncWatermark.read(self.milvus.mark(name))
        return name, mark.last if mark.past == past else 0

    def _bring_up_to_date(self, collection_id: str, dimension: int, *, thoroughly: bool = False) -> int:
        """Make a shelf say what the database says; returns the generation that it is at then.

        Args:
            thoroughly: also where its mark says that there is nothing to be done.
        """
        # Read before the chunks: should one come between, they are only looked at again.
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
        if thoroughly or self.milvus.count(name, 0, _ALL) != self._chunks(collection_id):
            self._compare(name, collection_id, 0, last)
        self.milvus.set_mark(name, str(SyncWatermark(past, generation, last)), dimension)
        return generation

    def _chunks(self, collection_id: str) -> int:
        """How many the collection has, by its documents: millions of chunks take long to count."""
        total = sa.func.coalesce(sa.func.sum(schema.documents.c.chunks), 0)
        with self._store.database.read() as connection:
            found = connection.execute(sa.select(total).where(schema.documents.c.collection == collection_id))
            return int(found.scalar_one())

    def _extend(self, name: str, collection_id: str, past: str, last: int, dimension: int) -> int:
        """Write the chunks above `last`; which is the last one now."""
        while rows := self._rows(collection_id, _chunks.c.id > last, most=_AT_ONCE):
            self.milvus.put(name, rows)
            last = rows[-1][0]
            self.milvus.set_mark(name, str(SyncWatermark(past, -1, last)), dimension)
        return last

    def _compare(self, name: str, collection_id: str, low: int, high: int) -> None:
        """Make the chunks with low < id <= high the same: where the counts differ, halves are compared."""
        with self._store.database.read() as connection:
            meant = (_chunks.c.collection == collection_id, _chunks.c.id > low, _chunks.c.id <= high)
            here = int(connection.execute(sa.select(sa.func.count()).where(*meant)).scalar_one())
        there = self.milvus.count(name, low, high)
        if here == there:
            return
        if max(here, there) > _AT_ONCE:
            middle = (low + high) // 2
            self._compare(name, collection_id, low, middle)
            self._compare(name, collection_id, middle, high)
            return
        held, rows = set(self.milvus.ids(name, low, high)), self._rows(collection_id, *meant)
        if gone := held - {chunk for chunk, _, _ in rows}:
            self.milvus.take(name, sorted(gone))
        if missing := [row for row in rows if row[0] not in held]:
            self.milvus.put(name, missing)

    def _rows(
        self, collection_id: str, *conditions: sa.ColumnElement[bool], most: int | None = None
    ) -> list[tuple[int, str, Vectors]]:
        """(chunk, document, vector), ids ascending."""
        columns = sa.select(_chunks.c.id, _chunks.c.document, _chunks.c.vector)
        query = columns.where(_chunks.c.collection == collection_id, *conditions).order_by(_chunks.c.id).limit(most)
        with self._store.database.read() as connection:
            return [(row.id, row.document, np.frombuffer(row.vector, "<f4")) for row in connection.execute(query)]

    def _identity(self) -> tuple[str, str]:
        """What the library is called in Milvus, and which past it has."""
        with self._store.database.read() as connection:
            row: Any = connection.exec_driver_sql(_IDENTITY).one()
        return hashlib.sha256(f"{row.system}/{row.database}".encode()).hexdigest()[:12], str(row.past)


def _name(library: str, *parts: str | int) -> str:
    """What a shelf is called: the library, the collection, and how long its vectors are."""
    return "_".join(["footnote", library, *map(str, parts)])
