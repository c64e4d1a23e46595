"""The library in one SQLite file: how it is opened, read, written, and how it fails."""

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

# A write that the disk refuses is reported under any of these; "no room" is nearly always the reason.
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
        """Write one consistent state of the database to `file` while others go on writing."""
        with self.mapped_errors(), self._engine.connect() as connection:
            target = sqlite3.connect(file)
            try:
                _driver(connection).backup(target)
            finally:
                target.close()

    @contextmanager
    def write_alone(self) -> Iterator[sa.Connection]:
        """As everywhere; rows are held to what they refer to at its end, not meanwhile.

        Some changes of a table SQLite makes by copying it and dropping the old one, which would take along every row
        that goes with one of its rows. The switch for that does nothing inside a transaction.
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
        """Others wait until it ends before they write."""
        return self.write()

    @contextmanager
    def writes(self) -> Iterator[Callable[[], object]]:
        # The mark is the connection's own: it changes when others write, so that this one never does.
        with self.mapped_errors():
            connection = sqlite3.connect(self.file, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            yield lambda: connection.execute("PRAGMA data_version").fetchone()[0]
        finally:
            connection.close()

    def whole(self) -> bool:
        with self.read() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            strays = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        return said == ["ok"] and not strays

    def mapped_errors(self) -> AbstractContextManager[None]:
        """What `mapped_errors` does, for this file."""
        return mapped_errors(self.file)


@contextmanager
def mapped_errors(file: Path) -> Iterator[None]:
    """Turn what SQLite and the file system report about `file` into the errors a caller can tell apart."""
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
    # Transactions are begun by _begin below, not by the driver behind our back.
    connection.isolation_level = None
    _switch_to_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # The switch itself does not wait for its lock: two processes that open a new library at once meet here.
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
