"""What is known of the evidence as a whole, and which of its sentences a claim is held against."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.models.judges.wording import Wording, wording

# Two or three words in a row.
Gram = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The wordings of the sentences, and of all together: the terms with their weight (the fewer sentences hold one,
    the more it says), pairs and triples of words, figures, the number of words."""

    sentences: tuple[Wording, ...]
    rarity: Mapping[str, float]
    pairs: frozenset[Gram]
    triples: frozenset[Gram]
    figures: frozenset[tuple[float, str]]
    length: int


def evidence_of(sentences: Sequence[str]) -> Evidence:
    """Computed once for the claims of an answer."""
    return _evidence(tuple(sentences))


@functools.lru_cache(maxsize=64)
def _evidence(sentences: tuple[str, ...]) -> Evidence:
    found = tuple(map(wording, sentences))
    counts = Counter(term for one in found for term in one.held)
    return Evidence(
        found,
        {term: math.log1p(len(found) / count) for term, count in counts.items()},
        frozenset(gram for one in found for gram in grams(one.sequence, 2)),
        frozenset(gram for one in found for gram in grams(one.sequence, 3)),
        frozenset(figure for one in found for figure in one.figures),
        sum(len(one.words) for one in found),
    )


def grams(sequence: Sequence[str], size: int) -> list[Gram]:
    return [tuple(sequence[i : i + size]) for i in range(len(sequence) - size + 1)]


def select_evidence(claim: str, sentences: Sequence[str], k: int) -> list[int]:
    """The places of at most `k` sentences that together hold most of a claim's terms, in order.

    Each next one is that which adds most: what it holds of the terms that none of the chosen does, and a third of
    what it holds of all, so that the same thing said twice is found twice.
    """
    if len(sentences) <= k:
        return list(range(len(sentences)))
    evidence = evidence_of(sentences)
    open_terms = set(wording(claim).held)
    held = {i: one.held & open_terms for i, one in enumerate(evidence.sentences)}
    left = {i: (terms, _weight(evidence, terms) / 3) for i, terms in held.items() if terms}
    chosen: list[int] = []
    while left and len(chosen) < k:
        best = max(left, key=lambda i: _weight(evidence, left[i][0] & open_terms) + left[i][1])
        chosen.append(best)
        open_terms -= left.pop(best)[0]
    return sorted(chosen) or list(range(k))


def _weight(evidence: Evidence, terms: Iterable[str]) -> float:
    return sum(evidence.rarity[term] for term in terms)
