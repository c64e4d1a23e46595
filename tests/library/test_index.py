"""The index: exact vectors, filters inside the search, and news from other processes."""

from __future__ import annotations

import multiprocessing
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.core.types import Chunk, Collection, Document, LoadedDocument, Page
from rag.library.index import Index, SharedIndex, VectorIndex, open_index
from rag.library.store import Store
from rag.models.embedding import Vectors
from tests.support.postgres import Place

AnyIndex = Index | SharedIndex
OWNER = "ann"


def unit(count: int, dimension: int = 16, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    scaled: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return scaled


def exact(ids: np.ndarray, vectors: np.ndarray, query: np.ndarray, k: int) -> list[int]:
    return [int(i) for i in ids[np.argsort(-(vectors @ query), kind="stable")[:k]]]


def put(
    store: Store,
    collection: Collection,
    name: str,
    texts: list[str],
    vectors: np.ndarray,
    context: str = "",
    owner: str = OWNER,
) -> Document:
    loaded = LoadedDocument(name, name, "text", (Page(1, "1", "\n".join(texts)),))
    chunks = [Chunk(1, "1", "", context, text, 0, len(text)) for text in texts]
    sha256 = name.encode().hex().ljust(64, "0")[:64]
    return store.documents.add(
        owner, collection.id, loaded, chunks, vectors, sha256=sha256, size=1, language="en", embedder="toy"
    )


def test_faiss_finds_what_an_exact_search_finds() -> None:
    vectors, queries = unit(2000, 64), unit(50, 64, seed=1)
    ids = np.arange(2000) * 3 + 7
    index = VectorIndex(64)
    index.add(ids[:1500], vectors[:1500])
    index.add(ids[1500:], vectors[1500:])
    for query in queries:
        found = index.search(query, 10)
        assert [i for i, _ in found] == exact(ids, vectors, query, 10)
        assert np.allclose([score for _, score in found], np.sort(vectors @ query)[::-1][:10], atol=1e-5)


def spread(count: int, seed: int) -> Vectors:
    """Vectors as texts have them: around sixty subjects, and a little of everything in each."""
    vectors = unit(60, 128, seed=9)[np.arange(count) % 60] + 0.8 * unit(count, 128, seed=seed)
    scaled: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def test_of_many_vectors_nearly_all_are_found_that_an_exact_search_finds() -> None:
    vectors, queries = spread(30_000, seed=1), spread(50, seed=2)
    ids = np.arange(len(vectors)) + 5
    index, every = VectorIndex(128), VectorIndex(128, quantize_from=10**9)
    for one in (index, every):
        one.add(ids, vectors)
    pairs = [(index.search(query, 10), every.search(query, 10)) for query in queries]
    assert np.mean([len(dict(some).keys() & dict(all_).keys()) / 10 for some, all_ in pairs]) >= 0.95
    scores = [(score, dict(all_)[i]) for some, all_ in pairs for i, score in some if i in dict(all_)]
    near, exactly = zip(*scores, strict=True)
    assert np.allclose(near, exactly, atol=1e-5)


def test_what_is_found_of_many_does_not_depend_on_how_they_came() -> None:
    vectors, queries = spread(4000, seed=1), spread(20, seed=2)
    ids, gone = np.arange(len(vectors)), np.arange(0, 4000, 7)
    at_once, bit_by_bit = VectorIndex(128, quantize_from=500), VectorIndex(128, quantize_from=500)
    at_once.add(np.setdiff1d(ids, gone), np.delete(vectors, gone, axis=0))
    for first in range(0, len(ids), 300):
        bit_by_bit.add(ids[first : first + 300], vectors[first : first + 300])
        bit_by_bit.remove(gone[(gone >= first) & (gone < first + 300)])
    assert np.array_equal(at_once.contents(), bit_by_bit.contents())
    for query in queries:
        assert at_once.search(query, 10) == bit_by_bit.search(query, 10)


def test_a_filter_is_exact_also_among_many() -> None:
    vectors, query = spread(2000, seed=1), spread(1, seed=2)[0]
    index = VectorIndex(128, quantize_from=500)
    index.add(np.arange(2000), vectors)
    only = np.arange(3, 2000, 50)
    assert [i for i, _ in index.search(query, 5, only)] == exact(only, vectors[only], query, 5)


def test_a_filter_of_one_percent_still_gives_k_results() -> None:
    vectors, query = unit(2000, 64), unit(1, 64, seed=2)[0]
    index = VectorIndex(64)
    index.add(np.arange(2000), vectors)
    only = np.arange(0, 2000, 100)
    found = index.search(query, 5, only)
    assert [i for i, _ in found] == exact(only, vectors[only], query, 5)


@settings(max_examples=50)
@given(
    st.sampled_from([10, 1000]),
    st.lists(st.tuples(st.booleans(), st.sets(st.integers(1, 60), min_size=1))),
    st.integers(7, 70),
)
def test_faiss_follows_additions_and_removals(quantize_from: int, steps: list[tuple[bool, set[int]]], k: int) -> None:
    vectors, query = unit(61), unit(1, seed=3)[0]
    # So few that all of them are looked at, with binary codes as without.
    index, held = VectorIndex(16, quantize_from), set[int]()
    for adding, picked in steps:
        if adding:
            new = np.array(sorted(picked - held), np.int64)
            index.add(new, vectors[new])
            held |= picked
        else:
            index.remove(np.array(sorted(picked), np.int64))
            held -= picked
    ids = np.array(sorted(held), np.int64)
    assert index.ids.tolist() == ids.tolist()
    assert [i for i, _ in index.search(query, k)] == exact(ids, vectors[ids], query, k)


def test_faiss_refuses_vectors_of_another_size() -> None:
    with pytest.raises(ValueError, match="dimension 16"):
        VectorIndex(16).add(np.array([1]), unit(1, 8))
    with pytest.raises(ValueError, match="dimension 16"):
        VectorIndex(16).search(unit(1, 8)[0], 3)


def test_an_empty_or_unknown_collection_has_no_results(store: Store) -> None:
    collection = store.collections.create(OWNER, "empty")
    index = open_index(store)
    for collection_id in (collection.id, "never there"):
        assert index.search_vectors(collection_id, unit(1)[0], 5) == []
        assert index.search_words(OWNER, collection_id, "words", 5) == []


def test_collections_are_searched_apart(store: Store) -> None:
    one, two = (store.collections.create(OWNER, name) for name in ("one", "two"))
    put(store, one, "a", ["red apples"], unit(1))
    put(store, two, "b", ["green apples"], unit(1))
    index = open_index(store)
    assert [i for i, _ in index.search_vectors(two.id, unit(1)[0], 5)] == [2]
    assert [i for i, _ in index.search_words(OWNER, two.id, "apples", 5)] == [2]
    assert index.search_words("bob", two.id, "apples", 5) == []


def test_only_the_chosen_documents_are_searched(store: Store) -> None:
    collection = store.collections.create(OWNER, "all")
    vectors = unit(200)
    documents = [
        put(store, collection, f"doc {i}", ["the same words"] * 2, vectors[2 * i : 2 * i + 2]) for i in range(100)
    ]
    index, chosen = open_index(store), [documents[41].id, documents[7].id]
    ids = np.array([15, 16, 83, 84])
    found = index.search_vectors(collection.id, vectors[0], 10, chosen)
    assert [i for i, _ in found] == exact(ids, vectors[ids - 1], vectors[0], 10)
    words = index.search_words(OWNER, collection.id, "same words", 10, chosen)
    assert [i for i, _ in words] == [15, 16, 83, 84]
    assert index.search_vectors(collection.id, vectors[0], 10, []) == []
    assert index.search_words(OWNER, collection.id, "same words", 10, []) == []


def test_a_removed_document_is_found_no_more(store: Store) -> None:
    collection = store.collections.create(OWNER, "all")
    vectors = unit(3)
    stays = put(store, collection, "stays", ["stable words"], vectors[:1])
    goes = put(store, collection, "goes", ["fleeting words", "more fleeting words"], vectors[1:])
    index = open_index(store)
    assert len(index.search_vectors(collection.id, vectors[1], 10)) == 3
    store.documents.remove(OWNER, goes.id)
    for now in (index, open_index(store)):
        assert [i for i, _ in now.search_vectors(collection.id, vectors[1], 10)] == [1]
        assert now.search_words(OWNER, collection.id, "fleeting", 10) == []
    store.documents.remove(OWNER, stays.id)
    assert index.search_vectors(collection.id, vectors[1], 10) == []


def test_a_collection_emptied_and_embedded_anew_changes_its_dimension(store: Store) -> None:
    collection = store.collections.create(OWNER, "all")
    index = open_index(store)
    old = put(store, collection, "old", ["words"], unit(1, 16))
    assert len(index.search_vectors(collection.id, unit(1, 16)[0], 5)) == 1
    chunk = Chunk(1, "1", "", "", "words", 0, 5)
    assert not store.documents.rechunk(OWNER, collection.id, {old.id: ([chunk] * 2, unit(2, 8))}, embedder="other")
    assert [i for i, _ in index.search_vectors(collection.id, unit(2, 8)[1], 5)] == [3, 2]


def _write_from_outside(place: Place, collection: Collection) -> None:
    store = place.open()
    put(store, collection, "outside", ["written elsewhere"], unit(1, seed=9))
    store.close()


def test_what_another_process_writes_is_found(store: Store, place: Place) -> None:
    collection = store.collections.create(OWNER, "all")
    put(store, collection, "inside", ["written here"], unit(1))
    index = open_index(store)
    assert len(index.search_vectors(collection.id, unit(1)[0], 5)) == 1
    process = multiprocessing.get_context("spawn").Process(target=_write_from_outside, args=(place, collection))
    process.start()
    process.join()
    assert index.search_vectors(collection.id, unit(1, seed=9)[0], 5)[0][0] == 2
    assert [i for i, _ in index.search_words(OWNER, collection.id, "elsewhere", 5)] == [2]


def test_threads_search_while_documents_come_and_go(store: Store) -> None:
    collection = store.collections.create(OWNER, "all")
    vectors = unit(41)
    put(store, collection, "stays", ["stays"], vectors[:1])
    index, done, faults = open_index(store), threading.Event(), list[str]()

    def search() -> None:
        while not done.is_set():
            if 1 not in dict(index.search_vectors(collection.id, vectors[0], 50)):
                faults.append("the document that stays was not found")

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(1, 41):
        document = put(store, collection, f"doc {i}", ["text"], vectors[i : i + 1])
        if i % 2:
            store.documents.remove(OWNER, document.id)
    done.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert len(index.search_vectors(collection.id, vectors[0], 50)) == 21


def test_a_rebuilt_index_finds_the_same(store: Store) -> None:
    collection = store.collections.create(OWNER, "all")
    vectors = unit(30)
    for i in range(30):
        put(store, collection, f"doc {i}", ["text"], vectors[i : i + 1])
    index = open_index(store)
    before = index.search_vectors(collection.id, vectors[3], 10)
    assert index.rebuild(collection.id) == 30
    assert index.search_vectors(collection.id, vectors[3], 10) == before
