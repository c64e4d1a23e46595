"""The index: exact vectors, words in two scripts, filters inside the search, and news from other processes."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag.core.types import Chunk, Collection, Document, LoadedDocument, Page
from rag.library.index import Index, SharedIndex, VectorIndex, open_index, postings, rebuild_words, words_fit
from rag.library.index.sqlite_bm25 import chosen
from rag.library.store import Store
from rag.library.store.hnsw import make_graph
from rag.library.store.postgresql import PostgreSQL
from tests.support.postgres import Place

AnyIndex = Index | SharedIndex
OWNER = "ann"


def unit(count: int, dimension: int = 16, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


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
        owner, collection.id, loaded, chunks, vectors, sha256=sha256, size=1, lead="", language="en", embedder="toy"
    )


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An empty library, on each of the two engines."""
    with closing(place.open()) as made:
        yield made


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


def spread(count: int, seed: int) -> np.ndarray:
    """Vectors as texts have them: around sixty subjects, and a little of everything in each."""
    vectors = unit(60, 128, seed=9)[np.arange(count) % 60] + 0.8 * unit(count, 128, seed=seed)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_of_many_vectors_nearly_all_are_found_that_an_exact_search_finds() -> None:
    vectors, queries = spread(30_000, seed=1), spread(50, seed=2)
    ids = np.arange(len(vectors)) + 5
    index, every = VectorIndex(128), VectorIndex(128, quantize_from=10**9)
    for one in (index, every):
        one.add(ids, vectors)
    pairs = [(index.search(query, 10), every.search(query, 10)) for query in queries]
    assert np.mean([len(dict(some).keys() & dict(all_).keys()) / 10 for some, all_ in pairs]) >= 0.95
    scores = [(score, dict(all_)[i]) for some, all_ in pairs for i, score in some if i in dict(all_)]
    assert np.allclose(*zip(*scores, strict=True), atol=1e-5)


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


@pytest.fixture
def library(store: Store) -> tuple[AnyIndex, Collection]:
    collection = store.collections.create(OWNER, "words")
    texts = [
        "Employees receive 25 days of annual leave each year.",
        "Bicycles are parked in the cellar, near the boiler.",
        "员工每年享有二十五天年假，须提前申请。",
        "自行车应停放在地下室。",
        "To be, or not to be.",
        "The café’s menu costs 3.5 euros.",
    ]
    put(store, collection, "text", texts, unit(len(texts)), context="Handbook")
    put(store, collection, "report", ["Net sales were 34 billion."], unit(1, seed=5), context="3M annual report 2022")
    return open_index(store), collection


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("How many days of leave does an employee get?", 1),  # stemmed
        ("parking a bicycle", 2),
        ("年假有几天？", 3),
        ("自行车停在哪里", 4),
        ("to be or not to be", 5),  # stop words only
        ("CAFE", 6),  # neither case nor accent matters
        ("3.5", 6),
        ("What were 3M's net sales?", 7),
        ('sales NEAR(x) AND "unclosed * ^ OR col:umn -', 7),  # operators are words
    ],
)
def test_words_are_found_in_both_scripts(library: tuple[AnyIndex, Collection], query: str, first: int) -> None:
    index, collection = library
    found = index.search_words(OWNER, collection.id, query, 5)
    assert found[0][0] == first
    assert all(score > 0 for _, score in found)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_a_word_counts_less_in_the_context_than_in_the_text(library: tuple[AnyIndex, Collection]) -> None:
    index, collection = library
    scores = dict(index.search_words(OWNER, collection.id, "annual", 5))
    assert scores[1] > scores[7] > 0


def test_words_are_counted_in_their_collection_whatever_lies_between(store: Store) -> None:
    ours, others = (store.collections.create(OWNER, name) for name in ("Ours", "Others"))
    index = open_index(store)
    put(store, ours, "one", ["tides rise", "tides fall"], unit(2))
    assert index.count_words(OWNER, ours.id, ["tide", "rise", "never"]) == (2, {"tide": 2, "rise": 1, "never": 0})
    put(store, others, "two", ["tides turn"], unit(1))
    put(store, ours, "three", ["tides wait"], unit(1))
    assert index.count_words(OWNER, ours.id, ["tide", "turn", "wait"]) == (3, {"tide": 3, "turn": 0, "wait": 1})


def test_where_words_are_common_postgresql_ranks_those_chunks_that_hold_a_rarer_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(store.database, PostgreSQL):
        pytest.skip("on SQLite all chunks are ranked")
    collection = store.collections.create(OWNER, "all")
    common = [f"annual report number {number}" for number in range(30)]
    rarer = [f"annual report of whales {number}" for number in range(4)] + ["whales", "sharks", "annual sharks"]
    put(store, collection, "reports", common + rarer, unit(37))
    index = open_index(store)
    every = index.search_words(OWNER, collection.id, "annual report whales sharks", 40)
    monkeypatch.setattr("rag.library.index.postgres_bm25.RANKED", 10)
    some = index.search_words(OWNER, collection.id, "annual report whales sharks", 40)
    # The same ones lead, in the same order.
    assert [chunk for chunk, _ in some] == [chunk for chunk, _ in every[: len(rarer)]]
    assert {chunk for chunk, _ in some} == {31, 32, 33, 34, 35, 36, 37}
    # A common word alone is found all the same; of several, those are ranked that hold the least common.
    assert len(index.search_words(OWNER, collection.id, "annual", 40)) == 35
    assert {
        len(index.search_words(OWNER, collection.id, words, 40)) for words in ("annual number", "number annual")
    } == {30}
    three = index.search_words(OWNER, collection.id, "report whales", 3)
    assert [chunk for chunk, _ in three] == every_of(store, collection, "report whales")


def every_of(store: Store, collection: Collection, query: str) -> list[int]:
    """The first three when all chunks are ranked."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.library.index.postgres_bm25.RANKED", 10**9)
        return [chunk for chunk, _ in open_index(store).search_words(OWNER, collection.id, query, 3)]


def test_a_chinese_word_is_not_found_across_others(library: tuple[AnyIndex, Collection]) -> None:
    index, collection = library
    assert index.search_words(OWNER, collection.id, "假年", 5) == []


def test_a_words_index_that_lost_something_is_made_anew(library: tuple[AnyIndex, Collection], store: Store) -> None:
    index, collection = library
    assert words_fit(store)
    with store.database.write() as connection:
        connection.exec_driver_sql(LOSE_A_WORD[connection.dialect.name])
    assert not words_fit(store)
    rebuild_words(store)
    assert words_fit(store)
    assert index.search_words(OWNER, collection.id, "bicycles", 5)[0][0] == 2


def test_a_words_index_of_an_older_analysis_is_made_anew_when_the_library_is_opened(place: Place) -> None:
    """As the version before wrote it: words unstemmed in SQLite, stemmed by FTS5 itself, and no version anywhere."""
    with closing(place.open()) as store:
        collection = store.collections.create(OWNER, "all")
        put(store, collection, "rules", ["The police came.", "Our policies", "Über die Kündigungsfristen"], unit(3))
        with store.database.write() as connection:
            for statement in OLDER_ANALYSIS[connection.dialect.name]:
                connection.exec_driver_sql(statement)
        assert not words_fit(store)
    for turn in range(2):
        with closing(place.open()) as store:
            assert words_fit(store)
            index = open_index(store)
            (found,) = index.search_words(OWNER, collection.id, "policy", 5)
            assert store.documents.passages(OWNER, [found[0]])[found[0]].text == "Our policies"
            assert len(index.search_words(OWNER, collection.id, "Wie lang ist die Kündigungsfrist?", 5)) == 1
            put(store, collection, f"more {turn}", [f"A rule {turn}"], unit(1))
            assert words_fit(store)


OLDER_ANALYSIS = {
    "sqlite": (
        "UPDATE chunks SET context_terms = context, text_terms = text",
        "DROP TABLE words",
        "CREATE VIRTUAL TABLE words USING fts5 (context_terms, text_terms, content = 'chunks', content_rowid = 'id',"
        " tokenize = 'porter unicode61 remove_diacritics 2')",
        "INSERT INTO words (words) VALUES ('rebuild')",
    ),
    "postgresql": (
        "UPDATE words SET terms = to_tsvector('english', lower(chunks.text)) FROM chunks WHERE chunks.id = words.chunk",
        "COMMENT ON TABLE words IS NULL",
    ),
}

LOSE_A_WORD = {
    "sqlite": "INSERT INTO words (words, rowid, context_terms, text_terms) VALUES ('delete', 2, '', 'bicycl')",
    "postgresql": "UPDATE words SET terms = ts_delete(terms, 'bicycl') WHERE chunk = 2",
}


# --- what PostgreSQL does as SQLite and FAISS do ------------------------------------------------------


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[Store]:
    """An empty library in PostgreSQL."""
    with closing(Store.open(tmp_path, postgres_url)) as made:
        yield made


def test_the_graph_finds_nearly_all_that_an_exact_search_finds(shared: Store) -> None:
    others, collection = (shared.collections.create(OWNER, name) for name in ("others", "ours"))
    put(shared, others, "nearer", ["x"] * 500, unit(500, 32, seed=3))
    vectors = unit(1000, 32)
    documents = [put(shared, collection, f"{i}", ["x"] * 100, vectors[100 * i : 100 * i + 100]) for i in range(10)]
    ids = np.arange(501, 1501)
    few, index = [documents[3].id], SharedIndex(shared, exact_up_to=50)
    recalled = 0
    for query in unit(20, 32, seed=1):
        found = [i for i, _ in index.search_vectors(collection.id, query, 20)]
        recalled += len(set(found) & set(exact(ids, vectors, query, 20)))
        # However few pass the filter, as many come back as were asked for.
        among = [i for i, _ in index.search_vectors(collection.id, query, 20, few)]
        assert len(among) == 20
        assert set(among) <= set(range(801, 901))
    assert recalled >= 0.95 * 20 * 20
    assert "hnsw (((vector)::vector(32)) " in _how_kept(shared)


def test_many_that_are_there_at_once_are_put_into_lists_and_found(shared: Store) -> None:
    """As in a library that was moved: near copies of a few texts, which a graph would lose its way among."""
    others, collection = (shared.collections.create(OWNER, name) for name in ("others", "ours"))
    put(shared, others, "nearer", ["x"] * 200, unit(200, 32, seed=3))
    copied = np.repeat(unit(40, 32), 50, axis=0) + 0.02 * unit(2000, 32, seed=4)
    vectors = (copied / np.linalg.norm(copied, axis=1, keepdims=True)).astype(np.float32)
    documents = [put(shared, collection, f"{i}", ["x"] * 100, vectors[i::20]) for i in range(20)]
    laid = np.concatenate([vectors[i::20] for i in range(20)])
    with shared.database.write() as connection:
        connection.exec_driver_sql("DROP INDEX chunks_near_32")
        make_graph(connection, 32, lists_from=1000)
    assert "ivfflat" in _how_kept(shared)
    assert "lists='46'" in _how_kept(shared)
    few, index = [documents[3].id], SharedIndex(shared, exact_up_to=50)
    recalled = 0
    for query in vectors[::100]:
        found = [i for i, _ in index.search_vectors(collection.id, query, 20)]
        recalled += len(set(found) & set(exact(np.arange(201, 2201), laid, query, 20)))
        among = [i for i, _ in index.search_vectors(collection.id, query, 20, few)]
        assert len(among) == 20
        assert set(among) <= set(range(501, 601))
    assert recalled >= 0.95 * 20 * 20


def test_lists_that_the_library_has_outgrown_are_made_again(shared: Store) -> None:
    collection = shared.collections.create(OWNER, "ours")
    put(shared, collection, "first", ["x"] * 9, unit(9, 32))
    with shared.database.write() as connection:
        connection.exec_driver_sql("DROP INDEX chunks_near_32")
        make_graph(connection, 32, lists_from=8)
    index = SharedIndex(shared)
    for count, kept in ((27, "lists='3'"), (1, "hnsw")):
        put(shared, collection, f"{count}", ["x"] * count, unit(count, 32, seed=count))
        assert index.rebuild(collection.id) == len(shared.documents.chunk_ids(collection.id))
        assert kept in _how_kept(shared)


def _how_kept(store: Store) -> str:
    """How the index of the vectors of 32 dimensions was made."""
    with store.database.read() as connection:
        made = connection.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE indexname = 'chunks_near_32'")
        return str(made.scalar_one())


def test_both_engines_compare_vectors_bit_for_bit(shared: Store) -> None:
    collection = shared.collections.create(OWNER, "all")
    vectors = unit(50, 384)
    put(shared, collection, "doc", ["x"] * 50, vectors)
    assert np.array_equal(shared.documents.vectors(collection.id)[1], vectors)
    faiss = VectorIndex(384)
    faiss.add(np.arange(1, 51), vectors)
    for query in unit(5, 384, seed=1):
        here, there = open_index(shared).search_vectors(collection.id, query, 10), faiss.search(query, 10)
        assert [i for i, _ in here] == [i for i, _ in there]
        assert np.allclose([score for _, score in here], [score for _, score in there], atol=1e-6)


def test_both_engines_hold_the_same_words(shared: Store, tmp_path: Path) -> None:
    texts = [
        "Running, runner's, RAN; e-mail@example.com https://example.com/a?b=c 3.5e-7 0x1F 007 x86_64 v1.2.3-rc4",
        "Ångström, naïve coöperation, Ünïcödé; œuvre, ÆØÅ, Ελλάδα, Москва, й, ё",
        "员工每年享有二十五天年假，3天病假。カタカナとひらがなガギグ、한국어도 있습니다。",
        "①②③ ½ x² H₂O ﬁne ＡＢＣ１２３ Ⅷ ™ € 5% a&b c++ f(x)=y/z 10:30 2024-01-31 <tag> &amp; -5 +7 1e5 25mm",
        "one_two __init__ don't can’t o'clock 'quoted' rock’n’roll A.B.C. U.S.A. \ud83d \0 end",
    ]
    local = Store.open(tmp_path / "local")
    for store in (shared, local):
        put(store, store.collections.create(OWNER, "all"), "doc", texts, unit(len(texts)), context="Überschrift 年假")
    with local.database.write() as connection:
        connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, words, instance)")
        held = connection.exec_driver_sql("SELECT doc, term, count(*) FROM terms GROUP BY doc, term").all()
    with shared.database.read() as connection:
        kept = connection.exec_driver_sql(
            "SELECT chunk, lexeme, cardinality(positions) FROM words, unnest(terms) AS term (lexeme, positions)"
        ).all()
    assert sorted(map(tuple, kept)) == sorted(map(tuple, held))


def test_both_engines_put_chunks_in_the_same_order(shared: Store, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    vocabulary = np.array([f"word{i}" for i in range(60)])
    shares = 1 / np.arange(1, 61)
    texts = [
        " ".join(generator.choice(vocabulary, generator.integers(5, 80), p=shares / shares.sum())) for _ in range(300)
    ]
    local = Store.open(tmp_path / "local")
    found = []
    for store in (local, shared):
        collection = store.collections.create(OWNER, "all")
        put(store, collection, "doc", texts, unit(len(texts)), context="word7 word9")
        queries = ["word3 word17 word40", "word1 word2", "word9 word50", "word0", "word55 word56 word57"]
        index = open_index(store)
        found.append([[i for i, _ in index.search_words(OWNER, collection.id, query, 10)] for query in queries])
    for here, there in zip(*found, strict=True):
        assert len(set(here) & set(there)) >= 9


@given(st.text(max_size=60))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_question_is_a_syntax_error_on_postgresql(shared: Store, text: str) -> None:
    assert open_index(shared).search_words(OWNER, "none", text, 5) == []


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AnyIndex, Collection]]:
    with closing(Store.open(tmp_path_factory.mktemp("small"))) as store:
        collection = store.collections.create(OWNER, "one")
        put(store, collection, "doc", ["the only text"], unit(1))
        yield open_index(store), collection


@given(st.text(max_size=60))
@example('unclosed" AND 3.5" NOT *')
@settings(max_examples=100)
def test_no_question_is_a_syntax_error(small: tuple[AnyIndex, Collection], text: str) -> None:
    index, collection = small
    assert len(index.search_words(OWNER, collection.id, text, 5)) <= 1
    assert index.count_words(OWNER, collection.id, chosen(text))[0] == 1


def by_fts5(store: Store, query: str) -> list[tuple[int, float]]:
    """The chunks of the whole library as FTS5 ranks them by itself."""
    match = " OR ".join(f'"{word}"' for word in chosen(query))
    ranked = "SELECT rowid, -bm25(words, 0.5, 1.0) AS score FROM words WHERE words MATCH :match ORDER BY score DESC"
    with store.database.read() as connection:
        return [(row.rowid, row.score) for row in connection.execute(sa.text(ranked), {"match": match})]


@pytest.mark.parametrize("ahead", [False, True])
def test_words_are_ranked_as_fts5_ranks_them_while_documents_come_and_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: bool
) -> None:
    monkeypatch.setattr(postings, "COMMON", 30)
    chance = np.random.default_rng(3)
    names = [f"w{number}" for number in range(60)] + ["café", "3.5", "e-mail", "parking", "年假"]

    def texts(count: int) -> list[str]:
        return [" ".join(names[int(i) % len(names)] for i in chance.zipf(1.3, 1 + size)) for size in range(count)]

    queries = ["w7 w19 w3", "cafes parked 3.5", "mails w40", "e-mail w1", "年假 w50", "w2"]
    with closing(Store.open(tmp_path)) as store:
        collection = store.collections.create(OWNER, "all")
        index = open_index(store)
        removed = put(store, collection, "first", texts(70), unit(70), context="w5 parking 3.5")
        for step in ("read at once", "one added", "one removed", "another added"):
            if step == "one removed":
                store.documents.remove(OWNER, removed.id)
            else:
                put(store, collection, step, texts(90), unit(90), context=f"{step} w7 e-mail")
            if ahead and step != "one added":
                index.read_ahead()
            for query in queries:
                found, expected = index.search_words(OWNER, collection.id, query, 300), by_fts5(store, query)
                assert [score for _, score in found] == pytest.approx([score for _, score in expected], rel=1e-5)
                assert dict(found) == pytest.approx(dict(expected), rel=1e-5), (step, query)
                # Few are chosen in another way than all are put in order.
                assert index.search_words(OWNER, collection.id, query, 2) == found[:2]
