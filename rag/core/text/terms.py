"""The words that carry a text's meaning, in a form in which two texts can be compared, and be found.

Words are stemmed and stop words left out; Chinese runs are taken apart at stop words (的, 是, 什么 and their
like) and then into pairs of characters. The words index holds the same stems, those of stop words among them.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Final, TypeVar

from rag.core.text.languages import language_of
from rag.core.text.scripts import Language, has_cjk
from rag.core.text.stems import stem
from rag.core.text.stop_words import CHINESE, STOP_WORDS
from rag.core.text.words import parts, words

Thing = TypeVar("Thing", bound=Hashable)

# Which analysis this is. A words index made by another is made anew when its library is opened: count this up
# whenever `index_terms` gives something else for any text.
ANALYSIS: Final = 3

# What the engines' own tokenizers cut a word into: "3.5" is the words "3" and "5", side by side.
_PIECE: Final = re.compile(r"[^\W_]++")


def content(text: str, language: Language | None = None) -> list[str]:
    """The meaningful words of a text in order, as they are written but in lower case. If there are none, all.

    >>> content("How many days of annual leave do employees have?")
    ['days', 'annual', 'leave', 'employees']
    >>> content("年假有多少天？")
    ['年假', '天']
    """
    stop_words = STOP_WORDS[language or language_of(text)]
    plain = _plain(CHINESE.sub(" ", text) if has_cjk(text) else text)
    return [word for word in plain if word not in stop_words] or plain


def is_empty(text: str, language: Language | None = None) -> bool:
    """Whether a text holds stop words and no others.

    >>> is_empty("What is it?"), is_empty("What is leave?")
    (True, False)
    """
    return STOP_WORDS[language or language_of(text)].issuperset(words(text))


def terms(text: str, language: Language | None = None) -> list[str]:
    """The meaningful words of a text in order, stemmed.

    Args:
        language: whose stems and stop words; that of the text unless given. Texts that are compared, such as a
            question and what was found for it, are given the same one: a short text does not tell its own.

    >>> terms("How many days of annual leave do employees have?")
    ['day', 'annual', 'leav', 'employe']
    """
    language = language or language_of(text)
    return [stem(word, language) for word in content(text, language)]


def index_terms(text: str, language: Language | None = None) -> list[str]:
    """What the words index holds of a text: the stems of all its words, in the pieces that its engines cut them into.

    >>> index_terms("Café-Öffnung: 3.5 km, 年假25天")
    ['cafe', 'offnung', '3', '5', 'km', '年假', '25', '天']
    """
    language = language or language_of(text)
    return [piece for word in _plain(text) for piece in pieces(stem(word, language))]


def pieces(term: str) -> list[str]:
    """The pieces that the words index holds of a term, side by side.

    >>> pieces("3.5"), pieces("polici")
    (['3', '5'], ['polici'])
    """
    return [term] if term.isalnum() else _PIECE.findall(term)


def coverage(wanted: Mapping[Thing, float], present: Iterable[Thing]) -> float:
    """The share, by weight, of the wanted things that are present: 0 to 1; 0 when nothing is wanted."""
    total = sum(wanted.values())
    held = set(present)
    return sum(weight for term, weight in wanted.items() if term in held) / total if total else 0.0


def _plain(text: str) -> list[str]:
    return [part for word in words(text) for part in parts(word)]
