"""Which chunks hold a word, and how often: asked of SQLite's FTS5 once for each word, then kept in memory.

FTS5 can rank by itself, but takes two microseconds for each chunk that holds any of the words, question after
question: it looks up how long each one is. What it knows of one word it tells in a sixth of that, in one answer,
while other threads run on.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from rag.store import Store

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]

# The constants of BM25, and what a word is worth in the context beside one in the text, as FTS5 is asked.
K1: Final = 1.2
B: Final = 0.75
CONTEXT: Final = 0.5

# So many are kept, those asked for last; each takes twelve bytes.
KEPT: Final = 12_000_000

# As the table `words` cuts and stems texts.
_TOKENIZER: Final = "porter unicode61 remove_diacritics 2"

# All of a word's places, as the numbers of their chunks in one text, ascending; those in contexts are negative.
_OPEN: Final = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab(main, words, instance)"
_PLACES: Final = "SELECT group_concat(iif(col = 'text_terms', doc, -doc)) FROM temp.places WHERE term = :term"

# For few chunks: a score beside the one that no number of times can exceed, which takes out how rare the word is.
_SCORES: Final = f"""
    SELECT words.rowid AS chunk, bm25(words, {CONTEXT}, 1.0) / bm25(words, 1e12, 1e12) AS share, sz
    FROM words CROSS JOIN words_docsize ON words_docsize.id = words.rowid
    WHERE words MATCH :word AND words.rowid > :after ORDER BY words.rowid"""
_TOTALS: Final = "SELECT block FROM words_data WHERE id = 1"
_LENGTHS: Final = """
    SELECT group_concat(id) AS ids, group_concat(hex(sz), '') AS sizes
    FROM (SELECT id, sz FROM words_docsize WHERE id BETWEEN :first AND :last ORDER BY id)"""
_NEWEST: Final = "SELECT coalesce(max(id), 0) FROM chunks"


@dataclass(frozen=True, slots=True)
class Postings:
    """The chunks (n,), ascending, that hold a word, and how often (n,): once in the context is half a time.

    `up_to` is the newest chunk that there was.
    """

    chunks: Ids
    often: Numbers
    up_to: int


class PostingLists:
    """The words of a library. Any number of threads may ask. What was removed since may still be among the chunks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, Postings] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, word: str, newest: int) -> Postings:
        """All chunks that hold a word, up to the chunk `newest` at least."""
        with self._lock:
            known = self._kept.get(word)
            if known is not None:
                self._kept.move_to_end(word)
        if known is None or known.up_to < newest:
            # Not under the lock: two that ask for one word at once both look it up.
            known = self._read(word, known)
            self._keep(word, known)
        return known

    def forget(self) -> None:
        """Look every word up again."""
        with self._lock:
            self._kept.clear()

    def _keep(self, word: str, postings: Postings) -> None:
        with self._lock:
            self._kept[word] = postings
            self._kept.move_to_end(word)
            held = sum(len(one.chunks) for one in self._kept.values())
            while held > KEPT and len(self._kept) > 1:
                held -= len(self._kept.popitem(last=False)[1].chunks)

    def _read(self, word: str, known: Postings | None) -> Postings:
        stems = _stems(word)
        with self._store.database.read() as connection:
            newest = int(connection.execute(sa.text(_NEWEST)).scalar_one())
            if known is None and len(stems) == 1:
                return Postings(*_all(connection, stems[0]), newest)
            known = known or Postings(np.empty(0, np.int64), np.empty(0, np.float32), 0)
            if not stems or known.up_to >= newest:
                return Postings(known.chunks, known.often, newest)
            chunks, often = _since(connection, word, known.up_to)
        return Postings(np.concatenate([known.chunks, chunks]), np.concatenate([known.often, often]), newest)


def read_lengths(store: Store, first: int, last: int) -> tuple[Ids, Numbers]:
    """The chunks with ids from `first` to `last`, ascending, and how many words each has; (n,) and (n,)."""
    with store.database.read() as connection:
        told = connection.execute(sa.text(_LENGTHS), {"first": first, "last": last}).one()
    return np.fromstring(told.ids or "", np.int64, sep=","), _sums(bytes.fromhex(told.sizes or ""))


def norms(lengths: Numbers, mean: float) -> Numbers:
    """What BM25 adds below the line for chunks of these lengths."""
    return (K1 * (1 - B + B * lengths / mean)).astype(np.float32)


def _all(connection: sa.Connection, term: str) -> tuple[Ids, Numbers]:
    """All chunks with a term as the index has it, and how often."""
    connection.exec_driver_sql(_OPEN)
    told = connection.execute(sa.text(_PLACES), {"term": term}).scalar_one()
    places = np.fromstring(told or "", np.int64, sep=",")
    if not len(places):
        return places, np.empty(0, np.float32)
    each = np.abs(places)
    first = np.flatnonzero(np.diff(each, prepend=0))
    return each[first], np.add.reduceat(np.where(places < 0, CONTEXT, 1.0), first).astype(np.float32)


def _since(connection: sa.Connection, word: str, after: int) -> tuple[Ids, Numbers]:
    """The chunks above `after` with a word, which may be of several terms, and how often."""
    quoted = '"' + word.replace('"', '""') + '"'
    rows = connection.execute(sa.text(_SCORES), {"word": quoted, "after": after}).all()
    chunks = np.array([row.chunk for row in rows], np.int64)
    if not rows:
        return chunks, np.empty(0, np.float32)
    count, *totals = _varints(connection.execute(sa.text(_TOTALS)).scalar_one()).tolist()
    # A share is times / (times + norm), and times are halves.
    share = np.array([row.share for row in rows])
    norm = norms(_sums(b"".join(row.sz for row in rows)), sum(totals) / count)
    return chunks, (np.round(2 * share * norm / (1 - share)) / 2).astype(np.float32)


def _stems(word: str) -> list[str]:
    """The terms that the index has for a word, in order."""
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(f"CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = '{_TOKENIZER}')")
        memory.execute("CREATE VIRTUAL TABLE places USING fts5vocab(words, instance)")
        memory.execute("INSERT INTO words VALUES (?)", (word,))
        return [term for (term,) in memory.execute("SELECT term FROM places ORDER BY offset")]


def _varints(data: bytes) -> Ids:
    """SQLite's numbers of varying length (n,): seven bits a byte, the highest first; the last has no eighth bit."""
    each = np.frombuffer(data, np.uint8).astype(np.int64)
    ends = np.flatnonzero(each < 128)
    if not len(ends):
        return ends
    starts = np.concatenate([[0], ends[:-1] + 1])
    follow = np.repeat(ends, ends - starts + 1) - np.arange(ends[-1] + 1)
    sums: Ids = np.add.reduceat((each[: ends[-1] + 1] & 127) << (7 * follow), starts)
    return sums


def _sums(sizes: bytes) -> Numbers:
    """The words of each chunk (n,): what the context has and what the text has, two numbers for each."""
    both: Numbers = _varints(sizes).reshape(-1, 2).sum(axis=1, dtype=np.float32)
    return both
