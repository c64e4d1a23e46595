"""Answers that need no search: what documents there are, what they are about, what stands at a place in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Final

from rag.answering.document_dates import document_date
from rag.answering.evidence import lead_quote, outline_quotes, section_quotes
from rag.answering.retrieval import (
    AskedPlace,
    Part,
    asked_age,
    asked_of_documents,
    asked_place,
    is_section,
    is_titled,
    lacking,
    named_things,
    question_kind,
    several_questions,
    sides,
)
from rag.core.call_context import CallContext
from rag.core.errors import NotFound
from rag.core.text import file_words, language_of, stem, words, years
from rag.core.types import Answer, Document, Notice, Outcome, Page, QuestionKind, Quote
from rag.library.store import Store

# Quotes of an outline, and of a page or section that is asked for.
_MOST_QUOTES: Final = 12
# Documents shown with their first sentence; all are counted.
_LISTED: Final = 50
# Pages that the first sentence of a document is looked for on.
_FIRST_PAGES: Final = 3
# Collections whose documents' names are kept.
_COLLECTIONS: Final = 32


class DocumentNames:
    """What the documents of collections are called; read anew where a collection has changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept = lru_cache(_COLLECTIONS)(self._read)

    def stems(self, context: CallContext) -> Mapping[str, frozenset[str]]:
        """The stems of the words that each document of the context is called by."""
        collection = self._store.collections.get(context.owner, context.collection)
        kept = self._kept(context.owner, collection.id, collection.generation)
        return {one: kept[one] for one in context.documents if one in kept} if context.documents else kept

    def _read(self, owner: str, collection: str, _generation: int) -> Mapping[str, frozenset[str]]:
        return {document.id: _stems(document) for document in self._store.documents.list(owner, collection)}


class LibraryAnswers:
    """The documents of one question's context, and what can be said of them without a search."""

    def __init__(
        self, store: Store, names: DocumentNames, question: str, context: CallContext, *, follows: bool = False
    ) -> None:
        """`follows`: whether others were asked before in the same chat."""
        self._store, self._names, self._question, self._context = store, names, question, context
        self.kind: QuestionKind = question_kind(question, lambda: self._title_stems, follows=follows)

    @cached_property
    def documents(self) -> list[Document]:
        """Those that may be asked, oldest first."""
        context = self._context
        listed = self._store.documents.list(context.owner, context.collection)
        return [document for document in listed if not context.documents or document.id in context.documents]

    def answer(self) -> Answer | None:
        """The answer where the question is of such a kind, else None: then it is to be searched for."""
        place = asked_place(self._question)
        if place and (quotes := self._at(place)):
            self.kind = "question"
            return self._made(quotes)
        if place and place.sort == "page" and self.kind in ("summary", "about_library"):
            self.kind = "question"
            missing = Notice("page_missing", {"page": place.number})
            return replace(self._made((), missing), outcome="refused")
        if place and self.kind in ("summary", "about_library"):
            self.kind = "question"
        if self.kind == "small_talk":
            return self._made(self._outline(self.documents))
        if self.kind == "summary":
            return self._made(self._outline(self._named()))
        if self.kind == "about_library":
            meant = self._named()
            called = self._called(named_things(self._question))
            if called and all(document.format.places == "cells" for document in called):
                # "How many orders are there?" asks for the rows of orders.xlsx.
                self.kind = "question"
                return None
            if not self._of_years(meant) and self.documents:
                # Of none is it known that it is of that year: what they say has to be looked at.
                self.kind = "question"
                return None
            some = len(meant) < len(self.documents)
            notice = Notice(
                "documents_some" if some else "documents_all", {"count": len(meant), "total": len(self.documents)}
            )
            return self._made(self._leads(meant[:_LISTED]), notice)
        return None

    def parts(self) -> tuple[Part, ...]:
        """The sides of a comparison, or the questions asked in one; none where there is one thing to search for."""
        if self.kind == "comparison":
            return tuple(sides(self._question, self._names.stems(self._context)))
        if self.kind == "list" and (without := lacking(self._question, self._names.stems(self._context))):
            return tuple(without)
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
        return frozenset().union(*self._names.stems(self._context).values())

    def _named(self) -> list[Document]:
        """The documents that the question names, by words, years or age; all of them where it names none."""
        meant = self._called(named_things(self._question)) or self.documents
        meant = self._of_years(meant) or meant
        age = asked_age(self._question)
        if age is None:
            return meant
        dates = self._dates_of(meant)
        dated = sorted([one for one in meant if dates[one.id]] or meant, key=lambda one: dates[one.id] or one.added)
        return dated[-1:] if age == "newest" else dated[:1]

    def dates(self, documents: Sequence[str]) -> Mapping[str, str]:
        """Of what day some documents are, by their ids; '' where they do not tell."""
        found = list[Document]()
        for document in documents:
            # One may be removed meanwhile.
            with suppress(NotFound):
                found.append(self._store.documents.get(self._context.owner, document))
        return self._dates_of(found)

    def _dates_of(self, documents: Sequence[Document]) -> dict[str, str]:
        first = self._store.documents.pages_at(self._context.owner, [(one.id, 1) for one in documents])
        return {one.id: document_date(one, first[one.id, 1].text if (one.id, 1) in first else "") for one in documents}

    def _of_years(self, documents: list[Document]) -> list[Document]:
        """Those of the years that the question names, by their dates or names; all where it names none."""
        asked, stems = set(years(self._question)), self._names.stems(self._context)
        dates = self._dates_of(documents) if asked else {}
        return [one for one in documents if not asked or asked & {dates[one.id][:4], *stems.get(one.id, ())}]

    def _called(self, names: Sequence[str]) -> list[Document]:
        asked = {stem(name, language_of(self._question)) for name in names}
        stems = self._names.stems(self._context)
        return [document for document in self.documents if asked and asked <= stems.get(document.id, frozenset())]

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
            elif place.sort != "page":
                yield from _section(document, page, place)


def _section(document: Document, page: Page, asked: AskedPlace) -> Iterator[Quote]:
    """The text under the heading that bears the number or the words, up to the next one on its page."""
    meant = is_section if asked.sort == "section" else is_titled
    for place, heading in enumerate(page.headings):
        if meant(heading, asked.number):
            following = [other.start for other in page.headings[place + 1 :] if other.level <= heading.level]
            end = following[0] if following else len(page.text)
            found = section_quotes(document, page, heading.start, end, _MOST_QUOTES)
            marks = (f"({asked.paragraph})", f"{asked.paragraph}.", f"{asked.paragraph})")
            first = [quote for quote in found if asked.paragraph and quote.text.startswith(marks)]
            # A paragraph that is not there is not answered by its neighbours.
            if first or not asked.paragraph:
                yield from (*first, *(quote for quote in found if quote not in first))


def _stems(document: Document) -> frozenset[str]:
    """The stems of the words that a document is called by."""
    called = file_words(f"{document.name} {document.title}")
    language = language_of(called)
    return frozenset(stem(word, language) for word in words(called))
