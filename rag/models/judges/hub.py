"""Judges from the hub: sequence classifiers over (evidence, claim), and classifiers of the claim's tokens.

What they give is no probability until it is calibrated: `rag/models/catalogue/facts/NAME.toml` has a table `[judge]`
with `slope`, `constant` and `supported`. Without one nothing is supported.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rag.core.text import reads
from rag.models.catalogue import JudgeCalibration
from rag.models.judges.protocol import Judgement, Pair
from rag.models.judges.selection import select_evidence
from rag.models.judges.wording import joined
from rag.models.pair_models import load_pair_model

# Sentences of the evidence that are put before a judge, and tokens of both texts; the evidence is truncated.
_SENTENCES: Final = 8
_MAX_TOKENS: Final = 512
# What the classes are called that mean "the evidence says it", in the order they are looked for.
_SAID: Final = ("entailment", "supported", "consistent", "label_1")
# As LettuceDetect's models were taught to be asked about a text without a question.
_SUMMARY: Final = "Summarize the following text:\n{evidence}\noutput:"


class _HubJudge:
    """A transformers model from a folder, loaded with the first claim. Thread-safe: one thread computes at a time."""

    head: str

    def __init__(
        self, folder: Path, name: str, languages: Sequence[str], calibration: JudgeCalibration, device: str = "auto"
    ) -> None:
        self.name = name
        self._folder, self._languages, self._calibration, self._device = folder, languages, calibration, device
        self._model: tuple[Any, Any] | None = None
        self._lock = threading.Lock()

    @property
    def supported(self) -> float:
        return self._calibration.supported

    def reads(self, text: str) -> bool:
        return reads(self._languages, text)

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        import torch

        with self._lock, torch.inference_mode():
            tokenizer, model = self._model or self._load()
            return [self._one(tokenizer, model, *pair) if any(pair[1]) else Judgement(0.0, ()) for pair in pairs]

    def _one(self, tokenizer: Any, model: Any, claim: str, evidence: Sequence[str]) -> Judgement:
        raise NotImplementedError

    def _inputs(self, tokenizer: Any, model: Any, evidence: str, claim: str) -> Any:
        return tokenizer(
            evidence,
            claim,
            truncation="only_first",
            max_length=min(_MAX_TOKENS, tokenizer.model_max_length),
            return_tensors="pt",
        ).to(model.device)

    def _load(self) -> tuple[Any, Any]:
        self._model = load_pair_model(self._folder, self.name, self.head, self._device)
        return self._model


class PairJudge(_HubJudge):
    """One verdict for the claim: NLI cross-encoders. It marks no words."""

    head = "AutoModelForSequenceClassification"

    def _one(self, tokenizer: Any, model: Any, claim: str, evidence: Sequence[str]) -> Judgement:
        inputs = self._inputs(tokenizer, model, _chosen(claim, evidence), claim)
        logits = model(**inputs).logits[0].float()
        said = _said(model.config.id2label)
        rest = [i for i in range(len(logits)) if i != said]
        logit = float(logits[said] - logits[rest].logsumexp(0)) if rest else float(logits[said])
        return Judgement(self._calibration.probability(logit), ())


class TokenJudge(_HubJudge):
    """A verdict for each token of the claim, class 1 for what the evidence does not say: LettuceDetect, TinyLettuce.
    The claim is as good as its worst token."""

    head = "AutoModelForTokenClassification"

    def _one(self, tokenizer: Any, model: Any, claim: str, evidence: Sequence[str]) -> Judgement:
        inputs = self._inputs(tokenizer, model, _SUMMARY.format(evidence=_chosen(claim, evidence)), claim)
        logits = model(**inputs).logits[0].float()
        own = [i for i, part in enumerate(inputs.sequence_ids(0)) if part == 1]
        if not own:
            return Judgement(0.0, ())
        scores = (logits[own, 0] - logits[own, 1]).tolist()
        places = [inputs.token_to_chars(i) for i in own]
        spans = [(place.start, place.end) for place, score in zip(places, scores, strict=True) if place and score < 0]
        return Judgement(self._calibration.probability(min(scores)), tuple(joined(claim, spans)))


def _chosen(claim: str, evidence: Sequence[str]) -> str:
    return " ".join(evidence[i] for i in select_evidence(claim, evidence, _SENTENCES))


def _said(labels: dict[int, str]) -> int:
    """The class that means that the evidence says the claim; of a model with one class, that."""
    names = {str(name).lower(): int(place) for place, name in labels.items()}
    return next((names[name] for name in _SAID if name in names), len(names) - 1)


# By the family of the catalogue's row.
FAMILIES: Final[dict[str, type[_HubJudge]]] = {"pair": PairJudge, "token": TokenJudge}
