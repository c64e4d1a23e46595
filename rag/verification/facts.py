"""What similarity never proves: the numbers, units, dates, names and negations of a text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_UP_TO_TWENTY: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_SMALL: Final = {word: value for value, word in enumerate(_UP_TO_TWENTY.split())} | {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12,
}  # fmt: skip
_ORDINALS: Final = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "once": 1, "twice": 2,
    "half": 0.5, "quarter": 0.25,
}  # fmt: skip
_SCALES: Final = {
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9, "b": 1e9,
    "百": 1e2, "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12,
}  # fmt: skip
# Units that must not be taken for one another, by what they measure.
_UNITS: Final = {
    "second": "second|seconds|sec|secs|秒|秒钟", "minute": "minute|minutes|min|mins|分钟",
    "hour": "hour|hours|hr|hrs|小时|个小时", "day": "day|days|日|天", "week": "week|weeks|周|星期|个星期|个周",
    "month": "month|months|月|个月", "year": "year|years|yr|yrs|年", "decade": "decade|decades",
    "century": "century|centuries|世纪|个世纪",
    "%": "%|percent|percentage|per cent|pct|percentages",
    "mm": "millimeter|millimeters|millimetre|millimetres|mm|毫米", "cm": "centimeter|centimeters|centimetres|cm|厘米",
    "m": "meter|meters|metre|metres|米", "km": "km|kilometer|kilometers|kilometre|kilometres|公里|千米",
    "inch": "inch|inches|英寸", "foot": "foot|feet|ft|英尺", "yard": "yard|yards|码", "mile": "mile|miles|mi|英里",
    "g": "gram|grams|g|克", "kg": "kg|kilogram|kilograms|kilo|kilos|公斤|千克", "mg": "mg|milligram|milligrams|毫克",
    "ton": "ton|tons|tonne|tonnes|吨", "pound": "pound|pounds|lb|lbs|磅", "ounce": "ounce|ounces|oz|盎司",
    "l": "liter|liters|litre|litres|升", "ml": "ml|milliliter|milliliters|毫升", "gallon": "gallon|gallons|加仑",
    "acre": "acre|acres|英亩", "hectare": "hectare|hectares|公顷",
    "kb": "kb|kilobyte|kilobytes", "mb": "mb|megabyte|megabytes", "gb": "gb|gigabyte|gigabytes",
    "tb": "tb|terabyte|terabytes",
    "°c": "°c|celsius|摄氏度", "°f": "°f|fahrenheit|华氏度", "kelvin": "kelvin|kelvins",
    "degree": "degree|degrees|°|度",
    "w": "watt|watts", "kw": "kw|kilowatt|kilowatts|千瓦", "mw": "mw|megawatt|megawatts",
    "$": "$|usd|dollar|dollars|us$|美元", "€": "€|eur|euro|euros|欧元", "£": "£|gbp|英镑",
    "¥": "¥|cny|rmb|yuan|元|人民币",
    "yen": "yen|jpy|日元", "rupee": "rupee|rupees|inr|卢比",
    "cent": "cent|cents",
}  # fmt: skip
_UNIT_OF: Final = {form: unit for unit, forms in _UNITS.items() for form in forms.split("|")}
_MONTHS: Final = "january february march april may june july august september october november december"
_MONTH_OF: Final = {form: month for month in _MONTHS.split() for form in (month, month[:3], month[:4])}

_CHINESE_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_NUMBER: Final = "[零〇一二三四五六七八九两十百千]+"
_WORD_NUMBER: Final = "|".join([*_SMALL, *_ORDINALS])
_CURRENCY: Final = r"US\$|[$€£¥]"
_SCALE: Final = "|".join(sorted(_SCALES, key=len, reverse=True))
_UNIT: Final = "|".join(re.escape(form) for form in sorted(_UNIT_OF, key=len, reverse=True))
_NUMBER: Final = re.compile(
    rf"(?P<currency>{_CURRENCY})?\s?"
    rf"(?:(?P<digits>(?<![\w.])\d+(?:,\d{{3}})*(?:\.\d+)?|(?<![\d.])\d+(?:,\d{{3}})*(?:\.\d+)?(?![\d]))(?:st|nd|rd|th|s)?"
    rf"|\b(?P<word>(?:{_WORD_NUMBER})(?:[- ](?:{'|'.join(list(_SMALL)[1:10])}))?)\b"
    rf"|(?P<chinese>{_CHINESE_NUMBER}))"
    rf"(?:[\s-]?(?P<scale>(?:{_SCALE})(?![a-z])))?"
    rf"(?:[\s-]?(?P<unit>(?:{_UNIT})(?![a-z])))?",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(r"[- ]")
_CAPITALIZED: Final = re.compile(r"\b[A-Z][a-z]{2,8}\b")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as its value, scale words worked in, and the unit behind it ('' when there is none)."""

    value: float
    unit: str
    plain: bool
    """Whether it was written in digits: 'one' and 'first' are often no figures at all."""


def numbers(text: str) -> list[Number]:
    """The figures of a text in order.

    >>> [(n.value, n.unit) for n in numbers("$1.5 million in 3 days, twenty-five percent, 三百天")]
    [(1500000.0, '$'), (3.0, 'day'), (25.0, '%'), (300.0, 'day')]
    """
    found = []
    for match in _NUMBER.finditer(unicodedata.normalize("NFKC", text)):
        value, plain = _value(match)
        if value is None:
            continue
        scale = (match["scale"] or "").lower()
        if len(scale) == 1 and scale.isascii() and not (match["currency"] or match["scale"].isupper()):
            # 401k is the name of a plan, 5 m are metres.
            scale = ""
        unit = (match["currency"] or match["unit"] or "").lower()
        found.append(Number(value * _SCALES.get(scale, 1.0), _UNIT_OF.get(unit, ""), plain))
    return found


def measure(word: str) -> str:
    """What a word counts or multiplies, '' where it is no unit and no scale: the same for "kilometres" and "km"."""
    lower = word.lower()
    return _UNIT_OF.get(lower) or (lower if lower in _SCALES and len(lower) > 1 else "")


def without_figures(text: str) -> str:
    """The text without its figures and their units, whose ways of writing differ."""
    return _NUMBER.sub(" ", unicodedata.normalize("NFKC", text))


def _value(match: re.Match[str]) -> tuple[float | None, bool]:
    if match["digits"]:
        return float(match["digits"].replace(",", "")), True
    if match["word"]:
        parts = _BETWEEN.split(match["word"].lower())
        return float(sum(_SMALL.get(part, _ORDINALS.get(part, 0)) for part in parts)), False
    return _chinese_value(match["chinese"]), len(match["chinese"]) > 1


def _chinese_value(text: str) -> float | None:
    """三百二十 as 320 and 二〇二二 as 2022."""
    if not any(sign in text for sign in "十百千"):
        return float("".join(str(_CHINESE_DIGITS[sign]) for sign in text))
    total, digit = 0, None
    for sign in text:
        if sign in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[sign]
        else:
            total += (1 if digit is None else digit) * {"十": 10, "百": 100, "千": 1000}[sign]
            digit = None
    return float(total + (digit or 0))


def months(text: str) -> set[str]:
    """The months that a text names."""
    found = _CAPITALIZED.findall(text)
    return {_MONTH_OF[word.lower()] for word in found if word.lower() in _MONTH_OF}
