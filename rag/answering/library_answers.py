"""Answers that need no search: what documents there are, what they are about, what stands at a place in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from functools import cached_property
from typing import Final

from rag.answering.evidence import lead_quote, outline_quotes, section_quotes
from rag.answering.retrieval import (
    AskedPlace,
    Part,
    asked_of_documents,
    asked_place,
    is_section,
    named_things,
    question_kind,
    several_questions,
    sides,
)
from rag.core.call_context import CallContext
from rag.core.text import language_of, stem, words
from rag.core.types import Answer, Document, Notice, Outcome, Page, QuestionKind, Quote
from rag.library.store import Store

# Quotes of an outline, and of a page or section that is asked for.
_MOST_QUOTES: Final = 12
# Documents shown with their first sentence; all are counted.
_LISTED: Final = 50
# Pages that the first sentence of a document is looked for on.
_FIRST_PAGES: Final = 3


class LibraryAnswers:
    """The documents of one question's context, and what can be said of them without a search."""

    def __init__(self, store: Store, question: str, context: CallContext) -> None:
        self._store, self._question, self._context = store, question, context
        self.kind: QuestionKind = question_kind(question, lambda: self._title_stems)

    @cached_property
    def documents(self) -> list[Document]:
        """Those that may be asked, oldest first."""
        context = self._context
        listed = self._store.documents.list(context.owner, context.collection)
        return [document for document in listed if not context.documents or document.id in context.documents]

    def answer(self) -> Answer | None:
        """The answer where the question is of such a kind, else None: then it is to be searched for."""
        if self.kind == "small_talk":
            return self._made(self._outline(self.documents))
        if self.kind == "summary":
            return self._made(self._outline(self._named()))
        if self.kind == "about_library":
            meant = self._named()
            some = len(meant) < len(self.documents)
            notice = Notice(
                "documents_some" if some else "documents_all", {"count": len(meant), "total": len(self.documents)}
            )
            return self._made(self._leads(meant[:_LISTED]), notice)
        place = asked_place(self._question)
        quotes = self._at(place) if place else []
        return self._made(quotes) if quotes else None

    def parts(self) -> tuple[Part, ...]:
        """The sides of a comparison, or the questions asked in one; none where there is one thing to search for."""
        if self.kind == "comparison":
            return tuple(sides(self._question, {document.id: _stems(document) for document in self.documents}))
        if self.kind == "list" and (about := asked_of_documents(self._question, lambda: self._title_stems)):
            return (Part(about),)
        several = several_questions(self._question)
        return tuple(map(Part, several)) if len(several) > 1 else ()

    def _made(self, quotes: Sequence[Quote], *notices: Notice) -> Answer:
        kind: QuestionKind = self.kind if self.kind in ("small_talk", "summary", "about_library") else "question"
        outcome: Outcome = "answered" if kind == "question" else "overview"
        return Answer(
            self._question, self._question, "", outcome, None, (), tuple(quotes), kind=kind, notices=tuple(notices)
        )

    @cached_property
    def _title_stems(self) -> Set[str]:
        return frozenset().union(*map(_stems, self.documents)) if self.documents else frozenset()

    def _named(self) -> list[Document]:
        """The documents that the question names; all of them where it names none."""
        return self._called(named_things(self._question)) or self.documents

    def _called(self, names: Sequence[str]) -> list[Document]:
        asked = {stem(name, language_of(self._question)) for name in names}
        return [document for document in self.documents if asked and asked <= _stems(document)]

    def _outline(self, documents: Sequence[Document]) -> list[Quote]:
        if len(documents) == 1:
            (document,) = documents
            return outline_quotes(document, self._store.documents.pages(self._context.owner, document.id), _MOST_QUOTES)
        return self._leads(documents[:_MOST_QUOTES])

    def _leads(self, documents: Sequence[Document]) -> list[Quote]:
        places = [(document.id, number) for document in documents for number in range(1, _FIRST_PAGES + 1)]
        pages = self._store.documents.pages_at(self._context.owner, places)
        quotes = []
        for document in documents:
            first = [pages[place] for n in range(1, _FIRST_PAGES + 1) if (place := (document.id, n)) in pages]
            quotes.append(lead_quote(document, first))
        return [quote for quote in quotes if quote is not None]

    def _at(self, place: AskedPlace) -> list[Quote]:
        """What stands at a page or in a section, in the documents named; nothing where other words are asked about."""
        meant = self._called(place.names) if place.names else self.documents
        return [quote for document in meant for quote in self._inside(document, place)][:_MOST_QUOTES]

    def _inside(self, document: Document, place: AskedPlace) -> Iterator[Quote]:
        pages = self._store.documents.pages(self._context.owner, document.id)
        for page in pages:
            if place.sort == "page" and place.number in (page.label.lower(), str(page.number)):
                if page.label.lower() == place.number or not any(p.label.lower() == place.number for p in pages):
                    yield from section_quotes(document, page, 0, len(page.text), _MOST_QUOTES)
            elif place.sort == "section":
                yield from _section(document, page, place.number)


def _section(document: Document, page: Page, number: str) -> Iterator[Quote]:
    """The text under the heading that bears the number, up to the next one on its page."""
    for place, heading in enumerate(page.headings):
        if is_section(heading, number):
            following = page.headings[place + 1 :]
            end = following[0].start if following else len(page.text)
            yield from section_quotes(document, page, heading.start, end, _MOST_QUOTES)


def _stems(document: Document) -> frozenset[str]:
    """The stems of the words that a document is called by."""
    called = f"{document.name} {document.title}".replace("_", " ").replace(".", " ")
    language = language_of(called)
    return frozenset(stem(word, language) for word in words(called))
