"""The full-text index of the chunks on both engines, and the version of the text analysis that it was built with.

On SQLite it is an FTS5 table over the chunks' `context_terms` and `text_terms`, on PostgreSQL the table `words`. The
version is part of the index, so that copies have it too: among the settings of FTS5, in PostgreSQL's table comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from rag.core.text import ANALYSIS, index_terms
from rag.library.store import schema
from rag.library.store.ddl import WORDS_FTS5

# What PostgreSQL indexes of a chunk whose texts were `cut`: weight A for the text, D for the context.
TERMS: Final = "setweight(to_tsvector('simple', {text}), 'A') || to_tsvector('simple', {context})"

_INSERT: Final = sa.text(f"""
    INSERT INTO words (chunk, collection, document, tokens, terms)
    SELECT chunk, collection, document, tokens, {TERMS.format(text="text", context="context")}
    FROM unnest(CAST(:chunk AS bigint[]), CAST(:collection AS text[]), CAST(:document AS text[]),
        CAST(:tokens AS bigint[]), CAST(:text AS text[]), CAST(:context AS text[]))
        AS chunk (chunk, collection, document, tokens, text, context)""")

_KEY: Final = "analysis"

# Chunks analysed per batch.
_BATCH: Final = 1000


def cut(text: str) -> str:
    """The index terms of a text, separated by spaces."""
    return " ".join(index_terms(text))


def insert_words(connection: sa.Connection, chunks: Sequence[Mapping[str, Any]]) -> None:
    """Add chunks to the full-text index of PostgreSQL."""
    contexts, texts = ([index_terms(chunk[part]) for chunk in chunks] for part in ("context", "text"))
    rows: dict[str, list[Any]] = {key: [chunk[key] for chunk in chunks] for key in ("chunk", "collection", "document")}
    rows["tokens"] = [len(context) + len(text) for context, text in zip(contexts, texts, strict=True)]
    rows["context"], rows["text"] = ([" ".join(terms) for terms in parts] for parts in (contexts, texts))
    connection.execute(_INSERT, rows)


def analysis(connection: sa.Connection) -> int:
    """The version of the analysis that the index was built with; 0 where it has none."""
    if connection.dialect.name == "sqlite":
        query = f"SELECT v FROM words_config WHERE k = '{_KEY}'"
    else:
        query = "SELECT obj_description(to_regclass('words'), 'pg_class')"
    comment = str(connection.exec_driver_sql(query).scalar() or "")
    version = comment.removeprefix(f"{_KEY} ")
    return int(version) if version.isdecimal() else 0


def rebuild(connection: sa.Connection) -> None:
    """Rebuild the index from the chunks by the current analysis, within the caller's transaction."""
    if connection.dialect.name == "sqlite":
        update = sa.text("UPDATE chunks SET context_terms = :context, text_terms = :text WHERE id = :chunk")
        for rows in batches(connection):
            cuts = [{"chunk": r["chunk"], "context": cut(r["context"]), "text": cut(r["text"])} for r in rows]
            connection.execute(update, cuts)
        connection.exec_driver_sql("DROP TABLE words")
        connection.exec_driver_sql(WORDS_FTS5)
        connection.exec_driver_sql("INSERT INTO words (words) VALUES ('rebuild')")
        connection.exec_driver_sql(f"INSERT INTO words_config (k, v) VALUES ('{_KEY}', {ANALYSIS})")
        return
    connection.execute(sa.delete(schema.words))
    for rows in batches(connection):
        insert_words(connection, rows)
    connection.exec_driver_sql(f"COMMENT ON TABLE words IS '{_KEY} {ANALYSIS}'")


def batches(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """All chunks of the library, in batches."""
    chunks = schema.chunks.c
    columns = (chunks.collection, chunks.document, chunks.context, chunks.text)
    query = sa.select(chunks.id.label("chunk"), *columns).order_by(chunks.id).limit(_BATCH)
    last = 0
    while rows := [dict(row) for row in connection.execute(query.where(chunks.id > last)).mappings()]:
        yield rows
        last = rows[-1]["chunk"]
