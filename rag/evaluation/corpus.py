"""A question set's documents, read into a temporary library with the app's own ingestion."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rag.core.errors import UnreadableDocument
from rag.core.text import language_of
from rag.core.types import Answer, Collection, LoadedDocument, Page
from rag.evaluation.question_sets import QuestionSet
from rag.evaluation.scans import as_scan
from rag.ingestion.chunk_vectors import embedded_text, split_document
from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_file
from rag.library.store import Store
from rag.models.embedding import Embedder

OWNER: Final = "evaluation"

# How documents are read into a store: embedder, chunking and limits, as the settings say.
OpenIngest = Callable[[Store], IngestContext]


@dataclass(frozen=True, slots=True)
class Corpus:
    """An ingested question set.

    `names` maps a document's id to the set's own id of the passage or file; `paged` says whether gold labels are
    (file, page) pairs; `chunks` counts the chunks; `seconds` is the duration of ingestion.
    """

    store: Store
    embedder: Embedder
    collection: Collection
    names: dict[str, str]
    paged: bool
    chunks: int
    seconds: float

    def retrieved(self, answer: Answer) -> list[str | tuple[str, int]]:
        """The passages or (file, page) pairs retrieved for an answer, best first, without duplicates."""
        names = ((self.names[passage.document], passage.page) for passage in answer.passages)
        return list(dict.fromkeys((name, page) if self.paged else name for name, page in names))


@contextmanager
def open_corpus(questions: QuestionSet, open_ingest: OpenIngest, *, scans: bool = False) -> Iterator[Corpus]:
    """Ingest the set's passages or files into a library that is deleted afterwards; PDFs as `scans` where wanted."""
    with tempfile.TemporaryDirectory(prefix="evaluation-") as folder, closing(Store.open(Path(folder))) as store:
        started = time.perf_counter()
        collection = store.collections.create(OWNER, questions.name)
        ingest = open_ingest(store)
        names = _read_files(ingest, collection.id, questions.files, scans) | read_passages(
            ingest, collection.id, questions.passages
        )
        chunks = sum(document.chunks for document in store.documents.list(OWNER, collection.id))
        collection = store.collections.get(OWNER, collection.id)
        yield Corpus(
            store, ingest.embedder, collection, names, bool(questions.files), chunks, time.perf_counter() - started
        )


def _read_files(ingest: IngestContext, collection_id: str, files: Sequence[Path], scans: bool) -> dict[str, str]:
    names = {}
    for file in files:
        try:
            data = as_scan(file.read_bytes()) if scans else file.read_bytes()
            names[read_file(ingest, OWNER, collection_id, data, file.name).id] = file.name
        except UnreadableDocument:
            # Questions about it count as not found.
            continue
    return names


def read_passages(
    ingest: IngestContext, collection_id: str, passages: Sequence[tuple[str, str, str]]
) -> dict[str, str]:
    """Each passage as a document of its own; embedded together, because single passages make small batches."""
    loaded = {key: LoadedDocument(key, title, "text", (Page(1, "1", text),)) for key, title, text in passages}
    chunked = {key: split_document(ingest, document) for key, document in loaded.items()}
    vectors = ingest.embedder.embed_passages([embedded_text(chunk) for chunks in chunked.values() for chunk in chunks])
    first, names = 0, {}
    for key, chunks in chunked.items():
        text = loaded[key].pages[0].text
        data = f"{key}\n{text}".encode()
        added = ingest.store.documents.add(
            OWNER,
            collection_id,
            loaded[key],
            chunks,
            vectors[first : first + len(chunks)],
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            language=language_of(text),
            embedder=ingest.embedder.name,
        )
        first += len(chunks)
        names[added.id] = key
    return names
