"""Which sentences of the evidence a claim is held against."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from rag.models.judges.wording import wording


def rarity(sentences: Sequence[str]) -> Mapping[str, float]:
    """The weight of each term of the evidence: the fewer sentences hold it, the more it says."""
    counts = Counter(term for sentence in sentences for term in wording(sentence).held)
    return {term: math.log1p(len(sentences) / count) for term, count in counts.items()}


def select_evidence(claim: str, sentences: Sequence[str], k: int) -> list[int]:
    """The places of at most `k` sentences that together hold most of a claim's terms, in order.

    Each next one is that which adds most: what it holds of the terms that none of the chosen does, and a third of
    what it holds of all, so that the same thing said twice is found twice.
    """
    if len(sentences) <= k:
        return list(range(len(sentences)))
    weights = rarity(sentences)
    wanted = wording(claim).held
    held = [wording(sentence).held & wanted for sentence in sentences]
    whole = [sum(weights[term] for term in terms) for terms in held]
    open_terms, chosen = set(wanted), list[int]()
    while len(chosen) < k:
        left = [i for i in range(len(sentences)) if i not in chosen]
        best = max(left, key=lambda i: sum(weights[term] for term in held[i] & open_terms) + whole[i] / 3)
        if not held[best]:
            break
        chosen.append(best)
        open_terms -= held[best]
    return sorted(chosen or range(min(k, len(sentences))))
