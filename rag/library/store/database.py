"""The way to the library's database, whichever of the two it is: see `sqlite.py` and `postgresql.py`."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

import sqlalchemy as sa


class Database(ABC):
    """A pool of connections, safe to share between threads.

    Every process opens its own; a Database must not cross a fork. `name` is what an error calls it: a file,
    or a server and the database on it.
    """

    _for_reading: ClassVar[Mapping[str, Any]] = {}
    _for_writing: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, name: str, engine: sa.Engine) -> None:
        self.name = name
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the library throughout, whatever others write."""
        with self._transaction(self._for_reading) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is kept whole or not at all.

        On SQLite it holds the write lock from its first moment. On PostgreSQL others write beside it: what must
        not change before its end is read with a lock (`rights.owned`, `Jobs.claim`), or done under `alone_with`.

        Raises:
            DiskFull: there is no room; the library is as it was.
        """
        with self._transaction(self._for_writing) as connection:
            yield connection

    @contextmanager
    def write_alone(self) -> Iterator[sa.Connection]:
        """A write transaction that waits for others of its kind, in every process, to end: for migrations."""
        with self.write() as connection:
            yield connection

    def seconds(self, connection: sa.Connection) -> float:
        """The time since 1970 by the clock that all processes of the library share, for leases."""
        return time.time()

    @abstractmethod
    def still(self) -> AbstractContextManager[sa.Connection]:
        """A transaction in which nothing of the library changes, its files included, to take a copy of all of it."""

    @abstractmethod
    def writes(self) -> AbstractContextManager[Callable[[], object]]:
        """Gives what says a mark, another one after each write to the library by any process. For one thread."""

    @abstractmethod
    def whole(self) -> bool:
        """Whether the database finds itself as it should be. It reads all of it, as far as its engine can."""

    def close(self) -> None:
        self._engine.dispose()

    @abstractmethod
    def mapped_errors(self) -> AbstractContextManager[None]:
        """Turn what the database and the file system report into the errors a caller can tell apart."""

    @contextmanager
    def _transaction(self, options: Mapping[str, Any]) -> Iterator[sa.Connection]:
        with self.mapped_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(**options)
            with connection.begin():
                yield connection


def alone_with(connection: sa.Connection, *key: str) -> None:
    """Until the transaction ends, whoever else comes here with this key waits.

    On SQLite a write transaction has all of the library to itself anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_number(key))))


def alone_at_once(connection: sa.Connection, *key: str) -> bool:
    """The same without waiting: whether nobody else is here with this key."""
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_number(key)))).scalar_one())


def _number(key: tuple[str, ...]) -> sa.Function[int]:
    return sa.func.hashtextextended("\n".join(key), 0)
