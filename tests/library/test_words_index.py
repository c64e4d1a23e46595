"""The index of words: both scripts, ranked as FTS5 ranks, made anew where it is damaged or old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.core.types import Collection
from rag.library.index import open_index, postings, rebuild_words, words_fit
from rag.library.index.sqlite_bm25 import chosen
from rag.library.store import Store
from rag.library.store.postgresql import PostgreSQL
from tests.library.test_index import OWNER, AnyIndex, put, unit
from tests.support.postgres import Place


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


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AnyIndex, Collection]]:
    with closing(Store.open(tmp_path_factory.mktemp("small"))) as store:
        collection = store.collections.create(OWNER, "one")
        put(store, collection, "doc", ["the only text"], unit(1))
        yield open_index(store), collection


@given(st.text(max_size=60))
@example('unclosed" AND 3.5" NOT *')
@settings(max_examples=100, deadline=None)
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
