"""Denials without a "not": words that say of themselves what another denies, as "incomplete" and "difficult" do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rag.core.text import stem

# What is denied, and the words that say its opposite.
_PAIRS: Final = {
    "same identical equal alike exactly": r"differ\w*|var(?:y|ies|ied)|distinct|unlike",
    "easy simple simply straightforward": r"difficult\w*|hard|tricky|complicated|challenging",
    "allow permit may can": r"prohibit\w*|forbid\w*|forbidden|bann?(?:ed|s)?|illegal|unlawful",
    "many much enough sufficient": r"few|fewer|little|scarce\w*|lack\w*|insufficient\w*",
    "always": r"sometimes|rarely|seldom",
    "contain include have need": r"without|lack\w*|exclud\w*|except",
    "accept agree allow": r"refus\w*|reject\w*|den(?:y|ies|ied)",
    "succeed able manage": r"fail\w*|unable",
}
_OPPOSITES: Final = [
    (frozenset(map(stem, denied.split())), re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    for denied, words in _PAIRS.items()
]
# "Incomplete", "disqualifies"; not "income", "discover" and their like.
_PREFIXED: Final = re.compile(
    r"\b(?:un|non-?)([a-z]{4,})\b|\b(?:in|im|ir|il|dis)(?!cover|count|cuss|tinct|terest|stead)([a-z]{5,})\b",
    re.IGNORECASE,
)


def opposites(text: str) -> Iterator[tuple[frozenset[str], int, int]]:
    """The stems that each word of a text says the opposite of, with its place (start, end).

    >>> [sorted(stems) for stems, _, _ in opposites("The roof was incomplete.")]
    [['complet']]
    """
    for match in _PREFIXED.finditer(text):
        yield frozenset({stem((match[1] or match[2]).lower())}), match.start(), match.end()
    for denied, words in _OPPOSITES:
        for match in words.finditer(text):
            yield denied, match.start(), match.end()
