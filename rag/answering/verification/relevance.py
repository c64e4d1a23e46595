"""Does a sentence answer what was asked? A question apart from whether the documents say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.answering.evidence import nearest_of_its_kind
from rag.answering.evidence.answer_types import answer_kind, holds_new
from rag.answering.verification.evidence import Source, Sources
from rag.core.text import coverage, numbers, terms, without_figures, words

# Share of what is asked that a sentence, or what bears it out, must be about.
_ABOUT: Final = 0.5
# How much less of it than the best a source of a bare answer may be about.
_BEHIND: Final = 0.8
_ASKING: Final = re.compile(
    r"^\W*+(?:(?:in|at|on|for|to|from|by|of) )?(?:how (?:many|much|long|old|far|often|large|high|big)\b"
    r"|what|which|when|who|whom|whose|where|why|how|wie ?(?:viele?|lange|hoch|oft)?|was|wann|wo|wer|welche[rsn]?)\b"
    r"(?: (?:is|are|was|were|do|does|did|can|may|must|has|have|will)\b)?",
    re.IGNORECASE,
)


def asked_about(question: str) -> str:
    """What a question asks about: its words without those that only ask.

    >>> asked_about("How long is the trial period?")
    'the trial period'
    """
    return _ASKING.sub("", question).strip(" ?？")


def answers(said: str, question: str, borne_out_by: Sequence[Source], sources: Sources) -> bool:
    """Whether a sentence says something of the kind that is asked for, about what is asked."""
    kind = answer_kind(question)
    if kind is not None and not holds_new(kind, said, frozenset(words(question))):
        return False
    asked = _known(question, sources)
    held = frozenset(terms(said, sources.language)).union(*(source.about for source in borne_out_by))
    return not asked or coverage(asked, held) >= _ABOUT


def answering(bare: str, question: str, sources: Sources) -> Source | None:
    """What bears out an answer of a few words: of all that holds them the one that is nearest to what is asked."""
    asked, wanted = _known(question, sources), set(terms(without_figures(bare), sources.language))
    figures = {number.value for number in numbers(bare)}
    # What stands before a sentence tells what it is about, but less surely than its own words.
    about = {s.place: (coverage(asked, s.terms) + coverage(asked, s.about)) / 2 for s in sources.all}
    best, elsewhere = max(about.values(), default=0.0), sources.of_another_range(question)
    for source in sorted(sources.all, key=lambda source: -about[source.place]):
        if source.place in elsewhere:
            continue
        if about[source.place] < max(_ABOUT / 2, _BEHIND * best) and asked:
            return None
        holds = wanted <= source.terms and figures <= {number.value for number in numbers(source.text)}
        if holds and (wanted or figures) and nearest_of_its_kind(bare, source.text, question, asked):
            return source
    return None


def _known(question: str, sources: Sources) -> dict[str, float]:
    """The terms of the question that the documents hold, and what they are worth."""
    met = frozenset[str]().union(*(source.about for source in sources.all))
    weights = sources.weights(terms(asked_about(question), sources.language))
    return {term: weight for term, weight in weights.items() if term in met}
