"""Embedding: texts to unit-length float32 vectors, whose inner product is their cosine similarity.

Passages and queries have separate methods, since some models encode them differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np

from rag.core.errors import ModelRefused
from rag.core.processors import each_alone, threads_in_use
from rag.models.catalogue import choose
from rag.models.catalogue.files import sha256
from rag.models.embedder_loading import load
from rag.models.encoder import Vectors as Vectors

_WEIGHTS: Final = "model.safetensors"
# Size of the query cache: about the number of simultaneous questions.
_CACHED_QUERIES: Final = 16


class Embedder(Protocol):
    """An embedding model.

    `max_tokens` is its input limit, in tokens of `count_tokens`; longer texts are truncated. `fallback_for` is the
    name of the configured model, where that one is not installed and this one replaces it.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def fallback_for(self) -> str | None: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32, rows of unit length."""

    def embed_query(self, text: str) -> Vectors:
        """(dimension,) float32, of unit length."""

    def count_tokens(self, text: str) -> int: ...


@runtime_checkable
class LateChunkingEmbedder(Protocol):
    """An embedder that can embed a span in the context of the text before it.

    After late chunking (Günther et al. 2024, https://arxiv.org/abs/2409.04701): the whole text is encoded once, and
    the token vectors of the span alone are pooled.
    """

    def embed_spans(self, texts: Sequence[str], starts: Sequence[int]) -> Vectors | None:
        """The vectors of `text[start:]`, each in the context of `text[:start]`: (n, dimension), rows of unit length;
        None where the model does not use mean pooling."""


class CachedQueryEmbedding:
    """LRU cache of query vectors: search and quote selection embed the same question."""

    def embed_query(self, text: str) -> Vectors:
        """(dimension,), of unit length, read-only."""
        return self._cached(text)

    @cached_property
    def _cached(self) -> Callable[[str], Vectors]:
        def embed(text: str) -> Vectors:
            vector: Vectors = self._question(text)[0]
            vector.flags.writeable = False
            return vector

        return lru_cache(_CACHED_QUERIES)(embed)

    def _question(self, text: str) -> Vectors:
        """(1, dimension), of unit length."""
        raise NotImplementedError


class TransformerEmbedder(CachedQueryEmbedding):
    """A sentence-transformers model from a folder. Thread-safe.

    On the CPU batches run in parallel in single-threaded workers. Intra-op parallelism synchronizes after every
    operator, also with whatever else uses the cores: a query took half as long again.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        device: str = "auto",
        threads: int = 0,
        fallback_for: str | None = None,
        prefixes: tuple[str, str] = ("", ""),
    ) -> None:
        """Load the model.

        Args:
            device: auto, cpu, cuda or mps.
            threads: batches computed in parallel; 0 leaves the number to torch. On a GPU, one at a time.
            prefixes: what the model was taught to read before a question and before a passage.

        Raises:
            ModelRefused: its weights could carry code, or it cannot be loaded.
        """
        self.name = name
        self.fallback_for = fallback_for
        prompts = dict(zip(("query", "document"), prefixes, strict=True)) if any(prefixes) else {}
        self._model = load(folder, name, device, threads, prompts)
        # What is read before a passage: the span of a passage begins behind it.
        self._before_passages = str(self._model.prompts.get("document") or "")
        self._tokenizer = self._model.tokenizer
        self._parallel = threads_in_use() if self._model.on_cpu else 1
        self._pool = each_alone(self._parallel)
        self.dimension = self._model.dimension
        special = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self.max_tokens = self._model.max_tokens - special - self.count_tokens(self._before_passages)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension), rows of unit length. Equal texts are computed once."""
        unique = list(dict.fromkeys(texts))
        index = {text: i for i, text in enumerate(unique)}
        found = np.empty((len(unique), self.dimension), np.float32)
        lengths = [self.count_tokens(text) for text in unique]
        for batch, vectors in self._in_batches(unique, lengths, partial(self._model.sentences, kind="document")):
            found[batch] = vectors
        return found[[index[text] for text in texts]]

    def embed_spans(self, texts: Sequence[str], starts: Sequence[int]) -> Vectors | None:
        """Mean of the token vectors of each span; see LateChunkingEmbedder."""
        if not self._model.pools_by_mean or not texts:
            return None
        before = len(self._before_passages)
        offsets = [self._tokenizer.encode(self._before_passages + text).offsets for text in texts]
        found = np.empty((len(texts), self.dimension), np.float32)
        for batch, encoded in self._in_batches(texts, list(map(len, offsets)), self._model.tokens):
            for i, tokens in zip(batch, encoded, strict=True):
                # Special tokens have width 0. Where the whole span was truncated, all tokens are pooled.
                places, start = enumerate(offsets[i][: len(tokens)]), before + starts[i]
                inside = [n for n, (first, last) in places if last > first >= start]
                span = slice(inside[0], inside[-1] + 1) if inside else slice(None)
                found[i] = tokens[span].mean(0)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    def _question(self, text: str) -> Vectors:
        return self._pool.submit(self._model.sentences, [text], "query").result()

    def _in_batches(
        self, texts: Sequence[str], lengths: Sequence[int], encode: Callable[[list[str]], Any]
    ) -> Iterator[tuple[list[int], Any]]:
        """Indices of a batch and what `encode` gives for it; sorted by `lengths` in tokens, to save padding."""
        order = sorted(range(len(texts)), key=lambda i: (lengths[i], texts[i]))
        size = max(1, min(self._model.batch, -(-len(texts) // self._parallel)))
        batches = [order[first : first + size] for first in range(0, len(texts), size)]
        # Submit only what runs in parallel, so that a query does not queue behind a whole document.
        for first in range(0, len(batches), self._parallel):
            some = batches[first : first + self._parallel]
            yield from zip(some, self._pool.map(encode, [[texts[i] for i in batch] for batch in some]), strict=True)

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a text, without special tokens."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))


def open_embedder(name: str, *, device: str = "auto", folders: Sequence[Path] = (), threads: int = 0) -> Embedder:
    """The embedder of that name or folder; the bundled one where it is not installed. No network access.

    Args:
        folders: models folders to search.

    Raises:
        ModelUnknown: no row, file or folder has that name.
        ModelRefused: wrong hash, damaged, or weights that could carry code.
    """
    choice = choose(name, folders, kind="embedder")
    if choice.sha256 is not None:
        weights = choice.path / _WEIGHTS
        if not weights.is_file() or sha256(weights) != choice.sha256:
            raise ModelRefused(model=choice.name, reason="hash")
    wanted = None if choice.stands_in_for is None else name
    prefixes = choice.model.prefixes if choice.model else ("", "")
    return TransformerEmbedder(
        choice.path, choice.name, device=device, threads=threads, fallback_for=wanted, prefixes=prefixes
    )
