"""What in a claim disagrees with the documents: numbers, months, names, negations, exchanged things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rag.language import words
from rag.terms import coverage, terms
from rag.verification.facts import months, numbers, without_figures
from rag.verification.held import Held
from rag.verification.names import known, names, unaccented

# "One", "two" and "third" are often no figures at all.
_FEW: Final = 3

# How much of a claim's words a sentence must hold for the claim's figures to be looked for in it.
_ALIGNED_WELL: Final = 0.5

# The numbers of a list count its items and nothing else.
_LIST_MARK: Final = re.compile(r"(?:^|\n|(?<=[:.;]\s))\s*[(]?\d{1,2}[.)](?=\s+\S)|(?<=[.!?;])\s\d{1,2}\.\s*$")

_SHORT_DECADE: Final = re.compile(r"(?<![\d.,])['’]?([1-9]0)['’]?s\b")
_CENTURY: Final = 1000
_LAST_YEAR: Final = 2099

# "[7]": a mark that the answer's writer took along from an encyclopedia.
CITATION: Final = re.compile(r"\[\d{1,3}\]")


def problems(piece: str, question: str, beside: Sequence[str], held: Held) -> Iterator[str]:
    """What in a claim disagrees with the documents: numbers, months, names, negations; none is a good sign.

    Args:
        beside: the sentences of the documents nearest to the claim, nearest first.
    """
    # What nothing says nearly the same as may stand anywhere; what a sentence says nearly the same as stands there.
    claim = CITATION.sub("", piece)
    wanted = dict.fromkeys(terms(without_figures(claim)), 1.0)
    near = any(coverage(wanted, terms(text)) >= _ALIGNED_WELL for text in beside[:2])
    yield from wrong_numbers(claim, [question, *beside] if near else [held.around])
    yield from unknown_names(claim, held.around)
    yield from held.wordings.problems(claim, beside)
    if not held.wordings.denied(claim):
        yield from held.negations.spoken_against(claim)
    yield from held.negations.left_away(claim)


def wrong_numbers(claim: str, beside: Sequence[str]) -> Iterator[str]:
    """The figures, units and months of a claim that none of the texts holds."""
    claim = _LIST_MARK.sub(" ", claim)
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


def unknown_names(claim: str, around: str) -> Iterator[str]:
    """The names of a claim that a text does not hold."""
    text = unaccented(around)
    held = frozenset(words(text)) | frozenset(terms(text))
    # What letters stand for may be spelt out in the claim: "mortgage insurance premiums (MIP)".
    spelt = f"{text} {unaccented(claim)}"
    yield from (f"name {name}" for name in names(claim) if not known(name, held, spelt))
