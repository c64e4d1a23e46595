"""Deputies and people who were away: a claim says of them what the documents say of whom they stand in for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.answering.verification.little_words import DEPUTY, STANDS_IN
from rag.answering.verification.names import names
from rag.core.text import Language, coverage, terms

# The share of a claim's other words that a sentence must hold to be the one that says it; set by hand, on invented
# documents, as the next.
_ABOUT: Final = 0.6
# The most of them that stand beside a name where it is only said to stand in, or to be away.
_BESIDE: Final = 0.5
_PART: Final = re.compile(r"[;,.:]\s|\s(?:and|und)\s|[，；。]")


def stands_in(claim: str, everything: Sequence[Source], language: Language) -> Iterator[Difference]:
    """A "deputy manager" who is the manager in the claim, and a name that the documents have only as a deputy's, or of
    somebody who was away."""
    if STANDS_IN.search(claim):
        return
    said = terms(claim, language)
    for source in everything:
        for match in DEPUTY.finditer(source.text):
            at, role = claim.lower().find(match["role"].lower()), terms(match["role"], language)
            rest = dict.fromkeys((term for term in said if term not in role), 1.0)
            alone = source.text.lower().count(match["role"].lower()) == 1
            if at >= 0 and rest and alone and coverage(rest, source.terms) >= _ABOUT:
                yield Difference("name", (at, at + len(match["role"])), match[0], source)
    parts = [(part.strip(), source) for source in everything for part in _PART.split(source.text)]
    for name in dict.fromkeys(names(claim)):
        beside = [(part, source) for part, source in parts if name in part]
        rest = dict.fromkeys((term for term in said if term not in terms(name, language)), 1.0)
        if rest and beside and all(_away(part, rest, language) for part, _ in beside):
            at = claim.find(name)
            yield Difference("name", (at, at + len(name)), *beside[0])


def _away(part: str, rest: dict[str, float], language: Language) -> bool:
    return STANDS_IN.search(part) is not None and coverage(rest, set(terms(part, language))) < _BESIDE
