"""Codes, part numbers and addresses in a text: what is typed must be found as it is, and never its neighbour."""

from __future__ import annotations

import re
from typing import Final

_MAIL: Final = r"[\w+-]++(?:\.[\w+-]++)*+@[\w-]++(?:\.[\w-]++)++"
_CODE: Final = re.compile(
    # "E 4512": capitals with the figures behind them.
    r"(?<![\w-])[A-Z]{1,4}+ \d{3,}+(?!\w)"
    rf"|(?<![\w@.+/-])(?:{_MAIL}|[A-Za-z0-9]++(?:[-/_.][A-Za-z0-9]++)*+)(?!\w)"
)
_SHORT: Final = re.compile(r"(?<![\w.,/-])(?P<letters>[A-Z]{1,2})[.-]?(?P<number>\d{1,2})(?!\w|[.,/-]\d)")
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
# What looks like a range of measures and falls is none: "6204-2RS".
_RANGE: Final = re.compile(r"(\d+)[-/](\d+)[A-Za-z]+")
# What a number is called that names one thing, before the number itself.
_NUMBERED: Final = re.compile(
    r"(?:\b(?:numbers?|no|nr|num|id|orders?|invoices?|tickets?|cases?|customers?|accounts?|parts?|items?|articles?|refs?"
    r"|references?|serials?|contracts?|polic(?:y|ies)|po|rechnung(?:snummer)?|auftrag(?:snummer)?|bestellung"
    r"|\w{0,24}nummer|vertrag|artikel|kunde)\b|#|单号|编号|订单|合同|发票|号码)[ .:#]{0,3}(\d{4,18})(?![\w-]|[.,]\d)",
    re.IGNORECASE,
)
_FIGURES: Final = re.compile(r"\d+")
_SEPARATED: Final = re.compile(r"(?<=\d)[ ,.'’/-](?=\d)")
_RUNS: Final = re.compile(r"[^\W\d_]+|\d+|@")
_BARE: Final = re.compile(r"(?<![\w.,-])\d{4,9}(?![\w-]|[.,]\d)")
_YEARS: Final = re.compile(r"(?<![\d.,-])(?:1[5-9]|20)\d\d(?![\d-]|[.,]\d)")
# What may stand between two runs of a code.
_BETWEEN: Final = frozenset(("", "-", "/", "_", ".", " "))
_FEW_DIGITS: Final = 3
# A paragraph of a law or contract: its number, and that of its part.
_PARAGRAPH: Final = re.compile(
    r"§{1,2} ?(?P<number>\d{1,4}[a-z]?)(?![\w.,]\d)"
    r"(?:,? ?(?:\((?P<part>\d{1,2})\)|(?:Abs\.?|para\.?|Absatz|paragraph|subsection) ?\(?(?P<said>\d{1,2})\)?))?"
)

_LINE_BEGIN: Final = re.compile(r"^[ \t>*_#]*+(?:§ ?(?P<number>\d{1,4}[a-z]?)\b|\((?P<part>\d{1,2})\))", re.MULTILINE)


def bare_numbers(text: str) -> list[str]:
    """Whole numbers of four figures and more that are no years: what is left of a code typed without its letters.

    >>> bare_numbers("error 4512 since 2019, 1,200 times")
    ['4512']
    """
    return [number for number in _BARE.findall(text) if not 1900 <= int(number) <= 2100]


def named_numbers(text: str) -> list[str]:
    """The numbers of a text that it calls by what they number: orders, invoices, customers. Years are none.

    >>> named_numbers("Is order number 4500012346 paid, or invoice 20817 of 2023?")
    ['4500012346', '20817']
    """
    return [number for number in _NUMBERED.findall(text) if not (len(number) == 4 and 1900 <= int(number) <= 2100)]


def holds_number(text: str, number: str) -> bool:
    """Whether a text holds these figures, parted or not.

    >>> holds_number("Call 0353 155 501 99", "035315550199"), holds_number("order 45000123461", "4500012346")
    (True, False)
    """
    return any(number in _FIGURES.findall(written) for written in (text, _SEPARATED.sub("", text)))


def years(text: str) -> list[str]:
    """The years of a text, 1500 to 2099, in order.

    >>> years("Revenue rose from 1,950 in 2022 to 2,010 in FY2023")
    ['2022', '2023']
    """
    return _YEARS.findall(text)


def spellings(identifier: str) -> str:
    """The ways to write an identifier, for a search by words. Of a paragraph only its numbers are words.

    >>> spellings("E-4512"), spellings("e4512")
    ('E 4512 E4512', 'e 4512 e4512')
    """
    runs = _RUNS.findall(identifier)
    return " ".join(runs if identifier.startswith("§") else [*runs, "".join(runs)])


def identifiers(text: str) -> list[str]:
    """The codes, part numbers and e-mail addresses of a text in order, as they are written.

    A code has letters and at least three figures: E-4512, PPR/9087-B, ISO 9001; or it is a paragraph, § 12 (3). Periods
    (FY2022), decades (1990s), ordinals and measures (250mg) are none.

    >>> identifiers("Does E-4512 or ISO 9001 apply in FY2022, or is it 250mg? Ask jo.ann@example.org")
    ['E-4512', 'ISO 9001', 'jo.ann@example.org']
    """
    found = [match for match in _CODE.finditer(text) if _is_identifier(match.group())]
    return [match.group() for match in sorted([*found, *_PARAGRAPH.finditer(text)], key=lambda match: match.start())]


def short_codes(text: str) -> list[tuple[str, str, int]]:
    """What may be codes of one or two figures, as they are written, with their letters and figures.

    Quarters and halves of a year are none.

    >>> short_codes("What does F.64 mean, and E7, in Q3 of 2024?")
    [('F.64', 'F', 64), ('E7', 'E', 7)]
    """
    found = (match for match in _SHORT.finditer(text) if not _PERIOD.fullmatch(match.group().lower()))
    return [(match.group(), match["letters"], int(match["number"])) for match in found]


def _is_identifier(code: str) -> bool:
    if "@" in code:
        return True
    plain = code.lower()
    if _YEAR.fullmatch(code) or not _LETTERS.search(code) or len(_DIGITS.findall(code)) < _FEW_DIGITS:
        return False
    falling = _RANGE.fullmatch(code)
    if falling and int(falling[1]) > int(falling[2]):
        return True
    return not _PERIOD.fullmatch(plain) and not _MEASURED.fullmatch(code)


def holds_identifier(text: str, identifier: str) -> bool:
    """Whether a text holds an identifier in any of its usual spellings, and not as a part of a longer one.

    >>> holds_identifier("Alarm E-4512: stop", "e4512"), holds_identifier("PE-45121", "E-4512")
    (True, False)
    """
    return find_identifier(text, identifier) is not None


def find_identifier(text: str, identifier: str) -> tuple[int, int] | None:
    """Where a text first holds an identifier: its runs of letters and figures with at most one mark between them.

    >>> find_identifier("part LT-40-778", "LT40778"), find_identifier("see § 7 Abs. 2", "§7(2)")
    ((5, 14), (4, 14))
    """
    if asked := _PARAGRAPH.match(identifier):
        found = (match.span() for match in _PARAGRAPH.finditer(text) if _same_paragraph(asked, match))
        return next(found, None) or _part_below(text, asked)
    wanted = "".join(_RUNS.findall(identifier)).lower()
    if not wanted or wanted[0] not in text.lower():
        return None
    runs = [(match.start(), match.end()) for match in _RUNS.finditer(text)]
    for first in range(len(runs)):
        place = _written_out(text, runs, first, wanted)
        if place and _stands_alone(text, *place):
            return place
    return None


def _written_out(text: str, runs: list[tuple[int, int]], first: int, wanted: str) -> tuple[int, int] | None:
    """The place of runs that are together what is wanted; figures are not joined over a blank."""
    start, before, left = runs[first][0], runs[first][0], wanted
    for begin, end in runs[first:]:
        between = text[before:begin]
        blank = between == " " and text[before - 1].isdigit() and text[begin].isdigit()
        if between not in _BETWEEN or blank or not left.startswith(text[begin:end].lower()):
            return None
        before, left = end, left[end - begin :]
        if not left:
            return start, end
    return None


def _part_below(text: str, asked: re.Match[str]) -> tuple[int, int] | None:
    """The part of a paragraph that is asked for, where it begins a line below that of the paragraph: "(3) …"."""
    inside = False
    for match in _LINE_BEGIN.finditer(text):
        if match["number"]:
            inside = match["number"] == asked["number"]
        elif inside and match["part"] == (asked["part"] or asked["said"]):
            return match.span()
    return None


def _same_paragraph(asked: re.Match[str], found: re.Match[str]) -> bool:
    """Whether it is the paragraph asked for, or that part of it where a part is asked for."""
    part = asked["part"] or asked["said"]
    return asked["number"] == found["number"] and part in (None, found["part"] or found["said"])


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (start and text[start - 1].isalnum()) and not text[end : end + 1].isalnum()
