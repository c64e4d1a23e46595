"""Models that read a question and a text together, and say how well the one answers the other.

A reranker puts passages in order; a reader looks for the words that answer. Both are used when they
lie on the disk and are never needed. They see far more than an embedder does and cost far more: one
pass through the model for each text.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rag.core.errors import ModelRefused
from rag.core.text import reads
from rag.models.catalogue import MODELS, Kind, locate

_BATCH: Final = 16
# Tokens of question and text together that are read; what is beyond is not seen.
_MOST_TOKENS: Final = 512
# What the libraries raise for folders that are damaged, incomplete, or want code of their own to be run.
_UNUSABLE: Final = (AttributeError, ImportError, KeyError, OSError, RuntimeError, TypeError, ValueError)


class _PairModel:
    """A transformers model that is given pairs of texts. Safe to share between threads: one computes at a time."""

    def __init__(self, folder: Path, name: str, head: str, *, languages: Sequence[str], device: str = "auto") -> None:
        """Nothing is loaded before the first question.

        Args:
            head: the class of transformers that loads it.
            languages: those it reads, codes or "many"; a question in another one is not put to it.
            device: auto, cpu, cuda or mps.
        """
        self.name = name
        self._folder, self._head, self._languages, self._device = folder, head, languages, device
        self._loaded: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    def _each(self, question: str, texts: Sequence[str], score: Callable[[Any, Any], Any]) -> list[float]:
        """`score` of the model's output and its inputs for each text; 0 where it does not read the question."""
        if not texts or not reads(self._languages, question):
            return [0.0] * len(texts)
        import torch

        with self._lock, torch.inference_mode():
            tokenizer, model = self._loaded or self._load()
            found: list[float] = []
            for first in range(0, len(texts), _BATCH):
                batch = list(texts[first : first + _BATCH])
                inputs = tokenizer(
                    [question] * len(batch),
                    batch,
                    padding=True,
                    truncation="only_second",
                    max_length=min(_MOST_TOKENS, tokenizer.model_max_length),
                    return_tensors="pt",
                )
                found += score(model(**inputs.to(model.device)), inputs).float().tolist()
            return found

    def _load(self) -> tuple[Any, Any]:
        # Weights in any other format can carry code.
        if not any(self._folder.glob("*.safetensors")):
            raise ModelRefused(model=self.name, reason="pickle")
        import torch
        import transformers

        options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        device = ("cuda" if torch.cuda.is_available() else "cpu") if self._device == "auto" else self._device
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(self._folder, **options)
            model = getattr(transformers, self._head).from_pretrained(self._folder, use_safetensors=True, **options)
            self._loaded = (tokenizer, model.eval().to(device))
        except _UNUSABLE as error:
            raise ModelRefused(model=self.name, reason="damaged") from error
        return self._loaded


class CrossEncoder(_PairModel):
    """A reranker: one number for question and passage."""

    def __init__(self, folder: Path, name: str, *, languages: Sequence[str] = ("en",), device: str = "auto") -> None:
        super().__init__(folder, name, "AutoModelForSequenceClassification", languages=languages, device=device)

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Larger is nearer; all the same where it does not read the question's language."""
        return self._each(question, texts, lambda output, _: output.logits[:, -1])


class AnswerScorer(_PairModel):
    """A reader: how surely a text holds words that answer the question."""

    def __init__(self, folder: Path, name: str, *, languages: Sequence[str] = ("en",), device: str = "auto") -> None:
        super().__init__(folder, name, "AutoModelForQuestionAnswering", languages=languages, device=device)

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """0 to 1: the best stretch of the text against no answer at all, as SQuAD 2 readers are taught."""
        return self._each(question, texts, _answered)


def _answered(output: Any, inputs: Any) -> Any:
    """The chance of the best stretch beside that of the first token, which stands for "no answer"."""
    import torch

    # The words of the text, neither the question nor the marks around it.
    text = torch.tensor([[part == 1 for part in inputs.sequence_ids(i)] for i in range(len(output.start_logits))])
    text = text.to(output.start_logits.device)
    starts = output.start_logits.float().masked_fill(~text, -1e4)
    ends = output.end_logits.float().masked_fill(~text, -1e4)
    # For each end the best start at or before it.
    best = (torch.cummax(starts, dim=1).values + ends).max(dim=1).values
    none = output.start_logits[:, 0].float() + output.end_logits[:, 0].float()
    return torch.sigmoid(best - none)


def open_reranker(folders: Sequence[Path] = (), *, device: str = "auto") -> CrossEncoder | None:
    """The reranker on this disk that reads the most languages, or None where there is none. No network."""
    found = _on_disk("reranker", folders)
    return CrossEncoder(found[0], found[1], languages=found[2], device=device) if found else None


def open_answer_scorer(folders: Sequence[Path] = (), *, device: str = "auto") -> AnswerScorer | None:
    """The reader on this disk that reads the most languages, or None where there is none. No network."""
    found = _on_disk("reader", folders)
    return AnswerScorer(found[0], found[1], languages=found[2], device=device) if found else None


def _on_disk(kind: Kind, folders: Sequence[Path]) -> tuple[Path, str, tuple[str, ...]] | None:
    """Folder and name of a model of the catalogue, and the languages it reads."""
    rows = [model for model in MODELS if model.kind == kind]
    for model in sorted(rows, key=lambda model: model.languages == ("en",)):
        if folder := locate(model.name, folders):
            return folder, model.name, model.languages
    return None
