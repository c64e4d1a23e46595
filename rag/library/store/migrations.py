"""Creating the tables of a library, or migrating those of an older one by Alembic's revisions (`versions/`).

New libraries are created from `schema.py`. Each migration commits with its version number in one transaction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from rag.library.store import schema
from rag.library.store.ddl import is_on

LATEST: Final = max(int(file.name[:4]) for file in Path(__file__).parent.glob("versions/[0-9]*.py"))

# Instead of Alembic's own table: older programs read this one too, and refuse a library that is newer than they are.
_schema_version: Final = sa.Table("schema_version", sa.MetaData(), sa.Column("version", sa.Integer, nullable=False))


def version(connection: sa.Connection) -> int:
    """The number of the last revision; 0 for an empty library."""
    if not sa.inspect(connection).has_table(_schema_version.name):
        return 0
    return int(connection.execute(sa.select(_schema_version.c.version)).scalar_one())


def migrate(connection: sa.Connection) -> None:
    """Create the tables, or migrate them, inside the caller's write transaction."""
    current = version(connection)
    if not current:
        engine = connection.dialect.name
        tables = [table for table in schema.metadata.sorted_tables if is_on(table, engine)]
        schema.metadata.create_all(connection, tables, checkfirst=False)
        _set(connection, LATEST)
    elif current < LATEST:
        upgrade(connection, current)


def upgrade(connection: sa.Connection, current: int, end: int = LATEST) -> None:
    """Run the revisions after `current`, up to `end`."""
    # Imported only where there is something to migrate, which most starts do not need.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(Path(__file__).parent)
    missing = list(scripts.iterate_revisions(f"{end:04}", f"{current:04}"))
    with Operations.context(MigrationContext.configure(connection)):
        for script in reversed(missing):
            script.module.upgrade()
    _set(connection, end)


def _set(connection: sa.Connection, number: int) -> None:
    _schema_version.create(connection, checkfirst=True)
    connection.execute(sa.delete(_schema_version))
    connection.execute(sa.insert(_schema_version).values(version=number))
