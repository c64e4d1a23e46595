"""Posting lists: which chunks hold a word, and how often, read from SQLite's FTS5 once a word and kept in memory.

FTS5's own ranking takes two microseconds per matching chunk for every query, since it looks up each length. Reading
one word's occurrences takes a sixth of that, in one answer, and releases the interpreter lock. Common words are read
ahead of the questions, in one pass.
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
from rag.library.store.passages import Ids

Numbers = npt.NDArray[np.float32]
_ShortIds = npt.NDArray[np.uint32]
_Halves = npt.NDArray[np.uint8]

# The parameters of BM25, and the weight of an occurrence in the context beside one in the text.
K1: Final = 1.2
B: Final = 0.75
CONTEXT: Final = 0.5

# The most postings kept, by least recent use; each takes five bytes.
KEPT: Final = 100_000_000
# A word with so many occurrences is common. One with fewer is looked up in a third of a millisecond at most.
COMMON: Final = 1_000

# All occurrences of a word as one text of chunk ids, ascending; negative for those in contexts.
_OPEN: Final = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab(main, words, instance)"
_OCCURRENCES: Final = "group_concat(iif(col = 'text_terms', doc, -doc))"
_PLACES: Final = f"SELECT {_OCCURRENCES} FROM temp.places WHERE term = :term"
# Rows come in the order of their terms, so that SQLite holds one term at a time.
_COMMON: Final = f"SELECT term, {_OCCURRENCES} FROM temp.places GROUP BY term HAVING count(*) >= :least"

# For few chunks: the score divided by its upper bound for any term frequency, which cancels the document frequency.
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
    """The chunks (n,) with a word, ascending, and its weighted frequency (n,) in halves: 1 for an occurrence in the
    context, 2 for one in the text, 255 at most. `up_to` is the newest chunk at that time.
    """

    chunks: _ShortIds
    halves: _Halves
    up_to: int

    def between(self, first: int, last: int) -> tuple[_ShortIds, Numbers]:
        """The chunks with ids from `first` to `last`, and the weighted frequency in each."""
        inside = slice(*np.searchsorted(self.chunks, np.array([first, last + 1], np.uint32)))
        return self.chunks[inside], self.halves[inside] * np.float32(0.5)

    def with_more(self, chunks: Ids, times: Numbers, up_to: int) -> Postings:
        """Extended by newer chunks (m,), ascending, with the word's weighted frequency in each (m,)."""
        halves = np.minimum(2 * times, 255).astype(np.uint8)
        newer = np.concatenate([self.chunks, chunks.astype(np.uint32)])
        return Postings(newer, np.concatenate([self.halves, halves]), up_to)


_NOTHING: Final = Postings(np.empty(0, np.uint32), np.empty(0, np.uint8), 0)


class PostingLists:
    """The words of a library. Thread-safe. Chunks removed since may still be in the lists."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[str, Postings] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, term: str, newest: int) -> Postings:
        """All chunks that hold a term, complete at least up to the chunk `newest`."""
        with self._lock:
            postings = self._kept.get(term)
            if postings is not None:
                self._kept.move_to_end(term)
        if postings is None or postings.up_to < newest:
            # Outside the lock: concurrent calls for one term may both read it.
            postings = self._read(term, postings)
            self._cache(term, postings)
        return postings

    def read_ahead(self) -> None:
        """Read all common words: half a microsecond for each occurrence in the library."""
        with self._store.database.read() as connection:
            newest = _newest(connection)
            connection.exec_driver_sql(_OPEN)
            for term, packed in connection.execute(sa.text(_COMMON), {"least": COMMON}):
                self._cache(term, _NOTHING.with_more(*_counted(packed), newest))

    def forget(self) -> None:
        """Drop all lists."""
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

    def _read(self, term: str, old: Postings | None) -> Postings:
        cut = pieces(term)
        with self._store.database.read() as connection:
            newest = _newest(connection)
            if old is None and len(cut) == 1:
                return _NOTHING.with_more(*_all(connection, cut[0]), newest)
            old = old or _NOTHING
            if not cut or old.up_to >= newest:
                return old.with_more(*_none(), newest)
            return old.with_more(*_since(connection, cut, old.up_to), newest)


def read_lengths(store: Store, first: int, last: int) -> tuple[Ids, Numbers]:
    """The chunks with ids from `first` to `last`, ascending, and their lengths in words; (n,) and (n,)."""
    with store.database.read() as connection:
        packed = connection.execute(sa.text(_LENGTHS), {"first": first, "last": last}).one()
    return np.fromstring(packed.ids or "", np.int64, sep=","), _sums(bytes.fromhex(packed.sizes or ""))


def norms(lengths: Numbers, mean: float) -> Numbers:
    """The length normalisation of BM25, the term added to the frequency in its denominator."""
    return (K1 * (1 - B + B * lengths / mean)).astype(np.float32)


def _newest(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text(_NEWEST)).scalar_one())


def _none() -> tuple[Ids, Numbers]:
    return np.empty(0, np.int64), np.empty(0, np.float32)


def _all(connection: sa.Connection, term: str) -> tuple[Ids, Numbers]:
    """All chunks with an index term, and its weighted frequency."""
    connection.exec_driver_sql(_OPEN)
    return _counted(connection.execute(sa.text(_PLACES), {"term": term}).scalar_one())


def _counted(packed: str | None) -> tuple[Ids, Numbers]:
    """The distinct chunks of a term's occurrences, and its weighted frequency in each."""
    places = np.fromstring(packed or "", np.int64, sep=",")
    if not len(places):
        return _none()
    each = np.abs(places)
    first = np.flatnonzero(np.diff(each, prepend=0))
    return each[first], np.add.reduceat(np.where(places < 0, CONTEXT, 1.0), first).astype(np.float32)


def _since(connection: sa.Connection, cut: Sequence[str], after: int) -> tuple[Ids, Numbers]:
    """The chunks above `after` with a term, which may have several pieces, and its weighted frequency."""
    phrase = f'"{" ".join(cut)}"'
    rows = connection.execute(sa.text(_SCORES), {"word": phrase, "after": after}).all()
    if not rows:
        return _none()
    chunks = np.array([row.chunk for row in rows], np.int64)
    count, *totals = _varints(connection.execute(sa.text(_TOTALS)).scalar_one()).tolist()
    # share = frequency / (frequency + norm), solved for the frequency, which is a multiple of one half.
    share = np.array([row.share for row in rows])
    norm = norms(_sums(b"".join(row.sz for row in rows)), sum(totals) / count)
    return chunks, (np.round(2 * share * norm / (1 - share)) / 2).astype(np.float32)


def _varints(data: bytes) -> Ids:
    """Decodes SQLite's varints (n,): seven bits a byte, big endian; the last byte has no eighth bit."""
    each = np.frombuffer(data, np.uint8).astype(np.int64)
    ends = np.flatnonzero(each < 128)
    if not len(ends):
        return ends
    starts = np.concatenate([[0], ends[:-1] + 1])
    follow = np.repeat(ends, ends - starts + 1) - np.arange(ends[-1] + 1)
    sums: Ids = np.add.reduceat((each[: ends[-1] + 1] & 127) << (7 * follow), starts)
    return sums


def _sums(sizes: bytes) -> Numbers:
    """The length of each chunk (n,): words of the context and of the text, two varints for each."""
    both: Numbers = _varints(sizes).reshape(-1, 2).sum(axis=1, dtype=np.float32)
    return both
