"""The vectors of a library in PostgreSQL, searched by a real Milvus: the same is found, deleted is gone, and an outage
costs nothing that is not made up for from the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from rag.core.errors import VectorsLacking
from rag.ingestion.worker import keep_in_step
from rag.library.index import Milvus, MilvusIndex
from rag.library.index.milvus_sync import SyncWatermark
from rag.library.store import Store
from tests.commands.test_cli import footnote
from tests.guarantees.library import child
from tests.library.test_index import OWNER, exact, put, unit
from tests.support import milvus
from tests.support.milvus import Server
from tests.support.postgres import Place

pytestmark = pytest.mark.scale
DIMENSION = 32
# What is not in Milvus is looked for one by one among so many.
FEW = 50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with milvus.server(tmp_path_factory.mktemp("milvus") / "data") as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, postgres_url: str) -> Place:
    return Place(tmp_path / "data", postgres_url)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with closing(Store.open(place.folder, place.url, graphs=False)) as made:
        yield made


@pytest.fixture
def index(store: Store, server: Server) -> MilvusIndex:
    return open_at(store, server.address)


def open_at(store: Store, address: str) -> MilvusIndex:
    # Asked again at once after it has failed.
    return MilvusIndex(store, Milvus(address, pause=0), exact_up_to=FEW)


class Library:
    """Documents with vectors, and what an exact search finds among them."""

    def __init__(self, store: Store, name: str = "all") -> None:
        self._store = store
        self.collection = store.collections.create(OWNER, name)
        self._documents = 0

    def add(self, chunks: int) -> str:
        """A document with so many chunks; its id."""
        self._documents += 1
        name, texts = f"{self.collection.name} {self._documents}", ["text"] * chunks
        return put(self._store, self.collection, name, texts, unit(chunks, DIMENSION, self._documents)).id

    def remove(self, document: str) -> None:
        self._store.documents.remove(OWNER, document)

    def held(self, documents: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The chunks of these documents, and their vectors."""
        ids, vectors = self._store.documents.vectors(self.collection.id)
        among = np.isin(ids, self._store.documents.chunk_ids(self.collection.id, documents))
        return ids[among], vectors[among]


def same(index: MilvusIndex, library: Library, documents: list[str] | None = None, k: int = 20) -> bool:
    """Whether some searches find just what an exact search finds, with its cosines."""
    ids, vectors = library.held(documents)
    for query in unit(5, DIMENSION, seed=99):
        found = index.search_vectors(library.collection.id, query, k, documents)
        assert np.allclose([score for _, score in found], np.sort(vectors @ query)[::-1][:k], atol=1e-6)
        assert {chunk for chunk, _ in found} == set(exact(ids, vectors, query, k))
    return True


def same_or_lacking(index: MilvusIndex, library: Library) -> bool:
    """Found, or said to be missing; nothing else."""
    try:
        return same(index, library, k=5)
    except VectorsLacking:
        return True


def until(happened: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.1)
    return happened()


def test_it_finds_what_an_exact_search_finds_and_filters_inside_the_search(store: Store, index: MilvusIndex) -> None:
    ours, others = Library(store, "ours"), Library(store, "others")
    # More than are written at a time.
    documents = [ours.add(300) for _ in range(8)]
    others.add(200)
    index.sync.follow()
    assert index.sync.count() == 2600
    assert same(index, ours)
    assert same(index, others)
    for ticked in (documents[3:4], documents[::3], ["never-there", documents[0]], ['" or id > 0 or document == "']):
        assert same(index, ours, ticked)
    assert index.search_vectors(ours.collection.id, unit(1, DIMENSION)[0], 20, []) == []
    # More than there are, and more than Milvus gives back at once.
    assert same(index, ours, k=3000)
    assert same(index, ours, k=20_000)


def test_what_milvus_does_not_have_yet_is_found_at_once(store: Store, index: MilvusIndex) -> None:
    library = Library(store)
    library.add(100)
    index.sync.follow()
    library.add(30)
    assert same(index, library)
    assert index.sync.count() == 100
    # More than can be compared one by one: it says so, or looks at those that are known.
    last = library.add(FEW)
    query = unit(1, DIMENSION)[0]
    with pytest.raises(VectorsLacking):
        index.search_vectors(library.collection.id, query, 5)
    # Few are ticked of those: all can be compared.
    known = [int(chunk) for chunk in store.documents.chunk_ids(library.collection.id, [last])[:3]]
    found = index.search_vectors(library.collection.id, query, 200, known=known)
    assert set(known) < {chunk for chunk, _ in found}
    assert len(found) == 103
    index.sync.follow()
    assert same(index, library)


def test_what_milvus_says_is_not_believed(store: Store, index: MilvusIndex) -> None:
    ours, others = Library(store, "ours"), Library(store, "others")
    ours.add(100)
    stranger = others.add(5)
    index.sync.follow()
    name, _ = index.sync.known(ours.collection.id, DIMENSION)
    query = unit(5, DIMENSION, seed=99)[0]
    # Chunks of another collection's, and many that are nowhere.
    foreign = [int(chunk) for chunk in store.documents.chunk_ids(others.collection.id)]
    planted = [(chunk, stranger, query) for chunk in [*foreign, *range(10**6, 10**6 + 300)]]
    index.sync.milvus.put(name, planted)
    assert same(index, ours)
    index.rebuild(ours.collection.id)
    assert index.sync.milvus.count(name, 0, 2 * 10**6) == 100


def library_first(store: Store, library: Library) -> int:
    return int(store.documents.chunk_ids(library.collection.id)[0])


def test_removed_is_found_no_more_and_gone_from_milvus(store: Store, index: MilvusIndex) -> None:
    library, other = Library(store), Library(store, "other")
    documents = [library.add(500) for _ in range(7)]
    other.add(20)
    index.sync.follow()
    for document in documents[1:6]:
        library.remove(document)
    # Milvus has them still, five of seven: they come up nowhere, and keep nobody out.
    assert index.sync.count() == 3520
    assert same(index, library, k=200)
    index.sync.follow()
    assert index.sync.count() == 1020
    assert same(index, library, k=200)
    store.collections.remove(OWNER, other.collection.id)
    index.sync.follow()
    assert len(index.sync.names()) == 1
    assert index.sync.count() == 1000
    for document in (documents[0], documents[6]):
        library.remove(document)
    index.sync.follow()
    assert index.sync.count() == 0


def test_a_collection_embedded_anew_has_a_new_shelf(store: Store, index: MilvusIndex) -> None:
    from rag.core.types import Chunk

    library = Library(store)
    document = library.add(60)
    index.sync.follow()
    chunks, vectors = [Chunk(1, "1", "", "", "text", 0, 4)] * 70, unit(70, 48, seed=5)
    for dimension in (DIMENSION, 48):
        some = np.ascontiguousarray(vectors[:, :dimension])
        assert not store.documents.rechunk(
            OWNER, library.collection.id, {document: (chunks, some)}, embedder=f"toy {dimension}"
        )
        index.sync.follow()
        found = index.search_vectors(library.collection.id, some[0] / np.linalg.norm(some[0]), 5)
        assert found[0][0] == library_first(store, library)
        assert (len(index.sync.names()), index.sync.count()) == (1, 70)


def test_an_outage_in_the_middle_is_made_up_for(store: Store, index: MilvusIndex, server: Server) -> None:
    large, small = Library(store, "large"), Library(store, "small")
    documents = [large.add(40) for _ in range(5)]
    small.add(30)
    index.sync.follow()
    server.kill()
    try:
        # A small collection, or few ticked documents, are searched as well as ever; a large one says what is missing.
        assert same(index, small)
        assert same(index, large, documents[1:2])
        query = unit(1, DIMENSION)[0]
        with pytest.raises(VectorsLacking):
            index.search_vectors(large.collection.id, query, 5)
        known = [int(chunk) for chunk in store.documents.chunk_ids(large.collection.id)[7:9]]
        found = index.search_vectors(large.collection.id, query, 5, known=known)
        assert {chunk for chunk, _ in found} == set(known)
        # Reading goes on, and so does removing.
        large.add(45)
        large.remove(documents[0])
        with pytest.raises(VectorsLacking):
            index.sync.follow()
    finally:
        server.start()
    # The first search finds it started anew.
    assert same_or_lacking(index, large)
    # What it had written down is there again, and what came meanwhile is found before anything is repaired.
    assert same(index, large)
    assert same(index, small)
    index.sync.follow()
    assert index.sync.count() == 4 * 40 + 45 + 30
    assert same(index, large)


def test_milvus_emptied_behind_our_back_is_filled_again(
    store: Store, index: MilvusIndex, server: Server, place: Place
) -> None:
    large, small = Library(store, "large"), Library(store, "small")
    large.add(300)
    small.add(20)
    index.sync.follow()
    shelf = index.sync.known(large.collection.id, DIMENSION)[0]

    # All of it dropped: nobody is told what is not so, and a look at everything fills it.
    for name in index.sync.names():
        index.sync.milvus.drop(name)
    with pytest.raises(VectorsLacking):
        index.search_vectors(large.collection.id, unit(1, DIMENSION)[0], 5)
    assert same(index, small)
    index.sync.follow(doubting=True)
    assert index.sync.count() == 320
    assert same(index, large)

    # Its rows removed, the mark among them.
    index.sync.milvus.take_above(shelf, -1)
    open_at(store, server.address).sync.follow(doubting=True)
    assert index.sync.count() == 320
    assert same(index, large)

    # A part of it lost, something added: the doctor says so, mends it, and then all is well.
    index.sync.milvus.take(shelf, [3, 4, 5, 250])
    index.sync.milvus.put(shelf, [(290 * 1000, "stray", unit(1, DIMENSION)[0])])
    said = ((False, "held 317 vectors of the library's 320"), (True, "holds the 320 vectors of the library"))
    for ok, words in said:
        _, record = footnote(place.folder, "doctor", RAG_DATABASE_URL=place.url, RAG_VECTORS=server.address)
        [check] = [check for check in record["checks"] if check["check"].startswith("milvus")]
        assert check["ok"] is ok
        assert words in check["text"]
    assert same(index, large)


def test_ids_given_twice_by_a_database_with_another_past_are_written_anew(store: Store, index: MilvusIndex) -> None:
    library = Library(store)
    library.add(100)
    index.sync.follow()
    name, last = index.sync.known(library.collection.id, DIMENSION)
    mark = SyncWatermark.read(index.sync.milvus.mark(name))
    # As after a restore: other vectors under the same ids, and some beyond.
    stale = [(chunk, "another", vector) for chunk, vector in enumerate(unit(120, DIMENSION, seed=7), start=1)]
    index.sync.milvus.put(name, stale)
    index.sync.milvus.set_mark(name, str(mark._replace(past="another")), DIMENSION)
    assert index.sync.known(library.collection.id, DIMENSION) == (name, 0)
    index.sync.follow(doubting=True)
    assert index.sync.known(library.collection.id, DIMENSION) == (name, last)
    assert index.sync.count() == 100
    assert same(index, library)


def _keep(pipe: Connection, place: Place, address: str, name: str) -> None:
    """Another process: it keeps Milvus in step, and adds documents to a collection of its own."""
    stop = threading.Event()
    with closing(Store.open(place.folder, place.url, graphs=False)) as store:
        index = open_at(store, address)
        keeping = threading.Thread(target=keep_in_step, args=(index.sync, stop))
        keeping.start()
        library = Library(store, name)
        for _ in range(5):
            library.add(60)
            assert same_or_lacking(index, library)
        pipe.recv()
        stop.set()
        keeping.join()
    pipe.send("all was found")


def test_two_processes_keep_it_and_search_it(store: Store, index: MilvusIndex, server: Server, place: Place) -> None:
    with child(_keep, place, server.address, "one") as (_, one), child(_keep, place, server.address, "two") as (_, two):
        library = Library(store)
        for i in range(6):
            document = library.add(40)
            if i % 2:
                library.remove(document)
            assert same_or_lacking(index, library)
        # Nothing was said to them: they keep all collections, their own and this one.
        assert until(lambda: index.sync.count() == 3 * 40 + 2 * 5 * 60)
        assert same(index, library)
        for pipe in (one, two):
            pipe.send(None)
            assert pipe.recv() == "all was found"
