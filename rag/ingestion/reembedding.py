"""A collection is embedded anew with another embedder, in the background: until all is done it is searched as it was.

What was embedded is kept beside the library, so that whoever goes on after a stop or a crash does not begin anew.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.lib.format import read_array

from rag.core.types import Chunk, LoadedDocument
from rag.ingestion.chunk_vectors import embed_chunks, embedded_text, split_document
from rag.ingestion.context import IngestContext, ProgressCallback, silent
from rag.library.store.job_rows import Stage
from rag.models.embedding import Vectors

_FOLDER = "embedding"


def reembed(ingest: IngestContext, owner: str, collection_id: str, on_progress: ProgressCallback = silent) -> None:
    """Split and embed a collection anew with the embedder of `ingest`, from the pages in the library.

    Until all is done the collection is as it was.

    Raises:
        NotFound, NotAllowed: of the collection.
    """
    documents = ingest.store.documents
    kept = _Kept(ingest.store.folder / _FOLDER / collection_id, ingest.embedder.name)
    parts: dict[str, tuple[list[Chunk], Vectors]] = {}
    missing = frozenset(document.id for document in documents.list(owner, collection_id))
    # Documents that came while the others were embedded need another round.
    while missing or not parts:
        total = len(parts) + len(missing)
        for document_id in sorted(missing):
            document = documents.get(owner, document_id)
            pages = tuple(documents.pages(owner, document_id))
            chunks = split_document(
                ingest, LoadedDocument(document.name, document.title, document.kind, pages, document.address)
            )
            parts[document_id] = chunks, kept.vectors(ingest, chunks, partial(_share, on_progress, len(parts), total))
        missing = documents.rechunk(owner, collection_id, parts, embedder=ingest.embedder.name)
        if not parts and not missing:
            break
    kept.drop()


def drop_kept(folder: Path, collection_id: str) -> None:
    """Remove what was embedded of a collection, where it is not to be gone on with."""
    shutil.rmtree(folder / _FOLDER / collection_id, ignore_errors=True)


def _share(on_progress: ProgressCallback, before: int, total: int, stage: Stage, done: int, count: int) -> None:
    """Progress in hundredths of a document."""
    on_progress(stage, 100 * before + (100 * done // count if count else 100), 100 * total)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The vectors of documents that were embedded before, a file each, by the very texts that were embedded."""

    folder: Path
    embedder: str

    def vectors(self, ingest: IngestContext, chunks: list[Chunk], on_progress: ProgressCallback) -> Vectors:
        texts = "\0".join([self.embedder, *map(embedded_text, chunks)])
        file = self.folder / f"{hashlib.sha256(texts.encode()).hexdigest()}.npy"
        if file.is_file():
            try:
                with file.open("rb") as stored:
                    kept: Vectors = read_array(stored, allow_pickle=False)
                if kept.shape == (len(chunks), ingest.embedder.dimension) and kept.dtype == np.float32:
                    on_progress("embedding", len(chunks), len(chunks))
                    return kept
            except (OSError, ValueError):
                pass  # cut short by a crash
        vectors = embed_chunks(ingest.embedder, chunks, on_progress)
        self.folder.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        with new.open("wb") as out:
            np.save(out, vectors, allow_pickle=False)
        new.replace(file)
        return vectors

    def drop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
