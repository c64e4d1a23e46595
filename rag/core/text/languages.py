"""Language detection by script and stop words: Chinese, German, or else English."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from rag.core.text.scripts import CJK_RUN, Language, has_cjk
from rag.core.text.stop_words import ENGLISH_ALONE, GERMAN_ALONE

# The minimum share of Chinese letters in a Chinese text.
_CHINESE: Final = 0.2
# The characters of a long text that are looked at.
_LOOKED_AT: Final = 2000

_WORD: Final = re.compile(r"[^\W\d_]++")
# Spellings common in German and rare in English, for texts without stop words.
_GERMAN_SPELLING: Final = re.compile(
    r"[äöüß]|(?:ungen|ung|keit|heit|schaft|lich|tag|zeit|recht|pflicht|kosten)(?:e|en|er|es|s|n)?$|^(?:ge|ver|be)\w+t$|[^aeiou]zw|kl[äe]r|sch[lmnwr]",
    re.IGNORECASE,
)


def language_of(text: str) -> Language:
    """The language of a text; `en` where it cannot be determined.

    >>> language_of("Wie viele Urlaubstage habe ich?"), language_of("Annual leave"), language_of("年假规定 PDF")
    ('de', 'en', 'zh')
    """
    if has_cjk(text):
        letters = sum(character.isalpha() for character in text)
        if sum(map(len, CJK_RUN.findall(text))) >= _CHINESE * letters:
            return "zh"
    words = _WORD.findall(text[:_LOOKED_AT].lower())
    english, german = (sum(word in known for word in words) for known in (ENGLISH_ALONE, GERMAN_ALONE))
    if english == german:
        spelt = sum(_GERMAN_SPELLING.search(word) is not None for word in words)
        return "de" if 2 * spelt >= len(words) > 0 else "en"
    return "de" if german > english else "en"


def reads(languages: Sequence[str], text: str) -> bool:
    """Whether a model of these languages (codes, or "many") can read a text. Any Chinese letter requires Chinese.

    >>> reads(("en",), "What is 年假?"), reads(("many",), "年假"), reads(("en",), "Wie viele Tage?")
    (False, True, False)
    """
    return covers(languages, ["zh" if has_cjk(text) else language_of(text)])


def covers(languages: Sequence[str], wanted: Collection[str]) -> bool:
    """Whether a model of these languages reads all that are wanted."""
    return "many" in languages or set(wanted) <= set(languages)
