"""Embedders whose vector of a text is the mean of its token vectors, computed by `Encoder`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tokenizers import Tokenizer

from rag.models.encoder import Encoder, Precision, Vectors, encodes

_TOKENIZER = "tokenizer.json"
# About 2,000 tokens: with fewer, products lay the weights out too often.
_BATCH = 8


@dataclass(frozen=True)
class Shape:
    """What the files of a sentence-transformers folder say, beside its network."""

    tokenizer: Tokenizer
    max_tokens: int
    prompts: dict[str, str]


def read_shape(folder: Path) -> Shape | None:
    """The shape of a folder's model; None where only sentence-transformers can compute it."""
    modules = _read(folder / "modules.json")
    if (
        not isinstance(modules, list)
        or not (folder / _TOKENIZER).is_file()
        or not encodes(_dict(folder / "config.json"))
    ):
        return None
    kinds = [
        kind.rpartition(".")[2] for module in modules if (kind := module["type"]).startswith("sentence_transformers.")
    ]
    if len(kinds) < len(modules) or kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        return None
    options, prompts = (
        _dict(folder / name) for name in ("sentence_bert_config.json", "config_sentence_transformers.json")
    )
    pooling = _dict(folder / modules[1]["path"] / "config.json")
    most = options.get("max_seq_length")
    if modules[0]["path"] or not most or not _pools_by_mean(pooling) or prompts.get("default_prompt_name"):
        return None
    given, counting = prompts.get("prompts") or {}, tokenizer(folder)
    # Without marks at begin and end, an empty text would have no token.
    if not counting.num_special_tokens_to_add(is_pair=False):
        return None
    return Shape(counting, int(most), {kind: str(given.get(kind) or "") for kind in ("query", "document")})


def _pools_by_mean(pooling: dict[str, Any]) -> bool:
    ways = {name for name, chosen in pooling.items() if name.startswith("pooling_mode_") and chosen}
    return pooling.get("include_prompt", True) and (
        ways == {"pooling_mode_mean_tokens"} or (not ways and pooling.get("pooling_mode") in ("mean", ["mean"]))
    )


def _read(file: Path) -> Any:
    return json.loads(file.read_text("utf-8")) if file.is_file() else None


def _dict(file: Path) -> dict[str, Any]:
    found = _read(file)
    return found if isinstance(found, dict) else {}


class MeanEncoder:
    """A model of that kind on the CPU, as a `SentenceEncoder`."""

    on_cpu, batch, pools_by_mean = True, _BATCH, True

    def __init__(self, folder: Path, shape: Shape, prompts: dict[str, str], precision: Precision | None = None) -> None:
        self._encoder = Encoder(folder, precision)
        self.dimension, self.prompts = self._encoder.dimension, shape.prompts | prompts
        self.max_tokens = min(shape.max_tokens, self._encoder.most_tokens)
        self.tokenizer, self._truncating = shape.tokenizer, tokenizer(folder, self.max_tokens)
        if self.tokens([""])[0].shape[1:] != (self.dimension,):
            raise ValueError("the weights have another shape")

    def sentences(self, texts: Sequence[str], kind: Literal["query", "document"]) -> Vectors:
        found = np.array([states.mean(0) for states in self._states(texts, kind)], np.float32)
        unit: Vectors = found / np.linalg.norm(found, axis=1, keepdims=True)
        return unit

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        return self._states(texts, "document")

    def _states(self, texts: Sequence[str], kind: Literal["query", "document"]) -> list[Vectors]:
        ids = [self._truncating.encode(self.prompts[kind] + text).ids for text in texts]
        return [states.numpy() for _, states in self._encoder.states(ids)]


def tokenizer(folder: Path, most: int | None = None) -> Tokenizer:
    """The folder's, without padding, and with truncation only where there is a most. Raises ValueError."""
    try:
        found = Tokenizer.from_file(str(folder / _TOKENIZER))
    except Exception as error:
        raise ValueError("no tokenizer") from error
    found.no_truncation()
    found.no_padding()
    if most:
        found.enable_truncation(most)
    return found
