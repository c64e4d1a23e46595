"""Small characters that are raised or lowered beside others: note marks, exponents, ordinals, subscripts.

A raised figure says something else than a figure: "$320¹" is no amount of 3,201. Marks become Unicode's own raised
characters, or stand apart in brackets; exponents follow "^"; what is lowered stands in line, as in H2SO4.
"""

from __future__ import annotations

import re
from typing import Final

# Lower case and upper case are told apart: "M" is no unit of length.
_LENGTHS: Final = frozenset({"m", "cm", "mm", "km", "dm", "nm", "µm", "μm", "ft", "yd"})
_UNITS: Final = _LENGTHS | {
    "s",
    "sec",
    "h",
    "kg",
    "g",
    "mol",
    "K",
    "x",
    "y",
    "z",
    "r",
    "R",
    "n",
    "e",
    "L",
    "l",
    "J",
    "A",
}
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_POWER: Final = re.compile(r"[+\-−–]?\d{1,3}|[+\-−–]?[nxk\U0001d400-\U0001d7ff]")
# "1st", "2nd"; "1er", "2e"; "3o", "4a" in Spanish.
_ORDINAL: Final = re.compile(r"(?:st|nd|rd|th|er|re|e|ère|ème|o|a|os|as|º|ª)", re.IGNORECASE)
# No one counts so far with a single raised letter: "250ª".
_AMOUNT: Final = re.compile(r"\d{3}$|[.,]\d{2}$|[$€£¥]\s?\d{1,9}$")
_SIGNS: Final = re.compile(r"[*†‡§¶#°®™©℠'’\"”′″∗]+")
_BRANDS: Final = {"TM": "™", "SM": "℠", "(R)": "®"}
_LAST_WORD: Final = re.compile(r"((?<![^\W\d_])[^\W\d_]++|(?<!\d)\d++)$")
# Letters of a mark at most: "[iv]", "[ab]". What is longer is a raised word, such as a unit in a heading.
_LONGEST_MARK: Final = 3
_WRITTEN_ALREADY: Final = re.compile(r"[⁰¹²³⁴-⁹]+")


def written(raised: str, before: str, after: str) -> str:
    """What is written for raised characters, by what stands right before and behind them.

    >>> written("1", "$320", ""), written("2", "× 10", ""), written("a", "fee", ""), written("th", "4", "")
    ('¹', '^2', ' [a]', 'th')
    """
    if _SIGNS.fullmatch(raised) or _WRITTEN_ALREADY.fullmatch(raised):
        return raised
    if raised.upper() in _BRANDS and before[-1:].isalpha():
        return _BRANDS[raised.upper()]
    if _is_exponent(raised, before):
        return f"^{raised}"
    if raised.isdecimal() and raised.isascii():
        if after[:1] in "/⁄" and after:
            return f" {raised}" if before[-1:].isdecimal() else raised  # 5 1/2
        return raised.translate(_RAISED)
    if before[-1:].isdecimal() and _ORDINAL.fullmatch(raised) and not (len(raised) == 1 and _AMOUNT.search(before)):
        return raised
    letters = sum(character.isalnum() for character in raised)
    if not before or not letters or (raised.isalpha() and letters > _LONGEST_MARK):
        return raised
    return f" [{raised.strip('()[]')}]"


def _is_exponent(raised: str, before: str) -> bool:
    if not _POWER.fullmatch(raised):
        return False
    found = _LAST_WORD.search(before)
    base = found[1] if found else ""
    sign = raised[0] in "+-−–"
    if _is_variable(raised) and _is_variable(base):
        return True
    if base == "10":
        return before[-3:-2] not in ("$", "€", "£", "¥") and not (before[-3:-2] in (".", ",") and not sign)
    if base == "2" and raised.isalpha():
        return True
    if base in _UNITS:
        # A mark beside a length is no 1, and an area or a volume no more than 3.
        return sign or base not in _LENGTHS or raised in ("2", "3")
    return sign or (before[-1:] in ")]" and raised.isalpha())


def _is_variable(text: str) -> bool:
    """One letter of mathematics, which fonts write with characters of their own."""
    return len(text) == 1 and ord(text) >= 0x1D400 and text.isalpha()
