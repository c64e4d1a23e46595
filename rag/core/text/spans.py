"""Word boundaries, and finding words in a text regardless of white space."""

from __future__ import annotations

import functools
import re
from typing import Final

_BLACK: Final = re.compile(r"\S+")
# A possibly truncated first or last word, with the white space that separates it.
_FIRST_WORD: Final = re.compile(r"^\S*+\s++")
_LAST_WORD: Final = re.compile(r"(?<!\s)\s++\S*+$")


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


@functools.lru_cache(maxsize=2)  # a page is searched for one title after the other
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
