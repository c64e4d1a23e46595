"""How the tables of `schema.py` are written down, and what stands beside them on one of the engines only."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateColumn

# The words index of SQLite reads the chunks themselves.
FTS5: Final = (
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        context_terms, text_terms, content = 'chunks', content_rowid = 'id',
        tokenize = 'porter unicode61 remove_diacritics 2'
    )""",
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

# The words index of PostgreSQL: `terms` holds those of the context under the label D, those of the text under A,
# as `rag/library/index/postgres_bm25.py` reads them; `tokens` counts them.
TEXT_SEARCH: Final = (
    "CREATE TEXT SEARCH DICTIONARY footnote_stem (TEMPLATE = snowball, LANGUAGE = porter)",
    "CREATE TEXT SEARCH CONFIGURATION footnote (PARSER = default)",
    "ALTER TEXT SEARCH CONFIGURATION footnote ADD MAPPING FOR"
    " asciiword, word, numword, int, uint, float, sfloat, version WITH footnote_stem",
    "ALTER TABLE words SET (toast_tuple_target = 8160)",
    "ALTER TABLE words ALTER COLUMN terms SET STORAGE MAIN",
    "CREATE INDEX words_by_term ON words USING gin (terms)",
)


def required(type_: Any, *names: str, **options: Any) -> list[sa.Column[Any]]:
    """Columns of one type that always hold something."""
    return [sa.Column(name, type_, nullable=False, **options) for name in names]


def part_of(table: str, name: str, **options: Any) -> sa.Column[Any]:
    """A column with the id of a row in another table: when that one goes, so does this one."""
    return sa.Column(name, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False, **options)


def also(table: sa.Table, engine: str, *statements: str) -> None:
    """What is said on one engine when it has made the table."""
    for statement in statements:
        made = sa.DDL(statement)  # type: ignore[no-untyped-call]
        sa.event.listen(table, "after_create", made.execute_if(dialect=engine))


def is_on(part: sa.Table | sa.Column[Any], engine: str) -> bool:
    """Whether that engine has the table or the column."""
    return bool(part.info.get("only", engine) == engine)


@compiles(CreateColumn)
def _create_column(create: CreateColumn, compiler: Any, **options: Any) -> str | None:
    here: str | None = compiler.visit_create_column(create, **options)
    return here if is_on(create.element, compiler.dialect.name) else None
