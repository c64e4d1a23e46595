"""Questions for who wrote a document, and for what somebody wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rag.answering.retrieval.question_kinds import named_things
from rag.core.text import words

_WHO: Final = re.compile(r"\b(?:who|whom|wer|wem)\b|谁", re.IGNORECASE)
_WRITES: Final = re.compile(
    r"\b(?:wrote|written|writers?|authors?|authored|drafted|prepared|compiled|edited|editors?|took|taken|drawn|sent"
    r"|schrieb|geschrieben|verfasste?|verfasser(?:in)?|autor(?:in)?|erstellte?|geführt|stammt|schickte|geschickt|gesendet|versandt)\b"
    r"|编写|编制|撰写|起草|制定|记录|作者|写|发出|发送|发来",
    re.IGNORECASE,
)
_OF_SOMEBODY: Final = re.compile(
    r"\b(?:what|which \w++) (?:did|has|have) (?P<en>[^?]{2,60}?)"
    r" (?:write|written|draft(?:ed)?|prepared?|compiled?|author(?:ed)?|edit(?:ed)?)[?.! ]*+$"
    r"|\A\W*+(?:(?:what|which|list|show|find|all|the|are|there|me) ){0,4}(?:documents?|files?|reports?|everything)"
    r" (?:(?:are|were|was) )?(?:(?:written|prepared|drafted) )?by (?P<by>[^?.]{2,60})[?. ]*+$"
    r"|\b(?:was|welche \w++) (?:hat|haben) (?P<de>[^?]{2,60}?) (?:geschrieben|verfasst|erstellt)[?. ]*+$"
    r"|(?P<zh>[^\W\d_]{2,8})(?:编写|编制|撰写|起草|写)了?(?:什么|哪些)[？? ]*+$",
    re.IGNORECASE,
)
# Whoever is meant by these is said in another question.
_NOBODY: Final = re.compile(r"\b(?:he|she|it|they|you|we|i|er|sie|es|ihr|wir)\b|[他她我你]", re.IGNORECASE)
# Where a text says who wrote it.
_BY_LINE: Final = re.compile(
    r"\b(?:written|drafted|prepared|compiled|authored|edited|taken|recorded|drawn up) by\b|\b(?:authors?|editors?)\s?:"
    r"|\A(?:by|von) (?-i:[A-Z])[\w .,-]{2,60}\Z"
    r"|\A(?:(?:kind|best|warm) regards|regards|yours \w{4,12}|sincerely|mit freundlichen grüßen|viele grüße),? "
    r"(?-i:[A-Z])[\w .-]{2,60}\Z"
    r"|\b(?:verfasst|geschrieben|erstellt|bearbeitet|protokolliert) von\b"
    r"|\b(?:autor(?:in|en)?|verfasser(?:in)?|protokoll(?:führer(?:in)?)?|bearbeiter(?:in)?)\s?:"
    r"|\A(?:from|von|发件人)\s?[:：]"
    r"|(?:作者|编写|编制|撰写|起草|制定|记录)人?\s?[:：]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AskedAuthor:
    """Whose author is asked for: words that documents are called by; or whose documents: the words of a name."""

    names: tuple[str, ...] = ()
    author: tuple[str, ...] = ()


def asked_author(question: str) -> AskedAuthor | None:
    """What a question for an author names.

    >>> asked_author("Who wrote the handbook?"), asked_author("What did Ida Berg write?")
    (AskedAuthor(names=('handbook',), author=()), AskedAuthor(names=(), author=('Ida', 'Berg')))
    """
    if whose := _OF_SOMEBODY.search(question):
        author = next(filter(None, whose.groups()))
        return None if _NOBODY.search(author) else AskedAuthor(author=tuple(author.split()))
    if not (_WHO.search(question) and _WRITES.search(question)):
        return None
    return AskedAuthor(names=tuple(named_things(_WRITES.sub(" ", _WHO.sub(" ", question)))))


def says_author(text: str, author: tuple[str, ...]) -> bool:
    """Whether a sentence says who wrote the document that it stands in: anybody, or the one who is asked for."""
    said = set(words(text))
    return _BY_LINE.search(text) is not None and all(said.issuperset(words(name)) for name in author)
