"""Access to the library's database, whichever engine it is on: see `sqlite.py` and `postgresql.py`."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

import sqlalchemy as sa

from rag.core.errors import NotFound


class Database(ABC):
    """A thread-safe pool of connections. Every process opens its own: a Database must not be used after a fork.

    `name` identifies it in errors: a file, or a server and the database on it.
    """

    _for_reading: ClassVar[Mapping[str, Any]] = {}
    _for_writing: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, name: str, engine: sa.Engine) -> None:
        self.name = name
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one snapshot of the library throughout."""
        with self._transaction(self._for_reading) as connection:
            yield connection

    def rows(self, query: sa.Executable, values: Mapping[str, Any] | None = None) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        """All rows of one query, read in a transaction of its own."""
        with self.read() as connection:
            return connection.execute(query, values).all()

    def row(self, query: sa.Executable, values: Mapping[str, Any] | None = None) -> sa.Row[Any] | None:
        """The first row of one query, read in a transaction of its own; None where there is none."""
        with self.read() as connection:
            return connection.execute(query, values).first()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is committed as a whole or not at all.

        On SQLite it holds the write lock from its first moment. On PostgreSQL writers run concurrently: what must not
        change before its end is read with a row lock (`permissions.owned`, `Jobs.claim`) or under `alone_with`.

        Raises:
            DiskFull: the library is as it was.
        """
        with self._transaction(self._for_writing) as connection:
            yield connection

    @contextmanager
    def write_alone(self) -> Iterator[sa.Connection]:
        """A write transaction that excludes others of its kind in every process: for migrations."""
        with self.write() as connection:
            yield connection

    def seconds(self, connection: sa.Connection) -> float:
        """Seconds since 1970 by the clock that all processes of the library share, for leases."""
        return time.time()

    @abstractmethod
    def still(self) -> AbstractContextManager[sa.Connection]:
        """A transaction during which nothing of the library changes, its files included, for a copy of all of it."""

    @abstractmethod
    def writes(self) -> AbstractContextManager[Callable[[], object]]:
        """Gives a function whose value changes with each write to the library by any process. For one thread."""

    @abstractmethod
    def whole(self) -> bool:
        """Whether the engine's own integrity check passes. It may read the whole database."""

    def close(self) -> None:
        self._engine.dispose()

    @abstractmethod
    def mapped_errors(self) -> AbstractContextManager[None]:
        """Translate errors of the database and the file system into errors of `rag.core.errors`."""

    @contextmanager
    def _transaction(self, options: Mapping[str, Any]) -> Iterator[sa.Connection]:
        with self.mapped_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(**options)
            with connection.begin():
                yield connection


def found(row: sa.Row[Any] | None, what: str) -> sa.Row[Any]:
    """The row. Raises NotFound, naming what was looked for, where there is none."""
    if row is None:
        raise NotFound(what=what)
    return row


def alone_with(connection: sa.Connection, *key: str) -> None:
    """Take an exclusive lock on this key until the transaction ends.

    A write transaction on SQLite is exclusive anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_lock_number(key))))


def alone_at_once(connection: sa.Connection, *key: str) -> bool:
    """The same without waiting: whether the lock was free."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_lock_number(key)))).scalar_one())


def _lock_number(key: tuple[str, ...]) -> sa.Function[int]:
    return sa.func.hashtextextended("\n".join(key), 0)
