"""A "yes" or "no" beside the words that follow it: "Yes, the pool is closed" to whether it is open."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from rag.answering.verification.evidence import Sources
from rag.answering.verification.little_words import OPPOSITES
from rag.answering.verification.polarity import denies
from rag.answering.verification.yes_no import NO, YES, core, stated
from rag.core.text import Language, numbers, terms
from rag.core.types import Notice, Sentence, Span

# What follows a clause's end, or an exception, is not what was said yes or no to.
_FIRST: Final = re.compile(
    r"[,;:.]\s|\b(?:but|unless|except|only|if|when|aber|außer|nur|wenn)\b|[，；。]|但|除非|只", re.IGNORECASE
)
# Words that a claim and its denial must have in common to be about the same; set by hand.
_FEWEST: Final = 2


def beside_own_words(sentence: Sentence, question: str, sources: Sources) -> Sentence:
    """A sentence that is shown as supported, only partly where its own words speak against its "yes" or "no"."""
    span = at_odds(sentence.text, question, sources.language) if sentence.verdict == "supported" else None
    if span is None:
        return sentence
    told = Notice("own_words", {"said": sentence.text[slice(*span)]})
    first, *others = sentence.claims
    first = replace(first, verdict="partly", words=(span,), reasons=(*first.reasons, told))
    return replace(sentence, verdict="partly", words=(span,), claims=(first, *others), answers=False)


def at_odds(sentence: str, question: str, language: Language) -> Span | None:
    """Where the "yes" or "no" stands that the words behind it speak against."""
    reply, asked = YES.match(sentence) or NO.match(sentence), stated(question)
    whole = sentence[slice(*core(sentence))].rstrip(" .!。")
    said = _FIRST.split(whole, maxsplit=1)[0]
    mine, theirs = set(terms(asked, language)), set(terms(said, language))
    if reply is None or not mine or not theirs:
        return None
    # "Open" of the question where the answer has "closed", and not both.
    turned = any(OPPOSITES[language].get(term, frozenset()) & theirs - mine for term in mine - theirs)
    same = mine <= theirs and len(mine) >= _FEWEST and _figures(asked) == _figures(said)
    if not (same or (turned and mine & theirs)):
        return None
    contrary = (denies(asked) != denies(said)) != turned
    qualified = len(said) < len(whole)
    wrong = contrary if YES.match(sentence) else not contrary and not qualified
    return reply.span() if wrong else None


def _figures(text: str) -> set[float]:
    return {number.value for number in numbers(text)}
