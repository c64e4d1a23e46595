"""What settings make of the library: its store and index, and what reads and searches documents."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.core.settings import Settings
from rag.core.types import Collection
from rag.library.store import Store
from rag.services.embedders import Embedders
from rag.services.lazy import LazyParts, once

if TYPE_CHECKING:
    from rag.answering.retrieval import Retriever
    from rag.ingestion.context import IngestContext
    from rag.ingestion.loading import Limits
    from rag.library.index import Index, SharedIndex
    from rag.models.catalogue import Choice
    from rag.models.embedding import Embedder
    from rag.models.reranking import AnswerScorer, CrossEncoder


class LibraryParts(LazyParts):
    """Each is created at its first use."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @once
    def store(self) -> Store:
        url, vectors = self.settings.database_url.get_secret_value(), self.settings.vectors.get_secret_value()
        return Store.open(self.settings.data_dir, url, graphs=not vectors)

    @once
    def index(self) -> Index | SharedIndex:
        from rag.library.index import open_index

        return open_index(self.store, self.settings.vectors.get_secret_value())

    @once
    def embedder(self) -> Embedder:
        from rag.models.catalogue import served_embedder
        from rag.models.embedding import open_embedder

        if served_embedder(self.settings.embedder):
            from rag.models.served_embedding import open_served

            return open_served(self.settings.embedder, seconds=self.settings.server_seconds)

        # Spin-waiting OpenMP threads starve the chat model: ten times slower when both compute.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        folders = [self.settings.models_folder]
        return open_embedder(self.settings.embedder, device=self.settings.device, folders=folders)

    @once
    def embedder_choice(self) -> Choice:
        """The model that `embedder` loads, without loading it. Raises ModelUnknown where none has the name set."""
        from rag.models.catalogue import NOWHERE, Choice, choose, served_embedder

        if served := served_embedder(self.settings.embedder):
            return Choice(served, NOWHERE, None)
        return choose(self.settings.embedder, [self.settings.models_folder], kind="embedder")

    @once
    def embedders(self) -> Embedders:
        """The embedders of all collections: each was embedded with one."""
        chosen = self.settings
        return Embedders(lambda: self.embedder_choice, lambda: self.embedder, chosen.models_folder, chosen.device)

    @once
    def reranker(self) -> CrossEncoder | None:
        """The cross-encoder that ranks passages, if one is installed."""
        from rag.models.reranking import open_reranker

        return open_reranker([self.settings.models_folder], device=self.settings.device)

    @once
    def answer_scorer(self) -> AnswerScorer | None:
        """The extractive question answering model, if one is installed."""
        from rag.models.reranking import open_answer_scorer

        return open_answer_scorer([self.settings.models_folder], device=self.settings.device)

    def retriever(self, embedder: Embedder) -> Retriever:
        from rag.answering.retrieval import Retriever

        return Retriever(self.index, self.store.documents, embedder, self.reranker)

    @once
    def ingest(self) -> IngestContext:
        return replace(self.ingest_into(self.store), embedder_for=self.embedders.open_for)

    def begin(self, collection: Collection, language: str) -> None:
        """Let an empty collection have the embedder that reads the interface's language, where it is not the usual."""
        from rag.models.catalogue import known

        row = known(self.embedders.best_for([] if language in ("auto", "en") else [language]))
        if collection.embedder is None and row and row.dimension and row.name != self.embedder_choice.name:
            self.store.collections.set_embedder(collection.owner, collection.id, row.name, row.dimension)

    def ingest_into(self, store: Store) -> IngestContext:
        """As `ingest`, for another store: the embedder, chunking and limits of the settings."""
        from rag.ingestion.context import IngestContext

        chosen = self.settings
        sizes = chosen.chunk_unit, chosen.chunk_size, chosen.chunk_overlap
        return IngestContext(store, self.embedder, self.limits, chosen.intranet, *sizes)

    @once
    def limits(self) -> Limits:
        """Limits of reading one document."""
        from rag.ingestion.loading import Limits

        chosen = self.settings
        return Limits(
            pages=chosen.max_pages,
            seconds=chosen.parse_seconds,
            megabytes=chosen.parse_megabytes,
            file_megabytes=chosen.upload_megabytes,
            characters=chosen.max_characters,
        )
