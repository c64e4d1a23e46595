"""`python -m rag ask`: one question, with what was asked before it, of all documents or of some."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.answers import answer_lines, answer_record
from rag.commands.output import PROBLEM, AsJson, tell, using
from rag.core import settings
from rag.core.call_context import CallContext
from rag.core.errors import CollectionUnknown, DocumentsUnknown, HistoryUnusable
from rag.core.types import EVERYTHING, Answer, Collection, Selection, Turn
from rag.models.catalogue import embedder_facts
from rag.services import Services, open_services
from rag.viewing.answer_notices import cut_off

OWNER = "local"
DEFAULT = "Documents"
_HISTORY = "A JSON list: questions asked before, oldest first, or turns with `role` and `text` as they were."
_GO_ON = "How many times the model may go on where an answer reached the limit of its length."
_DOCUMENTS = "Ask these documents alone, by their names; may be given several times."
_FOLDERS = "Ask what is in this folder or below it; may be given several times."
_TAGS = "Ask what bears this tag; may be given several times."
_KINDS = "Ask files of this kind, such as pdf, word or web; may be given several times."
app = typer.Typer(add_completion=False)
CollectionName = Annotated[str, typer.Option("--collection", help="The collection's name.")]


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    collection: CollectionName = DEFAULT,
    model: Annotated[str, typer.Option("--model", help="The model that writes, or none for quotes only.")] = "",
    history: Annotated[Path | None, typer.Option("--history", help=_HISTORY)] = None,
    documents: Annotated[list[str] | None, typer.Option("--documents", help=_DOCUMENTS)] = None,
    folders: Annotated[list[str] | None, typer.Option("--folders", help=_FOLDERS)] = None,
    tags: Annotated[list[str] | None, typer.Option("--tags", help=_TAGS)] = None,
    kinds: Annotated[list[str] | None, typer.Option("--kinds", help=_KINDS)] = None,
    since: Annotated[str, typer.Option("--since", help="Documents of this day (YYYY-MM-DD) and later.")] = "",
    until: Annotated[str, typer.Option("--until", help="Documents of this day (YYYY-MM-DD) and earlier.")] = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="Have the model write where it is not in them.")] = False,
    go_on: Annotated[int, typer.Option("--go-on", min=0, max=20, help=_GO_ON)] = 0,
    as_json: AsJson = False,
) -> None:
    """Ask a collection; the quotes that answer, and what the model writes from them."""
    current = settings.load()
    services = open_services(current.model_copy(update={"model": model}) if model else current)
    target = named(services, collection)
    selection = Selection(tuple(folders or ()), tuple(tags or ()), tuple(kinds or ()), since, until)
    context = CallContext(OWNER, target.id, chosen(services, target, documents or (), selection))
    turns: list[Turn] = []
    for number, entry in enumerate(_entries(history)):
        if isinstance(entry, str):
            *_, said = services.conversation.ask(entry, context, history=turns)
            turns.append(Turn(str(number), entry, said, ""))
        elif entry["role"] == "user":
            turns.append(Turn(str(number), entry["text"], None, ""))
        elif turns:
            turns[-1] = _answered(turns[-1], entry["text"])
    *_, answer = services.conversation.ask(question, context, history=turns, anyway=anyway)
    for _ in range(go_on):
        if not cut_off(answer) or answer.error:
            break
        *_, answer = services.conversation.ask(question, context, history=turns, anyway=anyway, so_far=answer.text)
    calibrated = embedder_facts(services.embedders.name_for(target.embedder)).calibrated
    tell(answer_record(services, OWNER, answer, calibrated), answer_lines(answer), as_json, answer.error)
    if answer.error:
        raise typer.Exit(PROBLEM)


def _answered(turn: Turn, text: str) -> Turn:
    return replace(turn, answer=Answer(turn.question, turn.question, text, "answered", None))


def named(services: Services, name: str) -> Collection:
    found = services.store.collections.by_name(OWNER, name)
    if found is None:
        known = ", ".join(each.name for each in services.store.collections.list(OWNER)) or "–"
        raise CollectionUnknown(name=name, known=known)
    return found


def chosen(
    services: Services, collection: Collection, names: Sequence[str], selection: Selection = EVERYTHING
) -> tuple[str, ...]:
    """The ids of the documents that are asked; none where all are.

    Raises:
        DocumentsUnknown: no document of the collection is called so.
        NothingSelected: none of them is in the selection.
    """
    listed = services.store.documents.list(OWNER, collection.id) if names else []
    found = [document.id for document in listed if {document.name, document.title} & set(names)]
    if names and not found:
        raise DocumentsUnknown(names=", ".join(names), collection=collection.name)
    return services.store.listing.asked(OWNER, collection.id, found, selection)


def _entries(file: Path | None) -> list[Any]:
    if file is None:
        return []
    try:
        with using(file):
            entries = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise HistoryUnusable(name=file.name) from None
    if not isinstance(entries, list) or not all(isinstance(entry, str) or _is_turn(entry) for entry in entries):
        raise HistoryUnusable(name=file.name)
    return entries


def _is_turn(entry: Any) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("role", "text"))
