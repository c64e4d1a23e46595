"""An "only" of the documents: what a sentence says of one thing alone and a claim of another, or of all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import Final

from rag.answering.verification.amounts import amounts
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.answering.verification.little_words import ANY
from rag.answering.verification.polarity import denies
from rag.core.text import Language, coverage, terms
from rag.core.types import Span

# The share of a claim's words that must stand beside an "only" to be what it restricts; less where the claim says it of
# all. Set by hand on the sentences that `oppositions` names.
_RESTRICTED, _OF_ALL = 0.6, 0.5
# Words behind an "only" that it may be about.
_FOCUS: Final = 4
# "The only way" restricts nothing but itself, "only 3" is a figure's.
_RESTRICTS: Final = re.compile(
    r"(?<!not )(?<!nicht )(?<!the )\b(?:only|solely|exclusively|nur|ausschließlich)\b"
    r"(?!,? (?:when|after|before|once|then|a few|about|recently|part)\b)"
    r"(?! (?:[$€£]? ?\d|[a-z]+ (?:percent|per cent)))",
    re.IGNORECASE,
)
_LEADS: Final = re.compile(
    r"\W*(?:(?:if|wenn|by|for|to|on|in|at|from|with|the|a|an|von|für|zum|zur|im|in|am|den|dem|der)\s+)*"
)
_ENDS: Final = re.compile(
    r"[.;:!?,]|\b(?:may|must|can|shall|should|will|is|are|was|were|be|has|have|had|do|does|for|to|in|on|at|from|with|of|who|that"
    r"|which|when|if|and|or|darf|dürfen|muss|kann|können|ist|sind|war|wird|werden|möglich|erlaubt|und|oder)\b",
    re.IGNORECASE,
)
# In German the verb stands behind what "only" is about: "nur mit Schuhen betreten".
_NOUN: Final = re.compile(r"(?:[a-zäöüß]+ )?[A-ZÄÖÜ]\w+")
_BUT: Final = re.compile(r"[;:]\s|,\s(?=(?:but|aber)\b)")
# What a claim says under a condition is not said of all.
CONDITION: Final = re.compile(r"\b(?:if|when|unless|with|provided|wenn|falls|mit)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*")


def restricted(claim: str, said: Set[str], near: Sequence[Source], language: Language) -> Iterator[Difference]:
    """Where a sentence says "only" of one thing what the claim says of another, or of all."""
    everybody = ANY.search(claim)
    if _RESTRICTS.search(claim) or (CONDITION.search(claim) and not everybody):
        return
    figures = amounts(claim)
    for source in near:
        for only in _RESTRICTS.finditer(source.text) if not source.row and not denies(source.text) else ():
            # What a claim says with a figure, and the sentence without, is something else of the same thing.
            if not figures <= amounts(source.text):
                break
            focus = _focus(source.text, only.span(), language)
            # What stands before a comma is about something else.
            rest = frozenset(terms(sentence_part(source.text, only.start()), language)) - focus
            share = coverage(dict.fromkeys(rest, 1.0), said)
            same = share >= _OF_ALL if everybody else share >= _RESTRICTED and len(rest) > 1
            if focus - said and same and (everybody or said - rest - focus):
                if any(not focus <= s.terms and said <= s.terms for s in near):
                    continue
                span = everybody.span() if everybody else first_of(claim, said - rest, language)
                yield Difference("quantifier", span, source.text, source, "only")


def _focus(text: str, only: Span, language: Language) -> frozenset[str]:
    """What an "only" is about: the words behind it, or before it where it ends its clause."""
    start = _LEADS.match(text, only[1])
    begin = start.end() if start else only[1]
    end = _ENDS.search(text, begin)
    behind = text[begin : end.start() if end else len(text)]
    noun = _NOUN.match(behind) if language == "de" else None
    words = terms(noun[0] if noun else behind, language)[:_FOCUS]
    return frozenset(words or terms(text[: only[0]], language)[-2:])


def sentence_part(text: str, at: int) -> str:
    borders = [match.end() for match in _BUT.finditer(text)]
    first = max((b for b in borders if b <= at), default=0)
    return text[first : min((b for b in borders if b > at), default=len(text))]


def first_of(claim: str, wanted: Set[str], language: Language) -> Span:
    found = (m.span() for m in _WORD.finditer(claim) if not wanted.isdisjoint(terms(m[0], language)))
    return next(found, (0, len(claim)))
