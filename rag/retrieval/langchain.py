"""The search behind LangChain's door for retrievers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from rag.types import Passage


class HybridRetriever(BaseRetriever):
    """Words and vectors fused, as documents.

    The metadata of each: source (file name or address), document (id), page (from 1), label, start, end, score.
    """

    search: Any
    """The `Retriever` that finds."""
    owner: str
    collection: str
    documents: Sequence[str] | None = None
    k: int = 8

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.search.search(
            query, owner=self.owner, collection=self.collection, documents=self.documents, k=self.k
        )
        return [as_document(passage) for passage in found.passages]


def as_document(passage: Passage) -> Document:
    """A passage as LangChain's document."""
    return Document(
        page_content=passage.text,
        metadata={
            "source": passage.address or passage.name,
            "document": passage.document,
            "page": passage.page,
            "label": passage.label,
            "start": passage.start,
            "end": passage.end,
            "score": passage.score,
        },
    )
