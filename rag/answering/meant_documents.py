"""Which documents a question means: by words of their names and titles, by year, by day, or by age."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Final

from rag.answering.document_dates import asked_day, document_date
from rag.answering.retrieval import asked_age, named_things
from rag.core.call_context import CallContext
from rag.core.errors import NotFound
from rag.core.text import file_words, language_of, stem, words, years
from rag.core.types import Document
from rag.library.store import Store

# Collections whose documents' names are kept.
_COLLECTIONS: Final = 32
# What follows the word that says what a document is: "Terms of …", "Contract with …".
_BEHIND_HEAD: Final = re.compile(
    r"[,:;(–—]|\b(?:of|for|with|at|in|on|to|about|von|der|des|für|über|mit)\b|\d", re.IGNORECASE
)
# What documents of some kinds are called beside their names.
_ALSO_CALLED: Final = {"mail": "mail e-mail email message 邮件"}
# What no word of a language has in it.
_NO_WORD: Final = re.compile(r"[\d_]")
# What is written of a meeting is asked for by it: "What was decided at the last meeting?".
_OF_MEETINGS: Final = re.compile(r"\b(?:minutes|protokoll)\b|纪要", re.IGNORECASE)
_MEETING: Final = "meeting session Sitzung 会议"


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


class MeantDocuments:
    """The documents of one question's context, and those of them that it means."""

    def __init__(self, store: Store, names: DocumentNames, question: str, context: CallContext) -> None:
        self._store, self._names, self._question, self._context = store, names, question, context

    @cached_property
    def all(self) -> list[Document]:
        """Those that may be asked, oldest first."""
        context = self._context
        listed = self._store.documents.list(context.owner, context.collection)
        return [document for document in listed if not context.documents or document.id in context.documents]

    @property
    def stems(self) -> Mapping[str, frozenset[str]]:
        """The stems of the words that each is called by."""
        return self._names.stems(self._context)

    @cached_property
    def title_stems(self) -> Set[str]:
        return frozenset().union(*self.stems.values())

    def named(self) -> list[Document]:
        """Those that the question names, by words, years or age; all of them where it names none."""
        meant = self.called(named_things(self._question)) or self.all
        meant = self.of_years(meant) or meant
        age = asked_age(self._question)
        if age is None:
            return meant
        dates = self._dates_of(meant)
        dated = self.by_age([one for one in meant if dates[one.id]] or meant)
        return dated[-1:] if age == "newest" else dated[:1]

    def by_age(self, documents: list[Document]) -> list[Document]:
        """Documents, the oldest first."""
        dates = self._dates_of(documents)
        return sorted(documents, key=lambda one: dates[one.id] or one.added)

    def called(self, names: Sequence[str]) -> list[Document]:
        """Those that are called by all of these words; none where there are no words."""
        asked = {stem(name, language_of(self._question)) for name in names}
        stems = self.stems
        return [document for document in self.all if asked and asked <= stems.get(document.id, frozenset())]

    def by_file(self) -> list[Document]:
        """Those whose files the question names as they are called: "in Rules_2021.docx", "in rules_2021"."""
        return [document for document in self.all if _file(document, self._question)]

    def without_files(self, documents: Sequence[Document]) -> str:
        """The question without the names of these documents' files."""
        text = self._question
        for document in documents:
            start, end = _file(document, text) or (0, 0)
            text = text[:start] + text[end:]
        return " ".join(text.split())

    def is_about(self, document: Document) -> bool:
        """Whether a document is not what the question names, but about it: a holiday policy is no holiday."""
        language = language_of(self._question)
        asked = {stem(name, language) for name in named_things(self._question)}
        title = words(_BEHIND_HEAD.split(document.title)[0])
        file = words(file_words(document.name.rpartition(".")[0]))
        # A title ends in what the document is, and so does the name of a file.
        heads = {stem(head, language) for head in (*title[-1:], *file[-1:])}
        return bool(asked) and asked.isdisjoint(heads)

    def is_of_many(self, document: Document) -> bool:
        """Whether a document is called by the very plural that is asked for: "Suppliers" holds suppliers."""
        language = language_of(self._question)
        called = {*words(document.title), *words(file_words(document.name.rpartition(".")[0]))}
        return any(name.lower() in called and stem(name, language) != name for name in named_things(self._question))

    def of_years(self, documents: list[Document]) -> list[Document]:
        """Those of the years that the question names, by their dates or names; all where it names none."""
        asked, stems = set(years(self._question)), self.stems
        dates = self._dates_of(documents) if asked else {}
        return [one for one in documents if not asked or asked & {dates[one.id][:4], *stems.get(one.id, ())}]

    def of_day(self, documents: list[Document]) -> list[Document]:
        """Those of the day that the question names; all where it names none."""
        day = asked_day(self._question)
        dates = self._dates_of(documents) if day else {}
        return [one for one in documents if day is None or dates[one.id].endswith(day.date)]

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


def _file(document: Document, question: str) -> tuple[int, int] | None:
    """Where a question names a file; without its ending only where that is no word: "minutes" may be any."""
    bare = document.name.rpartition(".")[0]
    lower = question.lower()
    for name in (document.name, *([bare] if _NO_WORD.search(bare) else ())):
        start = lower.find(name.lower())
        end = start + len(name)
        if start >= 0 and not (lower[:start][-1:].isalnum() or lower[end : end + 1].isalnum()):
            return start, end
    return None


def _stems(document: Document) -> frozenset[str]:
    """The stems of the words that a document is called by: a mail is called one, whatever its name."""
    called = file_words(f"{document.name} {document.title} {_ALSO_CALLED.get(document.kind, '')}")
    called += f" {_MEETING}" * bool(_OF_MEETINGS.search(called))
    language = language_of(called)
    return frozenset(stem(word, language) for word in words(called))
