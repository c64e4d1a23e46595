"""Claims put together from two clauses of a sentence that are made alike, half of either: of "adults pay 14 euros and
students 9" that adults pay 9. Chinese clauses are compared sign by sign, in `chinese`."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence, Set
from itertools import combinations
from typing import Final

from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.core.text import Language, script_of, terms

_AND: Final = r"(?:and|but|while|whereas|und|aber|während)\s"
_BORDER: Final = re.compile(rf"[;,]\s(?:{_AND})?|\s{_AND}", re.IGNORECASE)
_COMMA: Final = re.compile(rf"[;,]\s(?:{_AND})?", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W_]++(?:['’.,-][^\W_]++)*+")
_FIGURE: Final = "#"
# The share of a claim's words that the two clauses must hold. The check speaks on none of 839 true sentences that
# people wrote (`bench/planted_errors.py`); without this share, on 40.
_HELD: Final = 0.75
# The share of the words of the shorter clause that two clauses made alike have in common, all figures being one.
_ALIKE: Final = 0.5


def crossed(claim: str, near: Sequence[Source], language: Language) -> Iterator[Difference]:
    """The words that a claim takes from the second of two such clauses, each of which says something else besides."""
    if script_of(claim) == "cjk":
        return
    said = frozenset(terms(claim, language))
    parted = [(source, _clauses(source.text, language)) for source in near if not source.row]
    for source, (clauses, longer) in parted:
        for one, other in combinations(dict.fromkeys((*clauses, *longer)), 2):
            first, second = one - other, other - one
            halves = (first & said, first - said, second & said, second - said)
            held = said & (one | other)
            if len(held) < _HELD * len(said) or not all(halves) or not _alike(one, other):
                continue
            # A clause without a thing of its own goes on about that of the first: "open to ten on weekdays and to six
            # at weekends".
            if not any(_is_word(word) for word in second - said) and all(_is_word(word) for word in first & said):
                continue
            if not any(held <= each for _, (some, _) in parted for each in some):
                span = next(m.span() for m in _WORD.finditer(claim) if second & set(terms(m[0], language)))
                yield Difference("clause", span, source.text, source)
                return


@functools.lru_cache(maxsize=4096)
def _clauses(text: str, language: Language) -> tuple[tuple[frozenset[str], ...], tuple[frozenset[str], ...]]:
    """The words of a sentence's clauses, and of those clauses that commas end: what an "and" goes on with has its
    subject before it. Kept, since every claim of an answer is held against the same sentences."""
    shorter, longer = (
        tuple(found for part in border.split(text) if (found := frozenset(terms(part, language))))
        for border in (_BORDER, _COMMA)
    )
    return shorter, longer


def _is_word(term: str) -> bool:
    return not term[0].isdigit()


def _alike(one: Set[str], other: Set[str]) -> bool:
    mine, theirs = ({_FIGURE if word[0].isdigit() else word for word in words} for words in (one, other))
    return len(mine & theirs) >= _ALIKE * min(len(mine), len(theirs))
