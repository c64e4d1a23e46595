"""Words of a question that no document holds, put as the passages found for it write them.

The passages found by meaning are the library's own word list for what is asked: a slip of the keyboard, a word written
in one or in two, a shortened name, and another word for the same are looked up in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

from rag.answering.retrieval.identifier_search import asked_identifiers
from rag.core.text import STOP_WORDS, find_identifier, language_of, stem
from rag.core.text.synonyms import synonyms
from rag.core.types import Passage

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ABBREVIATION: Final = re.compile(r"\b[A-Z]{2,6}\b")
_CAPITALISED: Final = re.compile(
    r"(?<![\w’'-])[A-Z][\w’'-]*+(?: (?:of|for|and|the|de|der|und) [A-Z][\w’'-]*| [A-Z][\w’'-]*){1,6}"
)
# Shorter words have too many neighbours; of longer ones two letters may be wrong.
_SHORTEST: Final = 5
_LONG: Final = 9

# Letters that a part of a German compound has at least, and what may stand between two parts; set by hand.
_SHORTEST_PART: Final = 4
_LINKS: Final = ("", "s", "es", "n", "en")

# Nothing is looked for by these: "world" is no slip of "would".
_SMALL: Final = frozenset[str]().union(*STOP_WORDS.values())

# Whether no document holds a word.
Unknown = Callable[[str], bool]


def respelled(query: str, passages: Sequence[Passage], unknown: Unknown) -> str:
    """The query as the passages would write it: its codes, its abbreviations, and words that no document holds.

    Args:
        unknown: asked only about words that the passages do not hold and have something like.
    """
    texts = [f"{passage.title}\n{passage.section}\n{passage.text}" for passage in passages]
    for code in asked_identifiers(query):
        found = next((text[place[0] : place[1]] for text in texts if (place := find_identifier(text, code))), None)
        query = query.replace(code, found) if found else query
    for short in dict.fromkeys(_ABBREVIATION.findall(query)):
        if not any(short in _ABBREVIATION.findall(text) for text in texts) and (long := _written_out(short, texts)):
            query = _replaced(query, short, long)
    query = _corrected(_said_otherwise(query, texts, unknown), texts, unknown)
    return _parted(query, texts, unknown) if language_of(query) == "de" else query


def _said_otherwise(query: str, texts: Sequence[str], unknown: Unknown) -> str:
    """The query with the texts' words for what no document says so: "refuse" for "garbage"."""
    lower = " ".join(texts).lower()
    for said, others in synonyms(query):
        held = next((other for other in others if _begins_in(lower, other.lower())), None)
        if held and unknown(said):
            query = query.replace(said, held)
    return query


def _begins_in(text: str, word: str) -> bool:
    """Whether a text holds a word, or one that begins so."""
    return word in text if not word.isascii() else any(f"{before}{word}" in text for before in " \n(")


def _written_out(short: str, texts: Iterable[str]) -> str | None:
    """The name in the texts that an abbreviation stands for: "CEO" for "Chief Executive Officer"."""
    for text in texts:
        for match in _CAPITALISED.finditer(text):
            names = [name for name in match.group().split() if name[0].isupper()]
            for first in range(len(names) - len(short) + 1):
                run = names[first : first + len(short)]
                if "".join(name[0] for name in run) == short:
                    return " ".join(run)
    return None


def _corrected(query: str, texts: Sequence[str], unknown: Unknown) -> str:
    lower = " ".join(texts).lower()
    vocabulary = set(_WORD.findall(lower))
    stems = {stem(word) for word in vocabulary if len(word) >= _SHORTEST}
    words = [match.group() for match in _WORD.finditer(query)]
    for one, following in pairwise([*words, ""]):
        word, behind = one.lower(), following.lower()
        # "Life boat" where they write lifeboats, and nowhere a life boat.
        if len(behind) > 1 and stem(word + behind) in stems and f"{word} {behind}" not in lower:
            query = query.replace(f"{one} {following}", one + behind)
        elif len(word) < _SHORTEST or word in vocabulary:
            continue
        elif (near := _two_words(word, lower, vocabulary) or _nearest(word, vocabulary)) and unknown(word):
            query = _replaced(query, one, near)
    return query


def _parted(query: str, texts: Iterable[str], unknown: Unknown) -> str:
    """German compounds by their parts as the texts write them, and words that stand there in one compound only.

    "Kündigungsfrist" finds the Frist with which something is gekündigt, "Versammlung" the Betriebsversammlung.
    """
    vocabulary = {stem(word.lower(), "de"): word for text in texts for word in _WORD.findall(text) if len(word) > 3}
    for match in _WORD.finditer(query):
        word = match.group().lower()
        if len(word) < 2 * _SHORTEST_PART or stem(word, "de") in vocabulary:
            continue
        if (instead := _whole(word, vocabulary) or _parts(word, vocabulary)) and unknown(word):
            query = _replaced(query, match.group(), instead)
    return query


def _whole(word: str, vocabulary: Mapping[str, str]) -> str | None:
    ends = [written for stemmed, written in vocabulary.items() if stemmed.endswith(stem(word, "de"))]
    return ends[0] if len(ends) == 1 else None


def _parts(word: str, vocabulary: Mapping[str, str]) -> str | None:
    for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        head = _written(word[cut:], vocabulary)
        for link in _LINKS if head else ():
            first = word[:cut].removesuffix(link) if word[:cut].endswith(link) else ""
            if len(first) >= _SHORTEST_PART and (written := _written(first, vocabulary)):
                return f"{written} {head}"
    return None


def _written(part: str, vocabulary: Mapping[str, str]) -> str | None:
    """The word of the texts that is a part of a compound, or that is made of it: "gekündigt" of "Kündigung"."""
    stemmed = stem(part, "de")
    if stemmed in vocabulary or len(stemmed) < _SHORTEST_PART:
        return vocabulary.get(stemmed)
    root = f"ge{stemmed.removesuffix('ung')}"
    return next((written for other, written in vocabulary.items() if other.startswith(root)), None)


def _replaced(query: str, word: str, by: str) -> str:
    return _WORD.sub(lambda match: by if match.group() == word else match.group(), query)


def _two_words(word: str, text: str, vocabulary: Set[str]) -> str | None:
    """A word that the texts write in two."""
    for cut in range(2, len(word) - 1):
        if word[:cut] in vocabulary and word[cut:] in vocabulary and f"{word[:cut]} {word[cut:]}" in text:
            return f"{word[:cut]} {word[cut:]}"
    return None


def _nearest(word: str, vocabulary: Set[str]) -> str | None:
    """The one word of the texts that a slip or two away is this one; none where there are two."""
    most = 2 if len(word) >= _LONG else 1
    found = sorted(
        (distance, other)
        for other in vocabulary - _SMALL
        if abs(len(other) - len(word)) <= most
        and other[0] == word[0]
        and (distance := DamerauLevenshtein.distance(word, other, score_cutoff=most)) <= most
    )
    if not found or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    return found[0][1]
