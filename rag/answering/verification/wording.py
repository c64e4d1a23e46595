"""Wordings: what a claim says in the words of a sentence but for one thing, such as a figure, a "not" or an "only".

Figures and names that stand elsewhere in the documents pass every check that asks only whether they are there.
But where a sentence says the same words with another thing in between, the claim has exchanged it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from typing import Final

from rag.answering.verification.contradiction import Difference, words_of_kind
from rag.answering.verification.evidence import Source
from rag.answering.verification.names import known, unaccented
from rag.answering.verification.polarity import denies, otherwise
from rag.core.text import CJK, STOP_WORDS, language_of, measure, months, numbers, script_of, stem
from rag.core.types import Span

_TOKEN: Final = re.compile(
    rf"\bper cent\b|\d+(?:[.,]\d+)*(?:st|nd|rd|th)?\b|\d+(?:[.,]\d+)*|[$€£%]|[{CJK}]"
    rf"|[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*"
)
_NOT: Final = frozenset({"not", "no", "never", "不", "没", "未", "无"})
# Equal words around an exchanged thing, both sides together, from which it surely is the same statement.
_AROUND: Final = 4
_AROUND_NEGATION: Final = 5
# The share of a claim's words that a sentence has in their order, from which it is the same statement as a whole.
_SAME: Final = 0.6
# Equal words around what the claim has there, with which the documents bear it out themselves.
_OWN: Final = 2
# Words that an exchanged thing has at most.
_LONGEST: Final = 4


@dataclass(frozen=True)
class Token:
    word: str
    start: int
    end: int

    @cached_property
    def lower(self) -> str:
        return unaccented(self.word).lower().replace("’", "'").removesuffix("'s").replace(",", "")


@dataclass(frozen=True, slots=True)
class _Exchanged:
    """What stands in the claim where something else stands in a sentence, and how many equal words surround it."""

    mine: Sequence[Token]
    theirs: Sequence[Token]
    around: int
    place: int
    """How many words of the claim stand before it."""


def tokens(text: str) -> list[Token]:
    """The words of a text in order, each "n't" apart as "not"; of Chinese, the characters."""
    found = []
    for match in _TOKEN.finditer(text):
        word, start, end = match[0], *match.span()
        lower = word.lower().replace("’", "'")
        if lower == "cannot" or lower.endswith("n't"):
            cut = start + (3 if lower == "cannot" else max(len(word) - 3, 0))
            cut += lower == "can't"
            found += [Token(text[start:cut], start, cut), Token("not", start if cut == start else cut, end)]
        else:
            found.append(Token(word, start, end))
    return found


def exchanges(claim: str, near: Sequence[Source], said: Sequence[Sequence[str]]) -> Iterator[Difference]:
    """What a claim has exchanged in the words of one of the sentences nearest to it.

    Args:
        said: all sentences of the documents, word by word.
    """
    mine, stop_words = tokens(claim), STOP_WORDS[language_of(claim)]
    for source in near:
        for found in _exchanged(mine, tokens(source.text)):
            kind = _kind(found, mine[max(found.place - 1, 0) : found.place], stop_words)
            # What may not be done must not be done.
            if not kind or (kind == "modality" and denies(claim) and denies(source.text)):
                continue
            # "Failure to release" is "do not release".
            if kind == "negation" and otherwise(source.text, claim, language_of(claim)):
                continue
            if kind == "figure":
                found = replace(found, mine=_figures(found.mine), theirs=_figures(found.theirs))
            if kind == "negation" or _own(mine, found, said) < max(_OWN, found.around // 2):
                yield Difference(kind, _span(found.mine, mine, found.place), _text(source.text, found.theirs), source)


def _figures(side: Sequence[Token]) -> Sequence[Token]:
    return [token for token in side if numbers(token.word)] or side


def _own(claim: Sequence[Token], found: _Exchanged, said: Sequence[Sequence[str]]) -> int:
    """How many words of the claim surround its thing somewhere in the documents as well."""
    wanted, mine, at = lower(found.mine), lower(claim), found.place
    best = 0
    for heard in said:
        for i in range(len(heard)):
            if wanted and heard[i] == wanted[0] and heard[i : i + len(wanted)] == wanted:
                left = _equal(mine[:at][::-1], heard[:i][::-1])
                best = max(best, left + _equal(mine[at + len(wanted) :], heard[i + len(wanted) :]))
    return best


def _exchanged(mine: Sequence[Token], theirs: Sequence[Token]) -> Iterator[_Exchanged]:
    """Where two wordings differ by a few words between equal ones."""
    pairs = SequenceMatcher(None, lower(mine), lower(theirs), autojunk=False).get_opcodes()
    same = sum(end - start for tag, start, end, _, _ in pairs if tag == "equal")
    same = same if same >= _SAME * len(mine) else 0
    for place, (tag, start, end, other, other_end) in enumerate(pairs):
        if tag != "equal" and end - start <= _LONGEST and other_end - other <= _LONGEST:
            beside = (*pairs[max(place - 1, 0) : place], *pairs[place + 1 : place + 2])
            around = sum(last - first for _, first, last, _, _ in beside)
            yield _Exchanged(mine[start:end], theirs[other:other_end], max(around, same), start)


def _kind(found: _Exchanged, before: Sequence[Token], stop_words: Set[str]) -> str:
    """What was exchanged: "figure", "unit", "date", "name", "negation" …; "" when it is none of these."""
    mine, theirs = (" ".join(token.word for token in side) for side in (found.mine, found.theirs))
    # The "No" of a title denies nothing.
    denied = [any(token.word in _NOT for token in side) for side in (found.mine, found.theirs)]
    if denied[0] != denied[1]:
        meant = [token.lower for token in (*found.mine, *found.theirs) if token.lower not in stop_words | _NOT]
        return "negation" if not meant and found.place and found.around >= _AROUND_NEGATION else ""
    # Chinese figures are held clause by clause.
    if found.around < _AROUND or any(script_of(side) == "cjk" for side in (mine, theirs)):
        return ""
    if kind := words_of_kind(mine, theirs) or words_of_kind(
        *(" ".join((*lower(before), side)) for side in (mine, theirs))
    ):
        return kind
    if not mine or not theirs:
        return ""
    values = [{number.value for number in numbers(side)} for side in (mine, theirs)]
    if all(values) and values[0].isdisjoint(values[1]):
        return "figure"
    if _other_unit(found.mine, found.theirs, stop_words):
        return "unit"
    if months(mine) and months(theirs) and months(mine).isdisjoint(months(theirs)):
        return "date"
    # The first word has its capital from the sentence.
    return "name" if found.place and _other_name(found.mine, found.theirs, stop_words) else ""


def _other_unit(mine: Sequence[Token], theirs: Sequence[Token], stop_words: Set[str]) -> bool:
    """Whether a unit or a scale stands where another one does: "the next seven months" for weeks."""
    units = [{measure(word) for word in _meant(side, stop_words)} for side in (mine, theirs)]
    return all(units) and "" not in units[0] | units[1] and units[0].isdisjoint(units[1])


def _other_name(mine: Sequence[Token], theirs: Sequence[Token], stop_words: Set[str]) -> bool:
    ours, others = _meant(mine, stop_words), _meant(theirs, stop_words)
    proper = ours and all(word[:1].isupper() for word in ours) and any(word[:1].isupper() for word in others)
    named = proper and not any(word[:1].islower() for word in others)
    if not named or not _forms(ours).isdisjoint(_forms(others)):
        return False
    return not any(
        known(word, frozenset(other.lower() for other in theirs_), " ".join(theirs_))
        for one, theirs_ in ((ours, others), (others, ours))
        for word in one
    )


def _forms(side: Sequence[str]) -> set[str]:
    """In English and in German, where "Herr" and "Herrn" are the same."""
    lower = [word.lower().removesuffix("n") if len(word) > _LONGEST else word.lower() for word in side]
    return {stem(word, language) for word in lower for language in ("en", "de")}


def _meant(side: Sequence[Token], stop_words: Set[str]) -> list[str]:
    # Of "gate A" the letter is a name.
    return [
        unaccented(token.word).removesuffix("'s")
        for token in side
        if token.word.lower() not in stop_words or (len(token.word) == 1 and token.word.isupper() and token.word != "I")
    ]


def _span(side: Sequence[Token], mine: Sequence[Token], place: int) -> Span:
    """Where an exchanged thing stands; the word behind it where something was left away."""
    side = side or mine[place : place + 1] or mine[-1:]
    return side[0].start, side[-1].end


def _text(text: str, side: Sequence[Token]) -> str:
    return text[side[0].start : side[-1].end] if side else ""


def lower(side: Sequence[Token]) -> list[str]:
    return [token.lower for token in side]


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
