"""What kind of model a file or folder holds, judged by its content before anything loads it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from rag.core.errors import ModelNeedsGguf, ModelNotOnDisk, ModelRefused
from rag.models.catalogue.known_models import Kind, gguf_instead

# Magic numbers of the formats before GGUF, in little-endian byte order.
_GGML = (b"lmgg", b"fmgg", b"tjgg", b"algg")
# A torch checkpoint is a zip of pickles; older ones are a bare pickle.
_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# The task by the model head in `architectures` of config.json.
_HEADS: tuple[tuple[str, Kind], ...] = (
    ("SequenceClassification", "reranker"),
    ("QuestionAnswering", "reader"),
    ("TokenClassification", "judge"),
    ("CausalLM", "transformers"),
    ("ConditionalGeneration", "transformers"),
)


def check_gguf(path: Path, name: str) -> None:
    """Check that a file is GGUF.

    Raises:
        ModelNotOnDisk: there is no such file.
        ModelNeedsGguf: it has a format from before GGUF.
        ModelRefused: reason `pickle` or `not_a_model`.
    """
    if not path.is_file():
        raise ModelNotOnDisk(model=name)
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"GGUF":
        return
    if head in _GGML:
        raise ModelNeedsGguf(model=name, reason="ggml", instead=gguf_instead(path.name))
    raise ModelRefused(model=name, reason="pickle" if head.startswith(_PICKLES) else "not_a_model")


def folder_problem(folder: Path) -> str | None:
    """Why a folder in Hugging Face layout cannot be loaded; None where it can.

    `gptq` and `awq`: these quantizations need a further package and a GPU. `pickle`: its weights could carry code.
    `not_a_model`: no config or no weights.
    """
    config = folder / "config.json"
    if not config.is_file():
        return "not_a_model"
    method = _quantization_method(config, folder / "quantize_config.json")
    if method in ("gptq", "awq"):
        return method
    if any(folder.glob("*.safetensors")):
        return None
    return "pickle" if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) else "not_a_model"


def check_folder(folder: Path, name: str) -> None:
    """Raises ModelRefused where a folder has no weights, or only weights that could carry code."""
    if (problem := folder_problem(folder)) in ("pickle", "not_a_model"):
        raise ModelRefused(model=name, reason=problem)


def kind_of(folder: Path) -> Kind:
    """The task of a model in Hugging Face layout."""
    if (folder / "modules.json").is_file():
        return "embedder"
    try:
        heads = str(json.loads((folder / "config.json").read_text("utf-8")).get("architectures"))
    except (OSError, ValueError, AttributeError):
        return "transformers"
    return next((kind for mark, kind in _HEADS if mark in heads), "embedder")


def sha256(path: Path) -> str:
    """The hex SHA-256 of a file (about a gigabyte a second)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _quantization_method(config: Path, old_config: Path) -> str:
    try:
        fields = json.loads(config.read_text("utf-8"))
    except ValueError:
        return ""
    quantization = fields.get("quantization_config") if isinstance(fields, dict) else None
    if isinstance(quantization, dict):
        return str(quantization.get("quant_method", "")).lower()
    # Old GPTQ folders have their settings in a separate file.
    return "gptq" if old_config.is_file() else ""
