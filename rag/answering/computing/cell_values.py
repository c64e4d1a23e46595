"""What the words of a cell are worth: a number with its unit, a day, or nothing but words."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rag.core.text import MONTH, MONTHS, measure, normalized
from rag.core.text.units import SCALES

_CURRENCY: Final = r"US\$|NT\$|HK\$|A\$|C\$|[$€£¥₹]|EUR|USD|GBP|CHF|CNY|RMB|JPY"
_NUMBER: Final = re.compile(
    rf"(?P<open>\()?\s*+(?P<sign>[-−–+])?\s*+(?P<currency>{_CURRENCY})?\s*+(?P<minus>[-−–])?(?P<inner>\()?"
    r"(?P<digits>\d[\d.,'’\u00a0\u202f ]*+)(?P<e>[eE][-+]?\d{1,3})?\)?\s*+(?P<unit>[^\W\d_][^\d()]{0,14}+"
    r"|[%‰°€$£¥₹][^\d()]{0,3}+)?\s*+\)?"
    r"(?:\s?(?:\(\w{1,2}\)|\[\w{1,2}\]|[*†‡]))?",
)
_ENGLISH: Final = re.compile(r"\d{1,3}(?:[,'’\u00a0\u202f ]\d{3})++(?:\.\d++)?|\d++(?:\.\d++)?")
_GERMAN: Final = re.compile(r"\d{1,3}(?:[.'’\u00a0\u202f ]\d{3})++(?:,\d++)?|\d++(?:,\d++)?")
_MARKS: Final = re.compile(r"[,'’\u00a0\u202f ]")
_NOTHING: Final = re.compile(r"[-–—−.]{1,3}|[$€£]\s*+[-–—−]|n/?a\.?|nil|none", re.IGNORECASE)
_TIME: Final = r"(?:[T ]\s*+\d{1,2}:\d\d(?::\d\d)?(?:\s?[AP]M)?)?"
_ISO: Final = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}}){_TIME}")
_CHINESE_DAY: Final = re.compile(rf"(\d{{4}})\s?[年/.]\s?(\d{{1,2}})\s?[月/.]\s?(\d{{1,2}})日?{_TIME}")
_SHORT: Final = re.compile(rf"(\d{{1,2}})([./-])(\d{{1,2}})\2(\d{{4}}|\d\d){_TIME}")
_DAY_MONTH: Final = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]({MONTH})\.?,?[ -](\d{{4}}|\d\d){_TIME}", re.IGNORECASE
)
_MONTH_DAY: Final = re.compile(rf"({MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}}){_TIME}", re.IGNORECASE)
MONTH_NUMBER: Final = {name: number for number, name in enumerate(dict.fromkeys(MONTHS.values()), start=1)}
# Years of two digits are of this century up to here.
_CENTURY: Final = 70
_OF_CURRENCY: Final = {"eur": "€", "usd": "$", "us$": "$", "gbp": "£", "cny": "¥", "rmb": "¥"}


@dataclass(frozen=True, slots=True)
class Value:
    """A cell: its words and, where they are one, the number with its unit and decimals, or the day."""

    text: str
    number: float | None = None
    unit: str = ""
    decimals: int = 0
    day: datetime.date | None = None


def typed(texts: Sequence[str], german: bool) -> list[Value]:
    """The values of a column: how its figures and days are written is told by all of them together.

    Args:
        german: how they are written where the column does not tell.

    >>> [value.number for value in typed(["1.200,50 €", "(3)", "–"], german=False)]
    [1200.5, -3.0, None]
    """
    # Of a long sheet there are very many: most need no other form.
    plain = [text.strip() if text.isascii() else normalized(text).strip() for text in texts]
    different = set(plain)
    matched = {text: match for text in different if (match := _NUMBER.fullmatch(text)) and not _is_day(text)}
    styled = _german(match["digits"].strip() for match in matched.values())
    german = german if styled is None else styled
    month_first = _month_first(different)
    known = {text: _value(text, matched.get(text), german, month_first) for text in different}
    return [known[text] for text in plain]


def is_nothing(text: str) -> bool:
    """Whether a cell says that there is nothing."""
    return not text or bool(_NOTHING.fullmatch(text))


def day_of(text: str, month_first: bool | None = False) -> datetime.date | None:
    """The day that a text is; None where it is none, or where day and month cannot be told apart."""
    if (match := _ISO.fullmatch(text)) or (match := _CHINESE_DAY.fullmatch(text)):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _SHORT.fullmatch(text):
        if month_first is None and match[2] != ".":
            return None
        first, second = int(match[1]), int(match[3])
        day, month = (second, first) if month_first and match[2] != "." else (first, second)
        return _date(_year(match[4]), month, day)
    if match := _DAY_MONTH.fullmatch(text):
        return _date(_year(match[3]), _month(match[2]), int(match[1]))
    if match := _MONTH_DAY.fullmatch(text):
        return _date(int(match[3]), _month(match[1]), int(match[2]))
    return None


def _is_day(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in (_ISO, _CHINESE_DAY, _SHORT))


def _value(text: str, match: re.Match[str] | None, german: bool, month_first: bool | None) -> Value:
    if match is None:
        return Value(text, day=day_of(text, month_first))
    digits = match["digits"].strip()
    pattern = _GERMAN if german else _ENGLISH
    if not pattern.fullmatch(digits):
        return Value(text)
    plain = digits.replace(".", "").replace(",", ".") if german else digits
    plain = _MARKS.sub("", plain)
    number = float(plain + (match["e"] or ""))
    said = (match["unit"] or "").strip().rstrip(".")
    scale = SCALES.get(said.lower(), SCALES.get(said.lower().rstrip("s"), 1.0)) if said else 1.0
    unit = _OF_CURRENCY.get((match["currency"] or "").lower(), match["currency"] or "")
    unit = unit or ("" if scale != 1.0 else measure(said) or _OF_CURRENCY.get(said.lower(), said))
    negative = bool(match["open"] or match["inner"]) or (match["sign"] or "") in ("-", "−", "–") or bool(match["minus"])
    decimals = len(plain.partition(".")[2]) if scale == 1.0 and not match["e"] else 6
    return Value(text, -number * scale if negative else number * scale, unit, decimals)


def _german(figures: Iterable[str]) -> bool | None:
    """Whether figures are written as 1.234,50; None where they do not tell."""
    for digits in figures:
        english, german = _ENGLISH.fullmatch(digits), _GERMAN.fullmatch(digits)
        if bool(english) != bool(german):
            return bool(german)
    return None


def _month_first(texts: Iterable[str]) -> bool | None:
    """Whether days are written with the month first; None where they do not tell."""
    for text in texts:
        if (match := _SHORT.fullmatch(text)) and match[2] != ".":
            if int(match[1]) > 12:
                return False
            if int(match[3]) > 12:
                return True
    return None


def _month(name: str) -> int:
    return MONTH_NUMBER[MONTHS[name.lower()]]


def _year(written: str) -> int:
    year = int(written)
    return year if year > 99 else year + (2000 if year < _CENTURY else 1900)


def _date(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
