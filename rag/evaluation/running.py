"""Evaluation end to end: a question set is ingested, asked through the app's conversation, and measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.answering.conversation import Conversation
from rag.answering.evidence import AnswerScorer
from rag.answering.generation import AnswerWriter
from rag.answering.retrieval import Reranker, Retriever
from rag.core.call_context import CallContext
from rag.core.errors import ModelLanguage, RagError
from rag.core.types import Answer, Turn
from rag.evaluation.cell_relations import cell_report, structure_files
from rag.evaluation.claims import CLAIMS, claim_report
from rag.evaluation.conflicts import conflict_report, conflicts
from rag.evaluation.corpus import OWNER, Corpus, OpenIngest, open_corpus
from rag.evaluation.question_sets import Case, in_conversation, read_set
from rag.evaluation.report import DEPTHS, Outcome, measure
from rag.evaluation.scans import BoxesOf, box_report
from rag.evaluation.table_rows import CONTEXTS, row_report
from rag.library.index import Index
from rag.models.judges import Judge, open_judge


def evaluate(
    directory: Path,
    open_ingest: OpenIngest,
    *,
    limit: int | None = None,
    writer: AnswerWriter | None = None,
    reranker: Reranker | None = None,
    reader: AnswerScorer | None = None,
    judge: Callable[[], Judge] = open_judge,
    scans: BoxesOf | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Evaluate the app on a question set. Sets of tables, disagreements and judged claims have their own measures.

    Args:
        open_ingest: makes the ingest context for the evaluation's store: the embedder, chunking and limits to measure.
        limit: questions taken from each file of questions.
        writer: the model whose answers are measured; None measures search, quotes and abstention only.
        reranker: orders passages, where there is one.
        reader: scores quotes, where there is one.
        scans: make the set's PDFs pictures first, and compare the boxes on them, which this gives, with the text's own.
        judge: opens what judges the claims of a set of claims.
        on_progress: called with (done, total) after each question.

    Returns:
        The measures of `rag.evaluation.report.measure`, `chunks` (their number) and `seconds` (means by stage).
        Measures that the set has no data for are None.

    Raises:
        UnsupportedKind: the folder is no question set.
        ModelError: the model could not write.
    """
    if structure_files(directory):
        return cell_report(directory, limit, on_progress)
    if (directory / CLAIMS).is_file():
        return claim_report(directory, judge(), limit, on_progress)
    if (directory / CONTEXTS).is_file():
        return row_report(
            directory, open_ingest, limit=limit, reranker=reranker, reader=reader, on_progress=on_progress
        )
    if found := conflicts(directory):
        return conflict_report(found[:limit], open_ingest, reranker=reranker, reader=reader, on_progress=on_progress)
    questions = read_set(directory, limit)
    with open_corpus(questions, open_ingest, scans=scans is not None) as corpus:
        retriever = Retriever(Index(corpus.store), corpus.store.documents, corpus.embedder, reranker)
        outcomes = []
        for case in questions.cases:
            model = writer if case.kind == "answerable" else None
            outcomes.append(_ask(case, corpus, retriever, model, reader))
            on_progress(len(outcomes), len(questions.cases))
        result = measure(outcomes, corpus.retrieved, writer is not None, corpus.seconds)
        later = [_ask(case, corpus, retriever, None, reader) for case in in_conversation(questions.cases)]
        rates = measure(later, corpus.retrieved, written=False) if later else {}
        result |= {name: value for name, value in rates.items() if "follow_ups" in name}
        if scans:
            places = {file.name: file for file in questions.files}
            pages = [(places[name], corpus.store.documents.pages(OWNER, key)) for key, name in corpus.names.items()]
            result |= box_report(pages, scans)
        return {"questions": len(outcomes), "chunks": corpus.chunks} | result


def _ask(
    case: Case,
    corpus: Corpus,
    retriever: Retriever,
    writer: AnswerWriter | None,
    reader: AnswerScorer | None,
) -> Outcome:
    conversation = Conversation(
        corpus.store, retriever, corpus.embedder, lambda: writer, passages=max(DEPTHS), quotes=3, reader=reader
    )
    history = [
        Turn(str(i), question, Answer(question, question, text, "answered", None), "")
        for i, (question, text) in enumerate(case.history)
    ]
    *_, answer = conversation.ask(case.question, CallContext(OWNER, corpus.collection.id), history=history)
    # A model that cannot write the question's language counts as an empty answer, as in the app.
    if answer.error is not None and answer.error.key != ModelLanguage.key():
        raise RagError.revive(answer.error)
    return Outcome(case, answer)
