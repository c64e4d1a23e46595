"""Embeddings from a server: an OpenAI-compatible one, or Hugging Face's text-embeddings-inference (TEI).

    openai:<model>@<url>            POST <url>/v1/embeddings
    tei:<url>, tei:<model>@<url>    POST <url>/embed

A collection records `openai:<model>` or `tei:<model>`, so the server's address may change; `tei:<url>` is recorded
with its address. API keys come from OPENAI_API_KEY and TEI_API_KEY.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from rag.core.errors import EmbedderRefused, EmbedderUnreachable, ModelUnknown
from rag.core.text import estimated_tokens
from rag.models.catalogue import served_embedder
from rag.models.embedding import CachedQueryEmbedding, Vectors
from rag.models.servers import Server, ServerFailed

# Texts per request: TEI's default limit.
BATCH: Final = 32
# Long chunks dilute their topic, whatever the model's limit.
MAX_TOKENS: Final = 512
_MAX_BYTES: Final = 64 * 2**20
_REASONS: Final = {"denied": "denied", "unknown": "no_such", "too_long": "too_long", "refused": "server"}

Ask = Callable[[Sequence[str]], object]


def open_served(name: str, *, seconds: float = 120) -> ServedEmbedder:
    """The embedder of that name; connects to its server for dimension and limits.

    Raises:
        ModelUnknown: not the name of a served embedder.
        EmbedderUnreachable, EmbedderRefused
    """
    kind, _, rest = name.partition(":")
    model, _, url = rest.rpartition("@")
    if kind == "tei":
        server = Server.at(url, "TEI_API_KEY", seconds)
    else:
        server = Server.at(url, "OPENAI_API_KEY", seconds, path="/v1") if model else None
    recorded = served_embedder(name)
    if recorded is None or server is None:
        raise ModelUnknown(model=name)
    dialect = _Tei(server, model) if kind == "tei" else _OpenAI(server, model)
    return ServedEmbedder(recorded, dialect)


class ServedEmbedder(CachedQueryEmbedding):
    """An embedding model on a server. Thread-safe."""

    fallback_for: str | None = None

    def __init__(self, name: str, dialect: _OpenAI | _Tei) -> None:
        self.name, self._dialect = name, dialect
        self.dimension = 0
        try:
            self.max_tokens = min(dialect.max_tokens() or MAX_TOKENS, MAX_TOKENS)
        except ServerFailed as failed:
            raise self._mapped_error(failed) from failed
        self.dimension = self._vectors(["dimension"]).shape[1]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension), rows of unit length."""
        batches = [texts[first : first + BATCH] for first in range(0, len(texts), BATCH)]
        return np.concatenate([np.empty((0, self.dimension), np.float32), *map(self._vectors, batches)])

    def _question(self, text: str) -> Vectors:
        return self._vectors([text])

    def count_tokens(self, text: str) -> int:
        """An upper estimate: a request per text would be the slowest part."""
        return estimated_tokens([text])[0]

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        try:
            answer = self._dialect.vectors(texts)
        except ServerFailed as failed:
            raise self._mapped_error(failed) from failed
        try:
            found = np.asarray(answer, np.float32)
        except (TypeError, ValueError) as error:
            raise EmbedderRefused(model=self.name, reason="no_vectors") from error
        lengths = np.linalg.norm(found, axis=-1, keepdims=True)
        if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(lengths).all() or not lengths.all():
            raise EmbedderRefused(model=self.name, reason="no_vectors")
        if self.dimension and found.shape[1] != self.dimension:
            raise EmbedderRefused(model=self.name, reason="dimension")
        unit: Vectors = (found / lengths).astype(np.float32)
        return unit

    def _mapped_error(self, failed: ServerFailed) -> EmbedderUnreachable | EmbedderRefused:
        reason = _REASONS.get(failed.problem)
        return EmbedderRefused(model=self.name, reason=reason) if reason else EmbedderUnreachable(model=self.name)


class _OpenAI:
    def __init__(self, server: Server, model: str) -> None:
        self._server, self._model = server, model

    def max_tokens(self) -> int | None:
        """vLLM's `max_model_len`; other servers do not state one."""
        try:
            listed = _request(self._server, "/models")
        except ServerFailed as failed:
            if failed.problem in ("unknown", "refused"):
                return None
            raise
        rows = listed.get("data") if isinstance(listed, dict) else None
        own = [row for row in rows or () if isinstance(row, dict) and row.get("id") == self._model]
        return _number(own[0].get("max_model_len")) if own else None

    def vectors(self, texts: Sequence[str]) -> object:
        order = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        answer = _request(self._server, "/embeddings", order)
        try:
            rows = sorted(answer["data"], key=lambda row: int(row["index"]))
            return [row["embedding"] for row in rows]
        except (KeyError, TypeError, ValueError):
            return None


class _Tei:
    def __init__(self, server: Server, model: str) -> None:
        self._server, self._model = server, model

    def max_tokens(self) -> int | None:
        """The server's input limit, if it runs the expected model."""
        answer = _request(self._server, "/info")
        info = answer if isinstance(answer, dict) else {}
        if self._model and info.get("model_id") != self._model:
            raise ServerFailed("unknown")
        return _number(info.get("max_input_length"))

    def vectors(self, texts: Sequence[str]) -> object:
        return _request(self._server, "/embed", {"inputs": list(texts), "normalize": True, "truncate": True})


def _request(server: Server, path: str, order: dict[str, Any] | None = None) -> Any:
    """The server's JSON response, parsed.

    Raises:
        ServerFailed: also for a response that is not JSON or too large.
    """
    content = bytearray()
    with server.asked(path, order) as pieces:
        for piece in pieces:
            content += piece
            if len(content) > _MAX_BYTES:
                raise ServerFailed("refused")
    try:
        return json.loads(content)
    except ValueError as error:
        raise ServerFailed("refused") from error


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
