"""A second judge asked about what the first one calls supported: the chat model, where it was found to know better.

It only doubts. What it does not confirm the documents may still say, but nobody is to be told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.answering.verification.case import Case
from rag.answering.verification.evidence import Source
from rag.core.types import Notice
from rag.models.judges import Judge

# Sentences that a claim is shown beside, and characters of all that is shown for an answer; where there is more, each
# claim is shown its own.
_SENTENCES: Final = 4
_TOGETHER: Final = 3000


def look_again(judge: Judge, sentences: Sequence[Sequence[Case]]) -> None:
    """Call partly supported what a judge does not confirm of what another one has supported.

    Args:
        sentences: of each the case of the whole, and those of its parts. Parts are asked about where the whole is not
            confirmed: a sentence that says several things is supported where each of them is.
    """
    held = [case for cases in sentences for case in cases if _by_judgement(case, judge)]
    shown = list(dict.fromkeys(text for case in held for text in _evidence(case)))
    # Read once for all claims of an answer.
    together = shown if sum(map(len, shown)) <= _TOGETHER else None
    _doubt(judge, [case for cases in sentences for case in cases[:1] if _by_judgement(case, judge)], together)
    unsure = [cases[1:] for cases in sentences if cases and cases[0].verdict != "supported"]
    _doubt(judge, [part for parts in unsure for part in parts if _by_judgement(part, judge)], together)


def _doubt(judge: Judge, cases: Sequence[Case], together: Sequence[str] | None) -> None:
    pairs = [(case.said.text, together or _evidence(case)) for case in cases]
    for case, judgement in zip(cases, judge.judge(pairs), strict=True):
        if judgement.probability < judge.supported:
            case.verdict, case.reasons, case.probability = "partly", [Notice("unconfirmed")], judgement.probability


def _by_judgement(case: Case, judge: Judge) -> bool:
    """Whether it was judged to be supported, and not found so word for word or by reckoning."""
    return case.judged and case.verdict == "supported" and judge.reads(case.said.text)


def _evidence(case: Case) -> list[str]:
    """The sentences nearest to a claim, in the order of the documents, each below its title and section."""
    nearest = {source.place: source for source in (*case.evidence, *case.near)}
    kept = sorted(list(nearest.values())[:_SENTENCES], key=lambda source: source.place)
    return [f"{_head(source)}{' '.join(source.text.split())}" for source in kept]


def _head(source: Source) -> str:
    names = [name for name in (source.quote.title, source.quote.section) if name]
    return f"[{' › '.join(names)}] " if names else ""
