"""Word boundaries, and finding words in a text regardless of white space."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

_BLACK: Final = re.compile(r"\S+")
# A possibly truncated first or last word, with the white space that separates it.
_FIRST_WORD: Final = re.compile(r"^\S*+\s++")
_LAST_WORD: Final = re.compile(r"(?<!\s)\s++\S*+$")

# What stands before the first letter or digit of a text, and after the last.
_SIGNS_BEFORE: Final = re.compile(r"^[\W_]++")
_SIGNS_AFTER: Final = re.compile(r"(?<![\W_])[\W_]++$")


def from_a_word(text: str) -> str:
    """A truncated text from its first whole word on."""
    return _FIRST_WORD.sub("", text, count=1)


def to_a_word(text: str) -> str:
    """A truncated text up to its last whole word."""
    return _LAST_WORD.sub("", text, count=1)


def find_words(text: str, wanted: str, *, any_case: bool = False) -> tuple[int, int] | None:
    """The first (start, end) of the words of `wanted` in a text, regardless of white space between them.

    >>> find_words("Annual\\n  leave is 25 days.", "leave is 25")
    (9, 20)
    """
    squeezed = _squeezed(wanted, any_case)
    at = _squeezed(text, any_case).find(squeezed)
    if at < 0 or not squeezed:
        return None
    return _unsqueezed(text, at), _unsqueezed(text, at + len(squeezed) - 1) + 1


def letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits alone, in lower case, ligatures taken apart, and where each came from."""
    found = [
        (letter, i)
        for i, character in enumerate(text)
        for letter in unicodedata.normalize("NFKC", character).lower()
        if letter.isalnum()
    ]
    return "".join(letter for letter, _ in found), [i for _, i in found]


def find_letters(text: str, wanted: str, near: int = 0) -> tuple[int, int] | None:
    """Where a text has the letters and digits of `wanted`, whatever is between: (start, end), with its outer signs.

    Of several places the one that lies nearest to `near`.

    >>> find_letters("Plan | $320 [1] | yes.", "$3201 yes.")
    (7, 22)
    """
    sought, (squeezed, origin) = letters(wanted)[0], letters(text)
    at = squeezed.find(sought) if sought else -1
    places: list[int] = []
    while at >= 0:
        places.append(at)
        at = squeezed.find(sought, at + 1)
    if not places:
        return None
    nearest = min(places, key=lambda place: abs(origin[place] - near))
    start, end = origin[nearest], origin[nearest + len(sought) - 1] + 1
    before, after = _SIGNS_BEFORE.search(wanted), _SIGNS_AFTER.search(wanted)
    if before and text.endswith(before[0], 0, start):
        start -= len(before[0])
    return start, end + (len(after[0]) if after and text.startswith(after[0], end) else 0)


@functools.lru_cache(maxsize=2)  # a page is looked through for one title after the other
def _squeezed(text: str, any_case: bool) -> str:
    """The text with white space collapsed to one space, in lower case where wanted."""
    squeezed = " ".join(text.split())
    if not any_case:
        return squeezed
    lower = squeezed.lower()
    # The lower case of İ has two characters, which would shift offsets.
    return lower if len(lower) == len(squeezed) else "".join(c.lower() if len(c.lower()) == 1 else c for c in squeezed)


def _unsqueezed(text: str, at: int) -> int:
    """The offset in the text of a non-space character of the squeezed text."""
    for match in _BLACK.finditer(text):
        if at < len(match.group()):
            return match.start() + at
        at -= len(match.group()) + 1
    raise IndexError(at)
