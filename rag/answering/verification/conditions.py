"""What holds under a condition, or of some alone, and a claim says outright: "you can keep a dog" where dogs need the
landlord's consent, "on all flights" where it is on flights longer than eight hours.

Each is a doubt: the claim is true of some, and not as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import Final

from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.answering.verification.little_words import ANY, EXCEPT, ONLY
from rag.core.text import Language, coverage, stem, terms

_PERMITS: Final = re.compile(
    r"\b(?:may|can|could|allowed|permitted|possible|kann|können|darf|dürfen|erlaubt|zulässig|gestattet|möglich)\b"
    r"|可以|允许",
    re.IGNORECASE,
)
# What a claim says under a condition itself.
_CONDITION: Final = re.compile(
    r"\b(?:if|when|unless|with|without|provided|only|consent|approval|permission|needs?|requires?|wenn|falls|mit|ohne|nur"
    r"|braucht|bedarf)\b|只有|除非|须|如果|经",
    re.IGNORECASE,
)
_ONLY_UNDER: Final = re.compile(
    r"\b(?:only|nur),? (?:with|if|when|after|under|during|until|mit|wenn|nach|unter|während|bis)\b|只有|除非",
    re.IGNORECASE,
)
# The share of a claim that such a sentence must hold; set by hand.
_PERMITTED: Final = 0.5
_NEEDS: Final = re.compile(
    r"\s(?:needs?|requires?|(?:is|are) subject to|braucht|brauchen|bedarf|bedürfen)\s", re.IGNORECASE
)
_CONSENT: Final = re.compile(
    r"\b(?:consent|approval|permission|permit|authori[sz]ation|licen[cs]e|zustimmung|genehmigung|erlaubnis)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"[.;:!?,]\s|\s(?:and|but|und|aber)\s")
_ALL: Final = re.compile(
    r"\b(?:all|every|any|each|alle[nr]?|jede[rsnm]?) (?:the |our |die |der )?(?P<thing>[^\W\d_]+)", re.IGNORECASE
)
# Words by which a document says that there is nothing else.
_SHUTS_OUT: Final = re.compile(
    rf"{ONLY.pattern}|{EXCEPT.pattern}|\b(?:not?|never|none|neither|nor|must|just|no one|nobody|merely|single|sole"
    r"|nicht|kein\w*)\b|不|无|禁",
    re.IGNORECASE,
)
_FIGURE: Final = re.compile(r" (?:[$€£¥] ?)?(?:\d|(?:one|two|three|four|five|a few|ein)\b)")
_WORD: Final = re.compile(r"[^\W\d_]+")
_RESTRICTED: Final = re.compile(
    r" (?:(?:of|that (?:are|is|last)|which (?:are|is)|with) )?(?:more|longer|shorter|less|larger|smaller|older|younger"
    r"|over|under|above|below|between|lasting|exceeding|up to|at least|mit mehr|länger|über|unter|ab)\b",
    re.IGNORECASE,
)


def unconditioned(claim: str, near: Sequence[Source], language: Language) -> Iterator[Difference]:
    """What a claim permits or says of all, where the documents say it under a condition or of some; and what it alone
    says "only" of."""
    yield from _of_all(claim, near, language)
    yield from _unlike_the_nearest(claim, near)
    permits = _PERMITS.search(claim)
    if permits is None or _CONDITION.search(claim):
        return
    wanted = dict.fromkeys(terms(claim, language), 1.0)
    most = max((coverage(wanted, source.terms) for source in near), default=0.0)
    for source in near:
        said = source.in_one_line
        under = _ONLY_UNDER.search(said) and coverage(wanted, source.terms) >= max(most, _PERMITTED)
        if not source.row and (under or _needs_consent(said, wanted.keys(), language)):
            yield Difference("quantifier", permits.span(), source.text, source, "unconditioned")


def _needs_consent(said: str, claimed: Set[str], language: Language) -> bool:
    """Whether what needs somebody's consent is what a claim is about."""
    for clause in _CLAUSE.split(said):
        needs = _NEEDS.search(clause)
        subject = terms(clause[: needs.start()], language) if needs and _CONSENT.search(clause, needs.end()) else ()
        if subject and claimed >= set(subject):
            return True
    return False


def _unlike_the_nearest(claim: str, near: Sequence[Source]) -> Iterator[Difference]:
    """An "only" where the sentence nearest to a claim shuts nothing out, and an "always" where it excepts something."""
    only, every = ONLY.search(claim), ANY.search(claim)
    for source in near[:1]:
        if only and not _FIGURE.match(claim, only.end()) and not _SHUTS_OUT.search(source.text):
            yield Difference("quantifier", only.span(), source.text, source, "unconditioned")
        if every and EXCEPT.search(source.text) and not EXCEPT.search(claim):
            yield Difference("quantifier", every.span(), source.text, source, "unconditioned")


def _of_all(claim: str, near: Sequence[Source], language: Language) -> Iterator[Difference]:
    every = _ALL.search(claim)
    if every is None or _RESTRICTED.match(claim, every.end()):
        return
    thing = stem(every["thing"].lower(), language)
    if any(stem(each["thing"].lower(), language) == thing for s in near[:1] for each in _ALL.finditer(s.in_one_line)):
        return
    for source in near:
        said = source.in_one_line
        there = [word for word in _WORD.finditer(said) if stem(word[0].lower(), language) == thing]
        if there and not _ALL.search(said) and all(_RESTRICTED.match(said, word.end()) for word in there[-1:]):
            yield Difference("quantifier", every.span(), source.text, source, "unconditioned")


def of_exception(text: str, said: Set[str], language: Language) -> bool:
    """Whether a claim is about what a text excepts: "open, except on 11 November" does not say that it is open then."""
    excepts = EXCEPT.search(text)
    return excepts is not None and not said.isdisjoint(terms(text[excepts.end() :], language))
