"""Models that score a (question, text) pair: cross-encoder rerankers and extractive readers.

Both are optional and used where they are installed. They are more accurate than an embedder and cost one forward pass
per text.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from rag.core.text import reads
from rag.models.catalogue import MODELS, Kind, locate
from rag.models.pair_models import load_pair_model

_BATCH: Final = 16
# Tokens of question and text together; the text is truncated.
_MAX_TOKENS: Final = 512


class _PairModel:
    """A transformers model over text pairs. Thread-safe: one thread computes at a time."""

    def __init__(self, folder: Path, name: str, head: str, *, languages: Sequence[str], device: str = "auto") -> None:
        """Loaded with the first question.

        Args:
            head: the class of transformers that loads it.
            languages: codes or "many"; questions in other languages score 0.
            device: auto, cpu, cuda or mps.
        """
        self.name = name
        self._folder, self._head, self._languages, self._device = folder, head, languages, device
        self._loaded: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    def _each(self, question: str, texts: Sequence[str], score: Callable[[Any, Any], Any]) -> list[float]:
        """`score(output, inputs)` for each text; 0 in a language that the model does not support."""
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
                    max_length=min(_MAX_TOKENS, tokenizer.model_max_length),
                    return_tensors="pt",
                )
                found += score(model(**inputs.to(model.device)), inputs).float().tolist()
            return found

    def _load(self) -> tuple[Any, Any]:
        self._loaded = load_pair_model(self._folder, self.name, self._head, self._device)
        return self._loaded


class CrossEncoder(_PairModel):
    """A reranker: one relevance score per (question, passage)."""

    def __init__(self, folder: Path, name: str, *, languages: Sequence[str] = ("en",), device: str = "auto") -> None:
        super().__init__(folder, name, "AutoModelForSequenceClassification", languages=languages, device=device)

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Relevance logits, larger is better; all 0 in a language that it does not support."""
        return self._each(question, texts, lambda output, _: output.logits[:, -1])


class AnswerScorer(_PairModel):
    """A reader: the probability that a text contains an answer span."""

    def __init__(self, folder: Path, name: str, *, languages: Sequence[str] = ("en",), device: str = "auto") -> None:
        super().__init__(folder, name, "AutoModelForQuestionAnswering", languages=languages, device=device)

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """0 to 1: the best span against the null answer, as in SQuAD 2.0 (Rajpurkar et al. 2018)."""
        return self._each(question, texts, _answered)


def _answered(output: Any, inputs: Any) -> Any:
    """Sigmoid of the best span's logit minus that of the first token, which means "no answer"."""
    import torch

    # Mask question and special tokens.
    text = torch.tensor([[part == 1 for part in inputs.sequence_ids(i)] for i in range(len(output.start_logits))])
    text = text.to(output.start_logits.device)
    starts = output.start_logits.float().masked_fill(~text, -1e4)
    ends = output.end_logits.float().masked_fill(~text, -1e4)
    # For each end, the best start at or before it.
    best = (torch.cummax(starts, dim=1).values + ends).max(dim=1).values
    none = output.start_logits[:, 0].float() + output.end_logits[:, 0].float()
    return torch.sigmoid(best - none)


def open_reranker(folders: Sequence[Path] = (), *, device: str = "auto") -> CrossEncoder | None:
    """The installed reranker with the most languages; None where there is none. No network access."""
    found = _installed("reranker", folders)
    return CrossEncoder(found[0], found[1], languages=found[2], device=device) if found else None


def open_answer_scorer(folders: Sequence[Path] = (), *, device: str = "auto") -> AnswerScorer | None:
    """The installed reader with the most languages; None where there is none. No network access."""
    found = _installed("reader", folders)
    return AnswerScorer(found[0], found[1], languages=found[2], device=device) if found else None


def _installed(kind: Kind, folders: Sequence[Path]) -> tuple[Path, str, tuple[str, ...]] | None:
    """Folder, name and languages of an installed catalogue model; multilingual ones first."""
    rows = [model for model in MODELS if model.kind == kind]
    for model in sorted(rows, key=lambda model: model.languages == ("en",)):
        if folder := locate(model.name, folders):
            return folder, model.name, model.languages
    return None
