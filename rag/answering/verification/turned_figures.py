"""What stands around a figure and turns it: a bound, or a change from it to another one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from rag.answering.verification.contradiction import Difference, bound_of
from rag.answering.verification.evidence import Source
from rag.core.text import Number, normalized, numbers

# "Changed from one figure to another": the first holds no more.
_CHANGED: Final = re.compile(
    r"\b(?:chang\w*|rais\w*|increas\w*|lower\w*|reduc\w*|cut|extend\w*|shorten\w*|moved|grew|rose|fell|dropped"
    r"|erhöht|gesenkt|geändert|gestiegen|gesunken)\b|改为|调整|提高|降|增",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"(?:\b(?:from|von)\s?[$€£¥]?|[从由自])\s?$", re.IGNORECASE)
_TO: Final = re.compile(r"[^\S\n]?(?:to|auf|至|到|改为|提高到|增至|降至|调整为)\s?[$€£¥]?\s?", re.IGNORECASE)
_BY: Final = re.compile(r"\b(?:by|of|up|down)\s(?:about\s|around\s|[$€£¥])?$")
_CHANGE: Final = re.compile(r"\W?\s?(?:more|less|fewer|higher|lower|above|below|increase|decrease|rise|drop|growth)\b")
# Words of a claim that tells how it was.
_BEFORE: Final = re.compile(
    r"\b(?:was|were|had|from|before|until|previous\w*|former\w*|earlier|old|used|war|waren|früher|vorher|bisher|von)\b"
    r"|原|曾|之前|以前|从|由",
    re.IGNORECASE,
)
# Characters before a figure that are shown with it.
_SHOWN: Final = 12


def bounded_otherwise(number: Number, claim: str, near: Sequence[Source]) -> Difference | None:
    """A claim's figure that is the most, where the documents have it as the least: "at most twelve" for "at least"."""
    mine = bound_of(claim, number.start, number.end)
    if not mine:
        return None
    found = None
    for source in near:
        text = normalized(source.text)
        for other in numbers(text):
            if (other.value, other.unit) == (number.value, number.unit):
                if bound_of(text, other.start, other.end) != -mine:
                    return None
                said = text[max(0, other.start - _SHOWN) : other.end].partition(" ")[2]
                found = found or Difference("bound", (0, 0), said, source)
    return found


def superseded(number: Number, claim: str, near: Sequence[Source]) -> Difference | None:
    """A claim's figure that holds no more: 8080, where a port "has changed from 8080 to 9090"."""
    if _BEFORE.search(claim):
        return None
    said, found = {one.value for one in numbers(claim)}, None
    for source in near:
        text, figures = normalized(source.text), numbers(source.text)
        for one, new in zip_longest(figures, figures[1:]):
            if one.value == number.value:
                if new is None or new.value in said or not _changes(text, one, new):
                    return None
                found = found or Difference("figure", (0, 0), text[new.start : new.end].strip(), source)
    return found


def changed_by(claim: str, near: Sequence[Source]) -> Iterator[Difference]:
    """What a claim has change *by* a figure that is said of something else: of the new height."""
    for number in numbers(claim) if _CHANGED.search(claim) else ():
        texts = [normalized(source.text) for source in near]
        there = [(text, one) for text in texts for one in numbers(text) if one.value == number.value]
        by = there and number.unit and _BY.search(claim, 0, number.start)
        if by and not any(_BY.search(text, 0, one.start) or _CHANGE.match(text, one.end) for text, one in there):
            yield Difference("figure", (number.start, number.end))


def _changes(text: str, one: Number, new: Number) -> bool:
    return bool(
        _TO.fullmatch(text, one.end, new.start)
        and _FROM.search(text, max(0, one.start - _SHOWN), one.start)
        and _CHANGED.search(text, 0, one.start)
    )
