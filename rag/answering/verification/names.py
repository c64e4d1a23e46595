"""Names: what a similarity passes over and that must agree."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise
from typing import Final

from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source
from rag.core.text import (
    STOP_WORDS,
    language_of,
    months,
    normalized,
    stem,
    terms,
    words,
)

_WORD: Final = re.compile(r"[^\W\d_][\w'’&.-]*\w|[^\W\d_]")
_CJK: Final = r"[\u3040-\u30ff\u3400-\u9fff]"
_SCRIPTS_MEET: Final = re.compile(rf"(?<=[A-Za-z\d])(?={_CJK})|(?<={_CJK})(?=[A-Za-z\d])")
_INNER: Final = re.compile(r"[-&.'’/]")
# A name of one or several words, a word between two names that relates them, and what relates them either way.
NAME_LIKE: Final = re.compile(r"\b[A-Z][\w&-]*+(?: [A-Z][\w&-]*+)*+")
_RELATES: Final = re.compile(r"[a-z]{3}")
_EITHER_WAY: Final = re.compile(r"\b(?:and|or|with|between|beside|near|next|like|unlike|as|is|are|was|were)\b")
# Every German noun has a capital: a name is what follows a title.
_GERMAN_NAME: Final = re.compile(r"\b(?:Herrn?|Frau|Dr\.|Prof\.) (?!Dr\.|Prof\.)([A-ZÄÖÜ][\w-]++)")
# What ends with the next word beginning anew: a stop, a colon, a quotation mark, a list mark, a line.
_BEGINS_ANEW: Final = re.compile(r"[.!?:;]?[\"”’)\]*`]*\s*(?:\n|[.!?:]\s|[\"“•*`]|\s[-–—•*]\s|\s?\d+[.)]\s)")


def names(text: str) -> list[str]:
    """The words written as names, with a capital inside a sentence, in order."""
    # A Latin name ends where Chinese goes on: "Dairy Queen的总公司".
    text = _SCRIPTS_MEET.sub(" ", normalized(text))
    language = language_of(text)
    if language == "de":
        return [match[1] for match in _GERMAN_NAME.finditer(text)]
    stop_words = STOP_WORDS[language]
    found, begins = [], True
    for match in _WORD.finditer(text):
        word = match.group().rstrip(".-").removesuffix("'s").removesuffix("’s")
        # A word that begins a sentence, a list item or what follows a colon has its capital from there.
        if not begins and len(word) > 1 and word[0].isupper() and word.lower() not in stop_words:
            found.append(word)
        begins = bool(_BEGINS_ANEW.match(text, match.end()))
    return found


def unknown_names(claim: str, around: str) -> Iterator[Difference]:
    """The names of a claim that a text does not hold."""
    text, held = _read(around)
    # What letters stand for may be spelt out in the claim: "mortgage insurance premiums (MIP)".
    spelt = f"{text} {unaccented(claim)}"
    for name in names(claim):
        if not months(name) and not known(name, held, spelt):
            at = max(claim.find(name), 0)
            yield Difference("name", (at, at + len(name)))


@functools.lru_cache(maxsize=4)
def _read(around: str) -> tuple[str, frozenset[str]]:
    """A text without accents, with its words and stems; the claims of an answer are all held against one."""
    text = unaccented(around)
    return text, frozenset(words(text)) | frozenset(terms(text))


def known(name: str, held: Set[str], text: str) -> bool:
    """Whether a text with these words and stems has a name, all its parts, or the words it abbreviates."""
    lower = unaccented(name.lower())
    if not held.isdisjoint({lower, stem(lower), stem(lower, "de")}):
        return True
    parts = [part for part in _INNER.split(lower) if len(part) > 2]
    if parts not in ([], [lower]) and all(part in held or stem(part) in held for part in parts):
        return True
    return 2 <= len(name) <= 6 and name.isascii() and name.isupper() and spelt_out(name).search(text) is not None


@functools.lru_cache(maxsize=256)
def spelt_out(letters: str) -> re.Pattern[str]:
    """What letters may stand for: words that begin with them, little ones between them aside."""
    return re.compile(r"\b" + r"\w*+\W++(?:of |the |and |for )?".join(map(re.escape, letters)), re.IGNORECASE)


def unaccented(text: str) -> str:
    """Pečnik as Pecnik."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))


def turned(claim: str, near: Sequence[Source]) -> Iterator[Difference]:
    """Two names of a claim that stand in a sentence the other way round, with the same words between them: "Beta
    acquired Alpha" where Alpha acquired Beta."""
    said = [(match[0], match.end(), match.start()) for match in NAME_LIKE.finditer(claim)]
    for (one, end, start), (other, _, begin) in pairwise(said):
        between = claim[end:begin]
        if not _RELATES.search(between) or _EITHER_WAY.search(between):
            continue
        for source in near:
            if f"{other}{between}{one}" in source.text and f"{one}{between}{other}" not in source.text:
                yield Difference("name", (start, end), other, source)
