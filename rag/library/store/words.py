"""What the words index holds of each chunk, on both engines, and the version of the analysis that it was made by.

SQLite's index is a table of FTS5 over the chunks' `context_terms` and `text_terms`; PostgreSQL's is the table `words`.
Each carries the version itself, FTS5 among its settings and PostgreSQL in the table's comment, so that it comes and
goes with what it describes, also in a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from rag.core.text import ANALYSIS, index_terms
from rag.library.store import schema

# What the words index of PostgreSQL holds of a chunk that was `cut`. The text comes before the context.
TERMS: Final = "setweight(to_tsvector('simple', {text}), 'A') || to_tsvector('simple', {context})"

_INSERT: Final = sa.text(f"""
    INSERT INTO words (chunk, collection, document, tokens, terms)
    SELECT chunk, collection, document, tokens, {TERMS.format(text="text", context="context")}
    FROM unnest(CAST(:chunk AS bigint[]), CAST(:collection AS text[]), CAST(:document AS text[]),
        CAST(:tokens AS bigint[]), CAST(:text AS text[]), CAST(:context AS text[]))
        AS said (chunk, collection, document, tokens, text, context)""")

# The terms come stemmed and without accents: FTS5 has only to cut at the spaces between them.
_FTS5: Final = """
    CREATE VIRTUAL TABLE words USING fts5 (
        context_terms, text_terms,
        content = 'chunks', content_rowid = 'id',
        tokenize = 'ascii'
    )"""
_KEY: Final = "analysis"

# Chunks that are analysed before they are written.
_AT_ONCE: Final = 1000


def cut(text: str) -> str:
    """The terms of a text, with spaces between them."""
    return " ".join(index_terms(text))


def insert_words(connection: sa.Connection, chunks: Sequence[Mapping[str, Any]]) -> None:
    """Write down the words of chunks for PostgreSQL."""
    contexts, texts = ([index_terms(chunk[part]) for chunk in chunks] for part in ("context", "text"))
    said: dict[str, list[Any]] = {key: [chunk[key] for chunk in chunks] for key in ("chunk", "collection", "document")}
    said["tokens"] = [len(context) + len(text) for context, text in zip(contexts, texts, strict=True)]
    said["context"], said["text"] = ([" ".join(terms) for terms in parts] for parts in (contexts, texts))
    connection.execute(_INSERT, said)


def analysis(connection: sa.Connection) -> int:
    """The version of the analysis that the words index was made by; 0 where it does not say."""
    if connection.dialect.name == "sqlite":
        query = f"SELECT v FROM words_config WHERE k = '{_KEY}'"
    else:
        query = "SELECT obj_description(to_regclass('words'), 'pg_class')"
    comment = str(connection.exec_driver_sql(query).scalar() or "")
    version = comment.removeprefix(f"{_KEY} ")
    return int(version) if version.isdecimal() else 0


def rebuild(connection: sa.Connection) -> None:
    """Make the words index anew from the chunks, by today's analysis, within the caller's transaction."""
    if connection.dialect.name == "sqlite":
        changed = sa.text("UPDATE chunks SET context_terms = :context, text_terms = :text WHERE id = :chunk")
        for rows in batches(connection):
            cuts = [{"chunk": r["chunk"], "context": cut(r["context"]), "text": cut(r["text"])} for r in rows]
            connection.execute(changed, cuts)
        connection.exec_driver_sql("DROP TABLE words")
        connection.exec_driver_sql(_FTS5)
        connection.exec_driver_sql("INSERT INTO words (words) VALUES ('rebuild')")
        connection.exec_driver_sql(f"INSERT INTO words_config (k, v) VALUES ('{_KEY}', {ANALYSIS})")
        return
    connection.execute(sa.delete(schema.words))
    for rows in batches(connection):
        insert_words(connection, rows)
    connection.exec_driver_sql(f"COMMENT ON TABLE words IS '{_KEY} {ANALYSIS}'")


def batches(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """All chunks of the library, so many at a time."""
    chunks = schema.chunks.c
    named = (chunks.collection, chunks.document, chunks.context, chunks.text)
    query = sa.select(chunks.id.label("chunk"), *named).order_by(chunks.id).limit(_AT_ONCE)
    last = 0
    while rows := [dict(row) for row in connection.execute(query.where(chunks.id > last)).mappings()]:
        yield rows
        last = rows[-1]["chunk"]
