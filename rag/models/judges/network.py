"""A small network over an alignment: does the evidence say each token of a claim, and the claim as a whole?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from rag.models.judges.alignment import Aligned
from rag.models.judges.token_vectors import Array


class Network:
    """Token and nearest evidence are projected, compared, and weighed by one hidden layer; a claim is as good as its
    worst tokens and as their mean. Trained by `bench/train_judge.py`."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._weights = {name: array.astype(np.float32) for name, array in arrays.items()}

    def tokens(self, aligned: Aligned) -> Array:
        """(n,) a logit for each token: what is below 0 is rather not said."""
        w = self._weights
        mine, theirs = aligned.vectors @ w["project"].T, aligned.nearest @ w["project"].T
        rows = np.concatenate([mine, theirs, np.abs(mine - theirs), mine * theirs, aligned.scalars], axis=1)
        hidden = np.maximum(rows @ w["hidden"].T + w["hidden_bias"], 0)
        found: Array = hidden @ w["out"][0] + w["out_bias"][0]
        return found

    def claim(self, tokens: Array) -> float:
        """The logit of the whole claim."""
        w = self._weights
        sharp = float(w["sharp"][0])
        lowest = float(tokens.min())
        worst = lowest - float(np.log(np.mean(np.exp(-sharp * (tokens - lowest))))) / sharp
        return float(w["pool"] @ np.asarray([worst, tokens.mean()], np.float32) + w["pool_bias"][0])
