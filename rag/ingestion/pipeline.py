"""How a document comes in: bytes are loaded, split, embedded, and written down in one transaction.

A document is in the library as a whole or not at all, and no question waits for it meanwhile: all the
slow work is done before the transaction begins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

from rag.core.errors import EmbedderMismatch, SameName
from rag.core.text import language_of
from rag.core.types import Document, LoadedDocument, OcrChoice
from rag.ingestion.chunk_vectors import embed_chunks, split_document
from rag.ingestion.context import IngestContext, ProgressCallback, ready_for, silent
from rag.ingestion.inner_files import UNREAD, InnerFiles
from rag.ingestion.loading import load_address, load_bytes, load_kept
from rag.ingestion.scan_pages import Heard, looking_for

SameNames = Literal["keep", "replace", "ask"]


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
    ocr: OcrChoice = "auto",
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
    ready_for(ingest, owner, collection_id)
    on_progress("loading", 0, 0)
    inner = inner or InnerFiles()
    there = ingest.store.documents.find(owner, collection_id, sha256=hashlib.sha256(data).hexdigest())
    if there is not None:
        if there.outdated or ocr not in ("auto", there.ocr):
            choice = there.ocr if ocr == "auto" else ocr
            there = read_again(ingest, owner, there.id, password=password, ocr=choice, on_progress=on_progress)
        inner.documents.append(there)
        return there
    older = None if same_name == "keep" else ingest.store.documents.find(owner, collection_id, name=name)
    if older is not None and same_name == "ask":
        raise SameName(name=name)
    heard = Heard(on_progress)
    loading = partial(heard, "loading")
    looking = looking_for(ingest, owner, ocr, heard)
    loaded = load_bytes(data, name, password=password, limits=ingest.limits, on_progress=loading, ocr=looking)
    again: SameNames = "keep" if same_name == "keep" else "replace"
    read = partial(read_file, ingest, owner, collection_id, same_name=again, on_progress=on_progress, inner=inner)
    loaded = inner.read(loaded, partial(read, password=password, ocr=ocr))
    if loaded.pages:
        inner.documents.append(_split_embed_save(ingest, owner, collection_id, loaded, data, older, heard))
    return inner.documents[-1]


def read_address(
    ingest: IngestContext,
    owner: str,
    collection_id: str,
    address: str,
    *,
    replace: bool = True,
    on_progress: ProgressCallback = silent,
    ocr: OcrChoice = "auto",
) -> Document:
    """Read what an address gives into a collection, in place of what it gave before.

    Raises:
        AddressError: nothing was added; the error says why. Otherwise as `read_file`.
    """
    ready_for(ingest, owner, collection_id)
    on_progress("loading", 0, 0)
    heard = Heard(on_progress)
    loading = partial(heard, "loading")
    before = ingest.store.documents.find(owner, collection_id, address=address)
    looking = looking_for(ingest, owner, before.ocr if before and ocr == "auto" else ocr, heard)
    loaded, data = load_address(
        address, intranet=ingest.intranet, limits=ingest.limits, on_progress=loading, ocr=looking
    )
    there = ingest.store.documents.find(owner, collection_id, sha256=hashlib.sha256(data).hexdigest())
    if there is not None and (there.outdated or there.ocr != loaded.ocr):
        return _put_in_place(ingest, owner, there, loaded, heard)
    inner = InnerFiles()
    read = partial(read_file, ingest, owner, collection_id, same_name="replace", on_progress=on_progress, inner=inner)
    loaded = inner.read(loaded, read)
    if not loaded.pages:
        return inner.documents[-1]
    older = ingest.store.documents.find(owner, collection_id, address=loaded.address) if replace else None
    return _split_embed_save(ingest, owner, collection_id, loaded, data, older, heard)


def read_again(
    ingest: IngestContext,
    owner: str,
    document_id: str,
    *,
    password: str | None = None,
    on_progress: ProgressCallback = silent,
    ocr: OcrChoice | None = None,
) -> Document:
    """Read a document's file, as it lies in the library, once more; until all is done the document is as it was.

    Args:
        ocr: whether by text recognition from now on; None as before.

    Raises:
        UnreadableDocument, NotFound, EmbedderMismatch: it stays as it was; the error says why.
    """
    document = ingest.store.documents.get(owner, document_id)
    ready_for(ingest, owner, document.collection)
    on_progress("loading", 0, 0)
    data = ingest.store.files.read(document.sha256)
    heard = Heard(on_progress)
    loading = partial(heard, "loading")
    looking = looking_for(ingest, owner, ocr or document.ocr, heard)
    loaded = load_kept(
        data, document.name, document.address, password=password, limits=ingest.limits, on_progress=loading, ocr=looking
    )
    # Its files were read when it came; of those that could not be, it still says so.
    kept = tuple(notice for notice in document.warnings if notice.key == UNREAD)
    return _put_in_place(ingest, owner, document, replace(loaded, warnings=loaded.warnings + kept), heard)


def _embedded(
    ingest: IngestContext, owner: str, collection_id: str, language: str, save: Callable[[IngestContext], Document]
) -> Document:
    """What `save` gives with the collection's embedder; once more where that became another one meanwhile."""
    try:
        ready = ready_for(ingest, owner, collection_id, language)
    except EmbedderMismatch:
        # Another document came into the empty collection meanwhile, and with it another embedder.
        ready = ready_for(ingest, owner, collection_id, language)
    try:
        return save(ready)
    except EmbedderMismatch:
        again = ready_for(ingest, owner, collection_id, language)
        if again.embedder.name == ready.embedder.name:
            raise
        return save(again)


def _split_embed_save(
    ingest: IngestContext,
    owner: str,
    collection_id: str,
    loaded: LoadedDocument,
    data: bytes,
    older: Document | None,
    on_progress: ProgressCallback,
) -> Document:
    language = _language(loaded)

    def save(ready: IngestContext) -> Document:
        chunks = split_document(ready, loaded)
        vectors = embed_chunks(ready.embedder, chunks, on_progress)
        on_progress("saving", len(chunks), len(chunks))
        return ready.store.documents.add(
            owner,
            collection_id,
            loaded,
            chunks,
            vectors,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            language=language,
            embedder=ready.embedder.name,
            replaces=None if older is None else older.id,
            original=data,
        )

    return _embedded(ingest, owner, collection_id, language, save)


def _put_in_place(
    ingest: IngestContext, owner: str, document: Document, loaded: LoadedDocument, on_progress: ProgressCallback
) -> Document:
    language = _language(loaded)

    def save(ready: IngestContext) -> Document:
        chunks = split_document(ready, loaded)
        vectors = embed_chunks(ready.embedder, chunks, on_progress)
        on_progress("saving", len(chunks), len(chunks))
        return ready.store.readings.replace(
            owner, document.id, loaded, chunks, vectors, language=language, embedder=ready.embedder.name
        )

    return _embedded(ingest, owner, document.collection, language, save)


def _language(loaded: LoadedDocument) -> str:
    return language_of("\n".join(page.text for page in loaded.pages))
