"""The pages' actions: short calls of `rag` on behalf of the current user."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from rag.answering.background_runs import RunOwner
from rag.core.call_context import CallContext
from rag.core.errors import NotFound
from rag.core.types import (
    EVERYTHING,
    Answer,
    Chat,
    Check,
    CheckRun,
    Collection,
    Document,
    Quote,
    Right,
    Selection,
    Turn,
)
from rag.library.store import Job
from rag.ui.page_frame import Frame
from rag.viewing.document_search import find_words
from rag.viewing.highlighting import Picture
from rag.viewing.highlighting import page_picture as draw_page


def own_collection(page: Frame, collection: Collection) -> Collection:
    """The target collection of an upload: this one, or the user's own where they may not add to it (the samples, or
    shared read-only)."""
    if not collection.samples and page.right(collection) != "reader":
        return collection
    mine = page.services.store.collections.named(page.owner, page.texts("collections.mine"))
    page.services.begin(mine, page.texts.language)
    return mine


def same_bytes(page: Frame, collection: Collection, data: bytes) -> Document | None:
    """The document of the collection that holds just these bytes, as they would be read today."""
    sha256 = hashlib.sha256(data).hexdigest()
    there = page.services.store.documents.find(page.owner, collection.id, sha256=sha256)
    return None if there is None or there.outdated else there


def read_again(page: Frame, collection: Collection, documents: Sequence[str]) -> None:
    """Let documents of the collection be read again: files as they lie in the library, web pages as they are now."""
    store, owner = page.services.store, page.owner
    addresses = store.listing.addresses(owner, collection.id, documents)
    for address in addresses.values():
        store.jobs.enqueue(owner, collection.id, address, "address", address, replace=True)
    if files := [document for document in documents if document not in addresses]:
        store.readings.ask_again(owner, collection.id, files)


def free_name(page: Frame, job: Job) -> str:
    """A file name for the job that is not taken in its collection: `rules (2).pdf`."""
    taken = {document.name for document in page.services.store.documents.list(page.owner, job.collection)}
    path = PurePosixPath(job.name)
    names = (str(path.with_name(f"{path.stem} ({number}){path.suffix}")) for number in itertools.count(2))
    return next(name for name in names if name not in taken)


def ask(page: Frame, chat: Chat, question: str, scope: Sequence[str], selection: Selection = EVERYTHING) -> None:
    """Save the question, with the documents it is asked of, and start answering it in the background.

    Raises NothingSelected where no document is in the selection.
    """
    store = page.services.store
    if (tuple(scope), selection) != (chat.documents, chat.selection):
        chat = store.chats.scope(page.owner, chat.id, scope, selection)
    store.listing.asked(page.owner, chat.collection, chat.documents, chat.selection)
    history = store.chats.turns(page.owner, chat.id)
    turn = store.chats.ask(page.owner, chat.id, question)
    if page.services.settings.record_questions:
        store.activity.asked(page.owner, chat.collection, question)
    _run(page, chat, turn, history, anyway=False)


def answer_again(page: Frame, chat: Chat, turn: Turn, *, anyway: bool = False) -> None:
    """Answer the last question of a chat again; `anyway` even where the abstention gate refuses it."""
    turns = page.services.store.chats.turns(page.owner, chat.id)
    page.services.store.chats.unanswer(page.owner, turn.id)
    _run(page, chat, turn, [earlier for earlier in turns if earlier.id != turn.id], anyway=anyway)


def go_on(page: Frame, chat: Chat, turn: Turn, answer: Answer) -> None:
    """Have the model go on with an answer that was cut off; the saved one stays until there is more."""
    turns = page.services.store.chats.turns(page.owner, chat.id)
    anyway = answer.outcome == "asked_anyway"
    _run(page, chat, turn, [earlier for earlier in turns if earlier.id != turn.id], anyway=anyway, begun=answer)


def _run(
    page: Frame, chat: Chat, turn: Turn, history: Sequence[Turn], *, anyway: bool, begun: Answer | None = None
) -> None:
    services, owner = page.services, page.owner
    documents = services.store.listing.asked(owner, chat.collection, chat.documents, chat.selection)
    services.runs.start(
        turn.id,
        begun or Answer(turn.question, turn.question, "", "answered", None),
        lambda run: services.conversation.ask(
            turn.question,
            CallContext(owner, chat.collection, documents, run.on_progress, run.stopping),
            history=history,
            anyway=anyway,
            so_far=begun.text if begun else "",
        ),
        lambda final: services.store.chats.answer(owner, turn.id, final),
        RunOwner(owner, page.sign_in.key if page.sign_in else "", chat.collection),
    )


def page_picture(
    page: Frame, document: Document, number: int, spans: Sequence[tuple[int, int]], *, scale: float = 2.0
) -> Picture:
    """A page rendered with spans of its text boxed, at `scale` pixels a point.

    Raises:
        LibraryError: the page is gone or cannot be drawn.
    """
    read = page.services.store.documents.page(page.owner, document.id, number)
    data, kind = original(page, document), document.kind
    return draw_page(data, number, spans, text=read.text, scale=scale, kind=kind, words=read.words)


def original(page: Frame, document: Document) -> bytes:
    """The original file."""
    return page.services.store.documents.original(page.owner, document.id)


def changed_sources(page: Frame, chat: Chat, answered: Answer, right: Right | None) -> dict[str, str]:
    """What became of documents quoted in an answer, by their id: `removed`, `replaced` by a newer version, `reread` so
    that words quoted stand in it no more, or `withdrawn` where the collection is no longer shared with the person."""
    changed = {}
    documents = page.services.store.documents
    if right is None:
        return {quote.document: "withdrawn" for quote in answered.quotes}
    for quote in answered.quotes:
        try:
            documents.get(page.owner, quote.document)
            if quote.start == quote.end:
                changed[quote.document] = "reread"
        except NotFound:
            same = {"address": quote.address} if quote.address else {"name": quote.name}
            newer = documents.find(page.owner, chat.collection, **same)
            changed[quote.document] = "replaced" if newer else "removed"
    return changed


def keep_check(page: Frame, collection: str, question: str, right: Quote | None) -> None:
    """Save a question with its right source; None means that it must be refused."""
    checks = page.services.store.checks
    if right is None:
        checks.add(page.owner, collection, question)
    else:
        checks.add(page.owner, collection, question, document=right.name, page=right.page, quote=right.text)


def keep_place(page: Frame, collection: str, question: str, document: str, words: str) -> bool:
    """Save a question whose right source is these words of a document; whether they stand there."""
    store = page.services.store
    known, pages = store.documents.get(page.owner, document), store.documents.pages(page.owner, document)
    hit = next(iter(find_words(pages, words, known.kind)), None)
    if hit is None or known.collection != collection:
        return False
    store.checks.add(page.owner, collection, question, document=known.name, page=hit.page, quote=hit.words)
    return True


def run_checks(
    page: Frame, collection: Collection, checks: Sequence[Check], on_progress: Callable[[int, int], None]
) -> CheckRun:
    """Run all checks of a collection, without a chat model, and save the results."""
    from rag.evaluation import run_checks as ask_all

    services = page.services

    def evidence(question: str) -> Answer:
        # The first draft has the passages and quotes; generation would follow.
        return next(services.conversation.ask(question, CallContext(page.owner, collection.id)))

    # Reloaded: documents may have been added since the page was drawn.
    current = services.store.collections.get(page.owner, collection.id)
    results = ask_all(checks, evidence, on_progress)
    return services.store.checks.save_run(page.owner, current, services.embedders.name_for(current.embedder), results)


def start_reembedding(page: Frame, collection: Collection, embedder: str) -> None:
    """Let a collection be embedded anew in the background; it is searched as it is until all is done."""
    page.services.store.jobs.enqueue(page.owner, collection.id, embedder, "embedder", embedder)


def read_locked(page: Frame, job: Job, password: str) -> None:
    """Read an encrypted file synchronously, so that the password is not stored."""
    from rag.ingestion.worker import read_job

    read_job(page.services.ingest, replace(job, owner=page.owner), password=password)
