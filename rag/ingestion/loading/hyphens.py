"""Whether a hyphen at the end of a line belongs to its word, as in "heavy-|duty", or parts it, as in "employ-|ees"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

_LETTERS_AT_END: Final = re.compile(r"(?<![^\W\d_])[^\W\d_]++$")
_LETTERS_AT_START: Final = re.compile(r"[^\W\d_]+")
_WORDS: Final = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*+")
# A part of a word is read no further than this.
_LONGEST_PART: Final = 60
# First and second halves that are hardly ever written together, where the document itself does not say.
_BEFORE: Final = """cross decision eight five four full great half heavy high left light long low medium mid most
    multi nine quasi second self seven short single six third three top twenty two upper vice well thirty forty fifty
    sixty seventy eighty ninety"""
_BEHIND: Final = """aged based bearing borne built class day dependent driven duty effective efficient free friendly
    funded income intensive level looking month old oriented owned party paid quality range rate related resistant scale
    sector sided sized specific state step taking term time type week weighted year"""
_ONE_WORD: Final = """airborne birthday daytime doorstep downstate everyday footstep halftime halfway heavyweight
    highland highlight highway holiday interstate lifetime lighthouse lightweight longhand lowland meantime midday
    midnight midpoint midterm midway midweek midyear overtime prototype secondhand shortcut shortfall shorthand
    shortlist sometime substate substep subtype today topsoil uppercase upstate weekday wellbeing workday"""
_TENS: Final = frozenset(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"])
_ONES: Final = frozenset(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
# Behind a part of a word that stands for more, as in "pre- and post-war".
_AND: Final = re.compile(r"(?:and|or|und|oder|bis|bzw\.|sowie|et|ou)\s")
_FIRST: Final = frozenset(_BEFORE.split())
_SECOND: Final = frozenset(_BEHIND.split())
_TOGETHER: Final = frozenset(_ONE_WORD.split())


class Words:
    """The words of a document, by which it is told how it writes them."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._plain: set[str] = set()
        self._hyphenated: set[str] = set()
        # Each word once, which is much faster than all that a document holds.
        for word in {word for text in texts for word in text.lower().split()}:
            for found in _WORDS.findall(word):
                parts = found.replace("\u2010", "-").split("-")
                if len(parts) == 1:
                    self._plain.add(found)
                else:
                    self._hyphenated.update(map("-".join, pairwise(parts)))

    def stands_for_more(self, before: str, after: str) -> bool:
        """Whether the hyphen between the text before it and the next line stands for what another word ends with."""
        left, joiner = _LETTERS_AT_END.search(before[-_LONGEST_PART:]), _AND.match(after[:_LONGEST_PART])
        if left is None or joiner is None:
            return False
        return (left.group() + joiner.group().strip()).lower() not in self._plain

    def keep_hyphen(self, before: str, after: str) -> bool:
        """Whether the hyphen between the text before it and the text on the next line is the word's own."""
        before = before[-_LONGEST_PART:]
        left, right = _LETTERS_AT_END.search(before), _LETTERS_AT_START.match(after[:_LONGEST_PART])
        if left is None or right is None or not right.group()[0].islower():
            return True
        if before[: left.start()].endswith(("-", "\u2010")):
            return True  # "out-of-|network"
        one, two = left.group().lower(), right.group().lower()
        if one + two in self._plain or one + two in _TOGETHER:
            return False
        if f"{one}-{two}" in self._hyphenated or (one in _TENS and two in _ONES):
            return True
        return (one in _FIRST and (two in self._plain or two in _SECOND)) or (two in _SECOND and one in self._plain)
