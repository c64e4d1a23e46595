"""Two passages that say nearly the same and differ in what counts: a figure, a date, a name, a "not", a "may"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from rag.answering.evidence.answer_types import answer_kind, answer_things
from rag.core.text import language_of, numbers, terms, words
from rag.core.types import Disagreement, Quote, Statement

# Two units with more of their words in common than this say the same, but for what `decisive` finds in them. It is what
# quotes were told apart by before; squad's figures with it are in bench/quality.md.
ALIKE: Final = 0.8
# Less is enough where what differs is of the kind that is asked for. By hand; of 91 RAMDocs questions 7 are said to be
# in dispute so, and none of 68 of squad; with 0.5 it is 8 and 1.
_COMPARABLE: Final = 0.6

_NEGATIONS: Final = re.compile(
    r"\b(?:not?|never|none|neither|nor|without|cannot|\w+n['’]t|nicht|kein\w*|nie|ohne)\b|不|没|未|无|非|禁止",
    re.IGNORECASE,
)
_MODALS: Final = re.compile(
    r"\b(?:may|must|shall|should|can|could|might|need|only|all|at least|at most|up to|less than|more than"
    r"|darf|muss|soll|kann|nur|alle|mindestens|höchstens)\b|必须|可以|应当|只|全部|至少|最多",
    re.IGNORECASE,
)
_NAMES: Final = re.compile(r"(?<=[\w,;] )[A-Z][\w'’-]*\w")


def decisive(text: str) -> tuple[frozenset[str], ...]:
    """What a text may not differ in without saying something else: figures, negation, modality, names.

    >>> decisive("Visitors may not pay 5 euros.") == decisive("Visitors may pay 5 euros.")
    False
    """
    return (
        frozenset(f"{number.value:g} {number.unit}" for number in numbers(text)),
        frozenset({"not"} if denies(text) else ()),
        frozenset(match.lower() for match in _MODALS.findall(text)),
        frozenset(_NAMES.findall(text)),
    )


def denies(text: str) -> bool:
    """Whether a text says "not" of something."""
    return _NEGATIONS.search(text) is not None


def same_said(one: str, other: str, overlap: float) -> bool:
    """Whether two units of a given share of words in common say the same: figures, negations and names agree too."""
    return overlap >= ALIKE and decisive(one) == decisive(other)


def disagreements(
    question: str, quotes: Sequence[Quote], dates: Mapping[str, str] | None = None
) -> tuple[Disagreement, ...]:
    """Where quotes of different documents answer the question with different things of the kind that is asked for.

    Args:
        quotes: those shown, best first.
        dates: of the documents, by their ids, where they are known; the newest is named first.
    """
    kind = answer_kind(question)
    if kind is None:
        return ()
    found: dict[int, tuple[str, frozenset[str]]] = {}
    language = language_of(question)
    asked = frozenset(terms(question, language))
    for place, quote in enumerate(quotes):
        things = answer_things(question, quote.text)
        if len(things) == 1 and len(asked & set(terms(f"{quote.text} {quote.head}", language))) >= _few(asked):
            found[place] = (things[0], frozenset(terms(quote.text, language)))
    pairs = [
        (a, b)
        for a in found
        for b in found
        if a < b and quotes[a].document != quotes[b].document and _differ(found[a], found[b])
    ]
    if not pairs:
        return ()
    places = sorted({place for pair in pairs for place in pair})
    known = dates or {}
    statements = [Statement(place, found[place][0], known.get(quotes[place].document, "")) for place in places]
    return (Disagreement(tuple(sorted(statements, key=lambda statement: statement.date, reverse=True))),)


def _few(asked: frozenset[str]) -> int:
    return max(1, round(0.5 * len(asked)))


def _differ(one: tuple[str, frozenset[str]], other: tuple[str, frozenset[str]]) -> bool:
    """Whether two answers are other ones, in sentences that say the same besides."""
    if set(words(one[0])) & set(words(other[0])):
        return False
    mine, theirs = one[1] - set(terms(one[0])), other[1] - set(terms(other[0]))
    return len(mine & theirs) >= _COMPARABLE * max(1, min(len(mine), len(theirs)))
