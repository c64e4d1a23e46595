"""A whole library from one engine to another, all rows and all originals, and the proof that it is the same.

All of it is one transaction in the target, and read back there before it is kept: it arrives whole, or the target
is as empty as it was. The source only gives, and does not change meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from rag.core.errors import LibraryNotEmpty, MoveUnequal, NotFound
from rag.library.store import Store, bulk, schema
from rag.library.store.columns import clean
from rag.library.store.files import needs
from rag.library.store.hnsw import make_graph
from rag.library.store.rows import insert_chunk_rows
from rag.library.store.words import insert_words

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Proof:
    """What a table holds: how many rows, and a digest over all of them in which their order does not count."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What came over, table by table; `missing` are hashes of originals that were not there to be moved."""

    tables: dict[str, Proof]
    originals: int
    missing: tuple[str, ...]


def move(source: Store, target: Store) -> Moved:
    """Copy all of a library into an empty one.

    Raises:
        LibraryNotEmpty: there is something in the target; nothing was changed.
        MoveUnequal: what arrived is not what was sent; nothing was kept.
        DiskFull: there is no room; nothing was kept.
    """
    # Before anything is held: a library that moves to where it is would wait for itself.
    with target.database.read() as looking:
        _empty(looking, target, source)
    with source.database.still() as giving, target.database.write_alone() as taking:
        _empty(taking, target, source)
        with _indexes_after(taking):
            sent = {table.name: _copy(table, giving, taking) for table in _tables()}
            arrived = {table.name: _proof(taking, table) for table in _tables()}
            for name, proof in sent.items():
                if arrived[name] != proof:
                    raise MoveUnequal(table=name)
        _go_on_counting(giving, taking)
        for dimension in taking.execute(sa.select(schema.collections.c.dimension).distinct()).scalars().all():
            make_graph(taking, dimension or 0)
        hashes = _hashes(giving)
        missing = [sha256 for sha256 in hashes if not _copy_original(source, giving, target, taking, sha256)]
    # Each is read back and held to its hash.
    for sha256 in set(hashes) - set(missing):
        target.files.read(sha256)
    return Moved(arrived, len(hashes) - len(missing), tuple(missing))


def _empty(connection: sa.Connection, target: Store, source: Store) -> None:
    held = any(connection.execute(sa.select(sa.literal(1)).select_from(t).limit(1)).first() for t in _tables())
    if held or target.database.name == source.database.name:
        raise LibraryNotEmpty(library=target.database.name)


def _tables() -> list[sa.Table]:
    """Those that both engines have, each after those its rows hang on."""
    return [table for table in schema.metadata.tables.values() if "only" not in table.info]


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if "only" not in column.info]


def _indexes_after(taking: sa.Connection) -> AbstractContextManager[None]:
    """Around writing the rows: the large indexes are made when all are there."""
    if taking.dialect.name != "postgresql":
        return nullcontext()
    return bulk.indexes_after(taking, schema.chunks, schema.words)


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[dict[str, Any]]]:
    """All rows, so many at a time, with half characters and their like as they are written down today."""
    query = sa.select(*_columns(table)).order_by(*table.primary_key)
    if connection.dialect.name == "postgresql":
        yield from bulk.read(connection, _columns(table), query)
        return
    streamed = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    for rows in streamed.mappings().partitions():
        yield [{key: clean(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows]


def _copy(table: sa.Table, giving: sa.Connection, taking: sa.Connection) -> Proof:
    """Write the rows of one into the other; what they were."""

    def write(rows: Sequence[dict[str, Any]]) -> None:
        if taking.dialect.name == "postgresql":
            bulk.write(taking, _columns(table), rows)
            if table is schema.chunks:
                insert_words(taking, [{**row, "chunk": row["id"]} for row in rows])
        elif table is schema.chunks:
            insert_chunk_rows(taking, rows)
        else:
            taking.execute(sa.insert(table), list(rows))

    return _proof(giving, table, write)


def _proof(
    connection: sa.Connection, table: sa.Table, each: Callable[[Sequence[dict[str, Any]]], None] | None = None
) -> Proof:
    total, count = 0, 0
    for rows in _rows(connection, table):
        total, count = total + sum(map(_number, rows)), count + len(rows)
        if each is not None:
            each(rows)
    return Proof(count, f"{total % 2**256:064x}")


def _number(row: dict[str, Any]) -> int:
    """The SHA-256 of a row's values, vectors bit for bit."""
    values = [row[key] for key in sorted(row)]
    digest = hashlib.sha256(json.dumps([None if isinstance(value, bytes) else value for value in values]).encode())
    for value in values:
        if isinstance(value, bytes):
            digest.update(value)
    return int.from_bytes(digest.digest())


def _go_on_counting(giving: sa.Connection, taking: sa.Connection) -> None:
    """The id of a removed chunk must not come back in the other engine either."""
    last = giving.execute(sa.text(_LAST_ID[giving.dialect.name])).scalar_one_or_none()
    if last:
        taking.execute(sa.text(_SET_LAST_ID[taking.dialect.name]), {"last": last})


_LAST_ID: Final = {
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = 'chunks'",
    "postgresql": "SELECT pg_sequence_last_value(pg_get_serial_sequence('chunks', 'id')::regclass)",
}
_SET_LAST_ID: Final = {
    # Inserted where no chunk was: a library all of whose documents were removed.
    "sqlite": "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq)"
    " VALUES ((SELECT rowid FROM sqlite_sequence WHERE name = 'chunks'), 'chunks', :last)",
    "postgresql": "SELECT setval(pg_get_serial_sequence('chunks', 'id'), :last)",
}


def _hashes(connection: sa.Connection) -> list[str]:
    """Of all originals that a document, or a job that is not done with, needs."""
    return sorted(connection.execute(sa.union(*needs())).scalars())


def _copy_original(source: Store, giving: sa.Connection, target: Store, taking: sa.Connection, sha256: str) -> bool:
    with suppress(NotFound):
        target.files.keep(taking, source.files.fetch(giving, sha256))
        return True
    return False
