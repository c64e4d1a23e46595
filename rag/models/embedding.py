"""Texts as points: unit-length float32 vectors whose inner product says how near two texts are in meaning.

Passages and queries are embedded by different verbs, since for some models they differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from rag.core.errors import ModelRefused
from rag.core.processors import computes_bfloat16, each_alone, threads_in_use
from rag.models.catalogue import choose

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors = npt.NDArray[np.float32]

_WEIGHTS: Final = "model.safetensors"
_BATCH: Final = 32
# Questions whose vectors are kept: those of all who ask at one moment.
_KEPT: Final = 16
# What the libraries raise for folders that are damaged, incomplete, or want code of their own to be run.
_UNUSABLE: Final = (AttributeError, ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError)


class Embedder(Protocol):
    """What the rooms need of an embedding model.

    `max_tokens` is how much text it reads, as `count_tokens` counts; what is beyond is not seen.
    `fallback_for` names the model that was asked for and is not on the disk.
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
        """(n, dimension), each row of length 1."""

    def embed_query(self, text: str) -> Vectors:
        """(dimension,), of length 1."""

    def count_tokens(self, text: str) -> int: ...


@runtime_checkable
class LateChunkingEmbedder(Protocol):
    """An embedder that can read a stretch of a text together with what stands before it."""

    def embed_spans(self, texts: Sequence[str], starts: Sequence[int]) -> Vectors | None:
        """What each text says from the character `start` on, (n, dimension), each row of length 1, where what stands
        before it is read too but not meant; None where the model cannot."""


class CachedQueryEmbedding:
    """The vectors of the last questions are kept: search and quotes both ask for them."""

    def embed_query(self, text: str) -> Vectors:
        """(dimension,), of length 1, not to be written to."""
        return self._known(text)

    @cached_property
    def _known(self) -> Callable[[str], Vectors]:
        def known(text: str) -> Vectors:
            vector: Vectors = self._question(text)[0]
            vector.flags.writeable = False
            return vector

        return lru_cache(_KEPT)(known)

    def _question(self, text: str) -> Vectors:
        """(1, dimension), of length 1."""
        raise NotImplementedError


class TransformerEmbedder(CachedQueryEmbedding):
    """A sentence-transformers model from a folder. Safe to share between threads.

    Texts are spread over threads of its own that compute with one processor each. Several processors on one text
    wait for each other after every step, and for whatever else runs on them: a question took half as long again.
    """

    def __init__(
        self, folder: Path, name: str, *, device: str = "auto", threads: int = 0, fallback_for: str | None = None
    ) -> None:
        """Load the model.

        Args:
            device: auto, cpu, cuda or mps.
            threads: texts computed at a time; 0 leaves the choice to torch. On a graphics card, one at a time.

        Raises:
            ModelRefused: its weights are in a format that can carry code.
        """
        self.name = name
        self.fallback_for = fallback_for
        self._model = _load(folder, name, device, threads)
        self._tokenizer = _counting_tokenizer(self._model)
        on_processor = self._model.device.type == "cpu"
        self._at_once = threads_in_use() if on_processor else 1
        self._computing = each_alone(self._at_once)
        self._bfloat16 = on_processor and computes_bfloat16()
        self._averages = _averages(self._model)
        self.dimension = int(self._model.get_embedding_dimension())
        special = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        self.max_tokens = int(self._model.max_seq_length) - special

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension), each row of length 1. Equal texts are computed once."""
        unique = list(dict.fromkeys(texts))
        place = {text: i for i, text in enumerate(unique)}
        found = np.empty((len(unique), self.dimension), np.float32)
        lengths = [self.count_tokens(text) for text in unique]
        for places, vectors in self._spread(unique, lengths, self._read_whole):
            found[places] = vectors
        return found[[place[text] for text in texts]]

    def embed_spans(self, texts: Sequence[str], starts: Sequence[int]) -> Vectors | None:
        """The vector of a text is the mean of its tokens' vectors, and that of its end the mean of those in it.

        Returns:
            (n, dimension), each row of length 1; None where the model makes vectors in another way.
        """
        if not self._averages or not texts:
            return None
        offsets = [self._tokenizer.encode(text).offsets for text in texts]
        found = np.empty((len(texts), self.dimension), np.float32)
        for places, read in self._spread(texts, list(map(len, offsets)), self._read_tokens):
            for i, tokens in zip(places, read, strict=True):
                # Marks of the model's own have no width. An end beyond what the model reads is meant by all it read.
                meant = [n for n, (first, last) in enumerate(offsets[i][: len(tokens)]) if last > first >= starts[i]]
                stretch = slice(meant[0], meant[-1] + 1) if meant else slice(None)
                found[i] = tokens[stretch].float().mean(0).cpu().numpy()
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found

    def _question(self, text: str) -> Vectors:
        encode = self._model.encode_query
        vectors: Vectors = self._computing.submit(
            encode, [text], normalize_embeddings=True, show_progress_bar=False
        ).result()
        return vectors

    def _spread(
        self, texts: Sequence[str], lengths: Sequence[int], read: Callable[[list[str]], Any]
    ) -> Iterator[tuple[list[int], Any]]:
        """What `read` gives for the texts, some at a time, with the places of those: texts of like length in tokens go
        together, so that little is spent on padding.
        """
        order = sorted(range(len(texts)), key=lambda i: (lengths[i], texts[i]))
        size = max(1, min(_BATCH, -(-len(texts) // self._at_once)))
        batches = [order[first : first + size] for first in range(0, len(texts), size)]
        # As many as are computed at once and no more, so that a question can come between.
        for first in range(0, len(batches), self._at_once):
            some = batches[first : first + self._at_once]
            yield from zip(some, self._computing.map(read, [[texts[i] for i in batch] for batch in some]), strict=True)

    def _read_whole(self, texts: list[str]) -> Vectors:
        with self._fast():
            vectors: Vectors = self._model.encode_document(
                texts, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
            )
        return vectors

    def _read_tokens(self, texts: list[str]) -> Any:
        with self._fast():
            return self._model.encode_document(
                texts, batch_size=_BATCH, output_value="token_embeddings", show_progress_bar=False
            )

    def count_tokens(self, text: str) -> int:
        """The tokens of a text, without the marks that the model adds around it."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))

    def _fast(self) -> AbstractContextManager[Any]:
        """Half-width arithmetic where the processor has it built in: passages twice as fast, cosine to the
        full-width vectors 0.9999 and more. A single question gains nothing by it.
        """
        import torch

        return torch.autocast("cpu", dtype=torch.bfloat16) if self._bfloat16 else nullcontext()


def open_embedder(name: str, *, device: str = "auto", folders: Sequence[Path] = (), threads: int = 0) -> Embedder:
    """The embedder of that name or folder, or the bundled one where it is not on this disk. No network.

    Args:
        folders: where models may lie.

    Raises:
        ModelUnknown: nothing has that name.
        ModelRefused: its files are not what they should be, or could carry code.
    """
    choice = choose(name, folders, kind="embedder")
    if choice.sha256 is not None:
        _check(choice.path / _WEIGHTS, choice.name, choice.sha256)
    asked = None if choice.stands_in_for is None else name
    return TransformerEmbedder(choice.path, choice.name, device=device, threads=threads, fallback_for=asked)


def _check(weights: Path, name: str, sha256: str) -> None:
    if not weights.is_file() or hashlib.sha256(weights.read_bytes()).hexdigest() != sha256:
        raise ModelRefused(model=name, reason="hash")


def _load(folder: Path, name: str, device: str, threads: int) -> Any:
    if not any(folder.glob("*.safetensors")) or any(map(_pickled, folder.rglob("pytorch_model.bin"))):
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
            device=_device() if device == "auto" else device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        ).eval()
    except _UNUSABLE as error:
        raise ModelRefused(model=name, reason="damaged") from error


def _pickled(weights: Path) -> bool:
    """Whether these weights are all there is beside them: then they would be loaded, and they can carry code."""
    return not any(weights.parent.glob("*.safetensors"))


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _averages(model: Any) -> bool:
    """Whether a text's vector is the mean of its tokens' vectors and nothing else, and nothing is put before a text."""
    modules = [type(module).__name__ for module in model]
    plain = modules in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
    return plain and model[1].pooling_mode in ("mean", ("mean",)) and not any(model.prompts.values())


def _counting_tokenizer(model: Any) -> Tokenizer:
    """The model's tokenizer on its own: it counts all of a text, and cuts and pads nothing."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
