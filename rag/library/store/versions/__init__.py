"""Migrations of the tables, as Alembic revisions. New libraries are created from `schema.py` instead.

A released revision is never changed: a further change is a new file, and an edit of `schema.py`. CONTRIBUTING.md says
how to write one. The first ones are SQL; later ones use Alembic's `op`.
"""

from alembic import op


def execute(*statements: str) -> None:
    """Run SQL with SQLite's type names INTEGER and REAL, which are translated for PostgreSQL."""
    for statement in statements:
        if op.get_context().dialect.name == "postgresql":
            statement = statement.replace("INTEGER", "BIGINT").replace("REAL", "DOUBLE PRECISION")
        op.execute(statement)
