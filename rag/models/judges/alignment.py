"""Alignment: each token of a claim beside what is nearest to it in the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rag.core.text import STOP_WORDS
from rag.models.judges.token_vectors import Array, Tokens

# How sharply a token looks at what is nearest to it.
_SHARPNESS: Final = 20.0
_MEASURES: Final = (
    "aligned_mean aligned_min aligned_tenth aligned_quarter aligned_weak aligned_lower aligned_lower_min "
    "aligned_same aligned_beside aligned_apart meaning_1 meaning_2 meaning_all"
)
NAMES: Final = tuple(_MEASURES.split())
# Columns of `Aligned.scalars`.
NEAREST, LOWER, SAME, BEST_SENTENCE, BESIDE, AROUND, CONTENT, FIGURE = range(8)


@dataclass(frozen=True, slots=True)
class Aligned:
    """Of each token of a claim: its vector, the mean of the evidence's that is nearest, and what `NEAREST` and so on
    name: similarity to the nearest (in both layers), whether the same token stands in the evidence, similarity within
    the best sentence, whether the tokens beside are beside there too, the mean around, whether it bears content, and
    a figure. `meanings` are similarities of the whole claim to the sentences, and to all of them."""

    vectors: Array
    nearest: Array
    scalars: Array
    meanings: Array


def align(claim: str, mine: Tokens, evidence: Sequence[Tokens]) -> Aligned:
    """The claim's tokens beside the evidence's, which has a token at least."""
    vectors = np.concatenate([one.vectors for one in evidence])
    sentence = np.repeat(np.arange(len(evidence)), [len(one.ids) for one in evidence])
    similar = mine.vectors @ vectors.T
    weights = np.exp(_SHARPNESS * (similar - similar.max(axis=1, keepdims=True)))
    weights /= weights.sum(axis=1, keepdims=True)
    each = np.stack(
        [
            similar[:, sentence == i].max(axis=1) if len(one.ids) else np.zeros(len(mine.ids))
            for i, one in enumerate(evidence)
        ]
    )
    nearest = similar.max(axis=1)
    lower = (mine.lower @ np.concatenate([one.lower for one in evidence]).T).max(axis=1)
    same = np.isin(mine.ids, np.concatenate([one.ids for one in evidence]))
    content, figure = _kinds(claim, mine)
    scalars = np.stack(
        [nearest, lower, same, each[each.mean(axis=1).argmax()], _beside(similar), _around(nearest), content, figure],
        axis=1,
    ).astype(np.float32)
    meanings = np.sort([float(mine.mean @ one.mean) for one in evidence])[::-1]
    whole = vectors.mean(axis=0)
    second = meanings[1] if len(meanings) > 1 else 0.0
    all_ = float(mine.mean @ whole / max(float(np.linalg.norm(whole)), 1e-6))
    return Aligned(
        mine.vectors,
        (weights @ vectors).astype(np.float32),
        scalars,
        np.asarray([meanings[0], second, all_], np.float32),
    )


def measures(aligned: Aligned) -> Array:
    """The measures of an alignment, in the order of `NAMES`, over the tokens that bear content."""
    scalars = aligned.scalars
    content = scalars[scalars[:, CONTENT] > 0] if scalars[:, CONTENT].any() else scalars
    nearest = content[:, NEAREST]
    values = [
        nearest.mean(),
        nearest.min(),
        *np.quantile(nearest, [0.1, 0.25]),
        (nearest < 0.5).mean(),
        content[:, LOWER].mean(),
        content[:, LOWER].min(),
        content[:, SAME].mean(),
        content[:, BESIDE].mean(),
        (nearest - content[:, BEST_SENTENCE]).mean(),
        *aligned.meanings,
    ]
    return np.asarray(values, np.float32)


def _beside(similar: Array) -> Array:
    """How similar the next tokens are, where each token is nearest; the mean of both sides."""
    places, (n, m) = similar.argmax(axis=1), similar.shape
    found = np.zeros(n, np.float32)
    for step in (-1, 1):
        mine = np.clip(np.arange(n) + step, 0, n - 1)
        found += similar[mine, np.clip(places + step, 0, m - 1)] / 2
    return found


def _around(nearest: Array) -> Array:
    padded = np.pad(nearest, 1, mode="edge")
    found: Array = ((padded[:-2] + padded[1:-1] + padded[2:]) / 3).astype(np.float32)
    return found


def _kinds(claim: str, mine: Tokens) -> tuple[list[bool], list[bool]]:
    written = [claim[start:end].lower() for start, end in mine.places]
    content = [any(map(str.isalnum, word)) and word not in STOP_WORDS["en"] for word in written]
    return content, [any(map(str.isdigit, word)) for word in written]
