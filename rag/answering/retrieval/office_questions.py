"""Questions for who holds an office: an office that is in no document is held by nobody there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rag.answering.retrieval.identifier_search import Missing, WordSearch
from rag.core.types import Passage

# What an office is called, and how else documents say it. Whoever holds one is called by it; who owns or organizes
# something need not be. Of squad's 700 first questions 6 ask so for an office of these; each is in its documents.
_OFFICES: Final = (
    ("ceo|chief executive(?: officer)?|首席执行官", "ceo|chief executive|managing director|geschäftsführ|首席执行官"),
    ("geschäftsführer(?:in)?", "geschäftsführ|geschäftsleitung|ceo|managing director"),
    ("cfo|chief financial officer|财务总监", "cfo|chief financial|finance director|财务总监"),
    ("chair(?:man|woman|person)", "chair|presid|vorsitz"),
    ("vorstandsvorsitzenden?|vorsitzenden?", "vorsitz|chair"),
    ("mayor|bürgermeister(?:in)?", "mayor|bürgermeister"),
    ("president|präsident(?:in)?", "presid|präsid"),
    ("governor|gouverneur(?:in)?", "govern|gouvern"),
    ("chancellor|kanzler(?:in)?", "chancellor|kanzler"),
    ("treasurer|schatzmeister(?:in)?|kassenwart", "treasur|schatzmeister|kassenwart|kassier"),
    ("headmaster|headmistress|head teacher|schulleiter(?:in)?", "head|principal|schulleit|direktor"),
    ("ombuds(?:man|woman|person)", "ombuds"),
    ("董事长", "董事长"),
    ("总裁", "总裁"),
    ("市长", "市长"),
    ("校长", "校长"),
    ("院长", "院长"),
    ("部长", "部长"),
    ("主席", "主席"),
    ("行长", "行长"),
)
_SAID: Final = tuple(re.compile(said, re.IGNORECASE) for _, said in _OFFICES)
_ASKED: Final = re.compile(
    r"(?:\b(?:who|who['’]s|whom|name of|wer|wie heißt)\b|谁|哪位|什么名字|叫什么)", re.IGNORECASE
)
_OFFICE: Final = tuple(re.compile(rf"(?<![a-z])(?:{asked})(?![a-z])", re.IGNORECASE) for asked, _ in _OFFICES)


def missing_offices(question: str, passages: Sequence[Passage], search: WordSearch) -> list[Missing]:
    """The office that a question asks the holder of, where no document names it.

    Args:
        passages: what was found for the question; looked through first.
        search: finds passages by words, in all that may be read.
    """
    if not _ASKED.search(question):
        return []
    missing = []
    for asked, said in zip(_OFFICE, _SAID, strict=True):
        match = asked.search(question)
        if match and not any(said.search(p.text) for p in (*passages, *search(match.group()))):
            missing.append(Missing(match.group()))
    return missing
