"""The bundled judge: signs of wording, weighed by what people said of claims, calibrated.

Its weights are data beside it, written by `bench/train_judge.py`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from rag.core.text import reads
from rag.models.judges.protocol import Judgement, Pair
from rag.models.judges.signs import signs
from rag.models.judges.wording import wording

BUNDLED_JUDGE: Final = "footnote-judge"
_WEIGHTS: Final = Path(__file__).with_name("footnote-judge.json")


class BundledJudge:
    """Needs nothing but its weights. Thread-safe."""

    name = BUNDLED_JUDGE

    @cached_property
    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
        return facts

    @property
    def supported(self) -> float:
        return float(self._facts["supported"])

    def reads(self, text: str) -> bool:
        """English only: it was calibrated on nothing else."""
        return reads(("en",), text)

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        return [Judgement(self._probability(*pair), tuple(_unsupported(*pair))) for pair in pairs]

    def _probability(self, claim: str, evidence: Sequence[str]) -> float:
        if not evidence:
            return 0.0
        logit = float(signs(claim, evidence) @ np.asarray(self._facts["weights"])) + self._facts["constant"]
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _unsupported(claim: str, evidence: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The words none of whose terms stands in the evidence; neighbours joined."""
    held = frozenset[str]().union(*(wording(sentence).held for sentence in evidence))
    start = end = -1
    for word in wording(claim).words:
        missing = bool(word.terms) and held.isdisjoint(word.terms)
        if missing and start >= 0 and not claim[end : word.start].strip():
            end = max(end, word.end)
        elif missing:
            if start >= 0:
                yield start, end
            start, end = word.start, word.end
        elif start >= 0:
            yield start, end
            start = -1
    if start >= 0:
        yield start, end
