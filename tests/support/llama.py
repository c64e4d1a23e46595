"""llama.cpp's own HTTP server with the bundled model, on loopback."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from rag.models.catalogue import locate


@dataclass
class LlamaServer:
    """A running server by its address."""

    address: str

    def at_work(self) -> int:
        """How many of its slots read or write just now."""
        with urllib.request.urlopen(f"{self.address}/slots", timeout=10) as reply:
            return sum(slot["is_processing"] for slot in json.load(reply))


@contextmanager
def llama_server(*, slots: int = 1, context: int = 1024, embeds: bool = False) -> Iterator[LlamaServer]:
    """A server with so many slots of `context` tokens each; with `embeds` it gives vectors instead of answers."""
    xllamacpp = pytest.importorskip("xllamacpp", reason="xllamacpp brings llama.cpp's server")
    params = xllamacpp.CommonParams()
    params.model.path = str(locate("smollm2-135m-instruct"))
    params.port, params.n_ctx, params.n_parallel = 0, slots * context, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.endpoint_slots, params.embedding = True, embeds
    if embeds:
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(params)
    yield LlamaServer(server.listening_address)
    del server
