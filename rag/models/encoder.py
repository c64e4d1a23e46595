"""Text encoders of the shapes of BERT and MPNet, from their folder, without the libraries that train them.

sentence-transformers and transformers take seconds and 200 MB to import, and pad the texts of a batch. Here the tokens
of several texts are one matrix for the products, and attention is computed text by text: nothing is padded. Weights in
float32 are mapped: all processes share them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from rag.core.processors import computes_bfloat16

if TYPE_CHECKING:
    from torch import Tensor

Vectors = npt.NDArray[np.float32]
Precision = Literal["float32", "bfloat16"]

_WEIGHTS: Final = "model.safetensors"
# Where a layer's parts lie: attention's query, key, value, output and its norm.
_NAMES: Final = {
    "bert": [
        f"attention.{part}" for part in ("self.query", "self.key", "self.value", "output.dense", "output.LayerNorm")
    ],
    "mpnet": [f"attention.{part}" for part in ("attn.q", "attn.k", "attn.v", "attn.o", "LayerNorm")],
}
# MPNet counts positions from here, whatever its configuration says of padding.
_MPNET_FIRST: Final = 2
# Of relative positions in MPNet, as in T5.
_FARTHEST: Final = 128


def encodes(config: dict[str, Any]) -> bool:
    """Whether a model's `config.json` describes a network that is computed here."""
    return (
        config.get("model_type") in _NAMES
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder")
        and "auto_map" not in config
    )


class Encoder:
    """The network of a folder. Thread-safe."""

    def __init__(self, folder: Path, precision: Precision | None = None) -> None:
        """Load it, by default in bfloat16 where the processor multiplies it: twice as fast, cosine to float32 0.9999.

        Raises UNUSABLE, see `embedder_loading`.
        """
        self._config: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        self.dimension = int(self._config["hidden_size"])
        self._precision = precision or ("bfloat16" if computes_bfloat16() else "float32")
        tensors = _mapped(folder / _WEIGHTS, f"{self._config['model_type']}.")
        mpnet = self._config["model_type"] == "mpnet"
        self._words, positions = (tensors[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position"))
        self._positions = positions[_MPNET_FIRST if mpnet else 0 :]
        self.most_tokens = len(self._positions)
        self._type = tensors["embeddings.token_type_embeddings.weight"][0] if not mpnet else None
        self._norm = _norm(tensors, "embeddings.LayerNorm", self._config)
        self._layers = [self._layer(tensors, number) for number in range(int(self._config["num_hidden_layers"]))]
        self._bias = None
        if mpnet:
            bias = _relative_bias(tensors["encoder.relative_attention_bias.weight"], self.most_tokens)
            self._bias = bias.bfloat16() if self._precision == "bfloat16" else bias

    def states(self, texts: Sequence[Sequence[int]], *, above: int | None = None) -> list[tuple[Tensor, Tensor]]:
        """For each text, by the ids of its tokens, the states above so many layers (all) and above all: (tokens,
        dimension). What stands beside a text changes its states by no more than rounding."""
        import torch

        lengths = [len(ids) for ids in texts]
        with torch.inference_mode():
            states = self._words[torch.tensor([one for ids in texts for one in ids])]
            states += torch.cat([self._positions[:length] for length in lengths])
            if self._type is not None:
                states += self._type
            states = self._norm(states)
            for layer in self._layers[:above]:
                states = layer(states, lengths)
            lower = states
            for layer in [] if above is None else self._layers[above:]:
                states = layer(states, lengths)
            return list(zip(lower.split_with_sizes(lengths), states.split_with_sizes(lengths), strict=True))

    def _layer(self, tensors: dict[str, Tensor], number: int) -> Callable[[Tensor, list[int]], Tensor]:
        from torch.nn.functional import gelu

        inside = f"encoder.layer.{number}."
        query, key, value, out, norm = (inside + name for name in _NAMES[self._config["model_type"]])
        project = self._linear(tensors, query, key, value)
        attended, wider, narrower = (
            self._linear(tensors, name) for name in (out, f"{inside}intermediate.dense", f"{inside}output.dense")
        )
        first, second = _norm(tensors, norm, self._config), _norm(tensors, f"{inside}output.LayerNorm", self._config)

        def layer(states: Tensor, lengths: list[int]) -> Tensor:
            states = first(attended(self._mixed(project(states), lengths))[0].float() + states)
            return second(narrower(gelu(wider(states)[0]))[0].float() + states)

        return layer

    def _mixed(self, projected: Sequence[Tensor], lengths: list[int]) -> Tensor:
        """Attention inside each text."""
        import torch
        from torch.nn.functional import scaled_dot_product_attention

        heads, mixed = int(self._config["num_attention_heads"]), []
        for parts in zip(*(every.split_with_sizes(lengths) for every in projected), strict=True):
            length = len(parts[0])
            bias = None if self._bias is None else self._bias[:, :length, :length]
            query, key, value = (part.view(1, length, heads, -1).transpose(1, 2) for part in parts)
            found = scaled_dot_product_attention(query, key, value, attn_mask=bias)
            mixed.append(found.transpose(1, 2).reshape(length, -1))
        return torch.cat(mixed)

    def _linear(self, tensors: dict[str, Tensor], *names: str) -> Callable[[Tensor], Sequence[Tensor]]:
        """Layers that read the same states, as one function that gives what each makes of them."""
        import torch
        from torch.nn.functional import linear

        weights = [tensors[f"{name}.weight"] for name in names]
        biases = [tensors[f"{name}.bias"] for name in names]
        if self._precision == "float32":
            pairs = list(zip(weights, biases, strict=True))
            return lambda states: [linear(states, weight, bias) for weight, bias in pairs]
        weight, bias = torch.cat(weights).bfloat16(), torch.cat(biases).bfloat16()
        return lambda states: linear(states.bfloat16(), weight, bias).chunk(len(names), -1)


def _mapped(file: Path, before: str) -> dict[str, Tensor]:
    """A file's tensors, mapped and not read, in float32; their names may begin with the network's."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as weights:
            found = {name.removeprefix(before): weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{file.name} is damaged") from error
    return {name: tensor.float() for name, tensor in found.items() if tensor.is_floating_point()}


def _norm(tensors: dict[str, Tensor], name: str, config: dict[str, Any]) -> Callable[[Tensor], Tensor]:
    from torch.nn.functional import layer_norm

    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    eps = float(config["layer_norm_eps"])
    return lambda states: layer_norm(states, weight.shape, weight, bias, eps)


def _relative_bias(weight: Tensor, most: int) -> Tensor:
    """(heads, most, most): what MPNet adds to the attention between two positions, by how far apart they are."""
    import torch

    buckets = len(weight) // 2
    places = torch.arange(most)
    away = places[None, :] - places[:, None]
    far, near = away.abs(), buckets // 2
    steps = torch.log(far.clamp(min=1).float() / near) / math.log(_FARTHEST / near) * (buckets - near)
    bucket = torch.where(far < near, far, (near + steps.long()).clamp(max=buckets - 1)) + (away > 0) * buckets
    return weight[bucket].permute(2, 0, 1).contiguous()
