"""Loading of embedders from a folder: no network, no code, no pickled weights."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np

from rag.core.errors import ModelRefused
from rag.core.processors import computes_bfloat16
from rag.models.encoder import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# What the libraries raise for folders that are damaged, incomplete, or need custom code.
UNUSABLE: Final = (AttributeError, ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError)
_BATCH: Final = 32
_QUIETLY: Final[dict[str, Any]] = {"batch_size": _BATCH, "show_progress_bar": False}


class SentenceEncoder(Protocol):
    """A loaded model. Thread-safe."""

    tokenizer: Tokenizer
    """Without truncation and padding."""
    prompts: dict[str, str]
    """What is read before a "query" and a "document"."""
    dimension: int
    max_tokens: int
    """Special tokens and prompt included."""
    on_cpu: bool
    batch: int
    """How many texts are best given at once."""
    pools_by_mean: bool
    """Whether a text's vector is the plain mean of its token vectors, a prompt among them."""

    def sentences(self, texts: Sequence[str], kind: Literal["query", "document"]) -> Vectors:
        """(n, dimension), rows of unit length."""

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """(tokens, dimension) for each document, special tokens and prompt included."""


def load(folder: Path, name: str, device: str, threads: int, prompts: dict[str, str]) -> SentenceEncoder:
    """The model in a folder: computed here where its shape is known and there is no graphics card.

    Args:
        device: auto, cpu, cuda or mps.
        threads: torch's intra-op threads; 0 leaves torch's default.
        prompts: in place of its own.

    Raises:
        ModelRefused: reason `pickle` (weights could carry code) or `damaged`.
    """
    if not any(folder.glob("*.safetensors")) or any(map(_is_only_format, folder.rglob("pytorch_model.bin"))):
        raise ModelRefused(model=name, reason="pickle")
    import torch

    from rag.models.mean_encoder import MeanEncoder, read_shape

    if threads:
        torch.set_num_threads(threads)
    device = _best_device() if device == "auto" else device
    try:
        shape = read_shape(folder) if device == "cpu" else None
        return LibraryEncoder(folder, device, prompts) if shape is None else MeanEncoder(folder, shape, prompts)
    except UNUSABLE as error:
        raise ModelRefused(model=name, reason="damaged") from error


class LibraryEncoder:
    """Any model of sentence-transformers."""

    def __init__(self, folder: Path, device: str, prompts: dict[str, str]) -> None:
        from sentence_transformers import SentenceTransformer
        from tokenizers import Tokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        self._model: Any = SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        ).eval()
        self._model.prompts |= prompts
        self.prompts: dict[str, str] = self._model.prompts
        self.tokenizer: Any = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.dimension, self.max_tokens = int(self._model.get_embedding_dimension()), int(self._model.max_seq_length)
        self.on_cpu, self.batch = self._model.device.type == "cpu", _BATCH
        self.pools_by_mean = pools_by_mean(self._model)
        self._bfloat16 = self.on_cpu and computes_bfloat16()

    def sentences(self, texts: Sequence[str], kind: Literal["query", "document"]) -> Vectors:
        encode = self._model.encode_query if kind == "query" else self._model.encode_document
        with self._half_precision():
            return np.asarray(encode(list(texts), normalize_embeddings=True, **_QUIETLY), np.float32)

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        with self._half_precision():
            found = self._model.encode_document(list(texts), output_value="token_embeddings", **_QUIETLY)
        return [tokens.float().cpu().numpy() for tokens in found]

    def _half_precision(self) -> AbstractContextManager[Any]:
        import torch

        return torch.autocast("cpu", dtype=torch.bfloat16) if self._bfloat16 else nullcontext()


def pools_by_mean(model: Any) -> bool:
    """As `SentenceEncoder.pools_by_mean`, of a SentenceTransformer."""
    modules = [type(module).__name__ for module in model]
    plain = modules in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
    return plain and model[1].pooling_mode in ("mean", ("mean",)) and model[1].include_prompt


def _is_only_format(weights: Path) -> bool:
    """Whether a module's folder has pickled weights only, which sentence-transformers would then load."""
    return not any(weights.parent.glob("*.safetensors"))


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
