"""What PostgreSQL does as SQLite and FAISS do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.library.index import SharedIndex, VectorIndex, open_index
from rag.library.store import Store
from rag.library.store.hnsw import make_graph
from tests.library.test_index import OWNER, exact, put, unit

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
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_question_is_a_syntax_error_on_postgresql(shared: Store, text: str) -> None:
    assert open_index(shared).search_words(OWNER, "none", text, 5) == []
