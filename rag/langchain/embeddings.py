"""`HuggingFaceEmbeddings` on the app's own embedder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.embeddings import Embeddings

from rag.core import settings
from rag.core.errors import ModelNotOnDisk
from rag.langchain.options import reject_unknown
from rag.models.embedding import open_embedder


class HuggingFaceEmbeddings(Embeddings):
    """A sentence-transformers model by name or folder, never downloaded; vectors have unit length."""

    def __init__(
        self,
        model_name: str = "sentence-transformers/all-mpnet-base-v2",
        model_kwargs: Mapping[str, Any] | None = None,
        encode_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """Load the model.

        Args:
            model_kwargs: `device` only.
            encode_kwargs: `normalize_embeddings` and `batch_size`; both are accepted and have no effect.

        Raises:
            ModelNotOnDisk: it is not installed; unlike in the app, no other model replaces it.
        """
        reject_unknown({"device"}, model_kwargs)
        reject_unknown({"normalize_embeddings", "batch_size"}, encode_kwargs)
        self.model_name = model_name
        folders = [settings.load().models_folder]
        self._embedder = open_embedder(model_name, device=(model_kwargs or {}).get("device", "auto"), folders=folders)
        if self._embedder.fallback_for is not None:
            raise ModelNotOnDisk(model=model_name)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._embedder.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self._embedder.embed_query(text).tolist()
        return vector
