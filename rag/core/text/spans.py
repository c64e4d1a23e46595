"""Where the words of a text begin and end, and where given words stand in it, whatever white space is between them."""

from __future__ import annotations

import functools
import re
from typing import Final

_BLACK: Final = re.compile(r"\S+")
# A word that may be cut at the start of a text, or at its end, with the white space between it and the next.
_FIRST_WORD: Final = re.compile(r"^\S*+\s++")
_LAST_WORD: Final = re.compile(r"(?<!\s)\s++\S*+$")


def from_a_word(text: str) -> str:
    """A text that was cut anywhere, from its first whole word on."""
    return _FIRST_WORD.sub("", text, count=1)


def to_a_word(text: str) -> str:
    """A text that was cut anywhere, up to its last whole word."""
    return _LAST_WORD.sub("", text, count=1)


def find_words(text: str, wanted: str, *, any_case: bool = False) -> tuple[int, int] | None:
    """Where the words of `wanted` first stand in a text, whatever white space is between them: (start, end).

    >>> find_words("Annual\\n  leave is 25 days.", "leave is 25")
    (9, 20)
    """
    words_ = _squeezed(wanted, any_case)
    at = _squeezed(text, any_case).find(words_)
    if at < 0 or not words_:
        return None
    return _unsqueezed(text, at), _unsqueezed(text, at + len(words_) - 1) + 1


@functools.lru_cache(maxsize=2)  # a page is looked through for one title after the other
def _squeezed(text: str, any_case: bool) -> str:
    """The text with one space for each stretch of white space, and where wanted in lower case."""
    squeezed = " ".join(text.split())
    if not any_case:
        return squeezed
    lower = squeezed.lower()
    # Of one letter of Turkish, lower case makes two.
    return lower if len(lower) == len(squeezed) else "".join(c.lower() if len(c.lower()) == 1 else c for c in squeezed)


def _unsqueezed(text: str, at: int) -> int:
    """Where the character at a place of the squeezed text, which is no white space, stands in the text itself."""
    for match in _BLACK.finditer(text):
        if at < len(match.group()):
            return match.start() + at
        at -= len(match.group()) + 1
    raise IndexError(at)
