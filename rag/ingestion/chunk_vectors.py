"""A document's chunks and their vectors: split as the library's settings say, embedded by its embedder."""

from __future__ import annotations

import numpy as np

from rag.core.types import Chunk, LoadedDocument
from rag.ingestion.context import IngestContext, ProgressCallback
from rag.ingestion.splitting import split
from rag.models.embedding import Embedder, Vectors

CHUNKS_AT_ONCE = 32
TUTORIAL_CHARACTERS = 1000


def embedded_text(chunk: Chunk) -> str:
    """What the embedder reads of a chunk: its context, then its text."""
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


def split_document(ingest: IngestContext, loaded: LoadedDocument) -> list[Chunk]:
    """The chunks of a document, by the unit, size and overlap of `ingest`."""
    if ingest.chunk_unit == "characters":
        return split(loaded, count=len, size=ingest.chunk_size or TUTORIAL_CHARACTERS, overlap=ingest.chunk_overlap)
    # Beyond what the embedder reads, text would be in the library and never be found.
    most = ingest.embedder.max_tokens
    size = min(ingest.chunk_size or most, most)
    return split(loaded, count=ingest.embedder.count_tokens, size=size, overlap=ingest.chunk_overlap)


def embed_chunks(embedder: Embedder, chunks: list[Chunk], on_progress: ProgressCallback) -> Vectors:
    """The vectors of a document's chunks."""
    vectors = np.empty((len(chunks), embedder.dimension), np.float32)
    places: dict[str, list[int]] = {}
    for i, chunk in enumerate(chunks):
        places.setdefault(embedded_text(chunk), []).append(i)
    # Over the whole document: the same text is embedded once, and texts of like length together.
    texts = sorted(places, key=len)
    done = 0
    on_progress("embedding", done, len(chunks))
    for first in range(0, len(texts), CHUNKS_AT_ONCE):
        some = texts[first : first + CHUNKS_AT_ONCE]
        for text, vector in zip(some, embedder.embed_passages(some), strict=True):
            vectors[places[text]] = vector
            done += len(places[text])
        on_progress("embedding", done, len(chunks))
    return vectors
