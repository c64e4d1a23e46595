"""Loading of sentence-transformers models from a folder: no network, no code, no pickled weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rag.core.errors import ModelRefused

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What the libraries raise for folders that are damaged, incomplete, or need custom code.
UNUSABLE: Final = (AttributeError, ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError)


def load(folder: Path, name: str, device: str, threads: int) -> Any:
    """The SentenceTransformer in a folder.

    Args:
        device: auto, cpu, cuda or mps.
        threads: torch's intra-op threads; 0 leaves torch's default.

    Raises:
        ModelRefused: reason `pickle` (weights could carry code) or `damaged`.
    """
    if not any(folder.glob("*.safetensors")) or any(map(_is_only_format, folder.rglob("pytorch_model.bin"))):
        raise ModelRefused(model=name, reason="pickle")
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    if threads:
        torch.set_num_threads(threads)
    try:
        return SentenceTransformer(
            str(folder),
            device=_best_device() if device == "auto" else device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        ).eval()
    except UNUSABLE as error:
        raise ModelRefused(model=name, reason="damaged") from error


def pools_by_mean(model: Any) -> bool:
    """Whether a text's vector is the plain mean of its token vectors, a prefix among them."""
    modules = [type(module).__name__ for module in model]
    plain = modules in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
    return plain and model[1].pooling_mode in ("mean", ("mean",)) and model[1].include_prompt


def counting_tokenizer(model: Any) -> Tokenizer:
    """The model's tokenizer without truncation and padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _is_only_format(weights: Path) -> bool:
    """Whether a module's folder has pickled weights only, which sentence-transformers would then load."""
    return not any(weights.parent.glob("*.safetensors"))


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
