"""Which of its evidence a claim needs: a sentence that only shares a word with it is no footnote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.answering.verification.case import Case
from rag.answering.verification.evidence import Sources
from rag.core.text import coverage, terms
from rag.models.judges import Judge

# The share of a claim that a sentence beside the best one must hold: in the same document, in another one. Of 420
# everyday claims 78 had a footnote in another document than the first, nearly all for one word; now 8.
_BESIDE, _ELSEWHERE = 0.3, 0.5
_CITED: Final = ("supported", "partly")


def keep_fewest(judge: Judge, cases: Sequence[Case], enough: float) -> None:
    """Of several sentences that support a claim together, keep the one that does so alone, where there is one.

    Args:
        enough: the probability from which a sentence supports a claim.
    """
    several = [case for case in cases if case.verdict == "supported" and len(case.evidence) > 1]
    pairs = [(case.said.text, [source.text]) for case in several for source in case.evidence]
    read = iter(judge.judge(pairs) if pairs else ())
    for case in several:
        alone = [(next(read).probability, source) for source in case.evidence]
        probability, best = max(alone, key=lambda one: one[0])
        if probability >= enough:
            case.evidence, case.probability = [best], probability


def drop_strays(cases: Sequence[Case], sources: Sources) -> None:
    """Of what cases rest on, keep the best sentence, the headings above it, and what says a good share of the claim."""
    for case in cases:
        if case.verdict not in _CITED or len(case.evidence) < 2:
            continue
        wanted, first = sources.weights(terms(case.said.text, sources.language)), case.evidence[0]
        case.evidence = [
            source
            for source in case.evidence
            if source is first
            or source.heading
            or coverage(wanted, source.terms)
            >= (_BESIDE if source.quote.document == first.quote.document else _ELSEWHERE)
        ]
