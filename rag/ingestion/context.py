"""What reading a document into a library needs, and which embedder its collection has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from rag.ingestion.loading import Limits
from rag.library.store import Store
from rag.library.store.job_rows import Stage
from rag.models.embedding import Embedder

# Called with (stage, done, total) as reading goes on; done and total count pages while loading, then chunks. It may
# raise to stop the reading.
ProgressCallback = Callable[[Stage, int, int], None]


@dataclass(frozen=True, slots=True)
class IngestContext:
    """What is needed to read a document into a library.

    `chunk_size` and `chunk_overlap` count the embedder's tokens, or characters; size 0 is as much as
    the embedder reads. `embedder_for` gives a collection's embedder, by the name of the one it was embedded with (None
    while it is empty) and the language of its first document; without it there is one for all.
    """

    store: Store
    embedder: Embedder
    limits: Limits = field(default_factory=Limits)
    intranet: tuple[str, ...] = ()
    chunk_unit: Literal["tokens", "characters"] = "tokens"
    chunk_size: int = 0
    chunk_overlap: int = 20
    embedder_for: Callable[[str | None, str], Embedder] | None = None


def silent(_stage: Stage, _done: int, _total: int) -> None:
    """Nobody wants to know."""


def ready_for(ingest: IngestContext, owner: str, collection_id: str, language: str = "") -> IngestContext:
    """`ingest` with the collection's embedder, which an empty collection has from then on.

    Args:
        language: of a document that was read; before that an empty collection is left as it is.

    Raises:
        NotFound, NotAllowed: of the collection.
        EmbedderMismatch: it was embedded with another model, which is not on this disk.
    """
    collection = ingest.store.collections.get(owner, collection_id)
    if ingest.embedder_for is not None:
        if collection.embedder is None and not language:
            return ingest
        # The samples are in several languages: which comes first is chance.
        language = "" if collection.samples else language
        ingest = replace(ingest, embedder=ingest.embedder_for(collection.embedder, language))
    wanted = (ingest.embedder.name, ingest.embedder.dimension)
    if (collection.embedder, collection.dimension) != wanted:
        ingest.store.collections.set_embedder(owner, collection_id, *wanted)
    return ingest
