"""DDL beyond the table definitions of `schema.py`: statements for one engine only, and helpers to define tables."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn

# The full-text index of SQLite. The terms come stemmed and without accents: FTS5 only splits them at spaces.
WORDS_FTS5: Final = """
    CREATE VIRTUAL TABLE words USING fts5 (
        context_terms, text_terms,
        content = 'chunks', content_rowid = 'id',
        tokenize = 'ascii'
    )"""
WORDS_TRIGGERS: Final = (
    """
    CREATE TRIGGER words_added AFTER INSERT ON chunks BEGIN
        INSERT INTO words (rowid, context_terms, text_terms) VALUES (new.id, new.context_terms, new.text_terms);
    END""",
    """
    CREATE TRIGGER words_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO words (words, rowid, context_terms, text_terms)
        VALUES ('delete', old.id, old.context_terms, old.text_terms);
    END""",
)

# The full-text index of PostgreSQL: in `terms` those of the context have the weight D, those of the text A, as
# `rag/library/index/postgres_bm25.py` reads them; `tokens` counts them.
WORDS_TSVECTOR: Final = (
    "ALTER TABLE words SET (toast_tuple_target = 8160)",
    "ALTER TABLE words ALTER COLUMN terms SET STORAGE MAIN",
    "CREATE INDEX words_by_term ON words USING gin (terms)",
)


metadata = sa.MetaData()


def table(name: str, *parts: sa.schema.SchemaItem, **options: Any) -> sa.Table:
    """One of the library's tables."""
    return sa.Table(name, metadata, *parts, **options)


def required(type_: Any, *names: str, **options: Any) -> list[sa.Column[Any]]:
    """NOT NULL columns of one type."""
    return [sa.Column(name, type_, nullable=False, **options) for name in names]


def part_of(table: str, name: str, **options: Any) -> sa.Column[Any]:
    """A foreign key to the `id` of another table, deleted with the row that it refers to."""
    return sa.Column(name, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, **options)


def also(table: sa.Table, engine: str, *statements: str) -> None:
    """Statements to run after the table was created, on one engine."""
    for statement in statements:
        ddl = sa.DDL(statement)  # type: ignore[no-untyped-call]
        sa.event.listen(table, "after_create", ddl.execute_if(dialect=engine))


def is_on(part: sa.Table | sa.Column[Any], engine: str) -> bool:
    """Whether that engine has the table or the column."""
    return bool(part.info.get("only", engine) == engine)


@compiles(CreateColumn)
def _create_column(create: CreateColumn, compiler: Any, **options: Any) -> str | None:
    column: str | None = compiler.visit_create_column(create, **options)
    return column if is_on(create.element, compiler.dialect.name) else None
