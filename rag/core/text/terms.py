"""Terms: the meaningful words of a text, normalised for comparison and search.

Words are stemmed and stop words left out; Chinese runs are split at stop words (的, 是, 什么 …) and then into bigrams.
The full-text index holds the same stems, and also those of stop words.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Final, TypeVar

from rag.core.text.languages import language_of
from rag.core.text.scripts import Language, has_cjk
from rag.core.text.stems import stem
from rag.core.text.stop_words import CHINESE, STOP_WORDS
from rag.core.text.words import parts, words

Thing = TypeVar("Thing", bound=Hashable)

# The version of this analysis. A full-text index built with another is rebuilt when its library is opened: increase it
# whenever `index_terms` returns something else for any text.
ANALYSIS: Final = 5

# Characters of texts whose terms are remembered: sentences, which are compared again for each claim of an answer. Four
# thousand of them take some 10 MB.
_SENTENCE: Final = 400
# What the engines' own tokenizers split a word into: "3.5" is "3" and "5", adjacent.
_PIECE: Final = re.compile(r"[^\W_]++")


def content(text: str, language: Language | None = None) -> list[str]:
    """The words of a text in order, lower case, without stop words unless there are no others.

    >>> content("How many days of annual leave do employees have?")
    ['days', 'annual', 'leave', 'employees']
    >>> content("年假有多少天？")
    ['年假', '天']
    """
    stop_words = STOP_WORDS[language or language_of(text)]
    plain = _plain(CHINESE.sub(" ", text) if has_cjk(text) else text)
    return [word for word in plain if word not in stop_words] or plain


def is_empty(text: str, language: Language | None = None) -> bool:
    """Whether a text consists of stop words.

    >>> is_empty("What is it?"), is_empty("What is leave?")
    (True, False)
    """
    return STOP_WORDS[language or language_of(text)].issuperset(words(text))


def terms(text: str, language: Language | None = None) -> list[str]:
    """The stems of the meaningful words of a text, in order.

    Args:
        language: of the stems and stop words; detected where not given. Texts that are compared, such as a question
            and its passages, need the same one, which a short text does not reveal.

    >>> terms("How many days of annual leave do employees have?")
    ['day', 'annual', 'leav', 'employe']
    """
    return [*(_remembered if len(text) <= _SENTENCE else _terms)(text, language)]


def _terms(text: str, language: Language | None) -> tuple[str, ...]:
    language = language or language_of(text)
    return tuple(stem(word, language) for word in content(text, language))


_remembered = lru_cache(maxsize=4096)(_terms)


def index_terms(text: str, language: Language | None = None) -> list[str]:
    """The terms of a text as the full-text index holds them: stems of all words, in the pieces of its tokenizers.

    >>> index_terms("Café-Öffnung: 3.5 km, 年假25天")
    ['cafe', 'offnung', '3', '5', 'km', '年假', '25', '天']
    """
    language = language or language_of(text)
    return [piece for word in _plain(text) for piece in pieces(stem(word, language))]


def pieces(term: str) -> list[str]:
    """The adjacent pieces of a term in the full-text index.

    >>> pieces("3.5"), pieces("polici")
    (['3', '5'], ['polici'])
    """
    return [term] if term.isalnum() else _PIECE.findall(term)


def coverage(wanted: Mapping[Thing, float], present: Iterable[Thing]) -> float:
    """The weighted share of the wanted items that are present: 0 to 1; 0 when nothing is wanted."""
    total, present = sum(wanted.values()), set(present)
    return sum(weight for term, weight in wanted.items() if term in present) / total if total else 0.0


def _plain(text: str) -> list[str]:
    return [part for word in words(text) for part in parts(word)]
