"""A library in a PostgreSQL database with pgvector: connections, transactions and error mapping."""

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

# The first release with iterative scans: a filtered search continues until it has found enough.
PGVECTOR: Final = (0, 8)

# No prepared statements: plans fit the values they run with, and connection poolers work.
_CONNECTING: Final = {"connect_timeout": 10, "application_name": "footnote", "prepare_threshold": None}

_FULL: Final = {"53100"}
# The extension, the right to create it, or the tables are missing.
_UNPREPARED: Final = {"0A000", "42501", "42704", "58P01"}
# Broken or too many connections, and a server that shuts down or starts.
_UNREACHABLE: Final = ("08", "53300", "57P")

_log = logging.getLogger(__name__)


class PostgreSQL(Database):
    """A pool of connections to one database. The password in its URL appears in no error and no log.

    Args:
        graphs: whether vector indexes are kept, see `hnsw.py`.
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
            # Its cause is dropped: it quotes the URL.
            raise StoreUnreachable(server="RAG_DATABASE_URL") from None
        sa.event.listen(engine, "connect", _configure)
        host = address.host or address.query.get("host") or "localhost"
        super().__init__(f"{host}/{address.database or ''}", engine)

    @contextmanager
    def write_alone(self) -> Iterator[sa.Connection]:
        """As in `Database`, once pgvector is installed. Raises StoreUnprepared where it is missing or too old."""
        with self.write() as connection:
            alone_with(connection, "migrations")
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS vector")
            installed = connection.exec_driver_sql("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            if tuple(int(part) for part in installed.scalar_one().split(".")[:2]) < PGVECTOR:
                raise StoreUnprepared(server=self.name)
            yield connection

    def arguments(self) -> dict[str, Any]:
        """The arguments with which psycopg connects as this pool does, password included."""
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        return {key: value for key, value in arguments.items() if key != "context"} | _CONNECTING

    def seconds(self, connection: sa.Connection) -> float:
        # Clocks of several machines may differ; the server has one.
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())

    def still(self) -> AbstractContextManager[sa.Connection]:
        """A snapshot: writers go on, and are not seen."""
        return self.read()

    @contextmanager
    def writes(self) -> Iterator[Callable[[], object]]:
        yield self._written

    def _written(self) -> object:
        # The set of finished transactions, which a write joins at the moment when it becomes visible.
        with self.read() as connection:
            return connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one()

    def whole(self) -> bool:
        """Whether every index is valid. Reading every page is left to the server's own tools (pg_amcheck)."""
        with self.read() as connection:
            return not connection.exec_driver_sql("SELECT count(*) FROM pg_index WHERE NOT indisvalid").scalar_one()

    @contextmanager
    def mapped_errors(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, self._engine.dialect.loaded_dbapi.Error) as error:
            # COPY uses the driver directly, whose errors SQLAlchemy does not wrap.
            mapped = self._mapped(error)
            if mapped is None:
                raise
            raise mapped from error
        except TimeoutError as error:
            raise StoreUnreachable(server=self.name) from error

    def _mapped(self, error: Exception) -> LibraryError | None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(cause, "sqlstate", None)
        if state in _FULL:
            return DiskFull(folder=self.name)
        if state in _UNPREPARED:
            return StoreUnprepared(server=self.name)
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        lost = lost or (state is None and isinstance(cause, self._engine.dialect.loaded_dbapi.OperationalError))
        if lost or (state or "").startswith(_UNREACHABLE):
            # The server's message names its host and the user, and never the password.
            _log.warning("PostgreSQL cannot be used: %s", str(cause).splitlines()[:1])
            return StoreUnreachable(server=self.name)
        return None


def _configure(connection: Any, _record: object) -> None:
    # Compiling a search query takes longer than running it.
    connection.execute("SET jit = off")
    connection.commit()
