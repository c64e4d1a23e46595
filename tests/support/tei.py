"""text-embeddings-inference on loopback, as its documentation describes it, with vectors of our own making."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager

from rag.core.text import words
from tests.support.serving import Reply, Served, serving

DIMENSION = 64


def vector_of(text: str) -> list[float]:
    """How often words of each of 64 sorts stand in a text: what shares words is near. Not of length 1."""
    counts = [0.1] * DIMENSION
    for word in words(text):
        counts[zlib.crc32(word.encode()) % DIMENSION] += 1
    return counts


def vectors_of(texts: list[str]) -> object:
    return [vector_of(text) for text in texts]


def tei(embed: Callable[[list[str]], object] = vectors_of) -> AbstractContextManager[Served]:
    """A server whose `embed` answers what is embedded; a Reply is sent as it is."""

    def get(path: str) -> Reply:
        info = {"model_id": "BAAI/bge-m3", "max_input_length": 300, "max_client_batch_size": 32}
        return Reply(json.dumps(info).encode()) if path == "/info" else Reply(b"{}", 404)

    def post(path: str, body: bytes) -> Reply:
        assert path == "/embed"
        said = embed(json.loads(body)["inputs"])
        return said if isinstance(said, Reply) else Reply(json.dumps(said).encode())

    return serving(get, posted=post)
