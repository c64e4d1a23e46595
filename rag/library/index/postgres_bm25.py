"""BM25 over PostgreSQL's full-text index, with the same ranking as SQLite's FTS5.

PostgreSQL's own rankings know no document frequencies. But `ts_rank` of a single word encodes its term frequency n as
(1/1² + 1/2² + … + 1/n²) / (π²/6). So one scan of the matching chunks gives everything that BM25 needs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from rag.core.text import ANALYSIS, pieces
from rag.library.index import sqlite_bm25
from rag.library.index.postings import CONTEXT, K1, B
from rag.library.store import Store
from rag.library.store.words import TERMS, analysis, batches, cut

# `ts_rank` · π²/6 for term frequencies 1, 2, …; the last stands for more.
_THRESHOLDS: Final = [sum(1 / n**2 for n in range(1, times + 1)) - 1e-5 for times in range(1, 40)]
_RANK: Final = f"width_bucket({math.pi**2 / 6} * ts_rank('{{weights}}', terms, {{word}}), CAST(:reached AS float8[]))"
_IN_TEXT: Final = _RANK.replace("{weights}", "{0,0,0,1}")
_ANYWHERE: Final = _RANK.replace("{weights}", "{1,1,1,1}")
# The term frequency of a word; of one with several pieces, as "e-mail", only whether it occurs.
# All in float8: PostgreSQL's numeric arithmetic is many times slower.
_OFTEN: Final = f"({CONTEXT}::float8 * {_ANYWHERE} + {1 - CONTEXT}::float8 * {_IN_TEXT})"
_OCCURS: Final = "(terms @@ {word})::int::float8"

# Document frequency: as counted, or extrapolated from the ranked chunks where the count stopped at its limit.
_HOLDING: Final = """
    greatest(CAST(:held{i} AS float8), CASE WHEN :held{i} > :ranked THEN :chunks * avg((often{i} > 0)::int) END)
    AS holding{i}"""
_WORTH: Final = "greatest(1e-6, ln((:chunks - holding{i} + 0.5) / (holding{i} + 0.5))) AS worth{i}"
_SCORE: Final = f"worth{{i}} * often{{i}} * {K1 + 1} / (often{{i}} + {K1} * ({1 - B} + {B} * tokens / mean))"

_SEARCH: Final = """
    WITH hits AS MATERIALIZED (
        SELECT chunk, tokens, {often} FROM words WHERE collection = :collection {among} AND terms @@ ({any})
    ), counted AS (
        SELECT avg(tokens)::float8 AS mean, {holding} FROM hits
    ), known AS (
        SELECT mean, {worth} FROM counted
    )
    SELECT chunk, {score} AS score FROM hits, known ORDER BY score DESC, chunk LIMIT :k"""

_HOW_MANY: Final = """
    (SELECT count(*) FROM (SELECT 1 FROM words
        WHERE collection = :collection {among} AND terms @@ {word} LIMIT :most) AS holding)"""
_CHUNKS: Final = "(SELECT coalesce(sum(chunks), 0) FROM documents WHERE collection = :collection {among_documents})"

# The most chunks that are ranked, unless the rarest word alone is in more. Of 100,000 chunks, the first ten results
# were the same as with all ranked, and 99.8 % of the first thirty.
RANKED: Final = 10_000

# Where every word is in more chunks than are counted, a sample of so many says which is the rarest.
_LOOKED_AT: Final = 5_000
_SAMPLE: Final = "SELECT {columns} FROM words TABLESAMPLE SYSTEM (:share) WHERE collection = :collection {among}"

# A word as the pieces that the index holds of it: "e-mail" has two.
Pieces = list[str]


def search(
    store: Store, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
) -> list[tuple[int, float]]:
    """The k best chunks for the query's words, with their BM25 scores (larger is better), best first.

    Document frequencies are those of the chunks searched. Where the words occur in more than `RANKED` of them, only
    chunks with one of the rarer words are ranked.
    """
    asked = [split for word in sqlite_bm25.chosen(query) if (split := pieces(word))]
    if not asked or k <= 0 or (documents is not None and not documents):
        return []
    with store.database.read() as connection:
        total, counts = _counted(connection, collection_id, asked, RANKED + 1, documents)
        order = sorted((i for i in range(len(asked)) if counts[i]), key=lambda i: counts[i])
        if not order:
            return []
        if len(order) > 1 and counts[order[0]] > RANKED:
            order = _rarest_first(connection, collection_id, asked, order, total, documents)
        rare = max(1, sum(so_far <= RANKED for so_far in itertools.accumulate(counts[i] for i in order)))
        values: dict[str, Any] = {"k": k, "reached": _THRESHOLDS, "chunks": total, "ranked": RANKED}
        values |= {f"held{place}": counts[i] for place, i in enumerate(order)}
        cuts = [asked[i] for i in order]
        ranked = _run(connection, _ranking(cuts, rare), collection_id, cuts, values, documents)
        return [(row.chunk, float(row.score)) for row in ranked]


def _ranking(cuts: Sequence[Pieces], rare: int) -> str:
    """SQL that ranks by all words the chunks that hold one of the first `rare` ones."""
    each = range(len(cuts))
    often = [(_OFTEN if len(word) == 1 else _OCCURS).replace("{word}", _query(i)) for i, word in enumerate(cuts)]
    return (
        _SEARCH.replace("{often}", ", ".join(f"{times} AS often{i}" for i, times in enumerate(often)))
        .replace("{any}", " || ".join(_query(i) for i in range(rare)))
        .replace("{holding}", ", ".join(_HOLDING.replace("{i}", str(i)) for i in each))
        .replace("{worth}", ", ".join(_WORTH.replace("{i}", str(i)) for i in each))
        .replace("{score}", " + ".join(_SCORE.replace("{i}", str(i)) for i in each))
    )


def _rarest_first(
    connection: sa.Connection,
    collection_id: str,
    asked: Sequence[Pieces],
    order: Sequence[int],
    total: int,
    documents: Sequence[str] | None,
) -> list[int]:
    """The positions of common words, rarest first, as counted in a sample of the chunks."""
    columns = ", ".join(f"count(*) FILTER (WHERE terms @@ {_query(place)})" for place in range(len(order)))
    share = {"share": min(100.0, 100.0 * _LOOKED_AT / total)}
    cuts = [asked[i] for i in order]
    counts = _run(connection, _SAMPLE.replace("{columns}", columns), collection_id, cuts, share, documents).one()
    return [i for _, i in sorted(zip(tuple(counts), order, strict=True))]


def count(store: Store, collection_id: str, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
    """The number of chunks of the collection, and of those with each word, counted up to 5,000."""
    asked = {term: split for term in dict.fromkeys(terms) if (split := pieces(term))}
    with store.database.read() as connection:
        total, counts = _counted(connection, collection_id, list(asked.values()), sqlite_bm25.COUNT_TO, None)
    return total, dict.fromkeys(terms, 0) | dict(zip(asked, counts, strict=True))


def _counted(
    connection: sa.Connection, collection_id: str, asked: Sequence[Pieces], most: int, documents: Sequence[str] | None
) -> tuple[int, list[int]]:
    """The number of chunks, and of those with each word, counted up to `most`."""
    columns = [_CHUNKS, *(_HOW_MANY.replace("{word}", _query(i)) for i in range(len(asked)))]
    statement = f"SELECT {', '.join(columns)}"
    row = _run(connection, statement, collection_id, asked, {"most": most}, documents).one()
    numbers: list[int] = [int(number) for number in tuple(row)]
    return numbers[0], numbers[1:]


def _run(
    connection: sa.Connection,
    statement: str,
    collection_id: str,
    asked: Sequence[Pieces],
    values: dict[str, Any],
    documents: Sequence[str] | None,
) -> sa.CursorResult[Any]:
    """Run a statement about these words in a collection, or in these documents of it."""
    text = sa.text(
        statement.replace("{among}", "" if documents is None else "AND document IN :documents").replace(
            "{among_documents}", "" if documents is None else "AND id IN :documents"
        )
    )
    if documents is not None:
        text = text.bindparams(sa.bindparam("documents", list(documents), expanding=True))
    terms = {f"word{i}": " ".join(word) for i, word in enumerate(asked)}
    return connection.execute(text, {"collection": collection_id, **terms, **values})


def fit(store: Store) -> bool:
    """Whether the index agrees with the chunks under the current analysis."""
    differing = sa.text(f"""
        SELECT count(*) FROM unnest(CAST(:ids AS bigint[]), CAST(:contexts AS text[]), CAST(:texts AS text[]))
            AS chunk (id, context, text) LEFT JOIN words ON words.chunk = chunk.id
        WHERE words.terms IS DISTINCT FROM {TERMS.format(text="chunk.text", context="chunk.context")}""")
    with store.database.read() as connection:
        if analysis(connection) != ANALYSIS:
            return False
        for rows in batches(connection):
            texts = {
                "ids": [row["chunk"] for row in rows],
                "contexts": [cut(row["context"]) for row in rows],
                "texts": [cut(row["text"]) for row in rows],
            }
            if connection.execute(differing, texts).scalar_one():
                return False
    return True


def _query(i: int) -> str:
    return f"phraseto_tsquery('simple', :word{i})"
