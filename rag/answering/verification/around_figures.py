"""What stands around a figure and turns what it says: that it is the most, an end of a span, a change, or a number of
other things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from rag.answering.verification.amounts import written
from rag.answering.verification.contradiction import Difference, bound_of
from rag.answering.verification.evidence import Source
from rag.answering.verification.figures import CHANGED, FEW, span_of
from rag.core.text import Language, Number, is_empty, normalized, numbers, terms
from rag.core.text.dates import MONTHS

# Words of a claim that says how much it may be.
_MAY_BE: Final = re.compile(
    r"\b(?:may|might|can|could|up|most|max\w*|limit\w*|cap\w*|within|less|under|below|kann|können|darf|dürfen|bis|maximal"
    r"|höchst\w*|grenze)\b|可|最|限|以内|不超过",
    re.IGNORECASE,
)
_BEGINS: Final = re.compile(
    r"\b(?:begin|start|open|beginn|öffne)\w*|\b(?:from|since|ab|seit) (?=\d)|开始|开门", re.IGNORECASE
)
_ENDS: Final = re.compile(
    r"\b(?:end|finish|ende|schließ)\w*|\b(?:closes?|closing|until|till|to|bis)\b|结束|关门|截止", re.IGNORECASE
)
# What stands between the ends of a span: "from 8 am to 6 pm", "15–19 February", "8:00 bis 18:00".
_SPAN: Final = re.compile(
    rf"(?::\d\d)?\s?(?:[ap]\.?m\.?\s|uhr\s|\.?\s?(?:{'|'.join(MONTHS)})\.?\s)?"
    r"(?:to|until|till|bis|至|到|[-–—])\s?(?:the\s|zum\s)?",
    re.IGNORECASE,
)
_BY: Final = re.compile(r"\b(?:by|of|up|down)\s(?:about\s|around\s|[$€£¥])?$")
_CHANGE: Final = re.compile(r"\W?\s?(?:more|less|fewer|higher|lower|above|below|increase|decrease|rise|drop|growth)\b")
_NEXT: Final = re.compile(r"\s(?!of\b)([^\W\d_]{3,})")


def changed_by(claim: str, near: Sequence[Source]) -> Iterator[Difference]:
    """What a claim has change *by* a figure that is said of something else: of the new height."""
    for number in numbers(claim) if CHANGED.search(claim) else ():
        there = _same(number, near)
        by = there and number.unit and _BY.search(claim, 0, number.start)
        if by and not any(_BY.search(text, 0, one.start) or _CHANGE.match(text, one.end) for text, one in there):
            yield Difference("figure", (number.start, number.end))


def unbounded(claim: str, near: Sequence[Source]) -> Iterator[Difference]:
    """A figure that the documents have as the most, and a claim as it is: a bonus of 8 per cent, of up to 8."""
    for number in () if _MAY_BE.search(claim) else numbers(claim):
        same = _same(number, near)
        plain = not bound_of(normalized(claim), number.start, number.end)
        if number.unit and plain and same and all(bound_of(text, one.start, one.end) < 0 for text, one in same):
            yield Difference("bound", span_of(number, claim))


def _same(number: Number, near: Sequence[Source]) -> list[tuple[str, Number]]:
    """Where the sentences have the value of a figure: their texts, and the figure in them."""
    texts = (normalized(source.text) for source in near)
    return [(text, one) for text in texts for one in numbers(text) if one.value == number.value]


def other_end(claim: str, near: Sequence[Source]) -> Iterator[Difference]:
    """The end of a span that a claim takes for its beginning, or the other way round: "it begins on 19 February" where
    it is from 15 to 19 February."""
    begins = _BEGINS.search(claim)
    if (begins is None) == (_ENDS.search(claim) is None):
        return
    spans = [
        (*(pair if begins else pair[::-1]), source) for source in near for pair in spans_of(normalized(source.text))
    ]
    rights = {right.value for right, _, _ in spans}
    said = [number for number in numbers(claim) if number.plain]
    for number in said if rights.isdisjoint(one.value for one in said) else ():
        for right, wrong, source in spans:
            if wrong.value == number.value:
                yield Difference("figure", span_of(number, claim), written(right, source), source)


def spans_of(text: str) -> Iterator[tuple[Number, Number]]:
    """The first and the last figure of each span in a text."""
    for first, last in pairwise(numbers(text)):
        # "From 180 to 195" it rises.
        changes = CHANGED.search(text, 0, first.start)
        if first.value != last.value and not changes and _SPAN.fullmatch(text, first.end, last.start):
            yield first, last


def miscounted(claim: str, near: Sequence[Source], language: Language) -> Iterator[Difference]:
    """A number of things where the documents have another of them: "two base rents" for three."""
    said = {number.value for number in numbers(claim)}
    for number in numbers(claim):
        thing = _counted(claim, number, language)
        if number.value <= 1 or not thing:
            continue
        texts = [(normalized(source.text), source) for source in near if not source.row]
        found = [(n, text, s) for text, s in texts for n in numbers(text)]
        there = [one for one in found if _counted(one[1], one[0], language) == thing]
        # A larger one may count the same without naming it: "nine cafés opened; there are 61".
        held = there if number.value <= FEW else found
        # Where a claim has the other number too, it speaks of parts: "four brands, two of them main brands".
        if there and all(n.value != number.value for n, _, _ in held) and said.isdisjoint(n.value for n, _, _ in there):
            n, text, source = there[0]
            yield Difference("figure", span_of(number, claim), text[n.start : n.end].strip(), source)


def _counted(text: str, number: Number, language: Language) -> str:
    """The word that a bare number counts: the next one; '' where it has a unit, is a day or counts nothing."""
    word = _NEXT.match(text, number.end) if not number.unit else None
    if word is None or word[1].lower() in MONTHS or is_empty(word[1], language):
        return ""
    return next(iter(terms(word[1], language)), "")
