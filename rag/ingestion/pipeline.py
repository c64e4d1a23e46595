"""How a document comes in: bytes are loaded, split, embedded, and written down in one transaction.

A document is in the library as a whole or not at all, and no question waits for it meanwhile: all the
slow work is done before the transaction begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypedDict

import numpy as np

from rag.core.errors import SameName
from rag.core.text import language_of
from rag.core.types import Chunk, Document, LoadedDocument
from rag.ingestion.leads import lead_of
from rag.ingestion.loading import Limits, load_address, load_bytes, load_kept
from rag.ingestion.splitting import split
from rag.library.store import Store
from rag.library.store.jobs import Stage
from rag.models.embedding import Embedder, Vectors

# Told (stage, done, total) as reading goes on; done and total count pages while loading, then chunks. It may
# raise to stop the reading.
Told = Callable[[Stage, int, int], None]

SameNames = Literal["keep", "replace", "ask"]

# Documents read at a time: one is taken apart while another is embedded, and a short one passes a long one. 759 pages
# of reports took 102 s one by one on two processors, 85 s two at a time, 97 s three at a time.
READ_AT_ONCE = 2
CHUNKS_AT_ONCE = 32
TUTORIAL_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to read a document into a library.

    `chunk_size` and `chunk_overlap` count the embedder's tokens, or characters; size 0 is as much as
    the embedder reads.
    """

    store: Store
    embedder: Embedder
    limits: Limits = field(default_factory=Limits)
    intranet: tuple[str, ...] = ()
    chunk_unit: Literal["tokens", "characters"] = "tokens"
    chunk_size: int = 0
    chunk_overlap: int = 20


class _Facts(TypedDict):
    lead: str
    language: str


def silent(_stage: Stage, _done: int, _total: int) -> None:
    """Nobody wants to know."""


def read_file(
    desk: Desk,
    owner: str,
    collection_id: str,
    data: bytes,
    name: str,
    *,
    password: str | None = None,
    same_name: SameNames = "keep",
    told: Told = silent,
) -> Document:
    """Read a file into a collection. Bytes that are in it already are not read again.

    Args:
        same_name: what becomes of a document of that name with other bytes: both stay, the new one
            takes its place in the same moment, or the question is asked by SameName.

    Raises:
        UnreadableDocument: nothing was added; the error says why.
        SameName: there is one of that name, and `same_name` is "ask". Nothing was added.
        EmbedderMismatch: the collection was embedded with another model.
        NotFound: the collection is gone.
        DiskFull: nothing was added.
    """
    _claim(desk, owner, collection_id)
    told("loading", 0, 0)
    sha256 = hashlib.sha256(data).hexdigest()
    there = desk.store.documents.find(owner, collection_id, sha256=sha256)
    if there is not None:
        return read_again(desk, owner, there.id, password=password, told=told) if there.outdated else there
    older = None if same_name == "keep" else desk.store.documents.find(owner, collection_id, name=name)
    if older is not None and same_name == "ask":
        raise SameName(name=name)
    loaded = load_bytes(data, name, password=password, limits=desk.limits, told=partial(told, "loading"))
    return _keep(desk, owner, collection_id, loaded, data, older, told)


def read_address(
    desk: Desk, owner: str, collection_id: str, address: str, *, replace: bool = True, told: Told = silent
) -> Document:
    """Read what an address gives into a collection, in place of what it gave before.

    Raises:
        AddressError: nothing was added; the error says why. Otherwise as `read_file`.
    """
    _claim(desk, owner, collection_id)
    told("loading", 0, 0)
    loading = partial(told, "loading")
    loaded, data = load_address(address, intranet=desk.intranet, limits=desk.limits, told=loading)
    there = desk.store.documents.find(owner, collection_id, sha256=hashlib.sha256(data).hexdigest())
    if there is not None and there.outdated:
        return _put_in_place(desk, owner, there, loaded, told)
    older = desk.store.documents.find(owner, collection_id, address=loaded.address) if replace else None
    return _keep(desk, owner, collection_id, loaded, data, older, told)


def read_again(
    desk: Desk, owner: str, document_id: str, *, password: str | None = None, told: Told = silent
) -> Document:
    """Read a document's file, as it lies in the library, once more; until all is done the document is as it was.

    Raises:
        UnreadableDocument, NotFound, EmbedderMismatch: it stays as it was; the error says why.
    """
    document = desk.store.documents.get(owner, document_id)
    _claim(desk, owner, document.collection)
    told("loading", 0, 0)
    data = desk.store.files.read(document.sha256)
    loading = partial(told, "loading")
    loaded = load_kept(data, document.name, document.address, password=password, limits=desk.limits, told=loading)
    return _put_in_place(desk, owner, document, loaded, told)


def reembed(desk: Desk, owner: str, collection_id: str, told: Told = silent) -> None:
    """Split and embed a collection anew with the desk's embedder, from the pages in the library.

    Until all is done the collection is as it was.

    Raises:
        NotFound: the collection is gone.
    """
    documents = desk.store.documents
    parts: dict[str, tuple[list[Chunk], Vectors]] = {}
    missing: frozenset[str] = frozenset(document.id for document in documents.list(owner, collection_id))
    # Documents that came while the others were embedded need another round.
    while missing or not parts:
        for document_id in sorted(missing):
            document = documents.get(owner, document_id)
            pages = tuple(documents.pages(owner, document_id))
            chunks = _split(desk, LoadedDocument(document.name, document.title, document.kind, pages, document.address))
            parts[document_id] = chunks, _embed(desk, chunks, told)
        missing = documents.rechunk(owner, collection_id, parts, embedder=desk.embedder.name)
        if not parts and not missing:
            return


def embedded_text(chunk: Chunk) -> str:
    """What the embedder reads of a chunk: its context, then its text."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


def _claim(desk: Desk, owner: str, collection_id: str) -> None:
    """Before any work: is this the collection's embedder, or can it become that?"""
    wanted = (desk.embedder.name, desk.embedder.dimension)
    collection = desk.store.collections.get(owner, collection_id)
    if (collection.embedder, collection.dimension) != wanted:
        desk.store.collections.set_embedder(owner, collection_id, *wanted)


def _keep(
    desk: Desk,
    owner: str,
    collection_id: str,
    loaded: LoadedDocument,
    data: bytes,
    older: Document | None,
    told: Told,
) -> Document:
    chunks = _split(desk, loaded)
    vectors = _embed(desk, chunks, told)
    told("saving", len(chunks), len(chunks))
    return desk.store.documents.add(
        owner,
        collection_id,
        loaded,
        chunks,
        vectors,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        **_facts(loaded),
        embedder=desk.embedder.name,
        replaces=None if older is None else older.id,
        original=data,
    )


def _put_in_place(desk: Desk, owner: str, document: Document, loaded: LoadedDocument, told: Told) -> Document:
    chunks = _split(desk, loaded)
    vectors = _embed(desk, chunks, told)
    told("saving", len(chunks), len(chunks))
    return desk.store.readings.replace(
        owner, document.id, loaded, chunks, vectors, **_facts(loaded), embedder=desk.embedder.name
    )


def _facts(loaded: LoadedDocument) -> _Facts:
    return {"lead": lead_of(loaded), "language": language_of("\n".join(page.text for page in loaded.pages))}


def _split(desk: Desk, loaded: LoadedDocument) -> list[Chunk]:
    if desk.chunk_unit == "characters":
        return split(loaded, count=len, size=desk.chunk_size or TUTORIAL_CHARACTERS, overlap=desk.chunk_overlap)
    # Beyond what the embedder reads, text would be in the library and never be found.
    most = desk.embedder.max_tokens
    size = min(desk.chunk_size or most, most)
    return split(loaded, count=desk.embedder.count_tokens, size=size, overlap=desk.chunk_overlap)


def _embed(desk: Desk, chunks: list[Chunk], told: Told) -> Vectors:
    vectors = np.empty((len(chunks), desk.embedder.dimension), np.float32)
    places: dict[str, list[int]] = {}
    for i, chunk in enumerate(chunks):
        places.setdefault(embedded_text(chunk), []).append(i)
    # Over the whole document: the same text is embedded once, and texts of like length together.
    texts = sorted(places, key=desk.embedder.count_tokens)
    done = 0
    told("embedding", done, len(chunks))
    for first in range(0, len(texts), CHUNKS_AT_ONCE):
        some = texts[first : first + CHUNKS_AT_ONCE]
        for text, vector in zip(some, desk.embedder.embed_passages(some), strict=True):
            vectors[places[text]] = vector
            done += len(places[text])
        told("embedding", done, len(chunks))
    return vectors
