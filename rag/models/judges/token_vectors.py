"""Token vectors of the bundled embedder: each word of a text as it is meant there."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from rag.core.errors import ModelRefused
from rag.models.catalogue import BUNDLED, choose
from rag.models.embedder_loading import UNUSABLE

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from rag.models.encoder import Encoder

Array = npt.NDArray[np.float32]

_BATCH: Final = 16
_MAX_TOKENS: Final = 128
# Texts kept: the sentences that the claims of an answer are held against, several times over.
_KEPT: Final = 4096
# The layer whose vectors still tell words more than meanings; the last tells meanings.
_LOWER_LAYER: Final = 3


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a text without special ones: ids, character places, unit vectors of both layers, the mean of the
    last one, of unit length."""

    ids: npt.NDArray[np.int64]
    places: tuple[tuple[int, int], ...]
    vectors: Array
    lower: Array
    mean: Array


class TokenVectors:
    """The bundled embedder, loaded with the first text. Thread-safe: one thread computes at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Tokens] = OrderedDict()

    def of(self, texts: Sequence[str]) -> list[Tokens]:
        """Equal texts, and those of the last calls, are computed once."""
        with self._lock:
            missing = sorted({text for text in texts if text not in self._kept}, key=len)
            new: dict[str, Tokens] = {}
            for first in range(0, len(missing), _BATCH):
                batch = missing[first : first + _BATCH]
                new |= zip(batch, self._computed(batch), strict=True)
            found = [new.get(text) or self._kept[text] for text in texts]
            self._kept |= dict(zip(texts, found, strict=True))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return found

    @cached_property
    def _loaded(self) -> tuple[Tokenizer, Encoder]:
        from rag.models.encoder import Encoder
        from rag.models.mean_encoder import tokenizer

        choice = choose(BUNDLED, kind="embedder")
        try:
            return tokenizer(choice.path, _MAX_TOKENS), Encoder(choice.path, "float32")
        except UNUSABLE as error:
            raise ModelRefused(model=choice.name, reason="damaged") from error

    def _computed(self, texts: Sequence[str]) -> list[Tokens]:
        tokenizer, encoder = self._loaded
        encoded = [tokenizer.encode(text) for text in texts]
        return [
            _tokens(np.array(one.ids), one.offsets, last.numpy(), lower.numpy())
            for one, (lower, last) in zip(
                encoded, encoder.states([one.ids for one in encoded], above=_LOWER_LAYER), strict=True
            )
        ]


def _tokens(ids: npt.NDArray[np.int64], places: Sequence[tuple[int, int]], last: Array, lower: Array) -> Tokens:
    # Special tokens have width 0.
    own = [i for i, (start, end) in enumerate(places) if end > start]
    vectors, below = _unit(last[own]), _unit(lower[own])
    mean = vectors.mean(axis=0) if own else np.zeros(last.shape[1], np.float32)
    return Tokens(ids[own], tuple(places[i] for i in own), vectors, below, _unit(mean[None])[0])


def _unit(rows: Array) -> Array:
    found: Array = (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-6)).astype(np.float32)
    return found
