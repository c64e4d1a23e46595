"""Questions about a name or a kind of thing that is in no document: what is said of others does not answer them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rag.answering.retrieval.identifier_search import Missing, WordSearch
from rag.core.text import MONTHS, file_words, is_empty, language_of, terms
from rag.core.types import Passage

# A question that asks for something. One for yes or no names an example of what documents allow or do not: "May I bring
# my Labrador?".
_ASKS: Final = re.compile(
    r"\W*+(?:\w{1,12} )?(?:who|whom|whose|what|when|where|which|why|how)(?:['’]s)?\b", re.IGNORECASE
)
# A name inside a sentence. Behind these words it says where, when or by whom, of which the documents need not speak;
# letters alone ("GPS") shorten what they may write out.
_NAME: Final = re.compile(r"(?<=[\w,] )[A-Z][\w’'-]*[a-z][\w’'-]*+")
_OWNS: Final = re.compile("['’]s?$")
_BESIDE: Final = re.compile(
    r"\b(?:in|on|at|by|to|from|into|during|before|after|since|until|than|as|like|per|degrees) (?:the )?$", re.IGNORECASE
)
# "The gold card": a kind of what the documents speak of. Words that say only which one, how much or when tell no kind.
_KIND: Final = re.compile(r"\b(?:the|a|an|our|your|my) (?P<kind>[a-z][a-z-]{2,}+) (?P<what>[a-z]{3,}+)")
_NO_KIND: Final = re.compile(
    r".*(?:est|ly|ed|able|ier)"
    r"|(?:cheap|clos|fast|great|high|larg|long|low|short|slow|small|strong|wid)er|better"
    r"|new|old|current|last|next|first|second|main|principal|primary|present|recent|previous|former"
    r"|following|remaining|existing|starting|opening|closing"
    r"|total|whole|full|entire|exact|right|correct|actual|real|normal|usual|typical|general|average|median|approximate"
    r"|maximum|minimum|annual|different|other|older|newer|certain|specific|single|possible|necessary|official|own|good"
    r"|bad|big|small|large|high|low|long|short|standard|regular|basic|additional|extra|special|important"
)


def missing_names(question: str, passages: Sequence[Passage], search: WordSearch) -> list[Missing]:
    """The names of a question, where no document holds any of them.

    Of squad's 5,123 answerable questions 3 name only what no passage holds, of its 774 foreign ones 61; of 428 of
    clapnq, mtrag_un and inscit 1. (Names of units and of places asked in are left out since.)

    Args:
        passages: what was found for the question; looked through first.
        search: finds passages by words, in all that may be read.
    """
    if not _ASKS.match(question) or not _are_english(question, passages):
        return []
    said = _said(tuple(passages))
    missing = []
    for match in _NAME.finditer(question):
        name = _OWNS.sub("", match.group())
        own = set(terms(name))
        # A day or a month need not be named by what holds on it.
        if is_empty(name) or not own or name.endswith("day") or name.lower() in MONTHS:
            continue
        if own & said or search(name):
            return []
        if not _BESIDE.search(question, 0, match.start()):
            missing.append(Missing(name))
    return missing


def unheld_kinds(query: str, passages: Sequence[Passage], search: WordSearch) -> list[Missing]:
    """What the documents hold nothing of, where they speak of other kinds of the same: "gold" of "the gold card".

    It may as well be another word for what they say: it is told beside the quotes, and refuses nothing. Of squad's
    5,123 answerable questions, each beside its own article, 35 have such a word, half of them of those left out since.

    Args:
        query: the question as the documents spell it.
    """
    if not _are_english(query, passages):
        return []
    said = _said(tuple(passages))
    return [
        Missing(match["kind"])
        for match in _KIND.finditer(query)
        if not (is_empty(match["kind"]) or _NO_KIND.fullmatch(match["kind"]))
        and said.isdisjoint(terms(match["kind"]))
        and not said.isdisjoint(terms(match["what"]))
        and not search(match["kind"])
    ]


def _are_english(question: str, passages: Sequence[Passage]) -> bool:
    """Whether the question is English, and a passage too."""
    return language_of(question) == "en" and any(language_of(passage.text) == "en" for passage in passages)


# Both ask for the same passages, one after the other; of each question that is asked at once they are kept.
@lru_cache(maxsize=8)
def _said(passages: tuple[Passage, ...]) -> frozenset[str]:
    """The terms of passages, and of what their documents are called."""
    return frozenset(term for p in passages for term in terms(f"{file_words(p.name)} {p.title} {p.section} {p.text}"))
