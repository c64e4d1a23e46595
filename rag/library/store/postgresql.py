"""The library in a PostgreSQL database with pgvector: how it is opened, read, written, and how it fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, TimeoutError

from rag.core.errors import DiskFull, LibraryError, StorePackageMissing, StoreUnprepared, StoreUnreachable
from rag.library.store.database import Database, alone_with

# The first release whose filtered searches go on until they have found enough.
PGVECTOR: Final = (0, 8)

# Statements are planned for the values they come with, and poolers between here and there are fine.
_CONNECTING: Final = {"connect_timeout": 10, "application_name": "footnote", "prepare_threshold": None}

_FULL: Final = {"53100"}
# The extension or the right to make it, or the tables, is missing.
_UNPREPARED: Final = {"0A000", "42501", "42704", "58P01"}
# Connections that break, that are too many, and a server that shuts down or starts.
_UNREACHABLE: Final = ("08", "53300", "57P")

_log = logging.getLogger(__name__)


class PostgreSQL(Database):
    """A pool of connections to one database. The password in its address appears in no error and no log.

    Args:
        graphs: whether graphs are made of new vectors, see `graphs.py`.
    """

    _for_reading = MappingProxyType({"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})

    def __init__(self, url: str, *, graphs: bool = True) -> None:
        try:
            address = sa.make_url(url)
            engine = sa.create_engine(
                address,
                connect_args=_CONNECTING,
                pool_pre_ping=True,
                pool_size=8,
                max_overflow=8,
                hide_parameters=True,
                execution_options={"graphs": graphs},
            )
        except ModuleNotFoundError as error:
            raise StorePackageMissing(package=error.name or "psycopg") from error
        except ArgumentError:
            # Not from that error, which quotes the address.
            raise StoreUnreachable(server="RAG_DATABASE_URL") from None
        sa.event.listen(engine, "connect", _configure)
        host = address.host or address.query.get("host") or "localhost"
        super().__init__(f"{host}/{address.database or ''}", engine)

    @contextmanager
    def write_alone(self) -> Iterator[sa.Connection]:
        """As everywhere; pgvector is there when it begins.

        Raises:
            StoreUnprepared: pgvector is not there and cannot be made, or is too old.
        """
        with self.write() as connection:
            alone_with(connection, "migrations")
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS vector")
            found = connection.exec_driver_sql("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            if tuple(int(part) for part in found.scalar_one().split(".")[:2]) < PGVECTOR:
                raise StoreUnprepared(server=self.name)
            yield connection

    def arguments(self) -> dict[str, Any]:
        """What psycopg is told to connect as this pool does, the password with it."""
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        return {key: value for key, value in arguments.items() if key != "context"} | _CONNECTING

    def seconds(self, connection: sa.Connection) -> float:
        # App processes on several machines need not agree on the time.
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())

    def still(self) -> AbstractContextManager[sa.Connection]:
        """Others write on; this transaction does not see it."""
        return self.read()

    @contextmanager
    def writes(self) -> Iterator[Callable[[], object]]:
        yield self._written

    def _written(self) -> object:
        # Which transactions have ended: that of every write is among them from the moment others see what it wrote.
        with self.read() as connection:
            return connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one()

    def whole(self) -> bool:
        """Whether no index was left unfinished. Reading every page is for the server's own tools (pg_amcheck)."""
        with self.read() as connection:
            return not connection.exec_driver_sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid").scalar_one()

    @contextmanager
    def mapped_errors(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, self._engine.dialect.loaded_dbapi.Error) as error:
            # COPY goes by the driver itself, and fails as it does.
            arguments = self._told(error)
            if arguments is None:
                raise
            raise arguments from error
        except TimeoutError as error:
            raise StoreUnreachable(server=self.name) from error

    def _told(self, error: Exception) -> LibraryError | None:
        said = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(said, "sqlstate", None)
        if state in _FULL:
            return DiskFull(folder=self.name)
        if state in _UNPREPARED:
            return StoreUnprepared(server=self.name)
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        lost = lost or (state is None and isinstance(said, self._engine.dialect.loaded_dbapi.OperationalError))
        if lost or (state or "").startswith(_UNREACHABLE):
            # Why, in the server's words; they name its host and the user, and never the password.
            _log.warning("PostgreSQL cannot be used: %s", str(said).splitlines()[:1])
            return StoreUnreachable(server=self.name)
        return None


def _configure(connection: Any, _record: object) -> None:
    # Compiling a search takes longer than running it.
    connection.execute("SET jit = off")
    connection.commit()
