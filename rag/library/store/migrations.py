"""How a library comes to today's tables: a new one from `schema.py`, an older one by Alembic's revisions (`versions/`).

Each is one transaction with the new number: after a crash the library is at the old number or at the new one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from rag.library.store import schema
from rag.library.store.ddl import is_on

LATEST: Final = max(int(file.name[:4]) for file in Path(__file__).parent.glob("versions/[0-9]*.py"))

# In place of Alembic's own table: the programs before know it too, and refuse a library that is newer than they are.
_schema_version: Final = sa.Table("schema_version", sa.MetaData(), sa.Column("version", sa.Integer, nullable=False))


def version(connection: sa.Connection) -> int:
    """The number of the last revision; 0 for an empty library."""
    if not sa.inspect(connection).has_table(_schema_version.name):
        return 0
    return int(connection.execute(sa.select(_schema_version.c.version)).scalar_one())


def migrate(connection: sa.Connection) -> None:
    """Make the tables, or bring them up to date, inside the caller's write transaction."""
    reached = version(connection)
    if not reached:
        engine = connection.dialect.name
        here = [table for table in schema.metadata.sorted_tables if is_on(table, engine)]
        schema.metadata.create_all(connection, here, checkfirst=False)
        _set(connection, LATEST)
    elif reached < LATEST:
        upgrade(connection, reached)


def upgrade(connection: sa.Connection, reached: int, end: int = LATEST) -> None:
    """Make the changes of the revisions after the one that was reached."""
    # A start that has nothing to bring up to date does not wait for these.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(Path(__file__).parent)
    missing = list(scripts.iterate_revisions(f"{end:04}", f"{reached:04}"))
    with Operations.context(MigrationContext.configure(connection)):
        for script in reversed(missing):
            script.module.upgrade()
    _set(connection, end)


def _set(connection: sa.Connection, number: int) -> None:
    _schema_version.create(connection, checkfirst=True)
    connection.execute(sa.delete(_schema_version))
    connection.execute(sa.insert(_schema_version).values(version=number))
