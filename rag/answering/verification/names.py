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
from rag.core.text import STOP_WORDS, language_of, months, normalized, stem, terms, words

_WORD: Final = re.compile(r"[^\W\d_][\w'’&.-]*\w|[^\W\d_]")
_CJK: Final = r"[\u3040-\u30ff\u3400-\u9fff]"
_SCRIPTS_MEET: Final = re.compile(rf"(?<=[A-Za-z\d])(?={_CJK})|(?<={_CJK})(?=[A-Za-z\d])")
# What names are made of beside the names themselves: of "the Department of Defense", the second is checked.
_KINDS_OF_THING: Final = """
    act agency association bank board bureau center centers centre chapter city college commission committee company
    corp corporation council county court day department director district division document east fund government group
    hospital i'd i'll i'm i've inc institute island king lake law llc ltd member ministry minister mount mountain museum
    north office organization page park party president prince professor program publication queen region republic river
    school section sir south state states street system table team university version war west world"""
_GENERIC: Final = frozenset(_KINDS_OF_THING.split())
_GOES_ON_AS_NAME: Final = re.compile(
    r"(?:['’]s)?(?: [A-Z](?!\w))*+"
    r"(?: [A-Z]\w| (?:is|was|has|had|will|would|did|does|became|can|could|also|first|then)\b| \w+ed\b)"
)
# Characters behind a kind of thing among which that name or number is looked for.
_AHEAD: Final = 200
# Kinds of thing that belong to a name or a number beside them: "Department of Defense", "Section 11".
_NO_NAME_ALONE: Final = re.compile(
    r"I['’]|\w++(?:['’]s\b|(?:['’]s)?[ -](?:(?:of|for|the|and|in|to) )*+[A-Z\d]|\s?[(\d])"
)
_INNER: Final = re.compile(r"[-&.'’/]")
# "The Centers for Disease Control (CDC)": the documents may hold the letters alone.
# Where a word is longer than forty letters, or more than three little ones follow it, the name is looked for whole.
_LONG_FORM: Final = re.compile(r"((?:[A-Z][\w-]{1,40}+ (?:(?:of|the|and|for|in|on|de) ){0,3}+){2,8})\(([A-Z]{2,7})\)")
# A name of one or several words, a word between two names that relates them, and what relates them either way.
_NAME_LIKE: Final = re.compile(r"\b[A-Z][\w&-]*+(?: [A-Z][\w&-]*+)*+")
_RELATES: Final = re.compile(r"[a-z]{3}")
_EITHER_WAY: Final = re.compile(r"\b(?:and|or|with|between|beside|near|next|like|unlike|as|is|are|was|were)\b")
# What ends with the next word beginning anew: a stop, a colon, a quotation mark, a list mark, a line.
_BEGINS_ANEW: Final = re.compile(r"[.!?:;]?[\"”’)\]*`]*\s*(?:\n|[.!?:]\s|[\"“•*`]|\s[-–—•*]\s|\s?\d+[.)]\s)")


def names(text: str) -> list[str]:
    """The words written as names (with a capital inside a sentence, or in capitals), in order.

    A word that begins a sentence, a list item or what follows a colon has its capital from there: it counts
    only when what comes next shows that it is a name.
    """
    # A Latin name ends where Chinese goes on: "Dairy Queen的总公司".
    text = _SCRIPTS_MEET.sub(" ", normalized(text))
    stop_words = STOP_WORDS[language_of(text)]
    found = []
    begins, last, end = True, "", 0
    for match in _WORD.finditer(text):
        word = match.group().rstrip(".-").removesuffix("'s").removesuffix("’s")
        whole = word + text[match.end() : match.end() + _AHEAD]
        goes_on = last[:1].isupper() and "," not in text[end : match.start()]
        if (
            word[:1].isupper()
            and word.lower() not in stop_words
            and not (word.lower() in _GENERIC and (begins or goes_on or _NO_NAME_ALONE.match(whole)))
            and (not begins or _names_somebody(word, text, match.end()))
        ):
            found.append(word)
        begins = bool(_BEGINS_ANEW.match(text, match.end()))
        last, end = word, match.end()
    return [name for name in found if len(name) > 1]


def unknown_names(claim: str, around: str) -> Iterator[Difference]:
    """The names of a claim that a text does not hold."""
    text = unaccented(around)
    held = frozenset(words(text)) | frozenset(terms(text))
    # What letters stand for may be spelt out in the claim: "mortgage insurance premiums (MIP)".
    spelt = f"{text} {unaccented(claim)}"
    short = {word for long, letters in _LONG_FORM.findall(claim) if _spelt(letters, long, held) for word in names(long)}
    for name in names(claim):
        if not months(name) and name not in short and not known(name, held, spelt):
            at = max(claim.find(name), 0)
            yield Difference("name", (at, at + len(name)))


def _spelt(letters: str, long: str, held: Set[str]) -> bool:
    """Whether letters that the documents hold are the first ones of the words before them, in their order."""
    firsts = iter(word[0] for word in long.split() if word[0].isupper())
    return letters.lower() in held and all(letter in firsts for letter in letters)


def _names_somebody(word: str, text: str, end: int) -> bool:
    return bool(_GOES_ON_AS_NAME.match(text, end)) or word[1:2].isupper()


def known(name: str, text_words: Set[str], text: str) -> bool:
    """Whether a text holds a name: the word itself, another form of it, or the words it abbreviates."""
    lower = unaccented(name.lower())
    if not text_words.isdisjoint({lower, stem(lower), stem(lower, "de")}):
        return True
    if len(lower) >= 4 and any(other.startswith(lower[:4]) and _alike(lower, other) for other in text_words):
        return True
    parts = [part for part in _INNER.split(lower) if len(part) > 2]
    if parts and parts != [lower] and all(part in text_words or stem(part) in text_words for part in parts):
        return True
    if lower == "united" and not text_words.isdisjoint({"us", "u.s", "usa", "uk", "u.k", "america", "american"}):
        return True
    letters = "".join(letter for letter in name if letter.isascii() and letter.isalpha())
    return 2 <= len(letters) <= 6 and letters.isupper() and spelt_out(letters).search(text) is not None


@functools.lru_cache(maxsize=256)
def spelt_out(letters: str) -> re.Pattern[str]:
    """What letters may stand for: words that begin with them, little ones between them aside."""
    return re.compile(r"\b" + r"\w*+\W++(?:of |the |and |for )?".join(letters), re.IGNORECASE)


def unaccented(text: str) -> str:
    """Pečnik as Pecnik."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))


def _alike(one: str, other: str) -> bool:
    """Israel and Israelis, not Victoria and victims: the same beginning, and endings that are no longer together."""
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    ends = len(one) - same, len(other) - same
    return same >= 4 and max(ends) <= 4 and sum(ends) <= same


def turned(claim: str, near: Sequence[Source]) -> Iterator[Difference]:
    """Two names of a claim that stand in a sentence the other way round, with the same words between them: "Beta
    acquired Alpha" where Alpha acquired Beta."""
    said = [(match[0], match.end(), match.start()) for match in _NAME_LIKE.finditer(claim)]
    for (one, end, start), (other, _, begin) in pairwise(said):
        between = claim[end:begin]
        if not _RELATES.search(between) or _EITHER_WAY.search(between):
            continue
        for source in near:
            if f"{other}{between}{one}" in source.text and f"{one}{between}{other}" not in source.text:
                yield Difference("name", (start, end), other, source)
