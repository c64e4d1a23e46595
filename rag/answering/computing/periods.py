"""Stretches of time that a question, a head or a cell names, and how words around them bound them."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rag.answering.computing.asked_operations import AND, BEFORE_SIZES, BETWEEN_ENDS
from rag.answering.computing.cell_values import MONTH_NUMBER, day_of
from rag.answering.computing.spans import Question
from rag.core.text import MONTH, MONTHS

# A column of months or quarters holds no more of them than this.
MOST_PERIODS: Final = 200
_QUARTERS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4,
    "erste": 1, "zweite": 2, "dritte": 3, "vierte": 4, "1": 1, "2": 2, "3": 3, "4": 4,
    "一": 1, "二": 2, "三": 3, "四": 4,
}  # fmt: skip
_QUARTER: Final = re.compile(
    r"\bq([1-4])\b|\b([1-4])q\b|\b(first|second|third|fourth|1st|2nd|3rd|4th) quarter\b"
    r"|\b(erste|zweite|dritte|vierte|[1-4])(?:n|r|s|m)?\.? quartal\w{0,2}\b|第?([一二三四1-4])季度?"
)
_HALF_YEAR: Final = re.compile(r"\b(first|second) half\b|\bh([12])\b|([上下])半年")
MANY_YEARS: Final = re.compile(r"\b((?:19|20)\d\d) ?(?:-|–|—|to|through|bis|至|到) ?((?:19|20)\d\d)(?![-\d])")
_YEAR: Final = re.compile(r"(?<![\d.,$€£¥-])(?:fy ?)?((?:19|20)\d\d)(?![\d.,]\d|\d)(?:年)?")
_DAY: Final = re.compile(
    rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.)? (?:{MONTH}) \d{{4}}|\b(?:{MONTH}) \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}"
)
_MONTH_YEAR: Final = re.compile(
    rf"\b({MONTH})\b\.?(?:,? (?:of )?(\d{{4}}))?|(\d{{4}})年(\d{{1,2}})月"
    rf"|(?<!\d)(\d{{4}})-(\d\d)(?!-?\d)|(?<![\d年])(\d{{1,2}})月份?"
    rf"|([一二三四五六七八九十]{{1,2}})月份?"
)
_CHINESE_MONTHS: Final = {
    name: n
    for n, name in enumerate(["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"], start=1)
}
_SINCE: Final = re.compile(r"(?:since|from|starting|as of|seit|ab|自|从)\s*+$")
_AFTER: Final = re.compile(r"(?:after|later than|nach(?: dem)?)\s*+$")
_UNTIL: Final = re.compile(r"(?:until|till|by|through|up to|bis(?: zum)?)\s*+$")
_EARLIER: Final = re.compile(r"(?:before|earlier than|prior to|vor(?: dem)?)\s*+$")
_ZH_AFTER: Final = re.compile(r"\s?(之后|以后|后)")
_ZH_BEFORE: Final = re.compile(r"\s?(之前|以前|前)")
_ZH_SINCE: Final = re.compile(r"\s?(以来|起)")
_YEAR_BEHIND: Final = re.compile(r",? (?:of |in )?(?:fy ?)?((?:19|20)\d\d)\b")
_YEAR_BEFORE: Final = re.compile(r"((?:19|20)\d\d)[年 -]{1,2}的?$")
_MONTH_BEFORE: Final = re.compile(r"(?:^|\b(?:in|of|for|since|after|before|from|to|and|during|until|by|between|im) )$")


_BETWEEN: Final = next(pattern for pattern, comparison in BEFORE_SIZES if comparison == "between")


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time that a question or a head names; `month` alone where the year is not said."""

    start: int
    end: int
    key: tuple[str, int, int]
    first: datetime.date | None = None
    last: datetime.date | None = None


def of_year(year: int, start: int, end: int) -> Period:
    """The whole of a year that is named from `start` to `end`."""
    return Period(start, end, ("year", year, year), datetime.date(year, 1, 1), datetime.date(year, 12, 31))


def periods(text: str) -> list[Period]:
    """The stretches of time that a text names, in order; none inside another."""
    found: list[Period] = []
    for make in (_days, _spans, _quarters, _halves, _months, _years):
        found += [one for one in make(text) if not any(o.start < one.end and one.start < o.end for o in found)]
    return sorted(found, key=lambda one: one.start)


def period_key(text: str) -> tuple[str, int, int] | None:
    """What stretch of time a head or a cell names and nothing else: "Q3", "third quarter", "3月"."""
    found = periods(text.casefold().strip())
    return found[0].key if len(found) == 1 and found[0].end - found[0].start >= len(text.strip()) - 1 else None


def bounded(question: Question, found: list[Period]) -> Iterator[tuple[Period, int, int]]:
    """Each period as the words around it bound it ("after", "since"), with the place of both."""
    text, place = question.text, 0
    while place < len(found):
        one = found[place]
        before = text[max(0, one.start - 14) : one.start]
        following = found[place + 1] if place + 1 < len(found) else None
        match = _BETWEEN.search(before)
        if following and match and one.first and AND.fullmatch(text[one.end : following.start]):
            end = following.end + (len(m[0]) if (m := BETWEEN_ENDS.match(text, following.end)) else 0)
            joined = Period(one.start, following.end, ("span", 0, 0), one.first, following.last)
            yield joined, one.start - len(before) + match.start(), end
            place += 2
            continue
        if following and match and AND.fullmatch(text[one.end : following.start]):
            # From one quarter to another of no year: which lie between cannot be told.
            yield Period(one.start, following.end, ("unknown", 0, 0)), one.start, following.end
            place += 2
            continue
        yield _bounded(text, one, before)
        place += 1


def _bounded(text: str, one: Period, before: str) -> tuple[Period, int, int]:
    day = datetime.timedelta(days=1)
    if one.first is None or one.last is None:
        return one, one.start, one.end
    options = (
        (_AFTER, _ZH_AFTER, one.last + day, None), (_SINCE, _ZH_SINCE, one.first, None),
        (_EARLIER, _ZH_BEFORE, None, one.first - day), (_UNTIL, None, None, one.last),
    )  # fmt: skip
    for pattern, behind, first, last in options:
        match = pattern.search(before)
        ends = behind.match(text, one.end) if behind else None
        if match or ends:
            start = one.start - len(before) + match.start() if match else one.start
            return Period(one.start, one.end, ("span", 0, 0), first, last), start, ends.end() if ends else one.end
    return one, one.start, one.end


def _days(text: str) -> Iterator[Period]:
    for match in _DAY.finditer(text):
        if day := day_of(match[0]):
            yield Period(*match.span(), ("day", day.toordinal(), 0), day, day)


def _spans(text: str) -> Iterator[Period]:
    for match in MANY_YEARS.finditer(text):
        first, last = int(match[1]), int(match[2])
        if first < last:
            start, end = datetime.date(first, 1, 1), datetime.date(last, 12, 31)
            yield Period(*match.span(), ("span", first, last), start, end)


def _quarters(text: str) -> Iterator[Period]:
    for match in _QUARTER.finditer(text):
        number = _QUARTERS[next(filter(None, match.groups()))]
        yield from _parts(text, match.start(), match.end(), "quarter", number, 3 * number - 2, 3 * number)


def _halves(text: str) -> Iterator[Period]:
    for match in _HALF_YEAR.finditer(text):
        number = 1 if next(filter(None, match.groups())) in ("first", "1", "上") else 2
        yield from _parts(text, match.start(), match.end(), "half", number, 6 * number - 5, 6 * number)


def _parts(text: str, start: int, end: int, sort: str, number: int, first: int, last: int) -> Iterator[Period]:
    """A part of a year, with the year where it stands beside."""
    behind = _YEAR_BEHIND.match(text, end)
    before = _YEAR_BEFORE.search(text, max(0, start - 8), start)
    year = 0
    if behind:
        year, end = int(behind[1]), behind.end()
    elif before:
        year, start = int(before[1]), before.start()
    if year:
        close = datetime.date(year, last, calendar.monthrange(year, last)[1])
        yield Period(start, end, (sort, number, year), datetime.date(year, first, 1), close)
    else:
        yield Period(start, end, (sort, number, 0))


def _months(text: str) -> Iterator[Period]:
    for match in _MONTH_YEAR.finditer(text):
        name, year, y1, m1, y2, m2, alone, chinese = match.groups()
        if name:
            month, said = MONTH_NUMBER[MONTHS[name]], int(year or 0)
            # "may" and "march" are verbs too.
            if (
                name in ("may", "march", "mar", "sept", "dec")
                and not said
                and not _MONTH_BEFORE.search(text, 0, match.start())
            ):
                continue
        else:
            month = int(m1 or m2 or alone or _CHINESE_MONTHS.get(chinese or "", 0))
            said = int(y1 or y2 or 0)
        if not 1 <= month <= 12:
            continue
        if said:
            last = datetime.date(said, month, calendar.monthrange(said, month)[1])
            yield Period(*match.span(), ("month", month, said), datetime.date(said, month, 1), last)
        else:
            yield Period(*match.span(), ("month", month, 0))


def _years(text: str) -> Iterator[Period]:
    for match in _YEAR.finditer(text):
        yield of_year(int(match[1]), *match.span())
