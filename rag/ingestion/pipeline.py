"""How a document comes in: bytes are loaded, split, embedded, and written down in one transaction.

A document is in the library as a whole or not at all, and no question waits for it meanwhile: all the
slow work is done before the transaction begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np

from rag.core.errors import SameName
from rag.core.text import language_of
from rag.core.types import Chunk, Document, LoadedDocument
from rag.ingestion.inner_files import InnerFiles
from rag.ingestion.loading import Limits, load_address, load_bytes, load_kept
from rag.ingestion.splitting import split
from rag.library.store import Store
from rag.library.store.jobs import Stage
from rag.models.embedding import Embedder, Vectors

# Called with (stage, done, total) as reading goes on; done and total count pages while loading, then chunks. It may
# raise to stop the reading.
ProgressCallback = Callable[[Stage, int, int], None]

SameNames = Literal["keep", "replace", "ask"]

CHUNKS_AT_ONCE = 32
TUTORIAL_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class IngestContext:
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


def silent(_stage: Stage, _done: int, _total: int) -> None:
    """Nobody wants to know."""


def read_file(
    ingest: IngestContext,
    owner: str,
    collection_id: str,
    data: bytes,
    name: str,
    *,
    password: str | None = None,
    same_name: SameNames = "keep",
    on_progress: ProgressCallback = silent,
    inner: InnerFiles | None = None,
) -> Document:
    """Read a file into a collection, and the files in it. Bytes that are in it already are not read again.

    Args:
        inner: collects what came of the file and of those in it. An archive is no document: the last of its files is
            returned.
        same_name: what becomes of a document of that name with other bytes: both stay, the new one
            takes its place in the same moment, or the question is asked by SameName.

    Raises:
        UnreadableDocument: nothing was added; the error says why.
        PartlyRead: some files of an archive could not be read, the others were added.
        SameName: there is one of that name, and `same_name` is "ask". Nothing was added.
        EmbedderMismatch: the collection was embedded with another model.
        NotFound: the collection is gone.
        DiskFull: nothing was added.
    """
    _claim(ingest, owner, collection_id)
    on_progress("loading", 0, 0)
    inner = inner or InnerFiles()
    there = ingest.store.documents.find(owner, collection_id, sha256=hashlib.sha256(data).hexdigest())
    if there is not None:
        if there.outdated:
            there = read_again(ingest, owner, there.id, password=password, on_progress=on_progress)
        inner.documents.append(there)
        return there
    older = None if same_name == "keep" else ingest.store.documents.find(owner, collection_id, name=name)
    if older is not None and same_name == "ask":
        raise SameName(name=name)
    loading = partial(on_progress, "loading")
    loaded = load_bytes(data, name, password=password, limits=ingest.limits, on_progress=loading)
    again: SameNames = "keep" if same_name == "keep" else "replace"
    read = partial(read_file, ingest, owner, collection_id, same_name=again, on_progress=on_progress, inner=inner)
    loaded = inner.read(loaded, partial(read, password=password))
    if loaded.pages:
        inner.documents.append(_split_embed_save(ingest, owner, collection_id, loaded, data, older, on_progress))
    return inner.documents[-1]


def read_address(
    ingest: IngestContext,
    owner: str,
    collection_id: str,
    address: str,
    *,
    replace: bool = True,
    on_progress: ProgressCallback = silent,
) -> Document:
    """Read what an address gives into a collection, in place of what it gave before.

    Raises:
        AddressError: nothing was added; the error says why. Otherwise as `read_file`.
    """
    _claim(ingest, owner, collection_id)
    on_progress("loading", 0, 0)
    loading = partial(on_progress, "loading")
    loaded, data = load_address(address, intranet=ingest.intranet, limits=ingest.limits, on_progress=loading)
    there = ingest.store.documents.find(owner, collection_id, sha256=hashlib.sha256(data).hexdigest())
    if there is not None and there.outdated:
        return _put_in_place(ingest, owner, there, loaded, on_progress)
    inner = InnerFiles()
    read = partial(read_file, ingest, owner, collection_id, same_name="replace", on_progress=on_progress, inner=inner)
    loaded = inner.read(loaded, read)
    if not loaded.pages:
        return inner.documents[-1]
    older = ingest.store.documents.find(owner, collection_id, address=loaded.address) if replace else None
    return _split_embed_save(ingest, owner, collection_id, loaded, data, older, on_progress)


def read_again(
    ingest: IngestContext,
    owner: str,
    document_id: str,
    *,
    password: str | None = None,
    on_progress: ProgressCallback = silent,
) -> Document:
    """Read a document's file, as it lies in the library, once more; until all is done the document is as it was.

    Raises:
        UnreadableDocument, NotFound, EmbedderMismatch: it stays as it was; the error says why.
    """
    document = ingest.store.documents.get(owner, document_id)
    _claim(ingest, owner, document.collection)
    on_progress("loading", 0, 0)
    data = ingest.store.files.read(document.sha256)
    loading = partial(on_progress, "loading")
    loaded = load_kept(
        data, document.name, document.address, password=password, limits=ingest.limits, on_progress=loading
    )
    return _put_in_place(ingest, owner, document, loaded, on_progress)


def reembed(ingest: IngestContext, owner: str, collection_id: str, on_progress: ProgressCallback = silent) -> None:
    """Split and embed a collection anew with the embedder of `ingest`, from the pages in the library.

    Until all is done the collection is as it was. Raises NotFound: the collection is gone.
    """
    documents = ingest.store.documents
    parts: dict[str, tuple[list[Chunk], Vectors]] = {}
    missing: frozenset[str] = frozenset(document.id for document in documents.list(owner, collection_id))
    # Documents that came while the others were embedded need another round.
    while missing or not parts:
        for document_id in sorted(missing):
            document = documents.get(owner, document_id)
            pages = tuple(documents.pages(owner, document_id))
            chunks = split_document(
                ingest, LoadedDocument(document.name, document.title, document.kind, pages, document.address)
            )
            parts[document_id] = chunks, _embed(ingest, chunks, on_progress)
        missing = documents.rechunk(owner, collection_id, parts, embedder=ingest.embedder.name)
        if not parts and not missing:
            return


def embedded_text(chunk: Chunk) -> str:
    """What the embedder reads of a chunk: its context, then its text."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


def _claim(ingest: IngestContext, owner: str, collection_id: str) -> None:
    """Before any work: is this the collection's embedder, or can it become that?"""
    wanted = (ingest.embedder.name, ingest.embedder.dimension)
    collection = ingest.store.collections.get(owner, collection_id)
    if (collection.embedder, collection.dimension) != wanted:
        ingest.store.collections.set_embedder(owner, collection_id, *wanted)


def _split_embed_save(
    ingest: IngestContext,
    owner: str,
    collection_id: str,
    loaded: LoadedDocument,
    data: bytes,
    older: Document | None,
    on_progress: ProgressCallback,
) -> Document:
    chunks = split_document(ingest, loaded)
    vectors = _embed(ingest, chunks, on_progress)
    on_progress("saving", len(chunks), len(chunks))
    return ingest.store.documents.add(
        owner,
        collection_id,
        loaded,
        chunks,
        vectors,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        language=_language(loaded),
        embedder=ingest.embedder.name,
        replaces=None if older is None else older.id,
        original=data,
    )


def _put_in_place(
    ingest: IngestContext, owner: str, document: Document, loaded: LoadedDocument, on_progress: ProgressCallback
) -> Document:
    chunks = split_document(ingest, loaded)
    vectors = _embed(ingest, chunks, on_progress)
    on_progress("saving", len(chunks), len(chunks))
    return ingest.store.readings.replace(
        owner, document.id, loaded, chunks, vectors, language=_language(loaded), embedder=ingest.embedder.name
    )


def _language(loaded: LoadedDocument) -> str:
    return language_of("\n".join(page.text for page in loaded.pages))


def split_document(ingest: IngestContext, loaded: LoadedDocument) -> list[Chunk]:
    """The chunks of a document, by the unit, size and overlap of `ingest`."""
    if ingest.chunk_unit == "characters":
        return split(loaded, count=len, size=ingest.chunk_size or TUTORIAL_CHARACTERS, overlap=ingest.chunk_overlap)
    # Beyond what the embedder reads, text would be in the library and never be found.
    most = ingest.embedder.max_tokens
    size = min(ingest.chunk_size or most, most)
    return split(loaded, count=ingest.embedder.count_tokens, size=size, overlap=ingest.chunk_overlap)


def _embed(ingest: IngestContext, chunks: list[Chunk], on_progress: ProgressCallback) -> Vectors:
    vectors = np.empty((len(chunks), ingest.embedder.dimension), np.float32)
    places: dict[str, list[int]] = {}
    for i, chunk in enumerate(chunks):
        places.setdefault(embedded_text(chunk), []).append(i)
    # Over the whole document: the same text is embedded once, and texts of like length together.
    texts = sorted(places, key=ingest.embedder.count_tokens)
    done = 0
    on_progress("embedding", done, len(chunks))
    for first in range(0, len(texts), CHUNKS_AT_ONCE):
        some = texts[first : first + CHUNKS_AT_ONCE]
        for text, vector in zip(some, ingest.embedder.embed_passages(some), strict=True):
            vectors[places[text]] = vector
            done += len(places[text])
        on_progress("embedding", done, len(chunks))
    return vectors
