"""The words of a question, looked up in PostgreSQL's full-text index and ordered by BM25, as FTS5 orders them.

PostgreSQL's own rankings know nothing of how rare a word is. But `ts_rank` of one word alone tells how often a
chunk holds it: for n times it gives 1/1² + 1/2² + … + 1/n², divided by π²/6. So all that BM25 is made of comes out
of one look at the chunks that hold any of the words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from rag.index.words import COUNT_TO, chosen
from rag.language import tokens
from rag.store import Store, schema
from rag.store.rows import TERMS, insert_words

# As in FTS5: the constants of BM25, and what a word is worth in the context beside one in the text.
_K1: Final = 1.2
_B: Final = 0.75
_CONTEXT: Final = 0.5

# What `ts_rank` times π²/6 reaches for one, two, … times; the last stands for more.
_REACHED: Final = [sum(1 / n**2 for n in range(1, times + 1)) - 1e-5 for times in range(1, 40)]
_RANK: Final = f"width_bucket({math.pi**2 / 6} * ts_rank('{{weights}}', terms, {{word}}), CAST(:reached AS float8[]))"
_IN_TEXT: Final = _RANK.replace("{weights}", "{0,0,0,1}")
_ANYWHERE: Final = _RANK.replace("{weights}", "{1,1,1,1}")
# How often a chunk holds a word; a word of several pieces, as "e-mail", is there or not.
_OFTEN: Final = f"({_CONTEXT} * {_ANYWHERE} + {1 - _CONTEXT} * {_IN_TEXT})"
_THERE: Final = "(terms @@ {word})::int"

_HOLDING: Final = "count(*) FILTER (WHERE often{i} > 0) AS holding{i}"
_WORTH: Final = "greatest(1e-6, ln((chunks - holding{i} + 0.5) / (holding{i} + 0.5)))"
_SCORE: Final = _WORTH + f" * often{{i}} * {_K1 + 1} / (often{{i}} + {_K1} * ({1 - _B} + {_B} * tokens / mean))"

_SEARCH: Final = """
    WITH hits AS MATERIALIZED (
        SELECT chunk, tokens, {often} FROM words
        WHERE collection = :collection {among} AND terms @@ ({any})
    ), known AS (
        SELECT avg(tokens) AS mean, {holding},
            (SELECT sum(chunks) FROM documents WHERE collection = :collection {among_documents}) AS chunks
        FROM hits
    )
    SELECT chunk, {score} AS score FROM hits, known ORDER BY score DESC, chunk LIMIT :k"""

_AT_ONCE: Final = 1000

_HOW_MANY: Final = """
    (SELECT count(*) FROM (SELECT 1 FROM words
        WHERE collection = :collection AND terms @@ {word} LIMIT :most) AS holding)"""
_CHUNKS: Final = "SELECT coalesce(sum(chunks), 0) FROM documents WHERE collection = :collection"


def search(
    store: Store, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
) -> list[tuple[int, float]]:
    """The k chunks that hold the query's words best, with their BM25 scores (larger is better), best first.

    How rare a word is, is counted among the chunks searched.
    """
    pieces = [found for word in chosen(query) if (found := tokens(word))]
    if not pieces or k <= 0 or (documents is not None and not documents):
        return []
    values: dict[str, Any] = {"collection": collection_id, "k": k, "reached": _REACHED}
    often, places = [], range(len(pieces))
    for i, piece in enumerate(pieces):
        values[f"word{i}"] = " ".join(piece)
        often.append((_OFTEN if len(piece) == 1 else _THERE).replace("{word}", _query(i)) + f" AS often{i}")
    statement = sa.text(
        _SEARCH.replace("{often}", ", ".join(often))
        .replace("{any}", " || ".join(_query(i) for i in places))
        .replace("{holding}", ", ".join(_HOLDING.replace("{i}", str(i)) for i in places))
        .replace("{score}", " + ".join(_SCORE.replace("{i}", str(i)) for i in places))
        .replace("{among}", "" if documents is None else "AND document IN :documents")
        .replace("{among_documents}", "" if documents is None else "AND id IN :documents")
    )
    if documents is not None:
        statement = statement.bindparams(sa.bindparam("documents", list(documents), expanding=True))
    with store.database.read() as connection:
        return [(row.chunk, float(row.score)) for row in connection.execute(statement, values)]


def count(store: Store, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
    """How many chunks the collection has, and how many of them hold each word: 5,000 at most are counted."""
    words = [term for term in dict.fromkeys(terms) if tokens(term)]
    values: dict[str, Any] = {"collection": collection_id, "most": COUNT_TO}
    values |= {f"word{i}": " ".join(tokens(word)) for i, word in enumerate(words)}
    counts = [f"({_CHUNKS})", *(_HOW_MANY.replace("{word}", _query(i)) for i in range(len(words)))]
    with store.database.read() as connection:
        total, *held = connection.execute(sa.text(f"SELECT {', '.join(counts)}"), values).one()
    return int(total), dict.fromkeys(terms, 0) | dict(zip(words, map(int, held), strict=True))


def fit(store: Store) -> bool:
    """Whether the words index says what the chunks say."""
    differing = sa.text(f"""
        SELECT count(*) FROM unnest(CAST(:ids AS bigint[]), CAST(:contexts AS text[]), CAST(:texts AS text[]))
            AS said (id, context, text) LEFT JOIN words ON words.chunk = said.id
        WHERE words.terms IS DISTINCT FROM {TERMS.format(text="said.text", context="said.context")}""")
    with store.database.read() as connection:
        for rows in _batches(connection):
            said = {
                "ids": [row["chunk"] for row in rows],
                "contexts": [" ".join(tokens(row["context"])) for row in rows],
                "texts": [" ".join(tokens(row["text"])) for row in rows],
            }
            if connection.execute(differing, said).scalar_one():
                return False
    return True


def rebuild(store: Store) -> None:
    """Make the words index anew from the chunks."""
    with store.database.write() as connection:
        connection.execute(sa.delete(schema.words))
        for rows in _batches(connection):
            insert_words(connection, rows)


def _batches(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """All chunks of the library, so many at a time."""
    chunks = schema.chunks.c
    named = (chunks.collection, chunks.document, chunks.context, chunks.text)
    query = sa.select(chunks.id.label("chunk"), *named).order_by(chunks.id).limit(_AT_ONCE)
    last = 0
    while rows := [dict(row) for row in connection.execute(query.where(chunks.id > last)).mappings()]:
        yield rows
        last = rows[-1]["chunk"]


def _query(i: int) -> str:
    return f"phraseto_tsquery('footnote', :word{i})"
