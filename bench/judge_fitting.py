"""How judged claims count in fitting a judge, and from which probability on it is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.judge_data import TRAINED, Labelled

Array = npt.NDArray[np.float64]
FOLDS: Final = 4
RIGHT: Final = 0.95


def balance(claims: Sequence[Labelled]) -> Array:
    """A set counts by the root of its size, true and false the same in each; the planted are one set."""
    sets = np.array([claim.set if claim.set in TRAINED else "planted" for claim in claims])
    right = np.array([claim.right for claim in claims])
    weights = np.zeros(len(claims))
    for name in sorted(set(sets)):
        for label in (True, False):
            these = (sets == name) & (right == label)
            weights[these] = (sets == name).sum() ** 0.5 / max(1, these.sum())
    found: Array = weights / weights.mean()
    return found


def fold_of(claim: Labelled) -> int:
    return int(hashlib.sha256(("fold " + " ".join(claim.evidence)).encode()).hexdigest()[:6], 16) % FOLDS


def lowest_right(claims: Sequence[Labelled], probabilities: Array) -> float:
    """The lowest probability from which, sets counting by the root of their size, 95 of 100 claims are right."""
    sets = np.array([claim.set for claim in claims])
    right = np.array([claim.right for claim in claims])
    order = np.argsort(-probabilities)
    weights = np.array([(sets == name).sum() ** -0.5 for name in sets])[order]
    shares = np.cumsum(weights * right[order]) / np.cumsum(weights)
    enough = np.flatnonzero(shares >= RIGHT)
    return float(probabilities[order[enough[-1]]]) if len(enough) else 1.0
