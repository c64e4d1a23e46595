"""What the rooms know of languages: Chinese or not, sentences, and the words a search compares.

Chinese is written without spaces; it is searched by overlapping pairs of characters (bigrams),
which finds every word of two characters or more without a dictionary.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal

_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
_CJK_RUN = re.compile(rf"[{_CJK}]+")
_LETTERS = rf"[^\W_{_CJK}]+"
_WORD = re.compile(rf"[{_CJK}]+|{_LETTERS}(?:(?:[.'’\-]|(?<=\d),(?=\d)){_LETTERS})*")

_TOKEN = re.compile(r"[^\W_]+")
# A Latin letter with marks over or under it, taken apart.
_MARKED = re.compile("([a-z])[\u0300-\u036f]+")

# A sentence ends at a Chinese stop, or at a Latin one that is followed by white space and does
# not belong to an abbreviation, an initial or a list number; or at an empty line.
_END = re.compile(r"[。！？；]+[”’」』）]*|(?<![.!?])[.!?]+[\"'”’)\]]*(?=\s)|\n\s*\n")
_NOT_AN_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Fig|Eq|Sec|Art|Inc|Ltd|Co|Corp|vs|etc|approx|Jr|Sr|Vol|pp?|cf|e\.g|i\.e|U\.S|a\.m|p\.m)"
    r"|\b[A-Z]|(?:^|\n)[^\S\n]*+\d{1,3})\.$"
)


_BLACK = re.compile(r"\S+")
# A word that may be cut at the start of a text, or at its end, with the white space between it and the next.
_FIRST_WORD = re.compile(r"^\S*+\s++")
_LAST_WORD = re.compile(r"(?<!\s)\s++\S*+$")

# How far before a stop is looked for an abbreviation; more would make long texts slow.
_LOOK_BACK = 12


def has_cjk(text: str) -> bool:
    """Whether the text holds Chinese, Japanese or Korean letters."""
    return _CJK_RUN.search(text) is not None


def language_of(text: str) -> Literal["zh", "en"]:
    """`zh` when at least a fifth of the letters are CJK ones, otherwise `en`."""
    letters = sum(character.isalpha() for character in text)
    cjk = sum(len(run) for run in _CJK_RUN.findall(text))
    return "zh" if letters and cjk / letters >= 0.2 else "en"


def words(text: str) -> list[str]:
    """The words of a text in order, lower case, CJK runs as overlapping bigrams.

    >>> words("Annual leave: 25 days")
    ['annual', 'leave', '25', 'days']
    >>> words("年假25天")
    ['年假', '25', '天']
    """
    if text.isascii():
        return _WORD.findall(text.lower())
    found: list[str] = []
    for match in _WORD.finditer(unicodedata.normalize("NFKC", text).lower()):
        word = match.group()
        if _CJK_RUN.fullmatch(word) and len(word) > 2:
            found.extend(word[i : i + 2] for i in range(len(word) - 1))
        else:
            found.append(word)
    return found


def searchable(text: str) -> str:
    """The text as the words index reads it: CJK runs taken apart into bigrams, the rest as it is."""
    text = unicodedata.normalize("NFKC", text)
    return _CJK_RUN.sub(lambda run: f" {' '.join(words(run.group()))} ", text)


def tokens(text: str) -> list[str]:
    """What the words index holds of a text, unstemmed: the pieces that SQLite's `unicode61` cuts `searchable` into.

    >>> tokens("Café-Öffnung: 3.5 km, 年假25天")
    ['cafe', 'offnung', '3', '5', 'km', '年假', '25', '天']
    """
    plain = _MARKED.sub(r"\1", unicodedata.normalize("NFD", searchable(text).lower()))
    return _TOKEN.findall(unicodedata.normalize("NFC", plain))


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text as (start, end) offsets, white space around them left out."""
    start = 0
    for match in _END.finditer(text):
        before = max(start, match.start() - _LOOK_BACK)
        if match.group().startswith(".") and _NOT_AN_END.search(text[before : match.start() + 1]):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


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


def estimated_tokens(texts: Sequence[str]) -> list[int]:
    """A careful guess for models that cannot be asked: a token for three letters, or for one Chinese character."""
    return [math.ceil(sum(1 if has_cjk(letter) else 0.34 for letter in text)) for text in texts]


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
