"""`python -m rag …`: the app without a browser."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from rag import __version__
from rag.commands import asking, embedding, models, reading, running, upkeep, verifying
from rag.commands.asking import DEFAULT, OWNER, CollectionName
from rag.commands.embedding import work_off
from rag.commands.output import EXIT_CODES, PROBLEM, AsJson, Quiet, run, tell, using
from rag.commands.progress import Bars, bars
from rag.commands.reading import OcrOption
from rag.commands.records import document_line, document_record, measure_lines, unread_record
from rag.core import settings
from rag.core.errors import FileMissing, ModelNotOnDisk, PartlyRead, RagError, Unexpected
from rag.core.interrupts import as_completed
from rag.core.types import Collection, OcrChoice
from rag.network import connection_log
from rag.network.ssrf import completed
from rag.services import NO_MODEL, Services, open_services

if TYPE_CHECKING:
    from rag.ingestion.context import ProgressCallback

_AGAIN = "Read again what was read by an earlier version, from the files in the library."
_log = logging.getLogger(__name__)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"footnote {__version__}")
        raise typer.Exit


_ENDS: Final = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + "."
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__, epilog=_ENDS)
app.add_typer(asking.app)
app.add_typer(reading.app)
app.add_typer(embedding.app)
app.add_typer(running.app)
app.add_typer(upkeep.app)
app.add_typer(verifying.app)
app.add_typer(models.app, name="models")


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="The version.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """What every command takes."""


def main() -> None:
    """The entry of `footnote` and `python -m rag`."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    run(app)


@app.command()
def ingest(
    sources: Annotated[list[str] | None, typer.Argument(help="Files, folders or web addresses.")] = None,
    collection: CollectionName = DEFAULT,
    again: Annotated[bool, typer.Option("--again", help=_AGAIN)] = False,
    ocr: OcrOption = "auto",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Read files and web pages into a collection. What cannot be read is named; the others go on."""
    if bool(sources) == again:
        raise typer.BadParameter("say what to read, or --again", param_hint="SOURCES / --again")
    services = open_services(settings.load())
    if again:
        results = _read_again(services, asking.named(services, collection))
    else:
        target = services.store.collections.named(OWNER, collection)
        services.begin(target, services.settings.language)
        results = _read_all(services, target, list(_expanded(sources or [])), ocr)
    unread = [result for result in results if result["status"] != "ready"]
    lines, wrong = (map(_line, each) for each in (results, unread))
    tell({"collection": collection, "documents": results}, lines, as_json, wrong=wrong)
    if unread:
        raise typer.Exit(PROBLEM)


@app.command()
def evaluate(
    directory: Annotated[Path, typer.Argument(help="A folder with questions.jsonl or claims.jsonl.")],
    limit: Annotated[int, typer.Option("--limit", min=1, help="Questions taken of each file.")] = 100_000,
    model: Annotated[str, typer.Option("--model", help="The model whose answers are measured.")] = NO_MODEL,
    embedder: Annotated[str, typer.Option("--embedder", help="The embedder that is measured.")] = "",
    judge: Annotated[str, typer.Option("--judge", help="The judge of claims; by default the bundled one.")] = "",
    ocr: Annotated[bool, typer.Option("--ocr", help="Make PDFs scans first, and read these.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure search, quotes, gate and answers on questions with known answers, or a judge on judged claims."""
    from rag.evaluation import evaluate as measured
    from rag.models.judges import BUNDLED_JUDGE, open_judge
    from rag.viewing.highlighting import page_boxes

    chosen = settings.load()
    changed = {"model": model, "embedder": embedder or chosen.embedder}
    services = open_services(chosen.model_copy(update=changed))
    if embedder and services.embedder_choice.stands_in_for:
        # Another one's figures would bear its name.
        raise ModelNotOnDisk(model=embedder)
    with using(directory), bars() as shown, shown.bar(directory.name) as step:
        report = measured(
            directory,
            services.ingest_into,
            limit=limit,
            writer=services.writer,
            reranker=services.reranker,
            reader=services.answer_scorer,
            scans=page_boxes if ocr else None,
            judge=partial(open_judge, judge or BUNDLED_JUDGE, [services.settings.models_folder]),
            on_progress=step,
        )
    tell(report, measure_lines(report), as_json)


@app.command()
def reader(
    stay: Annotated[bool, typer.Option("--stay", help="Until a signal ends it, as a service of its own.")] = False,
) -> None:
    """Read the documents that wait, until standard input is closed; the app starts one, where RAG_READER says so."""
    from rag.core.child_processes import begin_anew, stop_at_end_of
    from rag.ingestion.worker import IDLE_SECONDS, keep_in_step, serve

    connection_log.join("reader")
    services = open_services(settings.load())
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    if stay:
        signal.signal(signal.SIGINT, lambda *_: stopping.set())
    else:
        # Ctrl-C in the terminal reaches this process too, but it is the app that ends it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop_at_end_of(sys.stdin.buffer, stopping)
    if services.settings.vectors.get_secret_value():
        from rag.library.index import MilvusIndex

        index = services.index
        assert isinstance(index, MilvusIndex)
        threading.Thread(target=keep_in_step, args=(index.sync, stopping), daemon=True).start()
    while serve(services.store, lambda: services.ingest, stopping, idle_seconds=IDLE_SECONDS):
        services.store.close()
        begin_anew()


def _expanded(sources: list[str]) -> Iterator[tuple[str, str]]:
    """The sources with their names; of a folder the files in it, named by their paths there. Links are not followed."""
    for source in sources:
        folder = Path(source)
        if folder.is_dir():
            for file in sorted(folder.rglob("*")):
                if file.is_file() and not file.is_symlink():
                    yield str(file), file.relative_to(folder).as_posix()
        elif not folder.exists() and source.startswith("www."):
            yield completed(source), completed(source)
        else:
            yield source, source if "://" in source else folder.name


def _line(result: dict[str, Any]) -> str:
    return f"{result['name']}: {result['error'] or document_line(result)}"


def _read_all(
    services: Services, collection: Collection, sources: list[tuple[str, str]], ocr: OcrChoice
) -> list[dict[str, Any]]:
    """Read the sources, some at once. Ended with Ctrl-C, those that were read stay, and the others are not there."""
    from rag.ingestion.worker import READ_AT_ONCE

    # Inside the pool, which waits for what it runs, so that this is told to end before.
    with ThreadPoolExecutor(READ_AT_ONCE) as pool, bars() as shown, shown.bar(collection.name) as step:
        read = [pool.submit(_read, services, collection, shown, source, name, ocr) for source, name in sources]
        try:
            for number, ended in enumerate(as_completed(read), start=1):
                ended.result()
                step(number, len(sources))
        finally:
            for each in read:
                each.cancel()
    return [entry for each in read for entry in each.result()]


def _read(
    services: Services, collection: Collection, shown: Bars, source: str, name: str, ocr: OcrChoice
) -> list[dict[str, Any]]:
    """Read one source; returns its entries in the report: its own, and those of the files in it."""
    with shown.bar(name) as step:
        return _entries(services, collection, source, name, ocr, lambda _stage, done, total: step(done, total))


def _entries(
    services: Services, collection: Collection, source: str, name: str, ocr: OcrChoice, on_progress: ProgressCallback
) -> list[dict[str, Any]]:
    from rag.ingestion.inner_files import InnerFiles
    from rag.ingestion.pipeline import read_address, read_file

    inner, records = InnerFiles(), []
    try:
        if "://" in source:
            inner.documents.append(
                read_address(services.ingest, OWNER, collection.id, source, on_progress=on_progress, ocr=ocr)
            )
        else:
            file = Path(source)
            if not file.is_file():
                raise FileMissing(name=source)
            with using(source):
                data = file.read_bytes()
            read_file(services.ingest, OWNER, collection.id, data, name, inner=inner, on_progress=on_progress, ocr=ocr)
    except Exception as fault:  # noqa: BLE001 - an error in one source does not stop the others
        error = fault if isinstance(fault, RagError) else Unexpected.logged(fault, "a source", _log)
        records = [] if isinstance(error, PartlyRead) else [unread_record(source, error)]
    records += [unread_record(name, error) for name, error in inner.failed]
    return [document_record(services.store, OWNER, document) for document in reversed(inner.documents)] + records


def _read_again(services: Services, collection: Collection) -> list[dict[str, Any]]:
    """The lines of the report for all documents that were read by an earlier version of reading.

    They wait in the readers' queue: where this process is stopped, the next reader goes on.
    """
    store = services.store
    asked = store.readings.ask_again(OWNER, collection.id)
    work_off(services, asked)
    ended = [job for job in store.jobs.list(OWNER, collection.id) if job.id in set(asked)]
    return [
        unread_record(job.name, RagError.revive(job.failure))
        if job.failure
        else document_record(store, OWNER, store.documents.get(OWNER, job.source))
        for job in ended
    ]
