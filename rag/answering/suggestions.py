"""Questions to begin with, made from a collection's own headings; each was asked first, and is answered from there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final

from rag.core.types import Answer, Document, Page

# Documents and pages of each that are looked at, the newest documents first.
DOCUMENTS: Final = 8
PAGES: Final = 20
# Asked at most, so that a collection of which nothing is answered ends too.
_MOST_ASKED: Final = 16
# The length of a heading that says what is below it, in characters.
_SHORTEST, _LONGEST = 4, 80
# "4.1 How much leave", "Chapter 4:", "第三章 ", "三、".
_NUMBER: Final = re.compile(
    r"(?:(?:chapter|section|kapitel|abschnitt)\s)?[\d.§()]{1,9}+:?\s|第[^\W章节条]{1,4}+[章节条]\s?"
    r"|[（(]?[一二三四五六七八九十]{1,3}[、）)]\s?",
    re.IGNORECASE,
)
_QUESTION_SIGNS: Final = ("?", "？")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document: as it is read, and as it stands there."""

    document: Document
    text: str
    title: str

    @property
    def asks(self) -> bool:
        """Whether it is a question itself."""
        return self.text.endswith(_QUESTION_SIGNS)


def headings(documents: Sequence[tuple[Document, Sequence[Page]]]) -> Iterator[Heading]:
    """The headings of these documents, one of each in turn; questions first, and none twice."""
    lists = [sorted(_headings(*each), key=lambda heading: not heading.asks) for each in documents]
    seen: set[str] = set()
    for heading in chain.from_iterable(zip_longest(*lists)):
        if heading is not None and heading.text.casefold() not in seen:
            seen.add(heading.text.casefold())
            yield heading


def _headings(document: Document, pages: Sequence[Page]) -> Iterator[Heading]:
    for page in pages:
        for heading in page.headings:
            number = _NUMBER.match(heading.title)
            text = " ".join(heading.title[number.end() if number else 0 :].split())
            # The title of the document heads all of it.
            if _SHORTEST <= len(text) <= _LONGEST and text.casefold() != document.title.casefold():
                yield Heading(document, text, heading.title)


def answered(
    asked: Iterator[Heading], say: Callable[[Heading], str], ask: Callable[[str], Answer], count: int
) -> Iterator[str]:
    """So many questions, made of headings by `say`, whose first quote stands under that very heading."""
    found = 0
    for _, heading in zip(range(_MOST_ASKED), asked, strict=False):
        if found == count:
            return
        question = heading.text if heading.asks else say(heading)
        if _from_there(ask(question), heading):
            found += 1
            yield question


def _from_there(answer: Answer, heading: Heading) -> bool:
    """Whether the answer is not refused and its first quote stands in the document, under the heading."""
    first = answer.quotes[0] if answer.outcome == "answered" and answer.quotes else None
    under = first is not None and first.document == heading.document.id
    return under and first is not None and " ".join(heading.title.split()) in " ".join(first.section.split())
