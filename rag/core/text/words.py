"""Tokenization into words. Chinese, which has no spaces, is split into overlapping bigrams: they match every word of
two characters or more without a dictionary."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from rag.core.text.scripts import CJK, CJK_RUN

_LETTERS: Final = rf"[^\W_{CJK}]++"
_WORD: Final = re.compile(rf"[{CJK}]++|{_LETTERS}(?:(?:[.'’\-]|(?<=\d),(?=\d)){_LETTERS})*+")
_FISCAL: Final = re.compile(r"fy'?(\d{4})")
# Note marks behind a word or a figure: "$320¹" is no amount of 3,201.
_MARKS: Final = re.compile(r"(?<=[\w.,;:!?)\]%])[⁰¹²³⁴-⁹]++")
_HYPHENS_AND_DOTS: Final = re.compile(r"[-.]")


def normalized(text: str) -> str:
    """The text in the ordinary form of its characters (NFKC), note marks left out.

    >>> normalized("The ﬁne is $320¹.")
    'The fine is $320.'
    """
    return unicodedata.normalize("NFKC", _MARKS.sub("", text))


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
    for match in _WORD.finditer(normalized(text).lower()):
        word = match.group()
        if len(word) > 2 and CJK_RUN.fullmatch(word):
            found.extend(word[i : i + 2] for i in range(len(word) - 1))
        else:
            found.append(word)
    return found


def parts(word: str) -> list[str]:
    """The parts of a word that texts also write alone: x-ray as x and ray, company's as company, FY2022 as 2022.

    >>> parts("x-ray"), parts("company’s"), parts("fy2022"), parts("3.5")
    (['x', 'ray'], ['company'], ['2022'], ['3.5'])
    """
    word = word.replace("’", "'").removesuffix("'s")
    if "-" in word or ("." in word and not word[0].isdigit()):
        return [part for part in _HYPHENS_AND_DOTS.split(word) if part]
    fiscal = word.startswith("fy") and _FISCAL.fullmatch(word)
    return [fiscal.group(1)] if fiscal else [word]


def file_words(name: str) -> str:
    """What a file is called, its words apart.

    >>> file_words("Fee_schedule.html")
    'Fee schedule html'
    """
    return name.replace("_", " ").replace(".", " ")
