"""How lists count: letters, roman and Chinese numbers."""

from __future__ import annotations

from typing import Final

_ROMAN: Final = {
    1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl",
    10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i",
}  # fmt: skip
_CHINESE: Final = "零一二三四五六七八九"
_ORDINALS: Final = {1: "st", 2: "nd", 3: "rd"}
_LONGEST: Final = 9


def letters(number: int) -> str:
    """As Word counts: a … z, aa, bb.

    >>> letters(3), letters(28)
    ('c', 'bb')
    """
    return chr(97 + (number - 1) % 26) * min((number - 1) // 26 + 1, _LONGEST) if number > 0 else str(number)


def columns(number: int) -> str:
    """As browsers count: a … z, aa, ab."""
    written = ""
    while number > 0:
        number, last = divmod(number - 1, 26)
        written = chr(97 + last) + written
    return written or "0"


def roman(number: int) -> str:
    if number <= 0:
        return str(number)
    written = ""
    for value, signs in _ROMAN.items():
        written += signs * min(number // value, _LONGEST)
        number %= value
    return written


def chinese(number: int) -> str:
    """Up to ninety-nine, as lists in Chinese documents are counted; digits beyond."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_CHINESE[tens]}十"
    return head + (_CHINESE[ones] if ones else "")


def circled(number: int) -> str:
    return chr(0x2460 + number - 1) if 0 < number <= 20 else str(number)


def ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else _ORDINALS.get(number % 10, "th")
    return f"{number}{ending}"
