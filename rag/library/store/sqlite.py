"""A library in one SQLite file: connections, transactions and error mapping."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from rag.core.errors import DiskFull, StoreDamaged
from rag.library.store.database import Database

BUSY_SECONDS = 30.0

# A failed write is reported under any of these; a full disk is nearly always the reason.
_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
_DAMAGED = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_FULL_ERRNO = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SQLite(Database):
    """A pool of connections to one SQLite file."""

    _for_writing = MappingProxyType({"holds_write_lock": True})

    def __init__(self, file: Path) -> None:
        self.file = file
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(file)),
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            pool_size=8,
            max_overflow=-1,
        )
        sa.event.listen(engine, "connect", _configure)
        sa.event.listen(engine, "begin", _begin)
        super().__init__(str(file), engine)

    def copy_to(self, file: Path) -> None:
        """Write a consistent snapshot of the database to `file` while others go on writing."""
        with self.mapped_errors(), self._engine.connect() as connection:
            target = sqlite3.connect(file)
            try:
                _driver(connection).backup(target)
            finally:
                target.close()

    @contextmanager
    def write_alone(self) -> Iterator[sa.Connection]:
        """As in `Database`, with foreign keys checked at its end rather than enforced.

        Some changes of a table are made by copying it and dropping the old one, which would cascade to all rows that
        refer to it. The pragma has no effect inside a transaction.
        """
        with self.mapped_errors(), self._engine.connect() as plain:
            driver = _driver(plain)
            driver.execute("PRAGMA foreign_keys = OFF")
            try:
                connection = plain.execution_options(**self._for_writing)
                with connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise StoreDamaged(file=self.name)
            finally:
                driver.execute("PRAGMA foreign_keys = ON")

    def still(self) -> AbstractContextManager[sa.Connection]:
        """Under the write lock: writers wait until it ends."""
        return self.write()

    @contextmanager
    def writes(self) -> Iterator[Callable[[], object]]:
        # `data_version` changes with writes of other connections, so this one must never write.
        with self.mapped_errors():
            connection = sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            yield lambda: connection.execute("PRAGMA data_version").fetchone()[0]
        finally:
            connection.close()

    def whole(self) -> bool:
        with self.read() as connection:
            messages = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            violations = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        return messages == ["ok"] and not violations

    def mapped_errors(self) -> AbstractContextManager[None]:
        """As the function of that name, for this file."""
        return mapped_errors(self.file)


@contextmanager
def mapped_errors(file: Path) -> Iterator[None]:
    """Translate errors of SQLite and the file system about `file` into errors of `rag.core.errors`."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", None)
        if code in _FULL:
            raise DiskFull(folder=str(file.parent)) from error
        if code is not None and code & 0xFF in _DAMAGED:
            raise StoreDamaged(file=str(file)) from error
        raise
    except OSError as error:
        if error.errno in _FULL_ERRNO:
            raise DiskFull(folder=str(file.parent)) from error
        raise


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by `_begin`, not implicitly by the driver.
    connection.isolation_level = None
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # SQLite's own knows ASCII only: nobody would find "Übersicht" by "übersicht".
    connection.create_function("lower", 1, lambda text: text and str(text).lower(), deterministic=True)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # The busy timeout does not apply to this switch, and two processes may open a new library at once.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("holds_write_lock", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
