"""Loading of transformers models that read two texts at once: rerankers, extractive readers, judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag.core.errors import ModelRefused
from rag.models.embedder_loading import UNUSABLE


def load_pair_model(folder: Path, name: str, head: str, device: str) -> tuple[Any, Any]:
    """The tokenizer and the model of a folder, from safetensors alone.

    Args:
        head: the class of transformers that loads it.
        device: auto, cpu, cuda or mps.

    Raises:
        ModelRefused: its weights can carry code, or it cannot be loaded.
    """
    # Weights in any other format can carry code.
    if not any(folder.glob("*.safetensors")):
        raise ModelRefused(model=name, reason="pickle")
    import torch
    import transformers

    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        model = getattr(transformers, head).from_pretrained(folder, use_safetensors=True, **options)
        return tokenizer, model.eval().to(place)
    except UNUSABLE as error:
        raise ModelRefused(model=name, reason="damaged") from error
