"""Questions whose own documents disagree: is each answer among what is shown, or one alone as if it were certain?

Each line of `questions.jsonl` holds `question`, `gold_answers` and `documents` (`text`). Each question is asked of its
own documents, in a collection of its own.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from rag.answering.conversation import Conversation
from rag.answering.evidence import AnswerScorer
from rag.answering.retrieval import Reranker, Retriever
from rag.core.call_context import CallContext
from rag.core.errors import DamagedFile
from rag.core.types import Answer
from rag.evaluation.corpus import OWNER, OpenIngest, read_passages
from rag.evaluation.measures import bootstrap_interval, holds
from rag.library.index import Index
from rag.library.store import Store

_QUESTIONS: Final = "questions.jsonl"
# Below two answers nothing disagrees.
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Conflict:
    """A question, the answers that its documents give, and their texts."""

    question: str
    answers: tuple[str, ...]
    documents: tuple[str, ...]


def conflicts(directory: Path) -> list[Conflict]:
    """The questions of a folder that bring their own documents and have several answers; none in other sets.

    Raises:
        DamagedFile: a line is malformed.
    """
    file = directory / _QUESTIONS
    if not file.is_file():
        return []
    try:
        with file.open(encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines if line.strip()]
        return [
            Conflict(each["question"], tuple(each["gold_answers"]), tuple(one["text"] for one in each["documents"]))
            for each in records
            if "documents" in each and len(each["gold_answers"]) >= _FEWEST
        ]
    except (ValueError, LookupError, TypeError) as error:
        raise DamagedFile(name=file.name, expected="jsonl") from error


def conflict_report(
    found: Sequence[Conflict],
    open_ingest: OpenIngest,
    *,
    reranker: Reranker | None = None,
    reader: AnswerScorer | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """`shown_all`: each answer is in a quote. `one_alone`: one is, and nothing says that there are others."""
    values: dict[str, list[float]] = {"shown_all": [], "one_alone": [], "quotes": []}
    with tempfile.TemporaryDirectory(prefix="evaluation-") as folder, closing(Store.open(Path(folder))) as store:
        ingest = open_ingest(store)
        retriever = Retriever(Index(store), store.documents, ingest.embedder, reranker)
        conversation = Conversation(store, retriever, ingest.embedder, lambda: None, quotes=3, reader=reader)
        for number, one in enumerate(found):
            collection = store.collections.create(OWNER, str(number))
            read_passages(ingest, collection.id, [(f"{n}.txt", "", text) for n, text in enumerate(one.documents)])
            *_, answer = conversation.ask(one.question, CallContext(OWNER, collection.id))
            shown = answers_shown(answer, one.answers)
            values["shown_all"].append(shown == len(one.answers))
            values["one_alone"].append(shown == 1 and answer.outcome == "answered" and not answer.disagreements)
            values["quotes"].append(len(answer.quotes))
            on_progress(len(values["shown_all"]), len(found))
    report: dict[str, Any] = {"questions": len(found)}
    for name, each in values.items():
        report[name] = round(fmean(each), 4) if each else None
        report[f"{name}_interval"] = bootstrap_interval(each) if each else None
    return report


def answers_shown(answer: Answer, answers: Sequence[str]) -> int:
    """How many of the answers are in a quote."""
    return sum(any(holds(f"{quote.text} {quote.head}", [each]) for quote in answer.quotes) for each in answers)
