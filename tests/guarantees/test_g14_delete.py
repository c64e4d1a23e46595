"""G14. Delete means gone: no hit, vector or file, in any process, nor after a rebuild or a restart."""

from __future__ import annotations

import hashlib
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from rag.core.types import Collection
from rag.library.index import Index, SharedIndex, open_index
from rag.library.store import Store
from rag.models.embedding import Vectors
from tests.guarantees.library import (
    CHUNKS,
    DIMENSION,
    OWNER,
    add,
    all_originals,
    child,
    data_of,
    faults,
    size,
    words_table,
)
from tests.support.postgres import Place

DOCUMENTS = size(20, 200)


def _vector(number: int) -> Vectors:
    """The vector of the document's first chunk, as `library.add` makes it."""
    vectors = np.random.default_rng(number).standard_normal((CHUNKS, DIMENSION)).astype(np.float32)
    first: Vectors = vectors[0] / np.linalg.norm(vectors[0])
    return first


def _hits(index: Index | SharedIndex, store: Store, collection: Collection, number: int) -> int:
    """How often the document of that number shows in a search by its own words and its own vector."""
    words = index.search_words(OWNER, collection.id, f"number{number}", 100)
    near = [chunk for chunk, score in index.search_vectors(collection.id, _vector(number), 100) if score > 0.99]
    passages = store.documents.passages(OWNER, [chunk for chunk, _ in words] + near)
    return len(words) + len(near) + sum(passage.name == f"{number}.txt" for passage in passages.values())


def _copies_with(row: bytes, folder: Path) -> int:
    """How many of the index's files hold this vector."""
    return sum(row in path.read_bytes() for path in folder.glob("index/*/*"))


def _search_for(pipe: Connection, place: Place, collection: Collection) -> None:
    """Another process with an index of its own, in memory since before the deletions."""
    store = place.open()
    index = open_index(store)
    while (number := pipe.recv()) is not None:
        pipe.send(_hits(index, store, collection, number))


def test_g14_a_deleted_document_is_gone_everywhere(place: Place) -> None:
    store = place.open()
    collection = store.collections.create(OWNER, "mine")
    documents = [add(store, collection, number) for number in range(DOCUMENTS)]
    # One that keeps a copy of all vectors on the disk.
    index, copies = (open_index(store), 0) if place.url else (Index(store, keep_after=0), 1)
    before = here = elsewhere = left = after = 0
    with child(_search_for, place, collection) as (_, pipe):
        for number, document in enumerate(documents):
            before += _hits(index, store, collection, number) > 0
            row = store.documents.vectors(collection.id)[1][0].tobytes()
            assert _copies_with(row, place.folder) == copies
            pipe.send(number)
            assert pipe.recv() > 0
            store.documents.remove(OWNER, document.id)
            left += _copies_with(row, place.folder)
            here += _hits(index, store, collection, number)
            pipe.send(number)
            elsewhere += pipe.recv()
            left += hashlib.sha256(data_of(number)).hexdigest() in all_originals(place, store)
            left += _copies_with(row, place.folder)
        pipe.send(None)
    index.rebuild(collection.id)
    store.close()
    again = place.open()
    for number in range(DOCUMENTS):
        after += _hits(index, again, collection, number) + _hits(open_index(again), again, collection, number)
    with again.database.read() as connection:
        tables = ("documents", "pages", "chunks", words_table(again))
        rows = {table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in tables}
    print(
        f"G14: {DOCUMENTS} deleted, {before} found before; hits after: {here} here, {elsewhere} in another process, "
        f"{after} after rebuild and restart; {left} files and {sum(rows.values())} rows left"
    )
    assert before == DOCUMENTS
    assert (here, elsewhere, after, left, sum(rows.values())) == (0, 0, 0, 0, 0)
    assert faults(again, collection) == []
