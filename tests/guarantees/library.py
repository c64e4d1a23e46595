"""What the guarantees about the library share: toy documents, checks of a whole library, processes to kill."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

import numpy as np

from rag.core.errors import NotFound
from rag.core.types import Chunk, Collection, Document, LoadedDocument, Page
from rag.library.index import words_fit
from rag.library.store import Store
from rag.library.store.postgresql import PostgreSQL
from tests.support.postgres import Place

OWNER = "ann"
DIMENSION = 384
CHUNKS = 20
FULL = os.environ.get("FOOTNOTE_GUARANTEES") == "full"

# Children are forked from a small process that has already imported what they need.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "faiss",
        "alembic.operations",
        "alembic.script",
        "tests.guarantees.library",
        "rag.library.index",
        "rag.ingestion.pipeline",
    ]
)


def size(always: int, full: int) -> int:
    """How many trials: so many in every run, and as many as the guarantee names in the long one."""
    return full if FULL else always


def data_of(number: int) -> bytes:
    return f"The bytes of document {number}.".encode() * 100


def add(store: Store, collection: Collection, number: int, *, replaces: str | None = None) -> Document:
    """The toy document of that number: two pages, twenty chunks, one vector each."""
    data = data_of(number)
    text = f"Document {number} says number{number} in every chunk. " * 4
    loaded = LoadedDocument(f"{number}.txt", f"Document {number}", "text", (Page(1, "1", text), Page(2, "2", text)))
    chunks = [Chunk(1 + i % 2, str(1 + i % 2), "", f"Document {number}", text, 0, len(text)) for i in range(CHUNKS)]
    vectors = np.random.default_rng(number).standard_normal((CHUNKS, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return store.documents.add(
        collection.owner,
        collection.id,
        loaded,
        chunks,
        vectors,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        language="en",
        embedder="toy",
        replaces=replaces,
        original=data,
    )


def faults(store: Store, collection: Collection) -> list[str]:
    """What is wrong with the collection and its database; nothing, if all is whole."""
    found = [] if store.database.whole() else ["the database is not whole"]
    with store.database.read() as connection:
        whole = connection.exec_driver_sql("SELECT count(*) FROM chunks").scalar_one()
        words = connection.exec_driver_sql(f"SELECT count(*) FROM {words_table(store)}").scalar_one()
        if whole != words:
            found.append(f"{whole} chunks, {words} of them in the words index")
    for document in store.documents.list(OWNER, collection.id):
        found += [f"{document.name}: {fault}" for fault in _document_faults(store, collection, document)]
    return found if words_fit(store) else [*found, "the words index says something else than the chunks"]


def words_table(store: Store) -> str:
    """The table with one row for each chunk in the words index."""
    return "words" if isinstance(store.database, PostgreSQL) else "words_docsize"


def _document_faults(store: Store, collection: Collection, document: Document) -> Iterator[str]:
    if len(store.documents.pages(OWNER, document.id)) != document.pages:
        yield "pages are missing"
    if len(store.documents.chunk_ids(collection.id, [document.id])) != document.chunks:
        yield "chunks are missing"
    try:
        store.files.read(document.sha256)
    except NotFound:
        yield "the original is missing or another"


def all_originals(place: Place, store: Store) -> list[str]:
    """The hashes of all original files that are kept, or half of one."""
    if not place.url:
        return [path.name for path in (place.folder / "files").rglob("*") if path.is_file()]
    with store.database.read() as connection:
        return [str(row[0]) for row in connection.exec_driver_sql("SELECT DISTINCT sha256 FROM originals")]


def numbers(store: Store, collection: Collection) -> list[int]:
    """Which toy documents are there."""
    return sorted(int(document.name.removesuffix(".txt")) for document in store.documents.list(OWNER, collection.id))


@contextmanager
def child(target: Callable[..., None], *args: Any) -> Iterator[tuple[ForkServerProcess, Connection]]:
    """A process that runs `target(pipe, *args)`; at the end of the block it is no more."""
    here, there = _context.Pipe()
    process = _context.Process(target=target, args=(there, *args))
    process.start()
    there.close()
    try:
        yield process, here
    finally:
        if process.is_alive():
            kill(process)
        process.join()
        here.close()


def kill(process: ForkServerProcess) -> None:
    """kill -9: no handler runs, nothing is flushed."""
    assert process.pid is not None
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    process.join()


def said(pipe: Connection) -> list[Any]:
    """All that a dead child said before it died."""
    messages: list[Any] = []
    try:
        while pipe.poll():
            messages.append(pipe.recv())
    except EOFError:
        pass
    return messages
