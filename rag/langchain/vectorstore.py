"""`FAISS`, LangChain's in-memory vector store, on the app's own vector index."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from rag.langchain.options import reject_unknown
from rag.library.index.vectors import VectorIndex
from rag.library.store.passages import Vectors

# Over a document's metadata: required values by key, or a predicate.
Filter = Mapping[str, Any] | Callable[[dict[str, Any]], bool]


class FAISS(VectorStore):
    """An in-memory vector store; saved as JSON, without pickle.

    Vectors are normalized to unit length and scores are squared Euclidean distances, as FAISS's IndexFlatL2 gives
    them: smaller is nearer, 0 to 4. A filter is applied during the search, not to its results, so `k` documents are
    found wherever as many pass it.
    """

    def __init__(self, embedding: Embeddings) -> None:
        self._embedding = embedding
        self._index: VectorIndex | None = None
        self._documents: dict[int, Document] = {}

    @property
    def embeddings(self) -> Embeddings:
        return self._embedding

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        store = cls(embedding, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Embed and add texts; their ids, generated where none are given. Raises ValueError for a duplicate id."""
        reject_unknown(set(), kwargs)
        texts = list(texts)
        keys = [key or str(uuid4()) for key in ids or [None] * len(texts)]
        documents = [
            Document(id=key, page_content=text, metadata=metadata)
            for key, text, metadata in zip(keys, texts, metadatas or [{} for _ in texts], strict=True)
        ]
        if len({*keys, *(document.id for document in self._documents.values())}) < len(keys) + len(self._documents):
            raise ValueError("an id is given twice, or exists already")
        if texts:
            self._add(documents, _unit(self._embedding.embed_documents(texts)))
        return keys

    def _add(self, documents: Sequence[Document], vectors: Vectors) -> None:
        self._index = self._index or VectorIndex(vectors.shape[1])
        first = max(self._documents, default=-1) + 1
        numbers = np.arange(first, first + len(documents), dtype=np.int64)
        self._index.add(numbers, vectors)
        self._documents |= zip(numbers.tolist(), documents, strict=True)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Remove documents by id. Raises ValueError for an unknown id."""
        removed = {number for number, document in self._documents.items() if document.id in (ids or ())}
        if len(removed) < len(set(ids or ())):
            raise ValueError("an id is not there")
        if self._index is not None:
            self._index.remove(np.array(sorted(removed), np.int64))
        self._documents = {n: document for n, document in self._documents.items() if n not in removed}
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        return [document for document in self._documents.values() if document.id in ids]

    def similarity_search(self, query: str, k: int = 4, filter: Filter | None = None, **kwargs: Any) -> list[Document]:
        return [document for document, _ in self.similarity_search_with_score(query, k, filter, **kwargs)]

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[Document]:
        return [document for document, _ in self.similarity_search_with_score_by_vector(embedding, k, filter, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, filter, **kwargs)

    def similarity_search_with_score_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        filter: Filter | None = None,
        fetch_k: int = 20,
        score_threshold: float = 4.0,
    ) -> list[tuple[Document, float]]:
        """The k nearest documents with their distances, nearest first, none beyond `score_threshold`."""
        # For unit vectors |a - b|² = 2 - 2 cos.
        found = [(self._documents[number], 2 - 2 * cosine) for number, cosine in self._nearest(embedding, k, filter)]
        return [(document, max(0.0, distance)) for document, distance in found if distance <= score_threshold]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """Maximal marginal relevance (Carbonell & Goldstein 1998): k of the `fetch_k` nearest documents that differ
        from each other; `lambda_mult` 1 ranks by similarity alone, 0 by diversity alone."""
        reject_unknown({"filter"}, kwargs)
        vector = self._embedding.embed_query(query)
        numbers = [number for number, _ in self._nearest(vector, fetch_k, kwargs.get("filter"))]
        if self._index is None or not numbers:
            return []
        vectors = self._index.contents()[np.searchsorted(self._index.ids, numbers)]
        chosen = maximal_marginal_relevance(_unit([vector])[0], list(vectors), lambda_mult, k)
        return [self._documents[numbers[i]] for i in chosen]

    def _nearest(self, embedding: list[float], k: int, filter: Filter | None) -> list[tuple[int, float]]:
        if self._index is None:
            return []
        allowed = [n for n, document in self._documents.items() if filter and _matches(document.metadata, filter)]
        return self._index.search(_unit([embedding])[0], k, np.array(allowed, np.int64) if filter else None)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return self._euclidean_relevance_score_fn

    def save_local(self, folder_path: str, index_name: str = "index") -> None:
        """Write texts, metadata and vectors to `<index_name>.json`. Raises TypeError for metadata that is not JSON."""
        vectors = self._index.contents() if self._index else np.empty((0, 0), np.float32)
        documents = [[document.id, document.page_content, document.metadata] for document in self._documents.values()]
        packed = base64.b64encode(vectors.astype("<f4").tobytes()).decode()
        file = Path(folder_path) / f"{index_name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(".new")
        temporary.write_text(json.dumps({"documents": documents, "vectors": packed}))
        temporary.replace(file)

    @classmethod
    def load_local(
        cls,
        folder_path: str,
        embeddings: Embeddings,
        index_name: str = "index",
        *,
        allow_dangerous_deserialization: bool = False,
    ) -> Self:
        """Load what `save_local` wrote. It is JSON: `allow_dangerous_deserialization` has no effect."""
        saved = json.loads((Path(folder_path) / f"{index_name}.json").read_text())
        documents = [Document(id=key, page_content=text, metadata=data) for key, text, data in saved["documents"]]
        store = cls(embeddings)
        if documents:
            vectors = np.frombuffer(base64.b64decode(saved["vectors"]), "<f4")
            store._add(documents, vectors.reshape(len(documents), -1))
        return store


def _unit(vectors: Sequence[Sequence[float]]) -> Vectors:
    rows = np.array(vectors, np.float32)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(norms > 0, norms, 1)).astype(np.float32)


def _matches(metadata: dict[str, Any], filter: Filter) -> bool:
    if callable(filter):
        return bool(filter(metadata))
    if any(key.startswith("$") or isinstance(value, dict) for key, value in filter.items()):
        raise ValueError("operators are not supported in a filter: give a function of the metadata")
    return all(metadata.get(key) in (value if isinstance(value, list) else [value]) for key, value in filter.items())
