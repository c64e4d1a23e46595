"""Which of its evidence a supported claim needs: a sentence that only shares a word with it is no footnote."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.verification.case import Case
from rag.models.judges import Judge


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
