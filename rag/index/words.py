"""The words of a question, looked up in the library's full-text index (SQLite FTS5, BM25 order)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from rag.errors import LibraryError
from rag.language import has_cjk, words
from rag.store import Store

Ids = npt.NDArray[np.int64]

# English words that nearly every passage holds; they tell passages apart only when nothing else does.
_STOP_WORDS: Final = """
    a about am an and any are as at be been being but by can could did do does doing for from had has have having he
    her hers him his how i if in into is it its me my of on or our ours she should so some such than that the their
    theirs them then there these they this those to us was we were what when where which while who whom whose why will
    with would you your yours"""
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())

# What a term is worth in the context (title and section, the same for many chunks) and in the text itself.
_RANK: Final = "bm25(0.5, 1.0)"

# Asked for in the order of `rank` alone, FTS5 sorts by itself and chunks are looked up only until k are found;
# CROSS JOIN keeps SQLite from turning that around. A rank is a score with its sign changed.
_SEARCH: Final = """
    SELECT chunks.id, -rank AS score
    FROM words CROSS JOIN chunks ON chunks.id = words.rowid
    WHERE words MATCH :query AND rank MATCH :rank
        AND chunks.collection = :collection {among}
    ORDER BY rank
    LIMIT :k"""

# Beyond this many, a word is common, and how common no longer matters.
COUNT_TO: Final = 5000

# Without a look at the chunks themselves: their rows are large, and reading thousands of them takes long.
_HOLDING: Final = "SELECT rowid FROM words WHERE words MATCH :word AND rowid BETWEEN :first AND :last LIMIT :most"

# So many chunks are ranked at most, as long as the rarest word alone is not in more. Of 100,000 chunks, the first
# ten were the same as when all were ranked, and of the first thirty 99.8 %.
RANKED: Final = 10_000
_HOW_MANY: Final = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH :word LIMIT :most)"
_OR: Final = " OR "


def search(
    store: Store, collection_id: str, query: str, k: int, documents: Sequence[str] | None = None
) -> list[tuple[int, float]]:
    """The k chunks that hold the query's words best, with their BM25 scores (larger is better), best first.

    Ranking a chunk takes ten times as long as finding it. Where the words stand in more than 10,000 chunks of the
    library, those are ranked that hold one of the rarer words; what holds only the common ones is left out.
    """
    if not (match := match_expression(query)) or k <= 0:
        return []
    statement = sa.text(_SEARCH.format(among="" if documents is None else "AND chunks.document IN :documents"))
    values: dict[str, object] = {"rank": _RANK, "collection": collection_id, "k": k}
    if documents is not None:
        statement = statement.bindparams(sa.bindparam("documents", expanding=True))
        values["documents"] = list(documents)
    with store.database.read() as connection:
        found = [
            (row.id, row.score)
            for part in _parts(connection, match.split(_OR))
            for row in connection.execute(statement, values | {"query": part})
        ]
    return sorted(found, key=lambda pair: -pair[1])[:k]


def _parts(connection: sa.Connection, words_asked: Sequence[str]) -> list[str]:
    """The expressions whose chunks are ranked, no chunk by two of them.

    With a common word or without is asked apart: BM25 counts a word as often as the expression names it.
    """
    counts = {
        word: int(connection.execute(sa.text(_HOW_MANY), {"word": word, "most": RANKED + 1}).scalar_one())
        for word in words_asked
    }
    known = sorted((word for word in words_asked if counts[word]), key=lambda word: counts[word])
    so_far = itertools.accumulate(counts[word] for word in known)
    rare = max(1, sum(held <= RANKED for held in so_far))
    among, beside = _OR.join(known[:rare]), _OR.join(known[rare:])
    if not beside:
        return [among] if among else []
    return [f"({among}) AND ({beside})", f"({among}) NOT ({beside})"]


def count(store: Store, chunks: Ids, terms: Sequence[str]) -> dict[str, int]:
    """How many of the chunks (ids, ascending) hold each word.

    Of a word that is common in the library, 5,000 chunks are looked at.
    """
    if not len(chunks):
        return {}
    values = {"first": int(chunks[0]), "last": int(chunks[-1]), "most": COUNT_TO}
    # Where no other collection's chunks lie between them, the database counts.
    alone = values["last"] - values["first"] + 1 == len(chunks)
    counts = {}
    with store.database.read() as connection:
        for term in dict.fromkeys(terms):
            quoted = values | {"word": '"' + term.replace('"', '""') + '"'}
            if alone:
                counts[term] = int(
                    connection.execute(sa.text(f"SELECT count(*) FROM ({_HOLDING})"), quoted).scalar_one()
                )
                continue
            holding = np.array(connection.execute(sa.text(_HOLDING), quoted).scalars().all(), np.int64)
            counts[term] = int((chunks[np.searchsorted(chunks, holding)] == holding).sum())
    return counts


def match_expression(query: str) -> str:
    """Any of the query's words, each once and quoted, so that none is read as an operator.

    >>> match_expression("What is the price of NEAR AND far?")
    '"price" OR "near" OR "far"'
    """
    return _OR.join(f'"{word}"' for word in chosen(query))


def chosen(query: str) -> list[str]:
    """The query's words that are looked up, each once: all but those that nearly every passage holds."""
    found = list(dict.fromkeys(words(query)))
    if not has_cjk(query):
        found = [word for word in found if word not in STOP_WORDS] or found
    return found


def fit(store: Store) -> bool:
    """Whether the words index says what the chunks say."""
    try:
        with store.database.write() as connection:
            connection.exec_driver_sql("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
    except LibraryError:
        return False
    return True


def rebuild(store: Store) -> None:
    """Make the words index anew from the chunks."""
    with store.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO words (words) VALUES ('rebuild')")
