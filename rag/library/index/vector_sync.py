"""One collection's vectors in memory, brought up to date from the store, or from a copy of it on the disk."""

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
from rag.library.index.vectors import Ids, VectorIndex, Vectors
from rag.library.store import INDEX, Store

# Reading a library anew for so long at every start is borne; where it would take longer, a copy is kept.
KEEP_AFTER_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)
_NONE: Final = np.empty(0, np.int64)


class Following:
    """The vectors as of `generation`: looked at by any number of threads in `fresh`, changed by one in `alone`."""

    def __init__(self, store: Store, collection_id: str, keep_after: float) -> None:
        self.vectors: VectorIndex | None = None
        self._turn = threading.Condition()
        self._looking = 0
        self._store = store
        self._collection = collection_id
        self._keep_after = keep_after
        self._generation = -1
        # What reading all that is held from the store takes, and how much of it a copy on the disk spares.
        self._seconds = self._spared = 0.0

    @property
    def ids(self) -> Ids:
        """The chunks that are held, ascending."""
        return _NONE if self.vectors is None else self.vectors.ids

    @property
    def folder(self) -> Path:
        """Where copies lie."""
        return self._store.folder / INDEX / self._collection

    @contextmanager
    def fresh(self) -> Iterator[VectorIndex | None]:
        """The vectors as the store has them now, which nobody changes meanwhile; None where there are none."""
        # Asked before the lock, so that many ask at once.
        current = self._store.documents.generation(self._collection)
        with self._turn:
            if self._generation != current:
                self._turn.wait_for(lambda: not self._looking)
                self._refresh()
            self._looking += 1
        try:
            yield self.vectors
        finally:
            with self._turn:
                self._looking -= 1
                self._turn.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody looks meanwhile."""
        with self._turn:
            self._turn.wait_for(lambda: not self._looking)
            yield

    def _refresh(self) -> None:
        """Follow the store. What reading took too long is kept on the disk for the next start."""
        # The generation is read before the chunks: should one come between, it is only read again.
        generation = self._store.documents.generation(self._collection)
        if generation == self._generation:
            return
        if self._generation < 0:
            self._begin_with_a_copy(generation)
        new = self._read_what_is_new()
        self._drop_what_is_gone(generation, len(new[0]))
        self._add(*new)
        self._generation = generation
        if self._seconds - self._spared > self._keep_after and len(self.ids):
            self._save_snapshot()

    def read_anew(self) -> None:
        """Forget what is held and read all of it from the store, whatever copies there are."""
        self.vectors, self._seconds, self._spared = None, 0.0, 0.0
        self._generation = self._store.documents.generation(self._collection)
        self._add(*self._read_what_is_new())

    def copy_holds(self) -> bool | None:
        """Whether the newest copy says what the store says, vector for vector; None where there is none.

        One that does not is removed. What is held must be fresh.
        """
        file = snapshots.newest(self.folder)
        if file is None:
            return None
        try:
            ids, vectors = self._fitting(file)
            held = np.isin(self.ids, ids)
            if self.vectors is not None and np.array_equal(self.vectors.contents()[held], vectors):
                return True
        except Unfit:
            pass
        file.unlink(missing_ok=True)
        return False

    def _drop_what_is_gone(self, generation: int, new: int) -> None:
        """Let go of what the store has no more; `new` chunks of it are not held yet."""
        # Ids only ever grow: where the store has as many as are held and new, none of them is gone.
        if not len(self.ids) or self._store.documents.count(self._collection) == len(self.ids) + new:
            return
        current = self._store.documents.chunk_ids(self._collection)
        gone = np.setdiff1d(self.ids, current, assume_unique=True)
        if not len(gone):
            return
        # A copy that holds them must not outlive them.
        snapshots.drop_before(self.folder, generation)
        self._seconds, self._spared = self._seconds * (1 - len(gone) / len(self.ids)), 0.0
        if len(gone) == len(self.ids):
            self.vectors = None
        elif self.vectors is not None:
            self.vectors.remove(gone)

    def _read_what_is_new(self) -> tuple[Ids, Vectors]:
        """The chunks (n,) that are not held yet, ascending, and their vectors (n, dimension)."""
        began = time.monotonic()
        # Ids only ever grow, so what is new lies above all that was there.
        new = self._store.documents.vectors(self._collection, after=int(self.ids[-1]) if len(self.ids) else 0)
        self._seconds += time.monotonic() - began
        return new

    def _add(self, ids: Ids, vectors: Vectors) -> None:
        if len(ids):
            self.vectors = self.vectors or VectorIndex(vectors.shape[1])
            self.vectors.add(ids, vectors)

    def _begin_with_a_copy(self, generation: int) -> None:
        """Take over what the newest copy holds, if there is one and it fits."""
        file = snapshots.newest(self.folder)
        if file is None:
            return
        try:
            ids, vectors = self._fitting(file, generation)
        except Unfit as unfit:
            _log.warning("an index file is not used and was removed: %s", unfit)
            with suppress(OSError):
                file.unlink(missing_ok=True)
            return
        self._add(ids, vectors)

    def _fitting(self, file: Path, generation: int | None = None) -> tuple[Ids, Vectors]:
        """The chunks of a copy that are still in the library, and their vectors. Raises Unfit."""
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
        # Removed since: what is left of it is used, and a copy without them is made in time.
        file.unlink(missing_ok=True)
        self._seconds, self._spared = copy.seconds * len(kept) / len(ids), 0.0
        return kept, vectors[np.isin(ids, kept)]

    def _save_snapshot(self) -> None:
        """Write a copy. Should that fail, the next start takes as long as this one did, and no more is lost."""
        documents, held = self._store.documents, self.vectors
        spans = documents.spans(self._collection)
        if held is None or not np.array_equal(snapshots.ids_of(spans), held.ids):
            return  # a document came or went meanwhile; the next search keeps it
        embedder, dimension = documents.embedder(self._collection)
        copy = Copy(self._collection, self._generation, embedder, dimension, round(self._seconds, 3), spans)
        try:
            file = snapshots.write(self.folder, copy, held.contents())
        except OSError as error:
            _log.warning("no copy of the index was kept: %s", type(error).__name__)
            return
        self._spared = self._seconds
        gone = np.setdiff1d(held.ids, documents.chunk_ids(self._collection), assume_unique=True)
        if len(gone):
            # Removed while it was written, after whoever removed them had looked for copies.
            file.unlink(missing_ok=True)
