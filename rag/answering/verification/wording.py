"""Wordings: what a claim says in the words of a sentence but for one figure, name or negation.

Figures and names that stand elsewhere in the documents pass every check that asks only whether they are there.
But where a sentence says the same words with another thing in between, the claim has exchanged it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from rag.answering.verification.names import known, unaccented
from rag.answering.verification.negations import DENIALS
from rag.core.text import STOP_WORDS, language_of, measure, months, normalized, numbers, script_of

_TOKEN: Final = re.compile(
    r"\d+(?:[.,]\d+)*(?:st|nd|rd|th)?\b|\d+(?:[.,]\d+)*|[$€£%]|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\W\d_]"
)
_TOKEN_CHINESE: Final = re.compile(r"\d+(?:[.,]\d+)*|[A-Za-z]+|[^\W\d_]")
_BEFORE_S: Final = re.compile(r"(?<!\s)\s++(?='s\b)")
_CANNOT: Final = re.compile(r"\bcan(?:no|')t\b", re.IGNORECASE)
_NOT_JOINED: Final = re.compile(r"(?<=\w)n't\b")
_REPLY: Final = re.compile(r"^\W*(?:no|yes)\b[,.]?\s*", re.IGNORECASE)
_NOT: Final = frozenset({"not", "no", "never"})
# Equal words around an exchanged thing, both sides together, from which it surely is the same statement.
_AROUND: Final = 4
_AROUND_NEGATION: Final = 5
_AROUND_CHINESE: Final = 6
_ONE_SIDE: Final = 5
# Equal words around what the claim has there, with which the documents bear it out themselves.
_OWN: Final = 2
# Words that an exchanged thing has at most.
_LONGEST: Final = 4
# Words from a negation on that must stand so in the documents.
_SUPPORTED: Final = 3


@dataclass(frozen=True, slots=True)
class _Exchanged:
    """What stands in the claim where something else stands in a sentence, and how many equal words surround it."""

    mine: Sequence[str]
    theirs: Sequence[str]
    around: int
    place: int
    """How many words of the claim stand before it."""


class Wordings:
    """The documents' sentences word by word. Made once for an answer, asked about each of its sentences."""

    def __init__(self, evidence: Sequence[str]) -> None:
        self._said = {text: _tokens(text) for text in evidence}

    def problems(self, claim: str, beside: Sequence[str]) -> Iterator[str]:
        """Figures, units, names and negations of the claim that a sentence in the same words has otherwise.

        Args:
            beside: the sentences of the documents nearest to the claim.
        """
        mine = _tokens(_REPLY.sub("", claim))
        chinese, stop_words = script_of(claim) == "cjk", STOP_WORDS[language_of(claim)]
        for text in beside:
            for found in _exchanged(mine, self._said.get(text) or _tokens(text)):
                kind = _kind(found, stop_words)
                if chinese:
                    # Single characters say little: what the claim has may not stand elsewhere in as many equal ones.
                    if kind == "number" and found.around >= _AROUND_CHINESE and self._own(mine, found) < found.around:
                        yield f"number {' '.join(found.mine)} for {' '.join(found.theirs)}"
                    continue
                # "Failure to release" is "do not release".
                meant = kind == "negation" and not DENIALS.search(claim)
                if meant or (kind not in ("", "negation") and self._own(mine, found) < _OWN):
                    yield f"{kind} {' '.join(found.mine)} for {' '.join(found.theirs)}"

    def denied(self, claim: str) -> bool:
        """Whether every negation of the claim stands in the documents with the words that follow it."""
        heard = [_lower(said) for said in self._said.values()]
        mine = _lower(_tokens(claim))
        places = [i for i, word in enumerate(mine) if word in _NOT]
        return bool(places) and all(any(_stands(mine[i : i + _SUPPORTED], said) for said in heard) for i in places)

    def _own(self, claim: Sequence[str], found: _Exchanged) -> int:
        """How many words of the claim surround its thing somewhere in the documents as well."""
        wanted, mine, at = _lower(found.mine), _lower(claim), found.place
        best = 0
        for said in map(_lower, self._said.values()):
            for i in range(len(said)):
                if said[i : i + len(wanted)] == wanted:
                    left = _equal(mine[:at][::-1], said[:i][::-1])
                    best = max(best, left + _equal(mine[at + len(wanted) :], said[i + len(wanted) :]))
        return best


def _exchanged(mine: Sequence[str], theirs: Sequence[str]) -> Iterator[_Exchanged]:
    """Where two wordings differ by a few words between equal ones."""
    pairs = SequenceMatcher(None, _lower(mine), _lower(theirs), autojunk=False).get_opcodes()
    for place, (tag, start, end, other, other_end) in enumerate(pairs):
        if tag == "equal" or end - start > _LONGEST or other_end - other > _LONGEST:
            continue
        left = pairs[place - 1] if place else None
        right = pairs[place + 1] if place + 1 < len(pairs) else None
        around = (left[2] - left[1] if left else 0) + (right[2] - right[1] if right else 0)
        if not (left and right) and around < _ONE_SIDE:
            continue
        yield _Exchanged(mine[start:end], theirs[other:other_end], around, start)


def _kind(found: _Exchanged, stop_words: Set[str]) -> str:
    """What was exchanged: "number", "unit", "month", "name" or "negation"; "" when it is none of these."""
    mine, theirs = " ".join(found.mine), " ".join(found.theirs)
    denied = [not _NOT.isdisjoint(_lower(side)) for side in (found.mine, found.theirs)]
    if denied[0] != denied[1]:
        meant = [word for word in _lower([*found.mine, *found.theirs]) if word not in stop_words]
        return "negation" if not meant and found.place and found.around >= _AROUND_NEGATION else ""
    if found.around < _AROUND or not mine or not theirs:
        return ""
    values = [{number.value for number in numbers(side)} for side in (mine, theirs)]
    # "The 1920s and 30s" are the 1930s.
    if values[0] and values[1] and values[0].isdisjoint(values[1] | {value % 100 for value in values[1]}):
        return "number"
    if _other_unit(found.mine, found.theirs, stop_words):
        return "unit"
    if months(mine) and months(theirs) and months(mine).isdisjoint(months(theirs)):
        return "month"
    # The first word has its capital from the sentence.
    return "name" if found.place and _other_name(found.mine, found.theirs, stop_words) else ""


def _other_unit(mine: Sequence[str], theirs: Sequence[str], stop_words: Set[str]) -> bool:
    """Whether a unit or a scale stands where another one does: "the next seven months" for weeks."""
    units = [{measure(word) for word in _meant(side, stop_words)} for side in (mine, theirs)]
    return all(units) and "" not in units[0] | units[1] and units[0].isdisjoint(units[1])


def _other_name(mine: Sequence[str], theirs: Sequence[str], stop_words: Set[str]) -> bool:
    mine, theirs = _meant(mine, stop_words), _meant(theirs, stop_words)
    names = mine and all(word[:1].isupper() for word in mine) and any(word[:1].isupper() for word in theirs)
    if not names or not set(_lower(mine)).isdisjoint(_lower(theirs)):
        return False
    sides = (" ".join(mine), " ".join(theirs))
    return not any(
        known(word, frozenset(_lower(other)), text)
        for one, other, text in ((mine, theirs, sides[1]), (theirs, mine, sides[0]))
        for word in one
    )


def _meant(words: Sequence[str], stop_words: Set[str]) -> list[str]:
    return [word for word in words if word.lower() not in stop_words]


def _tokens(text: str) -> list[str]:
    """The words of a text in order, each "n't" apart as "not"; of Chinese, the characters."""
    if script_of(text) == "cjk":
        return _TOKEN_CHINESE.findall(normalized(text))
    text = unaccented(normalized(text)).replace("’", "'")
    text = _CANNOT.sub("can not", _BEFORE_S.sub("", text))
    return _TOKEN.findall(_NOT_JOINED.sub(" not", text))


def _lower(tokens: Sequence[str]) -> list[str]:
    return [token.lower().removesuffix("'s").replace(",", "") for token in tokens]


def _stands(wanted: Sequence[str], said: Sequence[str]) -> bool:
    wanted = list(wanted)
    return any(said[i : i + len(wanted)] == wanted for i in range(len(said)))


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
