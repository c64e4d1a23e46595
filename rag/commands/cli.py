"""`python -m rag …`: the app without a browser; what it prints, see `output.py`."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands import models, upkeep
from rag.commands.output import PROBLEM, AsJson, run, tell, texts, using
from rag.core import settings
from rag.core.call_context import CallContext
from rag.core.errors import AddressError, CollectionUnknown, FileMissing, RagError, Unexpected, UnreadableDocument
from rag.core.types import PAGED, Answer, Collection, Document, Passage, Quote
from rag.models.catalogue import embedder_facts
from rag.network import connection_log
from rag.services import NO_MODEL, Services, open_services

OWNER = "local"
DEFAULT = "Documents"
_log = logging.getLogger(__name__)
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(upkeep.app)
app.add_typer(models.app, name="models")
CollectionName = Annotated[str, typer.Option("--collection", help="The collection's name.")]


def main() -> None:
    """The entry of `python -m rag`."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    run(app)


@app.command()
def ingest(
    sources: Annotated[list[str], typer.Argument(help="Files, folders or web addresses.")],
    collection: CollectionName = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Read files and web pages into a collection. What cannot be read is named; the others go on."""
    from rag.ingestion.pipeline import READ_AT_ONCE

    services = open_services(settings.load())
    target = services.store.collections.named(OWNER, collection)
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        results = list(pool.map(partial(_read, services, target), _expanded(sources)))
    lines = (f"{result['name']}: {result['error'] or _count(result)}" for result in results)
    tell({"collection": collection, "documents": results}, lines, as_json)
    if any(result["status"] != "ready" for result in results):
        raise typer.Exit(PROBLEM)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    collection: CollectionName = DEFAULT,
    model: Annotated[str, typer.Option("--model", help="The model that writes, or none for quotes only.")] = "",
    as_json: AsJson = False,
) -> None:
    """Ask a collection; the quotes that answer, and what the model writes from them."""
    current = settings.load()
    services = open_services(current.model_copy(update={"model": model}) if model else current)
    target = services.store.collections.by_name(OWNER, collection)
    if target is None:
        known = ", ".join(each.name for each in services.store.collections.list(OWNER)) or "–"
        raise CollectionUnknown(name=collection, known=known)
    *_, answer = services.conversation.ask(question, CallContext(OWNER, target.id))
    calibrated = embedder_facts(services.embedder.name).calibrated
    tell(_answer_record(answer, calibrated), _told(answer), as_json, answer.error)
    if answer.error:
        raise typer.Exit(PROBLEM)


@app.command()
def evaluate(
    directory: Annotated[Path, typer.Argument(help="A folder with questions.jsonl and its passages or PDFs.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="Questions taken of each file.")] = 100_000,
    model: Annotated[str, typer.Option("--model", help="The model whose answers are measured.")] = NO_MODEL,
    as_json: AsJson = False,
) -> None:
    """Measure search, quotes, gate and answers on a set of questions with known answers."""
    from rag.evaluation import evaluate as measured

    services = open_services(settings.load().model_copy(update={"model": model}))
    with using(directory):
        report = measured(
            directory,
            services.embedder,
            limit=limit,
            writer=services.writer,
            reranker=services.reranker,
            reader=services.answer_reader,
        )
    tell(report, _measures(report), as_json)


@app.command()
def reader(
    stay: Annotated[bool, typer.Option("--stay", help="Until a signal ends it, as a service of its own.")] = False,
) -> None:
    """Read the documents that wait, until standard input is closed; the app starts one, where RAG_READER says so."""
    from rag.ingestion.worker import keep_in_step, serve, stop_at_end_of

    connection_log.join("reader")
    services = open_services(settings.load())
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    if stay:
        # Ctrl-C in a terminal means the same.
        signal.signal(signal.SIGINT, lambda *_: stopping.set())
    else:
        # Ctrl-C is meant for the app, which then ends this process in its own order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop_at_end_of(sys.stdin.buffer, stopping)
    if services.settings.vectors.get_secret_value():
        from rag.library.index import MilvusIndex

        index = services.index
        assert isinstance(index, MilvusIndex)
        threading.Thread(target=keep_in_step, args=(index.shelves, stopping), daemon=True).start()
    serve(services.store, lambda: services.desk, stopping)


def _measures(report: dict[str, Any]) -> Iterator[str]:
    for name, value in report.items():
        if report.get(f"{name}_interval") is not None and value is not None:
            low, high = report[f"{name}_interval"]
            yield f"{name:28}{value:.3f}  [{low:.3f}, {high:.3f}]"
        elif isinstance(value, int | float):
            yield f"{name:28}{value:.3f}"


def _expanded(sources: list[str]) -> Iterator[str]:
    """Folders as the files in them."""
    for source in sources:
        folder = Path(source)
        if folder.is_dir():
            yield from (str(file) for file in sorted(folder.rglob("*")) if file.is_file())
        else:
            yield source


def _read(services: Services, collection: Collection, source: str) -> dict[str, Any]:
    """One source's line of the report."""
    from rag.ingestion.pipeline import read_address, read_file

    try:
        if "://" in source:
            document = read_address(services.desk, OWNER, collection.id, source)
        else:
            file = Path(source)
            if not file.is_file():
                raise FileMissing(name=source)
            with using(source):
                data = file.read_bytes()
            document = read_file(services.desk, OWNER, collection.id, data, file.name)
    except Exception as fault:  # noqa: BLE001 - what is wrong with one source costs the others nothing
        error = fault if isinstance(fault, RagError) else Unexpected.logged(fault, "a source", _log)
        return {
            "name": source,
            "status": "refused" if isinstance(error, UnreadableDocument | AddressError) else "failed",
            "pages": 0,
            "chunks": 0,
            "error": texts().failure(error.failure()),
            "code": error.key(),
        }
    return _ready(document)


def _ready(document: Document) -> dict[str, Any]:
    words = texts()
    return {
        "name": document.name,
        "status": "ready",
        "kind": document.kind,
        "pages": document.pages,
        "chunks": document.chunks,
        "warnings": [
            {"code": warning.key, "text": words(f"warnings.{warning.key}", **warning.fields)}
            for warning in document.warnings
        ],
        "error": None,
        "code": None,
    }


def _count(result: dict[str, Any]) -> str:
    count = texts().count("documents.chunks", result["chunks"])
    if result["kind"] in PAGED:
        count = f"{texts().count('documents.pages', result['pages'])}, {count}"
    return " · ".join([count, *(warning["text"] for warning in result["warnings"])])


def _answer_record(answer: Answer, gate_calibrated: bool) -> dict[str, Any]:
    """The object that `ask --json` prints. Pages count from 1; null where a document has none."""
    return {
        "question": answer.question,
        "generated_question": answer.generated_question,
        "answer": _answer_text(answer),
        "model": answer.model,
        "refused": answer.outcome == "refused",
        "gate_calibrated": gate_calibrated,
        "words_only": answer.words_only,
        "quotes": [
            {**_place(quote), "text": quote.text, "start": quote.start, "end": quote.end, "score": quote.score}
            for quote in answer.quotes
        ],
        "sentences": [
            {"text": sentence.text, "verdict": sentence.verdict, "quotes": list(sentence.quotes)}
            for sentence in answer.sentences
        ],
        "sources": [{**_place(passage), "text": passage.text, "score": passage.score} for passage in answer.passages],
        "seconds": answer.seconds,
    }


def _place(source: Passage | Quote) -> dict[str, Any]:
    page, label = (source.page, source.label) if source.kind in PAGED else (None, source.section)
    return {"document": source.name, "page": page, "label": label, "line": source.line or None}


def _answer_text(answer: Answer) -> str:
    """What the documents bear out of the model's words; the quotes where that is nothing."""
    kept = "".join(sentence.text for sentence in answer.sentences if sentence.verdict != "unsupported").strip()
    return kept or "\n".join(" ".join(quote.text.split()) for quote in answer.quotes if answer.outcome != "refused")


def _told(answer: Answer) -> Iterator[str]:
    from rag.viewing.export import place_of

    words = texts()
    if answer.outcome == "refused":
        yield f"{words('answer.refused')} {words('answer.refused_why')}\n"
    if answer.words_only:
        yield f"{words('errors.vectors_lacking')}\n"
    for number, quote in enumerate(answer.quotes, start=1):
        yield f"[{number}] {' '.join(quote.text.split())}\n    {quote.name}, {place_of(quote, words)}"
    if answer.sentences:
        yield f"\n{words('answer.written', model=answer.model)}:"
        for sentence in answer.sentences:
            notes = "".join(f"[{i + 1}]" for i in sentence.quotes)
            mark = "" if sentence.verdict == "supported" else f" ({words(f'answer.verdict_{sentence.verdict}')})"
            yield f"  {sentence.text.strip()} {notes}{mark}"
