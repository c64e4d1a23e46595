"""One collection's vectors in memory, kept up to date with the store or loaded from a snapshot."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np

from rag.library.index import snapshots
from rag.library.index.snapshots import Copy, Unfit
from rag.library.index.vectors import VectorIndex
from rag.library.store import INDEX, Store
from rag.library.store.passages import Ids, Vectors

# Where reading the vectors takes longer than this, a snapshot is kept for the next start.
KEEP_AFTER_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)
_NONE: Final = np.empty(0, np.int64)


class Following:
    """The vectors at a generation, under a readers-writer lock: read in `fresh`, changed in `alone`."""

    def __init__(self, store: Store, collection_id: str, keep_after: float) -> None:
        self.vectors: VectorIndex | None = None
        self._lock = threading.Condition()
        self._readers = 0
        self._store = store
        self._collection = collection_id
        self._keep_after = keep_after
        self._generation = -1
        # Seconds that reading all these vectors takes, and how many of them the snapshot on the disk saves.
        self._seconds = self._spared = 0.0

    @property
    def ids(self) -> Ids:
        """The chunk ids, ascending."""
        return _NONE if self.vectors is None else self.vectors.ids

    @property
    def folder(self) -> Path:
        """The folder of snapshots."""
        return self._store.folder / INDEX / self._collection

    @contextmanager
    def fresh(self) -> Iterator[VectorIndex | None]:
        """The vectors as the store has them now, unchanged during the block; None where there are none."""
        # Queried before taking the lock, so that concurrent searches do not queue for it.
        current = self._store.documents.generation(self._collection)
        with self._lock:
            if self._generation != current:
                self._lock.wait_for(lambda: not self._readers)
                self._refresh()
            self._readers += 1
        try:
            yield self.vectors
        finally:
            with self._lock:
                self._readers -= 1
                self._lock.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Exclude readers."""
        with self._lock:
            self._lock.wait_for(lambda: not self._readers)
            yield

    def _refresh(self) -> None:
        """Follow the store; write a snapshot where reading took too long."""
        # Read before the chunks: one that is added in between is only read again.
        generation = self._store.documents.generation(self._collection)
        if generation == self._generation:
            return
        if self._generation < 0:
            self._load_snapshot(generation)
        new = self._read_new()
        self._drop_removed(generation, len(new[0]))
        self._add(*new)
        self._generation = generation
        if self._seconds - self._spared > self._keep_after and len(self.ids):
            self._save_snapshot()

    def read_anew(self) -> None:
        """Read all vectors from the store, ignoring snapshots."""
        self.vectors, self._seconds, self._spared = None, 0.0, 0.0
        self._generation = self._store.documents.generation(self._collection)
        self._add(*self._read_new())

    def copy_holds(self) -> bool | None:
        """Whether the newest snapshot equals the vectors, which must be fresh; None where there is none.

        One that differs is removed.
        """
        file = snapshots.newest(self.folder)
        if file is None:
            return None
        try:
            ids, vectors = self._verified(file)
            kept = np.isin(self.ids, ids)
            if self.vectors is not None and np.array_equal(self.vectors.contents()[kept], vectors):
                return True
        except Unfit:
            pass
        file.unlink(missing_ok=True)
        return False

    def _drop_removed(self, generation: int, new: int) -> None:
        """Remove vectors that the store no longer has; `new` of its chunks are not in memory yet."""
        # Where the counts agree, nothing was removed.
        if not len(self.ids) or self._store.documents.count(self._collection) == len(self.ids) + new:
            return
        current = self._store.documents.chunk_ids(self._collection)
        gone = np.setdiff1d(self.ids, current, assume_unique=True)
        if not len(gone):
            return
        # A snapshot that holds them must not outlive them.
        snapshots.drop_before(self.folder, generation)
        self._seconds, self._spared = self._seconds * (1 - len(gone) / len(self.ids)), 0.0
        if len(gone) == len(self.ids):
            self.vectors = None
        elif self.vectors is not None:
            self.vectors.remove(gone)

    def _read_new(self) -> tuple[Ids, Vectors]:
        """The chunks (n,) that are not in memory yet, ascending, and their vectors (n, dimension)."""
        began = time.monotonic()
        # Ids only ever grow.
        new = self._store.documents.vectors(self._collection, after=int(self.ids[-1]) if len(self.ids) else 0)
        self._seconds += time.monotonic() - began
        return new

    def _add(self, ids: Ids, vectors: Vectors) -> None:
        if len(ids):
            self.vectors = self.vectors or VectorIndex(vectors.shape[1])
            self.vectors.add(ids, vectors)

    def _load_snapshot(self, generation: int) -> None:
        """Load the newest snapshot, if there is one and it is valid."""
        file = snapshots.newest(self.folder)
        if file is None:
            return
        try:
            ids, vectors = self._verified(file, generation)
        except Unfit as unfit:
            _log.warning("an index file is not used and was removed: %s", unfit)
            with suppress(OSError):
                file.unlink(missing_ok=True)
            return
        self._add(ids, vectors)

    def _verified(self, file: Path, generation: int | None = None) -> tuple[Ids, Vectors]:
        """The chunks of a snapshot that are still in the library, and their vectors. Raises Unfit."""
        copy, vectors = snapshots.read(file)
        embedder = self._store.documents.embedder(self._collection)
        if copy.collection != self._collection or (copy.embedder, copy.dimension) != embedder:
            raise Unfit("made for another collection or embedder")
        if generation is not None and not copy.generation <= generation:
            raise Unfit("made from a later library")
        current = self._store.documents.spans(self._collection)
        if any(current.get(document, span) != span for document, span in copy.spans.items()):
            raise Unfit("its documents have other chunks now")
        ids, kept = copy.ids, snapshots.ids_of({key: current[key] for key in copy.spans.keys() & current.keys()})
        new = snapshots.ids_of({key: span for key, span in current.items() if key not in copy.spans})
        if len(new) and len(ids) and new[0] <= ids[-1]:
            raise Unfit("its chunks belong to other documents now")
        if len(kept) == len(ids):
            self._seconds = self._spared = copy.seconds
            return ids, vectors
        # Some were removed since: use the rest, and write a new snapshot later.
        file.unlink(missing_ok=True)
        self._seconds, self._spared = copy.seconds * len(kept) / len(ids), 0.0
        return kept, vectors[np.isin(ids, kept)]

    def _save_snapshot(self) -> None:
        """Write a snapshot. A failure only makes the next start as slow as this one."""
        documents, vectors = self._store.documents, self.vectors
        spans = documents.spans(self._collection)
        if vectors is None or not np.array_equal(snapshots.ids_of(spans), vectors.ids):
            return  # documents changed meanwhile; the next search tries again
        embedder, dimension = documents.embedder(self._collection)
        copy = Copy(self._collection, self._generation, embedder, dimension, round(self._seconds, 3), spans)
        try:
            file = snapshots.write(self.folder, copy, vectors.contents())
        except OSError as error:
            _log.warning("no copy of the index was kept: %s", type(error).__name__)
            return
        self._spared = self._seconds
        gone = np.setdiff1d(vectors.ids, documents.chunk_ids(self._collection), assume_unique=True)
        if len(gone):
            # Removed while it was written, after the removal had looked for snapshots.
            file.unlink(missing_ok=True)
