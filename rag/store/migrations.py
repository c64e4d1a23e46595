"""From the library as it is to today's tables, in the steps of `steps.py`."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

from rag.store.steps import MIGRATIONS, Step

__all__ = ["MIGRATIONS", "migrate", "statements", "version"]

_POSTGRESQL_TYPES: Final = {"INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION"}
_TYPE: Final = re.compile(r"\b(INTEGER|REAL)\b")


def statements(step: Step, engine: str) -> list[str]:
    """A step as one of the engines, `sqlite` or `postgresql`, reads it."""
    said = []
    for part in step:
        if not isinstance(part, str):
            said += [part.statement] if part.engine == engine else []
        elif engine == "postgresql":
            said.append(_TYPE.sub(lambda found: _POSTGRESQL_TYPES[found.group()], part))
        else:
            said.append(part)
    return said


def version(connection: sa.Connection) -> int:
    """The number of the last step taken; 0 for an empty library."""
    if not sa.inspect(connection).has_table("schema_version"):
        return 0
    return int(connection.execute(sa.text("SELECT version FROM schema_version")).scalar_one())


def migrate(connection: sa.Connection) -> None:
    """Take the missing steps inside the caller's write transaction."""
    reached = version(connection)
    if reached >= len(MIGRATIONS):
        return
    for step in MIGRATIONS[reached:]:
        for statement in statements(step, connection.dialect.name):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
    connection.exec_driver_sql("DELETE FROM schema_version")
    connection.exec_driver_sql(f"INSERT INTO schema_version VALUES ({len(MIGRATIONS)})")
