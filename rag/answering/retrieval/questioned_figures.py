"""Figures of a question for yes or no: it asks whether they are right, so that the answer need not hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.core.text import CARDINAL, CHINESE_NUMERALS, script_of, terms, words, years

# The share of their weight that such figures keep: what holds all else is about the matter. By hand.
QUESTIONED: Final = 0.3
_YES_OR_NO: Final = re.compile(
    r"^\W*+(?:(?:and|but|und|aber) )?(?:is|are|was|were|do|does|did|can|could|may|must|should|shall|has|have|will"
    r"|darf|dürfen|kann|können|muss|müssen|ist|sind|gibt|hat|haben)\b|[吗么]\W*$|是否|能不能|可不可以",
    re.IGNORECASE,
)
_FIGURE: Final = re.compile(rf"\d[\d.,]*+|{CARDINAL}", re.IGNORECASE)
_FIGURE_ZH: Final = re.compile(rf"[{CHINESE_NUMERALS}\d]")


def asks_yes_or_no(question: str) -> bool:
    """Whether a question asks if something is so.

    >>> asks_yes_or_no("Is the warranty ten years?"), asks_yes_or_no("How long?"), asks_yes_or_no("是十天吗？")
    (True, False, True)
    """
    return _YES_OR_NO.search(question) is not None


def questioned_figures(question: str, asked: Sequence[str]) -> list[str]:
    """Those of the terms of a question for yes or no that are figures; years and codes say what it is about.

    >>> questioned_figures("Is the warranty ten years in 2024?", ["warranti", "10", "year", "2024"])
    ['10']
    """
    if not asks_yes_or_no(question):
        return []
    if script_of(question) == "cjk":
        return [term for term in asked if _FIGURE_ZH.search(term)]
    said = [word for word in words(question) if _FIGURE.fullmatch(word) and word not in years(question)]
    figures = {term for word in said for term in terms(word)}
    return [term for term in asked if term in figures]
