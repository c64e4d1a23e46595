"""The original files in PostgreSQL, written and removed in the same transaction as what needs them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import sqlalchemy as sa

from rag.core.errors import NotFound
from rag.library.store import schema
from rag.library.store.database import alone_with
from rag.library.store.files import Files, needed
from rag.library.store.recognised import forget

# One value holds a gigabyte at most, and takes several times its size in memory on its way.
_PART_BYTES: Final = 8_000_000

_originals = schema.originals


class Originals(Files):
    """The originals as rows, in parts, by the SHA-256 of all their bytes."""

    def save(self, data: bytes) -> str:
        with self._database.write() as connection:
            self.keep(connection, data)
        return hashlib.sha256(data).hexdigest()

    def saved(self, data: bytes | None) -> AbstractContextManager[None]:
        """No-op: `keep` suffices, and is rolled back with its transaction."""
        return nullcontext()

    def keep(self, connection: sa.Connection, data: bytes) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        # Excludes concurrent writes and releases of these bytes until the transaction ends.
        alone_with(connection, "original", sha256)
        if not _exists(connection, sha256):
            for part, first in enumerate(range(0, max(1, len(data)), _PART_BYTES)):
                row = {"sha256": sha256, "part": part, "data": data[first : first + _PART_BYTES]}
                connection.execute(sa.insert(_originals), row)

    def fetch(self, connection: sa.Connection, sha256: str) -> bytes:
        data = b"".join(connection.execute(_of(sha256, _originals.c.data).order_by(_originals.c.part)).scalars())
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotFound(what="file")
        return data

    def pieces(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        # A transaction for each part, so that a slow client holds none open.
        for part in itertools.count(start // _PART_BYTES):
            first = part * _PART_BYTES
            if stop is not None and first >= stop:
                return
            with self._database.read() as connection:
                query = _of(sha256, _originals.c.data).where(_originals.c.part == part)
                data = connection.execute(query).scalar_one_or_none()
            if data is None:
                if part == 0:
                    raise NotFound(what="file")
                return
            yield bytes(data[max(0, start - first) : None if stop is None else stop - first])

    def release(self, hashes: Iterable[str]) -> None:
        # One transaction each: a server has room for only so many locks at once.
        for sha256 in sorted(set(hashes)):
            with self._database.write() as connection:
                alone_with(connection, "original", sha256)
                if not needed(connection, sha256):
                    connection.execute(sa.delete(_originals).where(_originals.c.sha256 == sha256))
                    forget(connection, schema.recognised.c.sha256 == sha256)

    def drop_copies(self, collection_id: str) -> None:
        """No-op: PostgreSQL keeps no snapshots."""

    def sweep(self) -> None:
        """Remove unneeded files: a process ended between removing a document and releasing its file."""
        documents, jobs = schema.documents, schema.jobs
        by_document = sa.exists().where(documents.c.sha256 == _originals.c.sha256)
        by_job = sa.exists().where(jobs.c.source == _originals.c.sha256)
        first = sa.select(_originals.c.sha256).where(_originals.c.part == 0)
        with self._database.read() as connection:
            unneeded = connection.execute(first.where(~by_document, ~by_job)).scalars().all()
        self.release(unneeded)


def _exists(connection: sa.Connection, sha256: str) -> bool:
    return connection.execute(_of(sha256, sa.literal(1)).limit(1)).first() is not None


def _of(sha256: str, column: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(column).select_from(_originals).where(_originals.c.sha256 == sha256)
