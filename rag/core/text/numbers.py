"""Numbers in text: digits, number words and Chinese numerals, with scales and units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rag.core.text.languages import language_of
from rag.core.text.scripts import Language
from rag.core.text.units import SCALES, UNIT_OF
from rag.core.text.words import normalized

_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS_GERMAN: Final = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
_TEENS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TEENS_GERMAN: Final = (
    "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn"
)
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth"
)
# Cardinal numbers in English and German.
CARDINALS: Final[Mapping[str, float]] = {
    **{word: float(value) for value, word in enumerate(_TEENS.split())},
    **{word: 10.0 * value for value, word in enumerate(_TENS, start=2)},
    **{word: float(value) for value, word in enumerate(_TEENS_GERMAN.split())},
    **{word: 10.0 * value for value, word in enumerate(_TENS_GERMAN, start=2)},
    "dozen": 12.0,
    "zwo": 2.0,
    "dutzend": 12.0,
}
ORDINALS: Final[Mapping[str, float]] = {
    **{word: float(value) for value, word in enumerate(_ORDINALS.split(), start=1)},
    **{f"{word[:-1]}ieth": 10.0 * value for value, word in enumerate(_TENS, start=2)},
    "once": 1.0,
    "twice": 2.0,
    "half": 0.5,
    "quarter": 0.25,
}
# Whole numbers that are one word, as digits; by language, since "elf" and "null" are other words in English.
_ENGLISH_WORDS: Final = (*_TEENS.split(), *_TENS)
NUMERALS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {word: f"{CARDINALS[word]:.0f}" for word in _ENGLISH_WORDS},
    "de": {word: f"{CARDINALS[word]:.0f}" for word in (*_TEENS_GERMAN.split(), *_TENS_GERMAN)},
    "zh": {word: f"{CARDINALS[word]:.0f}" for word in _ENGLISH_WORDS},
}
_ONES: Final = dict(list(CARDINALS.items())[1:10]) | {word: ORDINALS[word] for word in _ORDINALS.split()[:9]}
_ONES_GERMAN: Final = {"ein": 1.0} | {word: CARDINALS[word] for word in _TEENS_GERMAN.split()[2:10]}
_VALUES: Final = {**CARDINALS, **ORDINALS}

# "twenty-five", "twenty-fifth", "fünfundzwanzig", "fourteen". For case-insensitive patterns.
CARDINAL: Final = (
    rf"(?:(?:{'|'.join(_TENS)})(?:[- ](?:{'|'.join(list(_ONES)[:9])})\b)?"
    rf"|(?:{'|'.join(_ONES_GERMAN)})und(?:{'|'.join(_TENS_GERMAN)})"
    rf"|{'|'.join(sorted({*CARDINALS} - {*_TENS}, key=len, reverse=True))})"
)
# Letters that a case-insensitive pattern matches as i or s.
_TAKEN_FOR: Final = str.maketrans("ıİſ", "iis")
_SPELT: Final = (
    rf"(?:(?:{'|'.join(_TENS)})[- ](?:{'|'.join(_ONES)})"
    rf"|(?:{'|'.join(_ONES_GERMAN)})und(?:{'|'.join(_TENS_GERMAN)})"
    rf"|{'|'.join(sorted(_VALUES, key=len, reverse=True))})"
)
# Behind the hour of a time of day: "6 pm", "6:30 p.m."; the minutes of "18:00" are no figure.
_HALF_OF_DAY: Final = re.compile(r"(?::[0-5]\d)?\s?([ap])\.?m\b", re.IGNORECASE)
_HOUR: Final = re.compile(r"\d:$")
_GERMAN_COMPOUND: Final = re.compile(rf"({'|'.join(_ONES_GERMAN)})und({'|'.join(_TENS_GERMAN)})")

_CHINESE_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_PLACES: Final = {"十": 10, "百": 100, "千": 1000}
CHINESE_NUMERALS: Final = "零〇一二三四五六七八九两十百千"

_CURRENCY: Final = r"US\$|[$€£¥]"
_SCALE: Final = "|".join(sorted(SCALES, key=len, reverse=True))
_UNIT: Final = "|".join(re.escape(form) for form in sorted(UNIT_OF, key=len, reverse=True))
# "1,500.25", and in German "1.500,25".
_DIGITS: Final = [rf"\d++(?:{mark}\d{{3}}(?!\d))*+(?:{point}\d++)?" for mark, point in ((",", r"\."), (r"\.", ","))]


_WRITTEN: Final = (
    rf"(?P<currency>{_CURRENCY})?\s?"
    rf"(?:(?P<digits>(?<![\w.])DIGITS|(?<![\d.])DIGITS(?![\d]))(?:st|nd|rd|th|s)?"
    rf"|\b(?!(?<=\bat )once)(?P<word>{_SPELT})\b"
    rf"|(?P<chinese>[{CHINESE_NUMERALS}]++))"
    rf"(?:[\s-]?(?P<scale>(?:{_SCALE})(?![a-zäöü])))?"
    rf"(?:[\s-]?(?P<unit>(?:{_UNIT})(?![a-zäöü])))?"
)
# By whether the text is German.
_NUMBER: Final = tuple(re.compile(_WRITTEN.replace("DIGITS", digits), re.IGNORECASE) for digits in _DIGITS)


@dataclass(frozen=True, slots=True)
class Number:
    """A number's value, scales applied, and its unit ('' when there is none)."""

    value: float
    unit: str
    plain: bool
    """Whether it was written in digits: 'one' and 'first' often denote no quantity."""
    start: int = field(default=0, compare=False)
    """Where it stands in the normalized text."""
    end: int = field(default=0, compare=False)


def numbers(text: str, language: Language | None = None) -> list[Number]:
    """The numbers of a text in order.

    >>> [(n.value, n.unit) for n in numbers("$1.5 million in 3 days, twenty-five percent, 三百天")]
    [(1500000.0, '$'), (3.0, 'day'), (25.0, '%'), (300.0, 'day')]
    >>> [n.value for n in numbers("from 9 a.m. to 6:30 pm; from 9:00 to 18:30")]
    [9.0, 18.0, 30.0, 9.0, 18.0, 30.0]
    >>> [(n.value, n.unit) for n in numbers("Es sind 1.500,50 Euro und fünfundzwanzig Tage.")]
    [(1500.5, '€'), (25.0, 'day')]
    """
    german = (language or language_of(text)) == "de"
    found = []
    text = normalized(text)
    for match in _NUMBER[german].finditer(text):
        value, plain = _value(match, german=german)
        if match["digits"] == "00" and _HOUR.search(text, max(0, match.start("digits") - 2), match.start("digits")):
            continue
        if match["digits"] and 1 <= value <= 12 and (half := _HALF_OF_DAY.match(text, match.end("digits"))):
            value = value % 12 + 12 * (half[1] in "pP")
        scale = (match["scale"] or "").lower()
        if len(scale) == 1 and scale.isascii() and not (match["currency"] or match["scale"].isupper()):
            # 401k is a name, 5 m are metres.
            scale = ""
        unit = (match["currency"] or match["unit"] or "").lower()
        start, end = match.start() + len(match[0]) - len(match[0].lstrip()), match.end()
        found.append(Number(value * SCALES.get(scale, 1.0), UNIT_OF.get(unit, ""), plain, start, end))
    return found


def measure(word: str) -> str:
    """The canonical unit or scale that a word denotes, the same for "kilometres" and "km"; '' where it is none."""
    lower = word.lower()
    return UNIT_OF.get(lower) or (lower if lower in SCALES and len(lower) > 1 else "")


def without_figures(text: str) -> str:
    """The text without its numbers and their units, which can be written in different ways."""
    return _NUMBER[language_of(text) == "de"].sub(" ", normalized(text))


def number_value(written: str) -> float:
    """The value of "7.5", "twenty-five", "twenty-fifth", "fünfundzwanzig" or "二十五". Raises ValueError."""
    lower = written.translate(_TAKEN_FOR).lower()
    if lower in _VALUES:
        return _VALUES[lower]
    if lower[:1] in CHINESE_NUMERALS and lower:
        return _chinese_value(lower)
    if german := _GERMAN_COMPOUND.fullmatch(lower):
        return _ONES_GERMAN[german[1]] + CARDINALS[german[2]]
    tens, _, ones = lower.replace(" ", "-").partition("-")
    return CARDINALS[tens] + _ONES[ones] if tens in _TENS and ones in _ONES else float(lower)


def _value(match: re.Match[str], *, german: bool) -> tuple[float, bool]:
    if digits := match["digits"]:
        return float(digits.replace(".", "").replace(",", ".") if german else digits.replace(",", "")), True
    if match["word"]:
        return number_value(match["word"]), False
    return _chinese_value(match["chinese"]), len(match["chinese"]) > 1


def _chinese_value(text: str) -> float:
    """三百二十 as 320 and 二〇二二 as 2022."""
    if not any(sign in text for sign in _CHINESE_PLACES):
        return float("".join(str(_CHINESE_DIGITS[sign]) for sign in text))
    total, digit = 0, None
    for sign in text:
        if sign in _CHINESE_DIGITS:
            digit = _CHINESE_DIGITS[sign]
        else:
            total += (1 if digit is None else digit) * _CHINESE_PLACES[sign]
            digit = None
    return float(total + (digit or 0))
