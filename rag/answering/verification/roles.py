"""Who does a thing, and what a figure is said of: a claim says of one what the documents say of another."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final

from rag.answering.verification.claims import subject_of
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.answering.verification.little_words import DEPUTY, STANDS_IN
from rag.answering.verification.names import names
from rag.core.text import Language, coverage, numbers, terms, without_figures
from rag.core.types import Span

# The shares were set on one half of the fitted claims and two of four documents of ours: of their 28 false sentences 3
# are supported, before 16. On the other two documents 12 of 29, before 18; no true one of the 31 fell.
# How much more of what a claim says of somebody a sentence about another must hold than any about the one.
_MORE: Final = 0.8
# ... and any that holds its figure or its day.
_ELSEWHERE, _DAY_ELSEWHERE = 0.6, 0.4
# The share of a claim's other words that a sentence must hold to be the one that says it.
_ABOUT: Final = 0.6
# The most of them that stand beside a name where it is only said to stand in, or to be away.
_BESIDE: Final = 0.5
_AGENT: Final = re.compile(
    r"\bby ((?:[^\s,.;]++ ){0,4}?[^\s,.;]++)(?=[,.;]| (?:within|in|on|at|for|with|after|if)\b|$)"
)
_WEEKDAY: Final = re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)
# What stands for whom a sentence before named, or for who wrote it.
_PRONOUN: Final = re.compile(r"\b(?:we|you|i|it|they|he|she|this|these|that|wir|man|sie|er|es)\b", re.IGNORECASE)
_PART: Final = re.compile(r"[;,.:]\s|\s(?:and|und)\s|[，；。]")


def said_of_another(claim: str, everything: Sequence[Source], language: Language) -> Iterator[Difference]:
    """A subject, or who something is done by, that stands only in sentences about other things, where a sentence says
    all the rest of somebody else."""
    said = terms(without_figures(claim), language)
    for start, end in _roles(claim):
        own = set(terms(without_figures(claim[start:end]), language))
        rest = dict.fromkeys((term for term in said if term not in own), 1.0)
        homes = [source for source in everything if own <= source.terms]
        best = max(everything, key=lambda source: coverage(rest, source.terms), default=None)
        if not own or not rest or not homes or best is None or not own.isdisjoint(best.terms):
            continue
        apart = coverage(rest, best.terms) - max(coverage(rest, source.terms) for source in homes)
        other = subject_of(best.text)
        if apart >= _MORE and not _PRONOUN.search(other) and terms(other, language):
            yield Difference("name", (start, end), "", best)


def adrift(claim: str, everything: Sequence[Source], language: Language) -> Iterator[Difference]:
    """Figures and weekdays that stand there only beside other words, where a sentence says the claim's words of another
    figure or day."""
    rest = dict.fromkeys(terms(_WEEKDAY.sub(" ", without_figures(claim)), language), 1.0)
    nearest = max(everything, key=lambda source: coverage(rest, source.terms), default=None)
    if nearest is None or not rest:
        return
    best = coverage(rest, nearest.terms)
    for number in numbers(claim) if numbers(nearest.text) else ():
        # What stands below "Accounts of 2023" is said of that year.
        homes = [one for one in everything if number.value in _values(f"{one.quote.section} {one.text}")]
        if homes and (number.plain or number.unit) and not any(source.row for source in homes):
            beside = max(coverage(rest, source.terms) for source in homes)
            if best - beside >= _ELSEWHERE:
                yield Difference("figure", (number.start, number.end))
    days = list(_WEEKDAY.finditer(claim))
    dated = [one for one in everything if _WEEKDAY.search(one.text)] if days else []
    of_days = max((coverage(rest, one.terms) for one in dated), default=0.0)
    for day in days:
        homes = [source for source in everything if source.terms.issuperset(terms(day[0], language))]
        if homes and of_days - max(coverage(rest, source.terms) for source in homes) >= _DAY_ELSEWHERE:
            yield Difference("date", day.span())


@functools.lru_cache(maxsize=4096)
def _values(text: str) -> frozenset[float]:
    return frozenset(number.value for number in numbers(text))


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


def _roles(claim: str) -> Iterator[Span]:
    """Where the subject of a claim stands, and who something is done by."""
    subject = subject_of(claim)
    if subject and (at := claim.find(subject)) >= 0:
        yield at, at + len(subject)
    yield from (match.span(1) for match in _AGENT.finditer(claim))
