"""G12. Eight processes write 25 documents each: exactly 200 are there, no lock error, no search fails meanwhile."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from multiprocessing.connection import Connection

import numpy as np

from rag.core.types import Collection
from rag.library.index import open_index
from tests.guarantees.library import DIMENSION, OWNER, add, child, faults, numbers, size
from tests.support.postgres import Place

PROCESSES = 8
EACH = 25
# On PostgreSQL the graph of vectors grows with every one: a sixth of them, and the whole number in the long run.
EACH_SHARED = size(4, 25)
# Every process also writes some documents of its neighbour's: the same bytes must not be there twice.
SHARED = 5


def _write(pipe: Connection, place: Place, collection: Collection, number: int, each: int) -> None:
    errors: list[str] = []
    store = place.open()
    for document in range(number * each, number * each + each + SHARED):
        try:
            add(store, collection, document % (PROCESSES * each))
        except Exception as error:  # noqa: BLE001 - every one is counted
            errors.append(repr(error))
    pipe.send(errors)


def test_g12_concurrent_writers_agree(place: Place) -> None:
    store, each = place.open(), EACH_SHARED if place.url else EACH
    collection = store.collections.create(OWNER, "mine")
    index, done, searches = open_index(store), threading.Event(), [0, 0]

    def search() -> None:
        vector = np.random.default_rng(1).standard_normal(DIMENSION).astype(np.float32)
        while not done.is_set():
            near = index.search_vectors(collection.id, vector, 10)
            words = index.search_words(OWNER, collection.id, "chunk", 10)
            searches[0] += 1
            searches[1] += len(near) not in (0, 10) or len(words) not in (0, 10)

    searching = threading.Thread(target=search)
    searching.start()
    errors: list[str] = []
    with ExitStack() as stack:
        children = [stack.enter_context(child(_write, place, collection, number, each)) for number in range(PROCESSES)]
        for _, pipe in children:
            errors += pipe.recv()
    done.set()
    searching.join()
    there = numbers(store, collection)
    print(
        f"G12: {PROCESSES} processes, {len(there)} documents, {len(there) - len(set(there))} twice, "
        f"{len(errors)} errors, {searches[0]} searches meanwhile, {searches[1]} of them wrong"
    )
    assert errors == []
    assert there == list(range(PROCESSES * each))
    assert searches[0] > 0
    assert searches[1] == 0
    assert faults(store, collection) == []
    assert store.collections.get(OWNER, collection.id).generation == PROCESSES * each
    assert len(index.search_vectors(collection.id, np.ones(DIMENSION, np.float32), 10_000)) == PROCESSES * each * 20
