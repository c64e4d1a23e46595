"""Gradient-boosted trees as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Trees:
    """A forest whose leaves are summed. Of each tree the nodes in one row: the feature asked (-1 for a leaf), the
    threshold (at most it goes left), the places of both branches, and a leaf's value."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self._feature = arrays["feature"].astype(np.int64)
        self._threshold = arrays["threshold"].astype(np.float32)
        self._left = arrays["left"].astype(np.int64)
        self._right = arrays["right"].astype(np.int64)
        self._value = arrays["value"].astype(np.float32)
        self._depth = int(arrays["depth"])

    def scores(self, rows: Array) -> Array:
        """(n,) the sum of the leaves that each row comes to."""
        trees = np.arange(len(self._feature))[:, None]
        at = np.zeros((len(trees), len(rows)), np.int64)
        for _ in range(self._depth):
            feature = self._feature[trees, at]
            left = rows[np.arange(len(rows)), feature] <= self._threshold[trees, at]
            at = np.where(feature < 0, at, np.where(left, self._left[trees, at], self._right[trees, at]))
        found: Array = self._value[trees, at].sum(axis=0)
        return found
