"""Moving a whole library from one engine to another, all rows and originals, with a proof that the two are equal.

The target is written in one transaction and read back before it commits. The source does not change meanwhile.
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
    """What a table holds: its number of rows, and a digest over all of them that does not depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved, by table; `missing` are hashes of originals that the source lacks."""

    tables: dict[str, Proof]
    originals: int
    missing: tuple[str, ...]


def move(source: Store, target: Store) -> Moved:
    """Copy all of a library into an empty one.

    Raises, with nothing kept in the target:
        LibraryNotEmpty: the target is not empty.
        MoveUnequal: what arrived is not what was sent.
        DiskFull
    """
    # Checked before any lock is taken: a library moved onto itself would deadlock.
    with target.database.read() as connection:
        _require_empty(connection, target, source)
    with source.database.still() as reading, target.database.write_alone() as writing:
        _require_empty(writing, target, source)
        with _indexes_after(writing):
            sent = {table.name: _copy(table, reading, writing) for table in _tables()}
            arrived = {table.name: _proof(writing, table) for table in _tables()}
            for name, proof in sent.items():
                if arrived[name] != proof:
                    raise MoveUnequal(table=name)
        _copy_sequence(reading, writing)
        for dimension in writing.execute(sa.select(schema.collections.c.dimension).distinct()).scalars().all():
            make_graph(writing, dimension or 0)
        hashes = sorted(reading.execute(sa.union(*needs())).scalars())
        missing = [sha256 for sha256 in hashes if not _copy_original(source, reading, target, writing, sha256)]
    # Read back and verified against their hashes.
    for sha256 in set(hashes) - set(missing):
        target.files.read(sha256)
    return Moved(arrived, len(hashes) - len(missing), tuple(missing))


def _require_empty(connection: sa.Connection, target: Store, source: Store) -> None:
    full = any(connection.execute(sa.select(sa.literal(1)).select_from(t).limit(1)).first() for t in _tables())
    if full or target.database.name == source.database.name:
        raise LibraryNotEmpty(library=target.database.name)


def _tables() -> list[sa.Table]:
    """The tables that both engines have, in the order of their foreign keys."""
    return [table for table in schema.metadata.sorted_tables if "only" not in table.info]


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if "only" not in column.info]


def _indexes_after(writing: sa.Connection) -> AbstractContextManager[None]:
    """Build the large indexes once all rows are written."""
    if writing.dialect.name != "postgresql":
        return nullcontext()
    return bulk.indexes_after(writing, schema.chunks, schema.words)


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[dict[str, Any]]]:
    """All rows in batches, with texts sanitised as they are stored today."""
    query = sa.select(*_columns(table)).order_by(*table.primary_key)
    if connection.dialect.name == "postgresql":
        yield from bulk.read(connection, _columns(table), query)
        return
    streamed = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    for rows in streamed.mappings().partitions():
        yield [{key: clean(value) if isinstance(value, str) else value for key, value in row.items()} for row in rows]


def _copy(table: sa.Table, reading: sa.Connection, writing: sa.Connection) -> Proof:
    """Copy all rows; returns the proof of what was sent."""

    def write(rows: Sequence[dict[str, Any]]) -> None:
        if writing.dialect.name == "postgresql":
            bulk.write(writing, _columns(table), rows)
            if table is schema.chunks:
                insert_words(writing, [{**row, "chunk": row["id"]} for row in rows])
        elif table is schema.chunks:
            insert_chunk_rows(writing, rows)
        else:
            writing.execute(sa.insert(table), list(rows))

    return _proof(reading, table, write)


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


def _copy_sequence(reading: sa.Connection, writing: sa.Connection) -> None:
    """Continue the sequence of chunk ids: the id of a removed chunk must never be given again."""
    last = reading.execute(sa.text(_LAST_ID[reading.dialect.name])).scalar_one_or_none()
    if last:
        writing.execute(sa.text(_SET_LAST_ID[writing.dialect.name]), {"last": last})


_LAST_ID: Final = {
    "sqlite": "SELECT seq FROM sqlite_sequence WHERE name = 'chunks'",
    "postgresql": "SELECT pg_sequence_last_value(pg_get_serial_sequence('chunks', 'id')::regclass)",
}
_SET_LAST_ID: Final = {
    # Inserted where the table has no chunk: a library all of whose documents were removed.
    "sqlite": "INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq)"
    " VALUES ((SELECT rowid FROM sqlite_sequence WHERE name = 'chunks'), 'chunks', :last)",
    "postgresql": "SELECT setval(pg_get_serial_sequence('chunks', 'id'), :last)",
}


def _copy_original(source: Store, reading: sa.Connection, target: Store, writing: sa.Connection, sha256: str) -> bool:
    with suppress(NotFound):
        target.files.keep(writing, source.files.fetch(reading, sha256))
        return True
    return False
