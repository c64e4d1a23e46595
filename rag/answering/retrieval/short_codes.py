"""Short codes, such as F.64, E18 or M8: one or two figures tell a code where the documents have others of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rag.answering.retrieval.identifier_search import Missing, WordSearch, nearest
from rag.core.text import holds_identifier, short_codes, spellings
from rag.core.types import Passage

# "M6 to M10", "E1–E9": what is between is not written out.
_RANGE: Final = re.compile(
    r"(?<![\w.,/-])(?P<letters>[A-Z]{1,2})[.-]?(?P<first>\d{1,2})"
    r"(?: ?[-–—~] ?| (?:to|through|bis|until) )[A-Z]{0,2}[.-]?(?P<last>\d{1,2})(?!\d)"
)
# Others of its kind that make a word a code.
_FEWEST: Final = 2


def missing_short_codes(question: str, passages: Sequence[Passage], search: WordSearch) -> list[Missing]:
    """The short codes of a question that no document holds, where they hold two others of the kind; with the nearest.

    Args:
        passages: what was found for the question; looked through first.
        search: finds passages by words, in all that may be read.
    """
    missing = []
    for code, letters, number in short_codes(question):
        read = [*passages, *search(spellings(code))]
        if any(holds_identifier(text, code) for passage in read for text in (passage.text, passage.name)):
            continue
        there = _of_kind(letters, (passage.text for passage in read))
        if len(there) >= _FEWEST and not any(_spans(letters, number, passage.text) for passage in read):
            missing.append(Missing(code, tuple(there[one] for one in nearest(number, there))))
    return missing


def _of_kind(letters: str, texts: Iterable[str]) -> dict[int, str]:
    """The codes with these letters, by their figures."""
    found = (each for text in texts for each in short_codes(text))
    return {number: code for code, its, number in found if its == letters}


def _spans(letters: str, number: int, text: str) -> bool:
    return any(
        match["letters"] == letters and int(match["first"]) <= number <= int(match["last"])
        for match in _RANGE.finditer(text)
    )
