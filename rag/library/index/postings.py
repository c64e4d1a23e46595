"""Which chunks hold a word, and how often: asked of SQLite's FTS5 once for each word, then kept in memory.

FTS5 can rank by itself, but takes two microseconds for each chunk that holds any of the words, question after
question: it looks up how long each one is. What it knows of one word it tells in a sixth of that, in one answer,
while other threads run on. What it knows of all common words it tells in one pass, ahead of the questions.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from rag.core.text import pieces
from rag.library.store import Store

Ids = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float32]
_Narrow = npt.NDArray[np.uint32]
_Halves = npt.NDArray[np.uint8]

# The constants of BM25, and what a word is worth in the context beside one in the text, as FTS5 is asked.
K1: Final = 1.2
B: Final = 0.75
CONTEXT: Final = 0.5

# So many are kept, those asked for last; each takes five bytes.
KEPT: Final = 100_000_000
# A word with so many places is common. To look one with fewer up takes a third of a millisecond at most.
COMMON: Final = 1_000

# All of a word's places, as the numbers of their chunks in one text, ascending; those in contexts are negative.
_OPEN: Final = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab(main, words, instance)"
_TOLD: Final = "group_concat(iif(col = 'text_terms', doc, -doc))"
_PLACES: Final = f"SELECT {_TOLD} FROM temp.places WHERE term = :term"
# The places come in the order of their terms, so that one term is held at a time.
_COMMON: Final = f"SELECT term, {_TOLD} FROM temp.places GROUP BY term HAVING count(*) >= :least"

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
    """The chunks (n,), ascending, that hold a word, and how often (n,), counted in halves: once in the context is one,
    once in the text two, and 255 stands for more.

    `up_to` is the newest chunk that there was.
    """

    chunks: _Narrow
    halves: _Halves
    up_to: int

    def between(self, first: int, last: int) -> tuple[_Narrow, Numbers]:
        """Those with ids from `first` to `last`, and how often each holds the word."""
        inside = slice(*np.searchsorted(self.chunks, np.array([first, last + 1], np.uint32)))
        return self.chunks[inside], self.halves[inside] * np.float32(0.5)

    def with_more(self, chunks: Ids, times: Numbers, up_to: int) -> Postings:
        """The same with newer chunks (m,), ascending, and how often those hold the word (m,)."""
        halves = np.minimum(2 * times, 255).astype(np.uint8)
        newer = np.concatenate([self.chunks, chunks.astype(np.uint32)])
        return Postings(newer, np.concatenate([self.halves, halves]), up_to)


_NOTHING: Final = Postings(np.empty(0, np.uint32), np.empty(0, np.uint8), 0)


class PostingLists:
    """The words of a library. Any number of threads may ask. What was removed since may still be among the chunks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, Postings] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, term: str, newest: int) -> Postings:
        """All chunks that hold a term, up to the chunk `newest` at least."""
        with self._lock:
            known = self._kept.get(term)
            if known is not None:
                self._kept.move_to_end(term)
        if known is None or known.up_to < newest:
            # Not under the lock: two that ask for one term at once both look it up.
            known = self._read(term, known)
            self._cache(term, known)
        return known

    def read_ahead(self) -> None:
        """Look all common words up: half a microsecond for each place of a word in the library."""
        with self._store.database.read() as connection:
            newest = _newest(connection)
            connection.exec_driver_sql(_OPEN)
            for term, packed in connection.execute(sa.text(_COMMON), {"least": COMMON}):
                self._cache(term, _NOTHING.with_more(*_counted(packed), newest))

    def forget(self) -> None:
        """Look every word up again."""
        with self._lock:
            self._kept.clear()
            self._held = 0

    def _cache(self, term: str, postings: Postings) -> None:
        with self._lock:
            old = self._kept.get(term, _NOTHING)
            if old.up_to > postings.up_to:
                return
            self._kept[term] = postings
            self._kept.move_to_end(term)
            self._held += len(postings.chunks) - len(old.chunks)
            while self._held > KEPT and len(self._kept) > 1:
                self._held -= len(self._kept.popitem(last=False)[1].chunks)

    def _read(self, term: str, known: Postings | None) -> Postings:
        cut = pieces(term)
        with self._store.database.read() as connection:
            newest = _newest(connection)
            if known is None and len(cut) == 1:
                return _NOTHING.with_more(*_all(connection, cut[0]), newest)
            known = known or _NOTHING
            if not cut or known.up_to >= newest:
                return known.with_more(*_none(), newest)
            return known.with_more(*_since(connection, cut, known.up_to), newest)


def read_lengths(store: Store, first: int, last: int) -> tuple[Ids, Numbers]:
    """The chunks with ids from `first` to `last`, ascending, and how many words each has; (n,) and (n,)."""
    with store.database.read() as connection:
        packed = connection.execute(sa.text(_LENGTHS), {"first": first, "last": last}).one()
    return np.fromstring(packed.ids or "", np.int64, sep=","), _sums(bytes.fromhex(packed.sizes or ""))


def norms(lengths: Numbers, mean: float) -> Numbers:
    """What BM25 adds below the line for chunks of these lengths."""
    return (K1 * (1 - B + B * lengths / mean)).astype(np.float32)


def _newest(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text(_NEWEST)).scalar_one())


def _none() -> tuple[Ids, Numbers]:
    return np.empty(0, np.int64), np.empty(0, np.float32)


def _all(connection: sa.Connection, term: str) -> tuple[Ids, Numbers]:
    """All chunks with a term as the index has it, and how often."""
    connection.exec_driver_sql(_OPEN)
    return _counted(connection.execute(sa.text(_PLACES), {"term": term}).scalar_one())


def _counted(packed: str | None) -> tuple[Ids, Numbers]:
    """The chunks of a term's places, each once, and how often they hold it."""
    places = np.fromstring(packed or "", np.int64, sep=",")
    if not len(places):
        return _none()
    each = np.abs(places)
    first = np.flatnonzero(np.diff(each, prepend=0))
    return each[first], np.add.reduceat(np.where(places < 0, CONTEXT, 1.0), first).astype(np.float32)


def _since(connection: sa.Connection, cut: Sequence[str], after: int) -> tuple[Ids, Numbers]:
    """The chunks above `after` with a term, which may be of several pieces, and how often."""
    phrase = f'"{" ".join(cut)}"'
    rows = connection.execute(sa.text(_SCORES), {"word": phrase, "after": after}).all()
    if not rows:
        return _none()
    chunks = np.array([row.chunk for row in rows], np.int64)
    count, *totals = _varints(connection.execute(sa.text(_TOTALS)).scalar_one()).tolist()
    # A share is times / (times + norm), and times are halves.
    share = np.array([row.share for row in rows])
    norm = norms(_sums(b"".join(row.sz for row in rows)), sum(totals) / count)
    return chunks, (np.round(2 * share * norm / (1 - share)) / 2).astype(np.float32)


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
