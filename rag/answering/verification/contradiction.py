"""What in a claim disagrees with the documents: numbers, months, names, negations, exchanged things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from typing import Final

from rag.answering.verification.evidence import ClaimEvidence
from rag.answering.verification.names import known, names, unaccented
from rag.core.text import coverage, months, numbers, terms, without_figures, words

# "One", "two" and "third" are often no figures at all.
_FEW: Final = 3

# How much of a claim's words a sentence must hold for the claim's figures to be looked for in it.
_ALIGNED_WELL: Final = 0.5

# The numbers of a list count its items and nothing else.
_LIST_MARK: Final = re.compile(
    r"(?:^|\n|(?<=[:.;]\s))[^\S\n]*+[(]?(\d{1,2})[.)](?=\s++\S)|(?<=[.!?;])\s(\d{1,2})\.\s*+$"
)

_SHORT_DECADE: Final = re.compile(r"(?<![\d.,])['’]?([1-9]0)['’]?s\b")
_CENTURY: Final = 1000
_LAST_YEAR: Final = 2099

# "Was released on , 2021": web pages lose dates and converted measures on their way to text.
_HOLE: Final = re.compile(
    r"\b(?:on|in|of|to|from|until|till|by|at|for|since|the|and|with|than|about|around)\s++[,;)]|\(\s*+[;,)]|^\s*+,"
)

# "The Centers for Disease Control (CDC)": the documents may hold the letters alone.
# Where a word is longer than forty letters, or more than three little ones follow it, the name is looked for whole.
_LONG_FORM: Final = re.compile(r"((?:[A-Z][\w-]{1,40}+ (?:(?:of|the|and|for|in|on|de) ){0,3}+){2,8})\(([A-Z]{2,7})\)")

# "[7]": a mark that the answer's writer took along from an encyclopedia.
CITATION: Final = re.compile(r"\[\d{1,3}\]")
# An address that the answer names says nothing in words.
ADDRESS: Final = re.compile(r"<?\b(?:https?://|www\.)[^\s<>]+>?")


def problems(piece: str, question: str, beside: Sequence[str], held: ClaimEvidence) -> Iterator[str]:
    """What in a claim disagrees with the documents: numbers, months, names, negations; none is a good sign.

    Args:
        beside: the sentences of the documents nearest to the claim, nearest first.
    """
    # What nothing says nearly the same as may stand anywhere; what a sentence says nearly the same as stands there.
    claim = ADDRESS.sub(" ", CITATION.sub("", piece))
    wanted = dict.fromkeys(terms(without_figures(claim), held.language), 1.0)
    nearest = [text for text in beside[:2] if coverage(wanted, terms(text, held.language)) >= _ALIGNED_WELL]
    # Where a text has lost its figures, nothing tells which they were.
    if not any(_HOLE.search(text) for text in nearest):
        yield from wrong_numbers(claim, [question, *beside] if nearest else [held.around])
    yield from unknown_names(claim, held.around)
    yield from held.wordings.problems(claim, beside)
    if not held.wordings.denied(claim):
        yield from held.negations.spoken_against(claim)
    yield from held.negations.left_away(claim)


def wrong_numbers(claim: str, beside: Sequence[str]) -> Iterator[str]:
    """The figures, units and months of a claim that none of the texts holds."""
    claim = _without_list_marks(claim)
    near = " \n".join(beside)
    there = numbers(near)
    # "The 1920s and 30s."
    short = {float(decade) for decade in _SHORT_DECADE.findall(claim)}
    decades = short & {other.value % 100 for other in there if _CENTURY <= other.value <= _LAST_YEAR}
    for number in numbers(claim):
        same = [other for other in there if abs(other.value - number.value) <= 1e-9 * abs(number.value)]
        if not same and number.value in decades:
            continue
        if not same and (number.plain or number.unit or number.value > _FEW):
            yield f"number {number.value:g}"
        elif same and number.unit and all(other.unit != number.unit for other in same) and any(o.unit for o in same):
            yield f"unit {number.value:g} {number.unit}"
    yield from (f"month {month}" for month in months(claim) - months(near))


def _without_list_marks(claim: str) -> str:
    """The claim without the numbers of its list. A list that follows a colon begins with one; another number there
    counts something else."""

    def mark(match: re.Match[str]) -> str:
        before = match.start()
        while before and claim[before - 1].isspace():
            before -= 1
        begins = claim[before - 1 : before] == ":"
        return match[0] if begins and match[1] not in (None, "1") else " "

    return _LIST_MARK.sub(mark, claim)


def unknown_names(claim: str, around: str) -> Iterator[str]:
    """The names of a claim that a text does not hold."""
    text = unaccented(around)
    held = frozenset(words(text)) | frozenset(terms(text))
    # What letters stand for may be spelt out in the claim: "mortgage insurance premiums (MIP)".
    spelt = f"{text} {unaccented(claim)}"
    found = [name for name in names(claim) if not months(name) and not known(name, held, spelt)]
    short = {word for long, letters in _LONG_FORM.findall(claim) if _spelt(letters, long, held) for word in names(long)}
    yield from (f"name {name}" for name in found if name not in short)


def _spelt(letters: str, long: str, held: Set[str]) -> bool:
    """Whether letters that the documents hold are the first ones of the words before them, in their order."""
    firsts = iter(word[0] for word in long.split() if word[0].isupper())
    return letters.lower() in held and all(letter in firsts for letter in letters)
