"""Codes, part numbers and addresses in a text: what is typed must be found as it is, and never its neighbour."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

_MAIL: Final = r"[\w+-]++(?:\.[\w+-]++)*+@[\w-]++(?:\.[\w-]++)++"
_CODE: Final = re.compile(
    # "E 4512": capitals with the figures behind them.
    r"(?<![\w-])[A-Z]{1,4}+ \d{3,}+(?!\w)"
    rf"|(?<![\w@.+/-])(?:{_MAIL}|[A-Za-z0-9]++(?:[-/_.][A-Za-z0-9]++)*+)(?!\w)"
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_DIGITS: Final = re.compile(r"\d")
# Years and their parts, and what stands behind a figure: no codes.
_PERIOD: Final = re.compile(
    r"(?:(?:fy|cy|q[1-4]|h[12]|[12]h|[1-4]q)[-/ ]?)*+(?:\d{2,4}[-/ ]?(?:q[1-4]|h[12])?)?(?:[-/ ]\d+)?"
    r"|\d+s|\d+(?:st|nd|rd|th)"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-/. ]?\d+"
)
_YEAR: Final = re.compile(r"[A-Z]+ (?:19|20)\d\d")
_MEASURED: Final = re.compile(r"\d[\d.,/-]*[A-Za-z]{1,5}")
_RUNS: Final = re.compile(r"[^\W\d_]+|\d+|@")
_BARE: Final = re.compile(r"(?<![\w.,-])\d{4,9}(?![\w-]|[.,]\d)")
_YEARS: Final = re.compile(r"(?<![\d.,-])(?:1[5-9]|20)\d\d(?![\d-]|[.,]\d)")
# What may stand between two runs of a code.
_BETWEEN: Final = frozenset(("", "-", "/", "_", ".", " "))
_FEW_DIGITS: Final = 3


def bare_numbers(text: str) -> list[str]:
    """Whole numbers of four figures and more that are no years: what is left of a code typed without its letters.

    >>> bare_numbers("error 4512 since 2019, 1,200 times")
    ['4512']
    """
    return [number for number in _BARE.findall(text) if not 1900 <= int(number) <= 2100]


def years(text: str) -> list[str]:
    """The years of a text, 1500 to 2099, in order.

    >>> years("Revenue rose from 1,950 in 2022 to 2,010 in FY2023")
    ['2022', '2023']
    """
    return _YEARS.findall(text)


def spellings(identifier: str) -> str:
    """The ways to write an identifier, for a search by words.

    >>> spellings("E-4512"), spellings("e4512")
    ('E 4512 E4512', 'e 4512 e4512')
    """
    runs = _RUNS.findall(identifier)
    return " ".join([*runs, "".join(runs)])


def identifiers(text: str) -> list[str]:
    """The codes, part numbers and e-mail addresses of a text in order, as they are written.

    A code has letters and at least three figures: E-4512, PPR/9087-B, ISO 9001. Periods (FY2022), decades (1990s),
    ordinals and measures (250mg) are none.

    >>> identifiers("Does E-4512 or ISO 9001 apply in FY2022, or is it 250mg? Ask jo.ann@example.org")
    ['E-4512', 'ISO 9001', 'jo.ann@example.org']
    """
    return [match.group() for match in _CODE.finditer(text) if _is_identifier(match.group())]


def _is_identifier(code: str) -> bool:
    if "@" in code:
        return True
    plain = code.lower()
    if _YEAR.fullmatch(code) or not _LETTERS.search(code) or len(_DIGITS.findall(code)) < _FEW_DIGITS:
        return False
    return not _PERIOD.fullmatch(plain) and not _MEASURED.fullmatch(code)


def holds_identifier(text: str, identifier: str) -> bool:
    """Whether a text holds an identifier in any of its usual spellings, and not as a part of a longer one.

    >>> holds_identifier("Alarm E-4512: stop", "e4512"), holds_identifier("PE-45121", "E-4512")
    (True, False)
    """
    return find_identifier(text, identifier) is not None


def find_identifier(text: str, identifier: str) -> tuple[int, int] | None:
    """Where a text first holds an identifier: its runs of letters and figures with at most one mark between them."""
    wanted = [run.lower() for run in _RUNS.findall(identifier)]
    if not wanted or wanted[-1] not in text.lower():
        return None
    runs = [(match.start(), match.end()) for match in _RUNS.finditer(text)]
    for first in range(len(runs) - len(wanted) + 1):
        here = runs[first : first + len(wanted)]
        start, end = here[0][0], here[-1][1]
        joined = all(text[b:c] in _BETWEEN for (_, b), (c, _) in pairwise(here))
        if joined and [text[a:b].lower() for a, b in here] == wanted and _stands_alone(text, start, end):
            return start, end
    return None


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not text[end : end + 1].isalnum()
