"""A question set put through the whole way a question goes, in a library of its own, and measured."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from rag.answering.conversation import Conversation
from rag.answering.evidence import Reader
from rag.answering.generation import Writer
from rag.answering.retrieval import Reranker, Retriever
from rag.core.call_context import CallContext
from rag.core.errors import ModelLanguage, RagError, UnreadableDocument
from rag.core.text import language_of
from rag.core.types import Answer, Collection, LoadedDocument, Page, Turn
from rag.evaluation.cell_relations import cell_report, structure_files
from rag.evaluation.measures import area_under_curve, curve_interval, exact_match, f1, holds, interval
from rag.evaluation.question_sets import Case, QuestionSet, read_set
from rag.evaluation.table_rows import CONTEXTS, row_report
from rag.ingestion.pipeline import Desk, embedded_text, lead_of, read_file
from rag.ingestion.splitting import split
from rag.library.index import Index
from rag.library.store import Store
from rag.models.embedding import Embedder

OWNER: Final = "evaluation"
DEPTHS: Final = (1, 4, 5, 10)

RATES: Final = (
    *(f"recall@{depth}" for depth in DEPTHS),
    "answer_in_quotes@1",
    "answer_in_quotes@3",
    "refused_out_of_corpus",
    "wrongly_refused",
    "exact_match",
    "f1",
    "supported_share",
    "supported_right",
    "right_supported",
)
_CURVES: Final = {"gate_auc_out_of_corpus": "out_of_corpus", "gate_auc_near_miss": "near_miss"}
_CHUNKS_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class Library:
    """A question set read into a library. `names` gives a passage's or a file's own id for a document's."""

    store: Store
    collection: Collection
    names: dict[str, str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    case: Case
    answer: Answer


def evaluate(
    directory: Path,
    embedder: Embedder,
    *,
    limit: int | None = None,
    writer: Writer | None = None,
    reranker: Reranker | None = None,
    reader: Reader | None = None,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Measure everything that a question set can give; what it cannot give is None. Sets of tables have their own.

    Args:
        limit: questions taken from each file of questions.
        writer: the model whose answers are measured; None measures search, quotes and gate.
        reranker: puts passages in order; `reader`: looks for the words that answer.
        told: hears of each question answered: (done, in all).

    Returns:
        Each measure under its name, rates from 0 to 1 with `<name>_interval`; `seconds` by stage, on average.

    Raises:
        UnsupportedKind: the folder is no question set.
        ModelError: the model did not write.
    """
    if structure_files(directory):
        return cell_report(directory, limit, told)
    if (directory / CONTEXTS).is_file():
        return row_report(directory, embedder, limit=limit, reranker=reranker, reader=reader, told=told)
    questions = read_set(directory, limit)
    with library(questions, embedder) as made:
        retriever = Retriever(Index(made.store), made.store.documents, embedder, reranker)
        outcomes = []
        for case in questions.cases:
            asked = writer if case.kind == "answerable" else None
            outcomes.append(_ask(case, made, retriever, embedder, asked, reader))
            told(len(outcomes), len(questions.cases))
        paged = bool(questions.files)
        return measure(outcomes, lambda answer: _places(answer, made.names, paged), writer is not None, made.seconds)


@contextmanager
def library(questions: QuestionSet, embedder: Embedder) -> Iterator[Library]:
    """The set's passages or files in a library of their own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="evaluation-") as folder, closing(Store.open(Path(folder))) as store:
        started = time.perf_counter()
        collection = store.collections.create(OWNER, questions.name)
        desk = Desk(store, embedder)
        names = _read_files(desk, collection.id, questions.files) | _read_passages(desk, collection.id, questions)
        yield Library(store, store.collections.get(OWNER, collection.id), names, time.perf_counter() - started)


def _read_files(desk: Desk, collection_id: str, files: Sequence[Path]) -> dict[str, str]:
    names = {}
    for file in files:
        try:
            names[read_file(desk, OWNER, collection_id, file.read_bytes(), file.name).id] = file.name
        except UnreadableDocument:
            # A question about it counts as not found.
            continue
    return names


def _read_passages(desk: Desk, collection_id: str, questions: QuestionSet) -> dict[str, str]:
    """Each passage as a document of its own; many are embedded together, since each alone is short."""
    loaded = [
        (identifier, LoadedDocument(identifier, title, "text", (Page(1, "1", text),)))
        for identifier, title, text in questions.passages
    ]
    embedder, names = desk.embedder, {}
    cut = [
        split(one, count=embedder.count_tokens, size=embedder.max_tokens, overlap=desk.chunk_overlap)
        for _, one in loaded
    ]
    vectors = embedder.embed_passages([embedded_text(chunk) for chunks in cut for chunk in chunks])
    first = 0
    for (identifier, document), chunks in zip(loaded, cut, strict=True):
        data = f"{identifier}\n{document.pages[0].text}".encode()
        added = desk.store.documents.add(
            OWNER,
            collection_id,
            document,
            chunks,
            vectors[first : first + len(chunks)],
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            lead=lead_of(document),
            language=language_of(document.pages[0].text),
            embedder=embedder.name,
        )
        first += len(chunks)
        names[added.id] = identifier
    return names


def _ask(
    case: Case,
    made: Library,
    retriever: Retriever,
    embedder: Embedder,
    writer: Writer | None,
    reader: Reader | None,
) -> Outcome:
    conversation = Conversation(
        made.store, retriever, embedder, lambda: writer, passages=max(DEPTHS), quotes=3, reader=reader
    )
    history = [Turn(str(i), asked, _said(asked, text), "") for i, (asked, text) in enumerate(case.history)]
    *_, answer = conversation.ask(case.question, CallContext(OWNER, made.collection.id), history=history)
    # A model that does not write the question's language has written nothing, as in the app.
    if answer.error is not None and answer.error.key != ModelLanguage.key():
        raise RagError.revive(answer.error)
    return Outcome(case, answer)


def _said(question: str, text: str) -> Answer:
    return Answer(question, question, text, "answered", None)


def _places(answer: Answer, names: dict[str, str], paged: bool) -> list[str | tuple[str, int]]:
    """The passages or pages found, each once, best first."""
    found: list[str | tuple[str, int]] = [
        (names[p.document], p.page) if paged else names[p.document] for p in answer.passages
    ]
    return list(dict.fromkeys(found))


def measure(
    outcomes: Sequence[Outcome],
    places: Callable[[Answer], list[str | tuple[str, int]]],
    written: bool,
    reading_seconds: float = 0.0,
) -> dict[str, Any]:
    """The measures of questions that were asked."""
    values: dict[str, list[float]] = {rate: [] for rate in RATES}
    short = _asks_for_words(outcomes)
    lengths: list[int] = []
    for outcome in outcomes:
        case, answer = outcome.case, outcome.answer
        if case.kind == "out_of_corpus":
            values["refused_out_of_corpus"].append(answer.outcome == "refused")
        if case.kind != "answerable":
            continue
        values["wrongly_refused"].append(answer.outcome == "refused")
        lengths += [len(quote.text) for quote in answer.quotes]
        if case.gold:
            found = places(answer)
            for depth in DEPTHS:
                values[f"recall@{depth}"].append(not case.gold.isdisjoint(found[:depth]))
        if short and case.short_answers:
            for depth in (1, 3):
                stands = any(holds(quote.text, case.short_answers) for quote in answer.quotes[:depth])
                values[f"answer_in_quotes@{depth}"].append(stands)
        if written:
            _measure_text(values, case, answer)
    result: dict[str, Any] = {"questions": len(outcomes), "quote_characters": fmean(lengths) if lengths else None}
    for rate, numbers in values.items():
        result[rate] = round(fmean(numbers), 4) if numbers else None
        result[f"{rate}_interval"] = interval(numbers) if numbers else None
    return result | _curves(outcomes) | {"seconds": _seconds(outcomes, reading_seconds)}


def _asks_for_words(outcomes: Sequence[Outcome]) -> bool:
    """Whether the set's answers are words to be found. Where most are essays, the few others say nothing."""
    kinds = [bool(outcome.case.short_answers) for outcome in outcomes if outcome.case.answers]
    return 2 * sum(kinds) >= len(kinds)


def _measure_text(values: dict[str, list[float]], case: Case, answer: Answer) -> None:
    """What the model wrote, and what was said of it."""
    if not case.answers:
        return
    values["exact_match"].append(exact_match(answer.text, case.answers))
    values["f1"].append(f1(answer.text, case.answers))
    for sentence in answer.sentences:
        supported = sentence.verdict == "supported"
        values["supported_share"].append(supported)
        if case.short_answers:
            right = holds(sentence.text, case.short_answers) and not holds(sentence.text, case.wrong_answers)
            if supported:
                values["supported_right"].append(right)
            if right:
                values["right_supported"].append(supported)


def _curves(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How well the gate's score tells answerable questions from the others."""
    scores: dict[str, list[float]] = {"answerable": [], "near_miss": [], "out_of_corpus": []}
    for outcome in outcomes:
        # What is not refused without a score (a greeting, a summary) is as good as certain.
        scores[outcome.case.kind].append(1.0 if outcome.answer.gate is None else outcome.answer.gate)
    result: dict[str, Any] = {}
    for name, kind in _CURVES.items():
        known = scores["answerable"] and scores[kind]
        result[name] = round(area_under_curve(scores["answerable"], scores[kind]), 4) if known else None
        result[f"{name}_interval"] = curve_interval(scores["answerable"], scores[kind]) if known else None
    return result


def _seconds(outcomes: Sequence[Outcome], reading: float) -> dict[str, float]:
    stages: dict[str, list[float]] = {}
    for outcome in outcomes:
        for stage, seconds in outcome.answer.seconds.items():
            stages.setdefault(stage, []).append(seconds)
    return {"reading": round(reading, 2)} | {stage: round(fmean(each), 4) for stage, each in stages.items()}
