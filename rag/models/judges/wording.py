"""The words of claims and evidence: terms with their places, figures, names, and little words that turn a meaning."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.core.text import CJK, STOP_WORDS, Language, language_of, normalized, numbers, stem, words
from rag.core.text.scripts import has_cjk
from rag.core.text.words import parts

_TOKEN: Final = re.compile(rf"[{CJK}]++|[^\W_{CJK}]++(?:(?:[.'’\-]|(?<=\d),(?=\d))[^\W_{CJK}]++)*+")
_CHINESE_LITTLE: Final = frozenset("的了吗呢吧啊是在和与及或被把从向对于而也都就又还很其该此这那他她它我你您有由以为")
_DENIALS: Final = (
    "not no never none neither nor cannot without nobody nothing isn't aren't wasn't weren't don't doesn't didn't "
    "won't can't couldn't wouldn't shouldn't hasn't haven't hadn't unable fail failed fails"
)
_AMOUNTS: Final = (
    "all every each always only solely exclusively most many several some few any entirely completely first last "
    "largest smallest highest lowest best worst main primary both half least"
)
_MAYBES: Final = "may might could can must should will would shall likely probably possibly"
_SPEAKERS: Final = "i my me we our us i'm i've i'd i'll"
_NEGATIONS: Final = frozenset(_DENIALS.split())
_QUANTIFIERS: Final = frozenset(_AMOUNTS.split())
_MODALS: Final = frozenset(_MAYBES.split())
_SELF: Final = frozenset(_SPEAKERS.split())
_NEGATIONS_CHINESE: Final = re.compile("不|没|未|无|非|否")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or Chinese bigram of a text at its place; `terms` are its stems, () for a stop word."""

    start: int
    end: int
    terms: tuple[str, ...]
    plain: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """What is compared of a text. `figures` are (value, unit)."""

    words: tuple[Word, ...]
    terms: tuple[str, ...]
    sequence: tuple[str, ...]
    held: frozenset[str]
    figures: tuple[tuple[float, str], ...]
    names: tuple[str, ...]
    little: frozenset[str]
    negations: int


@functools.lru_cache(maxsize=16384)
def wording(text: str) -> Wording:
    """The words of a text; equal texts are computed once."""
    chinese = has_cjk(text)
    language: Language = language_of(text)
    found = tuple(_words(text, language if chinese or language == "de" else "en"))
    lower = [word.plain for word in found]
    little = frozenset(lower) & (_NEGATIONS | _QUANTIFIERS | _MODALS | _SELF)
    negations = sum(word in _NEGATIONS or word.endswith("n't") for word in lower)
    if chinese:
        negations += len(_NEGATIONS_CHINESE.findall(text))
    terms = tuple(term for word in found for term in word.terms)
    return Wording(
        found,
        terms,
        tuple(stem(word) for word in lower),
        frozenset(terms),
        tuple((number.value, number.unit) for number in numbers(text) if number.plain),
        tuple(term for i, word in enumerate(found) if word.capital and i for term in word.terms),
        little,
        negations,
    )


def _words(text: str, language: Language) -> list[Word]:
    found, stops = [], STOP_WORDS[language]
    for match in _TOKEN.finditer(text):
        token, at = match.group(), match.start()
        if has_cjk(token):
            pairs = [token[i : i + 2] for i in range(max(1, len(token) - 1))]
            for i, pair in enumerate(pairs):
                own = () if _CHINESE_LITTLE.intersection(pair) else (pair,)
                found.append(Word(at + i, at + i + len(pair), own, pair, False))
            continue
        pieces = [part for word in words(normalized(token)) for part in parts(word)]
        stems = tuple(stem(piece, language) for piece in pieces if piece not in stops)
        lower = normalized(token).lower().replace("’", "'")
        found.append(Word(at, match.end(), stems, lower, token[0].isupper() and lower not in stops))
    return found


def said(text: str, kind: str) -> frozenset[str]:
    """The little words of a kind in a text: quantifiers, modals, self."""
    return wording(text).little & {"quantifiers": _QUANTIFIERS, "modals": _MODALS, "self": _SELF}[kind]


def joined(claim: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Places in order; those with nothing but white space between them are one."""
    start = end = -1
    for first, last in places:
        if start >= 0 and not claim[end:first].strip():
            end = max(end, last)
            continue
        if start >= 0:
            yield start, end
        start, end = first, last
    if start >= 0:
        yield start, end
