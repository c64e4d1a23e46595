"""Codes in a question: found in each of their spellings, put first, and missed by name where no document holds them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

from rag.core.text import (
    bare_numbers,
    holds_identifier,
    holds_number,
    identifiers,
    named_numbers,
    short_codes,
    spellings,
    years,
)
from rag.core.types import Passage

_CODE_FIGURES: Final = re.compile(r"[^\W\d_][-/_. ]?(\d{4,9})(?!\d)")
_NUMBER: Final = re.compile(r"\d+")

# A number, or one as it is written.
Code = TypeVar("Code", int, str)
# The passages that hold these words, best first.
WordSearch = Callable[[str], Sequence[Passage]]


@dataclass(frozen=True, slots=True)
class Missing:
    """A code that no document holds, and the codes of its kind that there are nearest to it."""

    identifier: str
    nearest: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def asked_identifiers(question: str) -> tuple[str, ...]:
    """What of a question must stand in a passage as it is typed."""
    return tuple(dict.fromkeys(identifiers(question)))


@lru_cache(maxsize=256)
def _asked_codes(question: str) -> tuple[str, ...]:
    """Its identifiers, and its numbers that may be what is left of one."""
    short = [code for code, _, _ in short_codes(question)]
    return (*asked_identifiers(question), *bare_numbers(question), *short)


def with_spellings(query: str) -> str:
    """A query for the words index that finds the question's codes however the documents write them."""
    return " ".join([query, *map(spellings, asked_identifiers(query))])


def held(question: str, text: str) -> int:
    """How many of the question's codes, or of its numbers that may be what is left of one, a text holds."""
    return sum(holds_identifier(text, code) or _ends_code(text, code) for code in _asked_codes(question))


def missing_identifiers(question: str, passages: Sequence[Passage], search: WordSearch) -> list[Missing]:
    """The codes of a question that no document holds.

    Args:
        passages: what was found for the question; looked through first.
        search: finds passages by words, in all that may be read.
    """
    said = [Missing(number, _near(number, passages)) for number in _unheld(question, passages, search)]
    return said + [
        Missing(code, _neighbours(code, passages, search))
        for code in asked_identifiers(question)
        # In small letters, without a mark, it may as well be a slip of the keyboard.
        if any(character.isupper() or character in "@§" for character in code)
        and not any(
            holds_identifier(text, code)
            for passage in (*passages, *search(spellings(code)))
            # "In Rules_2021.docx": what a file is called need not stand in it.
            for text in (passage.text, passage.name)
        )
    ]


def _unheld(question: str, passages: Sequence[Passage], search: WordSearch) -> list[str]:
    """The numbers of orders, invoices and the like that no document holds, not as the figures of a code either."""
    return [
        number
        for number in named_numbers(question)
        if not any(
            holds_number(passage.text, number) or _ends_code(passage.text, number)
            for passage in (*passages, *search(number))
        )
    ]


def _near(number: str, passages: Sequence[Passage]) -> tuple[str, ...]:
    """The numbers of as many figures in what was found that come next, before and after."""
    same = {other for passage in passages for other in _NUMBER.findall(passage.text) if len(other) == len(number)}
    return nearest(number, same)


def missing_years(question: str, passages: Sequence[Passage], search: WordSearch) -> list[Missing]:
    """The years of a question that no document names, where what was found names others.

    Where it names none, its rules hold in any year. Of 431 answerable questions of squad with a year, two were of a
    year that no passage named; of 15 that were not, twelve (tatqa: 0 of 1,020).
    """
    asked = dict.fromkeys(years(question))
    if not asked:
        return []
    there = {year for p in passages for year in years(f"{p.name} {p.title} {p.text}")}
    return [
        Missing(year, nearest(year, there))
        for year in asked
        if there and year not in there and not any(year in years(passage.text) for passage in search(year))
    ]


def nearest(wanted: Code, there: Iterable[Code]) -> tuple[Code, ...]:
    """What comes next before and after what is wanted.

    >>> nearest(64, {28, 75, 29}), nearest("2019", ["2021"])
    ((29, 75), ('2021',))
    """
    ordered: list[Code] = sorted(there)
    return tuple(ordered[: bisect_left(ordered, wanted)][-1:] + ordered[bisect_right(ordered, wanted) :][:1])


def _ends_code(text: str, number: str) -> bool:
    """Whether a bare number stands in a text as the figures of a code."""
    return number.isdecimal() and number in text and number in _CODE_FIGURES.findall(text)


def _neighbours(code: str, passages: Sequence[Passage], search: WordSearch) -> tuple[str, ...]:
    """The codes with the same letters whose numbers come next, before and after."""
    number = _NUMBER.search(code)
    if number is None:
        return ()
    prefix = code[: number.start()]
    found: dict[int, str] = {}
    for passage in search(prefix) if prefix else passages:
        for other in identifiers(passage.text):
            figures = _NUMBER.search(other)
            if figures and other[: figures.start()].lower() == prefix.lower():
                found.setdefault(int(figures.group()), other)
    return tuple(found[one] for one in nearest(int(number.group()), found))
