"""What the pages have done: each a short call of `rag` on behalf of the user at hand."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from rag.answering.background_runs import Whose
from rag.core.call_context import CallContext
from rag.core.errors import LibraryError, NotFound
from rag.core.types import Answer, Chat, Check, CheckRun, Collection, Document, Quote, Right, Turn
from rag.library.store import Job
from rag.library.store.jobs import Stage
from rag.ui.page_frame import Frame
from rag.viewing.export import as_html
from rag.viewing.highlighting import Picture, crop
from rag.viewing.highlighting import page_picture as draw_page


def own_collection(page: Frame, collection: Collection) -> Collection:
    """The collection that a dropped file goes into: this one, or the user's own where this one is not theirs to add to.

    The samples are nobody's to add to.
    """
    if not collection.samples and page.right(collection) != "reader":
        return collection
    return page.services.store.collections.named(page.owner, page.texts("collections.mine"))


def same_bytes(page: Frame, collection: Collection, data: bytes) -> Document | None:
    """The document of the collection that holds just these bytes, as they would be read today."""
    sha256 = hashlib.sha256(data).hexdigest()
    there = page.services.store.documents.find(page.owner, collection.id, sha256=sha256)
    return None if there is None or there.outdated else there


def free_name(page: Frame, job: Job) -> str:
    """A name for the job's file that no document of its collection has: `rules (2).pdf`."""
    taken = {document.name for document in page.services.store.documents.list(page.owner, job.collection)}
    path = PurePosixPath(job.name)
    names = (f"{path.stem} ({number}){path.suffix}" for number in itertools.count(2))
    return next(name for name in names if name not in taken)


def answer(page: Frame, chat: Chat, question: str) -> None:
    """Save the question, then have it answered in the background."""
    store = page.services.store
    history = store.chats.turns(page.owner, chat.id)
    turn = store.chats.ask(page.owner, chat.id, question)
    if page.services.settings.record_questions:
        store.activity.asked(page.owner, chat.collection, question)
    _run(page, chat, turn, history, anyway=False)


def answer_again(page: Frame, chat: Chat, turn: Turn, *, anyway: bool = False) -> None:
    """Answer the last question of a chat anew; `anyway` even where the documents do not hold it."""
    turns = page.services.store.chats.turns(page.owner, chat.id)
    page.services.store.chats.unanswer(page.owner, turn.id)
    _run(page, chat, turn, [earlier for earlier in turns if earlier.id != turn.id], anyway=anyway)


def _run(page: Frame, chat: Chat, turn: Turn, history: Sequence[Turn], *, anyway: bool) -> None:
    services, owner = page.services, page.owner
    services.runs.start(
        turn.id,
        Answer(turn.question, turn.question, "", "answered", None),
        lambda run: services.conversation.ask(
            turn.question,
            CallContext(owner, chat.collection, chat.documents, run.on_progress, run.stopping),
            history=history,
            anyway=anyway,
        ),
        lambda final: services.store.chats.answer(owner, turn.id, final),
        Whose(owner, page.sign_in.key if page.sign_in else "", chat.collection),
    )


def page_picture(page: Frame, document: Document, number: int, spans: Sequence[tuple[int, int]]) -> Picture:
    """A page of a PDF with stretches of its text boxed.

    Raises:
        LibraryError: the page is gone or cannot be drawn.
    """
    text = page.services.store.documents.page(page.owner, document.id, number).text
    return draw_page(original(page, document), number, spans, text=text)


def original(page: Frame, document: Document) -> bytes:
    """The file as it was added."""
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


def exported(page: Frame, turn: Turn, answered: Answer) -> str:
    """The answer as one HTML page, with the picture of each quoted place and the checksums of the files."""
    checksums: dict[str, str] = {}
    crops: dict[int, Picture] = {}
    for i, quote in enumerate(answered.quotes):
        try:
            document = page.services.store.documents.get(page.owner, quote.document)
            checksums[document.id] = document.sha256
            if document.format.drawn and quote.end > quote.start:
                crops[i] = crop(page_picture(page, document, quote.page, [(quote.start, quote.end)]))
        except LibraryError:
            # Removed since, or not to be drawn: the quote's words stand without a picture.
            continue
    settings = {
        page.texts("export.embedder"): page.services.embedder.name,
        page.texts("export.when"): turn.created[:10],
    }
    return as_html(
        answered,
        page.texts,
        language=page.texts.language,
        checksums=checksums,
        crops=crops,
        settings=settings,
    )


def keep_check(page: Frame, collection: str, question: str, right: Quote | None) -> None:
    """Keep a question with its right source; with none it is one to be refused."""
    checks = page.services.store.checks
    if right is None:
        checks.add(page.owner, collection, question)
    else:
        checks.add(page.owner, collection, question, document=right.name, page=right.page, quote=right.text)


def run_checks(
    page: Frame, collection: Collection, checks: Sequence[Check], told: Callable[[int, int], None]
) -> CheckRun:
    """Ask all checks of a collection, no model among them, and write down what became of them."""
    from rag.evaluation import run_checks as ask_all

    services = page.services

    def evidence(question: str) -> Answer:
        # The first draft holds all that is found and quoted; the model would come after it.
        return next(services.conversation.ask(question, CallContext(page.owner, collection.id)))

    # As it is now: documents may have been read since the page was drawn.
    current = services.store.collections.get(page.owner, collection.id)
    results = ask_all(checks, evidence, told)
    return services.store.checks.save_run(page.owner, current, services.embedder.name, results)


def reembed(page: Frame, collection: Collection, tell: Callable[[float], object]) -> None:
    """Embed a collection anew with the model at work, telling the share done; until the end it is as it was."""
    from rag.ingestion.pipeline import reembed as embed_again

    def told(_stage: Stage, done: int, total: int) -> None:
        tell(done / total if total else 1.0)

    embed_again(page.services.desk, page.owner, collection.id, told)


def read_locked(page: Frame, job: Job, password: str) -> None:
    """Read an encrypted file with its password while the user waits."""
    from rag.ingestion.worker import read_job

    read_job(page.services.desk, replace(job, owner=page.owner), password=password)
