"""Questions that a table's row answers: is the row among the first quotes?

A set holds `contexts.jsonl` (`id`, `table` as rows of cells, `paragraphs`) and `questions.jsonl` (`question`, `answer`,
`answer_type`, `context`). Each context is made one HTML document, all in one library.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from rag.answering.conversation import Conversation
from rag.answering.evidence import AnswerScorer
from rag.answering.retrieval import Reranker, Retriever
from rag.core.call_context import CallContext
from rag.core.errors import DamagedFile
from rag.core.types import Quote
from rag.evaluation.corpus import OWNER, OpenIngest
from rag.evaluation.measures import bootstrap_interval
from rag.ingestion.pipeline import read_file
from rag.library.index import Index
from rag.library.store import Store

CONTEXTS: Final = "contexts.jsonl"
_QUESTIONS: Final = "questions.jsonl"
_SPANS: Final = frozenset({"span", "multi-span"})
_DEPTHS: Final = (1, 3)
_MOST_HEADS: Final = 6  # rows below these are no heads
_BLANK: Final = re.compile(r"[\s|]+")


@dataclass(frozen=True, slots=True)
class RowCase:
    """A question, the context that answers it and each row of its table that holds an answer: its number, its cells."""

    question: str
    context: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def row_report(
    directory: Path,
    open_ingest: OpenIngest,
    *,
    limit: int | None = None,
    reranker: Reranker | None = None,
    reader: AnswerScorer | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """`row_in_quotes@1` and `@3`: how often a row with an answer is among the first quotes."""
    contexts = {record["id"]: record for record in _records(directory / CONTEXTS)}
    cases = list(row_cases(contexts, _records(directory / _QUESTIONS)))[:limit]
    hits: dict[int, list[bool]] = {depth: [] for depth in _DEPTHS}
    with tempfile.TemporaryDirectory(prefix="evaluation-") as folder, closing(Store.open(Path(folder))) as store:
        collection = store.collections.create(OWNER, directory.name)
        ingest = open_ingest(store)
        names = {
            read_file(ingest, OWNER, collection.id, page(record).encode(), f"{key}.html").id: key
            for key, record in contexts.items()
        }
        retriever = Retriever(Index(store), store.documents, ingest.embedder, reranker)
        conversation = Conversation(
            store, retriever, ingest.embedder, lambda: None, passages=10, quotes=3, reader=reader
        )
        for case in cases:
            *_, answer = conversation.ask(case.question, CallContext(OWNER, collection.id), history=[])
            for depth in _DEPTHS:
                hits[depth].append(any(holds_row(quote, names, case) for quote in answer.quotes[:depth]))
            on_progress(len(hits[1]), len(cases))
    report: dict[str, Any] = {"questions": len(cases)}
    for depth, found in hits.items():
        report[f"row_in_quotes@{depth}"] = round(fmean(found), 4) if found else None
        report[f"row_in_quotes@{depth}_interval"] = bootstrap_interval(found) if found else None
    return report


def holds_row(quote: Quote, names: Mapping[str, str], case: RowCase) -> bool:
    """Whether the quote is one of the rows, of the right document; heads are shown with a row, and never alone."""
    if names.get(quote.document) != case.context:
        return False
    text, head = _plain(quote.text), _plain(quote.head)
    shown = any(head and all(cell in head for cell in row) for number, row in case.rows if number < _MOST_HEADS)
    return shown or any(text == "".join(row) for _, row in case.rows)


def row_cases(contexts: Mapping[str, Any], questions: Sequence[Mapping[str, Any]]) -> Iterator[RowCase]:
    """The questions that ask for words which stand in a cell of their table."""
    for record in questions:
        if record["answer_type"] not in _SPANS:
            continue
        answer = record["answer"]
        wanted = {_plain(str(one)) for one in (answer if isinstance(answer, list) else [answer])}
        rows = tuple(
            (number, tuple(map(_plain, row)))
            for number, row in enumerate(contexts[record["context"]]["table"])
            if not wanted.isdisjoint(_plain(cell) for cell in row if cell.strip())
        )
        if rows:
            yield RowCase(record["question"], record["context"], rows)


def page(record: Mapping[str, Any]) -> str:
    """A context as a web page: its table, cell by cell, and its paragraphs."""
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in record["table"])
    paragraphs = "".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in record["paragraphs"])
    return f"<html><body>\n<table>\n{rows}</table>\n{paragraphs}</body></html>\n"


def _plain(text: str) -> str:
    return _BLANK.sub("", text).lower()


def _records(file: Path) -> list[dict[str, Any]]:
    try:
        with file.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise DamagedFile(name=file.name, expected="jsonl") from error
