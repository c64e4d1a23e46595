"""What a raised mark is: a note's, an exponent, or the end of a word; and how it stands in plain text."""

from __future__ import annotations

import re
from typing import Final

# "1", "1,2", "3–5", "a": what notes are counted with.
_NOTE: Final = re.compile(r"\d{1,3}[a-z]?(?:\s?[,;–-]\s?\d{1,3}[a-z]?){0,9}|[a-z](?:\s?,\s?[a-z]){0,9}")
_BRACKETED: Final = re.compile(r"[\[(]\s?([^\])\[(]{1,20})\s?[\])]")
_BRACKETS: Final = re.compile(r"(?:\[[^\][]{1,20}\]\s?){1,20}")
_SIMPLE: Final = re.compile(r"[-+−–]?\w+(?:\.\d+)?[-+−–]?")
_WORD: Final = re.compile(r"[^\W\d_]{1,12}$")
_LAST_NUMBER: Final = re.compile(r"(?:([$€£¥×·*^=+(/−-])\s?)?(\d[\d.,]{0,20}|\d)$")
_CALCULATES: Final = re.compile(r"\s?[=×·*+/^]|\s[−–-]\s")
_TO_A_POWER: Final = re.compile(r"(?<!\d)(?:10|2)$")
# What is calculated with, before a name of two letters: "E = mc²".
_TERM: Final = re.compile(r"[=×·*+−]\s?[^\W\d_]{2}$")
_IN_BRACKETS: Final = re.compile(r"\(([^()]{1,20})\)$")
_LONG_WORD: Final = re.compile(r"[^\W\d_]{3}")
_ELEMENT: Final = re.compile(r"[A-Z][a-z]?(?![^\W\d_])")
_ROMAN: Final = re.compile(r"(?<![^\W_])[IVXLC]{1,7}$")

_MEASURES: Final = "m mm cm dm km µm nm ft in yd mi s h min kg g l ha hm px"
_UNITS: Final = frozenset(_MEASURES.split())
_ENDINGS: Final = "st nd rd th er re e ère ers res ème eme nde nds de o os"
_ORDINALS: Final = frozenset(_ENDINGS.split())
_SIGNS: Final = {"TM": "™", "SM": "℠"}
_RAISED_POWERS: Final = frozenset({"10", "2"})


def raised(before: str, mark: str, after: str, *, note: bool = False) -> str:
    """What is written for a raised mark behind `before`: " [1]" for a note, "^2" for an exponent, else the mark itself.

    >>> raised("It costs $320", "1", " a year"), raised("10", "2", " pieces"), raised("the 1", "st", " of May")
    (' [1]', '^2', 'st')
    """
    mark = " ".join(mark.split())
    if not mark:
        return ""
    if _BRACKETS.fullmatch(mark):
        return _apart(before, mark, after)
    bracketed = _BRACKETED.fullmatch(mark)
    if bracketed and (note or _NOTE.fullmatch(bracketed[1])):
        return _apart(before, f"[{bracketed[1]}]", after)
    if mark.upper() in _SIGNS or not any(sign.isalnum() for sign in mark):
        return _SIGNS.get(mark.upper(), mark)
    if note:
        return _apart(before, f"[{mark}]", after)
    if mark.isdigit() and _is_numerator(before, after):
        return f"{' ' if before[-1:].isdigit() else ''}{mark}"
    if _is_exponent(before, mark, after):
        return f"^{mark}" if _SIMPLE.fullmatch(mark) else f"^({mark})"
    if _belongs_to_word(before, mark, after):
        return mark
    if _NOTE.fullmatch(mark):
        return _apart(before, f"[{mark}]", after)
    return _apart(before, mark, after)


def _apart(before: str, mark: str, after: str) -> str:
    front = " " if before and not before[-1].isspace() and before[-1] not in "([" else ""
    return f"{front}{mark}{' ' if after[:1].isalnum() else ''}"


def _is_numerator(before: str, after: str) -> bool:
    """Whether a fraction follows that is written with a raised figure, a stroke and a lowered one: "3 1/2"."""
    if after[:1] not in ("/", "⁄") or not after or before[-1:].isalpha() or before[-1:] in (")", "]"):
        return False
    return len(after) == 1 or (after[1].isdigit() and not _TO_A_POWER.search(before))


def _belongs_to_word(before: str, mark: str, after: str) -> bool:
    """Whether it ends a number or a short word: 1st, XIXe, Mlle; or begins the sign of an element: 14C."""
    if not before or before[-1].isspace():
        return bool(before) and mark.isdigit() and bool(_ELEMENT.match(after))
    lower = mark.lower()
    if before[-1].isdigit():
        return lower in _ORDINALS
    word = _WORD.search(before)
    if lower in ("e", "er", "re", "ème") and _ROMAN.search(before):
        return True
    if word is None or not mark.isalpha():
        return False
    return len(word[0]) <= 2 and len(mark) <= 4 and (len(mark) > 1 or lower == "o")


def _is_exponent(before: str, mark: str, after: str) -> bool:
    last = before[-1:]
    if not last or last.isspace():
        return False
    signed = mark[0] in "-+−–" or mark[-1] in "-+−–"
    if signed:
        return last.isalnum() or last in ")]}"
    if not _NOTE.fullmatch(mark) and not mark.isdigit():
        # "n+1", "2x": an expression, where letters of words would not stand.
        return (last.isalnum() or last == ")") and not mark.isalpha()
    if "," in mark or ";" in mark:
        return False
    if last.isdigit():
        return _raises_number(before, mark, after)
    if last == ")":
        inner = _IN_BRACKETS.search(before)
        return inner is not None and not _LONG_WORD.search(inner[1])
    word = _WORD.search(before)
    if mark in ("2", "3") and _TERM.search(before):
        return True
    return word is not None and (len(word[0]) == 1 or (mark.isdigit() and word[0] in _UNITS and mark in "234"))


def _raises_number(before: str, mark: str, after: str) -> bool:
    number = _LAST_NUMBER.search(before)
    if number is None or number[1] in ("$", "€", "£", "¥"):
        return False
    if number[2] in _RAISED_POWERS or not mark.isdigit():
        return number[2] in _RAISED_POWERS
    return bool(number[1]) or bool(_CALCULATES.match(after))
