"""Of what day a document is: what its name, its title or its first lines say before what its file does.

A file's own date is that of its making: three yearly reports exported in one afternoon bear the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rag.answering.retrieval import named_things
from rag.core.text import MONTH, MONTHS, years
from rag.core.types import Document

# Characters at the start of a document in which its day stands: "Valid from 1 January 2024".
_START: Final = 400
_MONTHS: Final = {name: number for number, name in enumerate(dict.fromkeys(MONTHS.values()), start=1)}
_DAY: Final = re.compile(
    r"(?<![\d.-])(?P<y1>(?:19|20)\d\d)-(?P<m1>\d\d)-(?P<d1>\d\d)(?!\d)"
    r"|(?<![\d.])(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>(?:19|20)\d\d)(?!\d)"
    rf"|(?<!\d)(?P<d3>\d{{1,2}})(?:st|nd|rd|th|\.)? (?P<m3>{MONTH})\.?,? (?P<y3>(?:19|20)\d\d)\b"
    rf"|\b(?P<m4>{MONTH})\.? (?P<d4>\d{{1,2}}),? (?P<y4>(?:19|20)\d\d)\b"
    rf"|\b(?P<m5>{MONTH})\.? (?P<y5>(?:19|20)\d\d)\b"
    r"|(?P<y6>(?:19|20)\d\d) ?年 ?(?:(?P<m6>\d{1,2}) ?月 ?(?:(?P<d6>\d{1,2}) ?日)?)?",
    re.IGNORECASE,
)

_OF_DAY: Final = re.compile(
    r"(?:\b(?:the|der|dem) )?(?:\b\w{1,30} )?\b(?:(?:held )?on|of|from|dated|am|vom|von) (?:the )?$", re.IGNORECASE
)
_YEARLESS: Final = re.compile(
    rf"(?<!\d)(?P<d1>\d{{1,2}})(?:st|nd|rd|th|\.)? (?P<m1>{MONTH})\b|\b(?P<m2>{MONTH})\.? (?P<d2>\d{{1,2}})(?!\d)"
    r"|(?P<m3>\d{1,2}) ?月 ?(?P<d3>\d{1,2}) ?日",
    re.IGNORECASE,
)


_WHEN: Final = re.compile(
    r"\b(?:when (?:was|were|is|did)|(?:what|which) (?:is |was )?(?:the )?(?:day|date)|wann (?:wurden?|ist|war)"
    r"|von wann)\b|什么时候|何时|哪天|日期",
    re.IGNORECASE,
)
_MADE: Final = re.compile(
    r"\b(?:written|published|issued|dated?|released|drafted|prepared|compiled|geschrieben|veröffentlicht|erstellt"
    r"|verfasst|herausgegeben|datiert|datum)\b|编写|编制|撰写|起草|发布|颁布|写",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AskedDay:
    """A day that a question names: the end of its documents' dates, and what else it says."""

    date: str
    rest: str


def asked_day(question: str) -> AskedDay | None:
    """The day that a question names.

    >>> asked_day("What was decided at the meeting of 6 May?")
    AskedDay(date='-05-06', rest='What was decided at ?')
    """
    for match in _DAY.finditer(question):
        if len(date := _written(match)) == len("2024-01-31"):
            return _asked(question, match, date)
    yearless = _YEARLESS.search(question)
    return _asked(question, yearless, f"-{_written(yearless)}") if yearless else None


def asked_date(question: str) -> tuple[str, ...]:
    """The words that a document is called by whose date is asked for; none where it is not.

    >>> asked_date("When was the handbook published?"), asked_date("When was the bridge built?")
    (('handbook',), ())
    """
    if not (_WHEN.search(question) and _MADE.search(question)):
        return ()
    return tuple(named_things(_MADE.sub(" ", _WHEN.sub(" ", question))))


def says_date(text: str) -> bool:
    """Whether a text holds a day, a month or a year with a month."""
    return _DAY.search(text) is not None


def _asked(question: str, match: re.Match[str], date: str) -> AskedDay:
    return AskedDay(date, _OF_DAY.sub("", question[: match.start()]) + question[match.end() :])


def document_date(document: Document, start: str) -> str:
    """The day, month or year of a document, as far as it is told: 2024-01-31, 2024-01, 2024; '' where it is not.

    Args:
        start: what its text begins with.
    """
    called = f"{document.name} {document.title}".replace("_", " ")
    named = years(called)
    told = _day_in(start[:_START])
    # "Report 2022", published in March 2023, is that of 2022.
    if named:
        return told if told[:4] == named[-1] else named[-1]
    return _day_in(called) or told or document.date


def _day_in(text: str) -> str:
    """The first date of a text.

    >>> _day_in("Valid from 1 January 2024, replaces that of 3 May 2021"), _day_in("Stand: März 2023")
    ('2024-01-01', '2023-03')
    """
    match = _DAY.search(text)
    return "" if match is None else _written(match)


def _written(match: re.Match[str]) -> str:
    """A date as 2024-01-31, as far as it is told."""
    found = {name[0]: value for name, value in match.groupdict().items() if value}
    month = found.get("m", "")
    number = int(month) if month.isdecimal() else _MONTHS[MONTHS[month.lower()]] if month else 0
    told = [found.get("y", ""), f"{number:02}" if number else "", f"{int(found['d']):02}" if "d" in found else ""]
    return "-".join(filter(None, told))
