"""Answers that need no search: what documents there are, what they are about, what stands at a place in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rag.answering.document_dates import asked_date, asked_day, says_date
from rag.answering.evidence import edge_quotes, lead_quote, outline_quotes, section_quotes
from rag.answering.meant_documents import DocumentNames, MeantDocuments
from rag.answering.retrieval import (
    AskedPlace,
    Part,
    asked_author,
    asked_change,
    asked_of_documents,
    asked_place,
    asks_for_members,
    headings_of,
    is_section,
    is_titled,
    lacking,
    named_things,
    question_kind,
    released,
    says_author,
    several_questions,
    sides,
    tells_to_list,
)
from rag.core.call_context import CallContext
from rag.core.text import file_words
from rag.core.types import Answer, Document, Heading, Notice, Outcome, Page, QuestionKind, Quote
from rag.library.store import Store

# Quotes of an outline, and of a page or section that is asked for.
_MOST_QUOTES: Final = 12
# Documents shown with their first sentence; all are counted.
_LISTED: Final = 50
# Pages that the first sentence of a document is looked for on.
_FIRST_PAGES: Final = 3
_ITEM: Final = re.compile(r"^[ \t]*+(?:[-*•–]|\d{1,3}[.)])[ \t]", re.MULTILINE)


class LibraryAnswers:
    """The documents of one question's context, and what can be said of them without a search."""

    def __init__(
        self, store: Store, names: DocumentNames, question: str, context: CallContext, *, follows: bool = False
    ) -> None:
        """`follows`: whether others were asked before in the same chat."""
        self._store, self._question, self._owner = store, question, context.owner
        self.meant = MeantDocuments(store, names, question, context)
        self.kind: QuestionKind = question_kind(question, lambda: self.meant.title_stems, follows=follows)

    def answer(self) -> Answer | None:
        """The answer where the question is of such a kind, else None: then it is to be searched for."""
        place = asked_place(self._question)
        if quotes := [*self._by_author(), *self._by_date(), *self._changed()] or (self._at(place) if place else []):
            self.kind = "question"
            return self._made(quotes)
        if of_day := self._of_day():
            self.kind = "summary"
            return self._overview(of_day)
        if place and place.sort == "page" and self.kind in ("summary", "about_library"):
            self.kind = "question"
            missing = Notice("page_missing", {"page": place.number})
            return replace(self._made((), missing), outcome="refused")
        if place and self.kind in ("summary", "about_library"):
            self.kind = "question"
        if self.kind in ("summary", "about_library") and self._asks_members():
            self.kind = "list"
            return None
        if self.kind == "small_talk":
            return self._overview(self.meant.all)
        if self.kind == "summary":
            return self._overview(self.meant.named())
        return self._of_library() if self.kind == "about_library" else None

    def _of_library(self) -> Answer | None:
        """The documents that are meant, or None where what they say is."""
        meant = self.meant.named()
        called = self.meant.called(named_things(self._question))
        rows = bool(called) and all(document.format.places == "cells" for document in called)
        if rows or (len(called) == 1 and self.meant.is_about(called[0])):
            if not rows and tells_to_list(self._question):
                # "List all products", of the product overview: what it says in each section.
                self.kind = "summary"
                return self._overview(called)
            # "How many orders are there?" asks for the rows of orders.xlsx, and "How many holidays are there?" for
            # what the one holiday policy says.
            self.kind = "question"
            return None
        if not self.meant.of_years(meant) and self.meant.all:
            # Of none is it known that it is of that year: what they say has to be looked at.
            self.kind = "question"
            return None
        some = len(meant) < len(self.meant.all)
        key = "documents_some" if some else "documents_all"
        notice = Notice(key, {"count": len(meant), "total": len(self.meant.all)})
        return self._made(self._leads(meant[:_LISTED]), notice, *_left_out(meant, _LISTED))

    def parts(self) -> tuple[Part, ...]:
        """The sides of a comparison, or the questions asked in one; none where there is one thing to search for."""
        if versions := self._newest_two():
            return tuple(Part(f"{file_words(one.name)} {one.title}", (one.id,)) for one in versions)
        if self.kind == "comparison":
            return tuple(sides(self._question, self.meant.stems))
        if self.kind == "list" and (without := lacking(self._question, self.meant.stems)):
            return tuple(without)
        if self.kind == "list" and (about := asked_of_documents(self._question, lambda: self.meant.title_stems)):
            return (Part(about),)
        if files := self.meant.by_file():
            return (Part(self.meant.without_files(files), tuple(document.id for document in files)),)
        several = several_questions(self._question)
        return tuple(map(Part, several)) if len(several) > 1 else ()

    def _asks_members(self) -> bool:
        """Whether what one document lists is asked for: "Which fault codes are there?", of "Fault codes"."""
        called = self.meant.called(named_things(self._question))
        if not asks_for_members(self._question) or len(called) != 1 or not self.meant.is_of_many(called[0]):
            return False
        pages = self._store.documents.pages(self._owner, called[0].id)
        return any(page.tables or len(_ITEM.findall(page.text)) > 1 for page in pages)

    def _made(self, quotes: Sequence[Quote], *notices: Notice) -> Answer:
        kind: QuestionKind = self.kind if self.kind in ("small_talk", "summary", "about_library") else "question"
        outcome: Outcome = "answered" if kind == "question" else "overview"
        return Answer(
            self._question, self._question, "", outcome, None, (), tuple(quotes), kind=kind, notices=tuple(notices)
        )

    def _overview(self, documents: Sequence[Document]) -> Answer:
        return self._made(self._outline(documents), *_left_out(documents, _MOST_QUOTES))

    def _outline(self, documents: Sequence[Document]) -> list[Quote]:
        if len(documents) == 1:
            (document,) = documents
            return outline_quotes(document, self._store.documents.pages(self._owner, document.id), _MOST_QUOTES)
        return self._leads(documents[:_MOST_QUOTES])

    def _leads(self, documents: Sequence[Document]) -> list[Quote]:
        places = [(document.id, number) for document in documents for number in range(1, _FIRST_PAGES + 1)]
        pages = self._store.documents.pages_at(self._owner, places)
        quotes = []
        for document in documents:
            first = [pages[place] for n in range(1, _FIRST_PAGES + 1) if (place := (document.id, n)) in pages]
            quotes.append(lead_quote(document, first))
        return [quote for quote in quotes if quote is not None]

    def _of_day(self) -> list[Document]:
        """The documents of the day whose whole content is asked for: "What was decided on 6 May?"."""
        day = asked_day(self._question)
        whole = day is not None and question_kind(day.rest, lambda: self.meant.title_stems) in (
            "summary",
            "about_library",
        )
        return self.meant.of_day(self.meant.all) if whole else []

    def _by_author(self) -> list[Quote]:
        """Where documents say who wrote them."""
        day = asked_day(self._question)
        asked = asked_author(day.rest if day else self._question)
        if asked is None:
            return []
        meant = self.meant.of_day(self.meant.called(asked.names) if asked.names else self.meant.all)
        found = list[Quote]()
        for document in meant[:_LISTED]:
            pages = self._store.documents.pages(self._owner, document.id)
            found += edge_quotes(document, pages, lambda text: says_author(text, asked.author))
        return found[:_MOST_QUOTES]

    def _by_date(self) -> list[Quote]:
        """Where the documents whose date is asked for say it first."""
        names = asked_date(self._question)
        found = list[Quote]()
        for document in self.meant.called(names)[:_LISTED] if names else ():
            pages = self._store.documents.pages(self._owner, document.id)
            found += edge_quotes(document, pages, says_date)[:1]
        return found[:_MOST_QUOTES]

    def _changed(self) -> list[Quote]:
        """What stands under the version that is asked for, in documents that are parted by versions."""
        asked = asked_change(self._question)
        if asked is None:
            return []
        found = list[Quote]()
        for document in self.meant.called(asked.names) if asked.names else self.meant.all:
            pages = self._store.documents.pages(self._owner, document.id)
            headings = [(heading, page) for page in pages for heading in page.headings]
            for heading, page in released(asked, headings):
                found += _under(document, page, heading)
        return found[:_MOST_QUOTES]

    def _newest_two(self) -> list[Document]:
        """The newest version of a document and the one before, where it is asked what changed."""
        asked = asked_change(self._question)
        if asked is None or asked.age != "newest" or not asked.names:
            return []
        found = self.meant.by_age(self.meant.called(asked.names))
        return found[-2:][::-1] if len(found) > 1 else []

    def _at(self, place: AskedPlace) -> list[Quote]:
        """What stands at a page or in a section, in the documents named; nothing where other words are asked about."""
        meant = self.meant.called(place.names) if place.names else self.meant.all
        return [quote for document in meant for quote in self._inside(document, place)][:_MOST_QUOTES]

    def _inside(self, document: Document, place: AskedPlace) -> Iterator[Quote]:
        pages = self._store.documents.pages(self._owner, document.id)
        for page in pages:
            if place.sort == "page" and place.number in (page.label.lower(), str(page.number)):
                if page.label.lower() == place.number or not any(p.label.lower() == place.number for p in pages):
                    yield from section_quotes(document, page, 0, len(page.text), _MOST_QUOTES)
            elif place.sort != "page":
                yield from _section(document, page, place)


def _section(document: Document, page: Page, asked: AskedPlace) -> Iterator[Quote]:
    """The text under the heading that bears the number or the words, up to the next one on its page."""
    meant = is_section if asked.sort == "section" else is_titled
    for heading in headings_of(page):
        if meant(heading, asked.number):
            found = _under(document, page, heading)
            marks = (f"({asked.paragraph})", f"{asked.paragraph}.", f"{asked.paragraph})")
            first = [quote for quote in found if asked.paragraph and quote.text.startswith(marks)]
            # A paragraph that is not there is not answered by its neighbours.
            if first or not asked.paragraph:
                yield from (*first, *(quote for quote in found if quote not in first))


def _under(document: Document, page: Page, heading: Heading) -> list[Quote]:
    """What stands under a heading, up to the next one of its level on its page."""
    following = (o.start for o in headings_of(page) if o.start > heading.start and o.level <= heading.level)
    return section_quotes(document, page, heading.start, next(following, len(page.text)), _MOST_QUOTES)


def _left_out(documents: Sequence[Document], most: int) -> list[Notice]:
    """Says that not all of the documents are shown."""
    fields: dict[str, str | int] = {"count": most, "total": len(documents)}
    return [Notice("documents_first", fields)] if len(documents) > most else []
