"""The opposite of a claim, for a judge to read beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rag.models.judges import Judge, Judgement
from rag.models.judges.protocol import Pair

# What makes a clause a condition: what it denies is not what the sentence says.
CONDITION: Final = re.compile(r"\b(?:if|unless|whether|wenn)\b", re.IGNORECASE)
DENIED: Final = re.compile(
    r"\b(?P<can>can)(?:not|['’]t)\b|\b(?P<will>wo)n['’]t\b|(?<=[a-z])n['’]t\b|\s(?:not|never)\b|\bno\s", re.IGNORECASE
)
AUXILIARY: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|could|may|might|must|will|would|shall|should|do|does|did)\b", re.IGNORECASE
)


def opposite(claim: str) -> str:
    """A claim without its first "not", or with one behind its first auxiliary verb; '' where it has neither.

    >>> opposite("Visitors cannot park."), opposite("Visitors can park."), opposite("Visitors park.")
    ('Visitors can park.', 'Visitors can not park.', '')
    """
    denied = DENIED.search(claim)
    if denied and CONDITION.search(claim, 0, denied.start()):
        return ""
    if denied:
        left = denied["can"] or (denied["will"] and "will") or ""
        return f"{claim[: denied.start()]}{left}{claim[denied.end() :]}"
    verb = AUXILIARY.search(claim)
    return f"{claim[: verb.end()]} not{claim[verb.end() :]}" if verb else ""


def beside_opposites(judge: Judge, pairs: Sequence[Pair], asked: Sequence[bool]) -> Iterator[tuple[Judgement, float]]:
    """What a judge says of claims, and how likely it finds the opposite of those that are asked about."""
    opposites = [opposite(claim) if ask else "" for (claim, _), ask in zip(pairs, asked, strict=True)]
    turned = [(text, evidence) for text, (_, evidence) in zip(opposites, pairs, strict=True) if text]
    judged = judge.judge([*pairs, *turned])
    likely = iter(one.probability for one in judged[len(pairs) :])
    for judgement, text in zip(judged, opposites, strict=False):
        yield judgement, next(likely) if text else 0.0
