"""What a model file is by its content, before anything loads it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from rag.core.errors import ModelNeedsGguf, ModelNotOnDisk, ModelRefused
from rag.models.catalogue.known_models import gguf_instead

# The formats that llama.cpp wrote before GGUF; the letters lie backwards in the file.
_GGML = (b"lmgg", b"fmgg", b"tjgg", b"algg")
# A torch checkpoint is a zip of pickles; older ones are a bare pickle.
_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def check_gguf(path: Path, name: str) -> None:
    """Let only a GGUF file pass.

    Raises:
        ModelNotOnDisk: there is no such file.
        ModelNeedsGguf: it is of the format before GGUF.
        ModelRefused: with the reason `pickle` or `not_a_model`.
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
    """Why a folder in the layout of the hub cannot be loaded as it is: `gptq` or `awq` weights need
    a package and a GPU of their own, `pickle` is never loaded, `not_a_model` has no weights."""
    config = folder / "config.json"
    if not config.is_file():
        return "not_a_model"
    method = _quantization_method(config, folder / "quantize_config.json")
    if method in ("gptq", "awq"):
        return method
    if any(folder.glob("*.safetensors")):
        return None
    return "pickle" if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) else "not_a_model"


def sha256(path: Path) -> str:
    """The hash of a file, read once from end to end (about a gigabyte a second)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _quantization_method(config: Path, old_config: Path) -> str:
    try:
        described = json.loads(config.read_text("utf-8"))
    except ValueError:
        return ""
    quantization = described.get("quantization_config") if isinstance(described, dict) else None
    if isinstance(quantization, dict):
        return str(quantization.get("quant_method", "")).lower()
    # GPTQ folders from before transformers knew them keep their settings in a file of their own.
    return "gptq" if old_config.is_file() else ""
