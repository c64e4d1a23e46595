"""The bundled judge: signs of wording, and the claim's tokens aligned with the evidence's, weighed by what people said
of claims, and calibrated.

Its weights are data beside it, written by `bench/train_judge.py`; its card is `docs/judge.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import numpy as np
from numpy.lib.format import read_array

from rag.core.text import reads
from rag.models.judges.alignment import NAMES, Aligned, align, measures
from rag.models.judges.network import Network
from rag.models.judges.protocol import Judgement, Pair
from rag.models.judges.selection import select_evidence
from rag.models.judges.signs import signs
from rag.models.judges.token_vectors import Array, Tokens, TokenVectors
from rag.models.judges.trees import Trees
from rag.models.judges.wording import joined, wording

BUNDLED_JUDGE: Final = "footnote-judge"
# Sentences of the evidence whose tokens are aligned.
ALIGNED_SENTENCES: Final = 6
_WEIGHTS: Final = Path(__file__).with_name("footnote-judge.npz")


class BundledJudge:
    """Loads its weights and the bundled embedder with the first claim. Thread-safe."""

    name = BUNDLED_JUDGE

    def __init__(self) -> None:
        self._tokens = TokenVectors()

    @property
    def supported(self) -> float:
        return float(self._weights["supported"])

    def reads(self, text: str) -> bool:
        """English only: it was trained and calibrated on nothing else."""
        return reads(("en",), text)

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        aligned = self.aligned(pairs)
        if not pairs:
            return []
        rows = np.stack([self._row(pair, found) for pair, (found, _) in zip(pairs, aligned, strict=True)])
        probabilities = self._calibrated(self._trees.scores(rows))
        return [
            Judgement(float(p) if any(evidence) else 0.0, tuple(self._unsupported(claim, evidence, *found)))
            for p, (claim, evidence), found in zip(probabilities, pairs, aligned, strict=True)
        ]

    def aligned(self, pairs: Sequence[Pair]) -> list[tuple[Aligned | None, Tokens]]:
        """Each claim's alignment, None where claim or evidence has no word, and its tokens."""
        chosen = [
            [evidence[i] for i in select_evidence(claim, evidence, ALIGNED_SENTENCES)] for claim, evidence in pairs
        ]
        texts = [text for (claim, _), texts in zip(pairs, chosen, strict=True) for text in (claim, *texts)]
        tokens = iter(self._tokens.of(texts))
        found = []
        for (claim, _), sentences in zip(pairs, chosen, strict=True):
            mine, theirs = next(tokens), [next(tokens) for _ in sentences]
            usable = len(mine.ids) and any(len(one.ids) for one in theirs)
            found.append((align(claim, mine, theirs) if usable else None, mine))
        return found

    def _row(self, pair: Pair, aligned: Aligned | None) -> Array:
        if aligned is None:
            return np.concatenate([signs(*pair), np.zeros(len(NAMES) + 1, np.float32)])
        whole = self._network.claim(self._network.tokens(aligned))
        return np.concatenate([signs(*pair), measures(aligned), np.asarray([whole], np.float32)])

    def _calibrated(self, scores: Array) -> Array:
        logits = self._weights["slope"] * scores + self._weights["constant"]
        found: Array = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        return found

    def _unsupported(
        self, claim: str, evidence: Sequence[str], aligned: Aligned | None, tokens: Tokens
    ) -> Iterator[tuple[int, int]]:
        """The words that the network finds not said; where there is no alignment, those that do not stand there."""
        if aligned is None:
            yield from _missing(claim, evidence)
            return
        logits = self._network.tokens(aligned)
        low = float(self._weights["words"])
        yield from joined(claim, [place for place, logit in zip(tokens.places, logits, strict=True) if logit < low])

    @cached_property
    def _weights(self) -> dict[str, Array]:
        with ZipFile(_WEIGHTS) as packed:
            names = {name: name.removesuffix(".npy") for name in packed.namelist()}
            return {name: read_array(packed.open(file), allow_pickle=False) for file, name in names.items()}

    @cached_property
    def _trees(self) -> Trees:
        return Trees(_named(self._weights, "trees_"))

    @cached_property
    def _network(self) -> Network:
        return Network(_named(self._weights, "network_"))


def _named(weights: dict[str, Array], prefix: str) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in weights.items() if name.startswith(prefix)}


def _missing(claim: str, evidence: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The words none of whose terms stands in the evidence."""
    held = frozenset[str]().union(*(wording(sentence).held for sentence in evidence))
    words = (word for word in wording(claim).words if word.terms and held.isdisjoint(word.terms))
    yield from joined(claim, [(word.start, word.end) for word in words])
