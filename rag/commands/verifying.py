"""`python -m rag verify`: any text held against documents, sentence by sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rag.commands.asking import DEFAULT, OWNER, named
from rag.commands.output import AsJson, tell, using
from rag.commands.verdicts import sentence_record, verdict_lines
from rag.core import settings
from rag.core.call_context import CallContext
from rag.core.errors import EmbedderMismatch, FileMissing
from rag.core.types import LoadedDocument, Quote
from rag.services import Services, open_services

app = typer.Typer()
_TEXT = "A file with the text."
_QUESTION = "What the text answers: a bare yes or figure is held to claim it."
_DOCUMENTS = "Files that it is held against; may be given several times, or several behind one."
_COLLECTION = f"A collection that it is held against; {DEFAULT} where no documents are given."


@app.command(context_settings={"allow_extra_args": True})
def verify(
    context: typer.Context,
    text: Annotated[Path, typer.Option("--text", help=_TEXT)],
    question: Annotated[str, typer.Option("--question", help=_QUESTION)] = "",
    documents: Annotated[list[Path] | None, typer.Option("--documents", help=_DOCUMENTS)] = None,
    collection: Annotated[str, typer.Option("--collection", help=_COLLECTION)] = "",
    as_json: AsJson = False,
) -> None:
    """Hold any text against documents, sentence by sentence and claim by claim."""
    from rag.answering.verification import verify as judged

    files = [*(documents or []), *map(Path, context.args if documents else [])]
    if context.args and not documents:
        raise typer.BadParameter(f"got unexpected extra arguments ({' '.join(context.args)})")
    if files and collection:
        raise typer.BadParameter("either documents or a collection", param_hint="--documents / --collection")
    services = open_services(settings.load())
    with using(text):
        written = text.read_text(encoding="utf-8", errors="replace")
    said = _said(services, files, collection or DEFAULT, written, question)
    judge, second = services.judge, services.second_judge
    sentences, quotes = judged(written, question, [], said, judge=judge, second=second)
    record = {
        "question": question,
        "judge": {"name": judge.name, "supported_from": judge.supported},
        **({"second_judge": {"name": second.name, "supported_from": second.supported}} if second else {}),
        "sentences": [sentence_record(sentence, quotes) for sentence in sentences],
    }
    tell(record, verdict_lines(sentences, quotes), as_json)


def _said(services: Services, files: Sequence[Path], collection: str, text: str, question: str) -> list[Quote]:
    from rag.answering.text_evidence import said_in_collection, said_in_documents

    if files:
        return said_in_documents([_loaded(services, file) for file in files])
    target = named(services, collection)
    embedder = services.embedders.open_for(target.embedder)
    if target.embedder not in (None, embedder.name):
        raise EmbedderMismatch(collection=target.name, recorded=str(target.embedder), current=embedder.name)
    context = CallContext(OWNER, target.id)
    return said_in_collection(text, question, services.retriever(embedder), context)


def _loaded(services: Services, file: Path) -> LoadedDocument:
    from rag.ingestion.loading import load_bytes

    if not file.is_file():
        raise FileMissing(name=str(file))
    with using(file):
        return load_bytes(file.read_bytes(), file.name, limits=services.limits)
