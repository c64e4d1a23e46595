"""The steps between versions of the tables, as Alembic's revisions. New libraries are made from `schema.py` instead.

A revision that was released is never changed; a new wish is a new file, and a new line in `schema.py`. How to write
one is told in CONTRIBUTING.md. The first ones are written in SQL; `op` is for all that come.
"""

from alembic import op


def execute(*statements: str) -> None:
    """Run SQL that says INTEGER for whole numbers and REAL for others, which on PostgreSQL have other names."""
    for statement in statements:
        if op.get_context().dialect.name == "postgresql":
            statement = statement.replace("INTEGER", "BIGINT").replace("REAL", "DOUBLE PRECISION")
        op.execute(statement)
