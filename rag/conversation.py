"""A question comes in: passages, the gate, quotes; then the model writes and is held against them.

`Conversation.ask` yields the answer as it grows: first with its quotes alone, so that they are on
the screen before the model has said a word; then with the text so far; last checked, as it is saved.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from langchain_core.runnables import RunnableConfig

from rag.catalogue import embedder_facts
from rag.embedding import Embedder
from rag.errors import Cancelled, EmbedderMismatch, ModelError, ModelLanguage
from rag.evidence import Reader, find_quotes, lead_quotes
from rag.llms.turns import Ticket
from rag.retrieval import Found, Retriever, intent
from rag.store import Store
from rag.text import terms
from rag.types import Answer, Page, Passage, Progress, Quote, Turn
from rag.verification import verify
from rag.writing import Listener, Writer

# "And in Lisbon?" is searched with the question before it, but it is Lisbon that is asked about now.
_LAST_QUESTION = 3.0
# Documents named, and sentences quoted of each, when asked what a collection holds.
_OVERVIEW_DOCUMENTS = 10
_OVERVIEW_SENTENCES = 3
# Questions whose quotes are found at a time, at least: one computes while another waits for a disk or a server.
_AT_ONCE = 2


def _no_progress(_progress: Progress) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


class Conversation:
    """Answers questions about a library. One for all chats; any number of threads may ask."""

    def __init__(
        self,
        store: Store,
        retriever: Retriever,
        embedder: Embedder,
        writer: Callable[[], Writer | None],
        *,
        passages: int = 8,
        quotes: int = 3,
        condense: bool = False,
        reader: Reader | None = None,
    ) -> None:
        """Set it up.

        Args:
            writer: called when a model is needed; None means that quotes are all.
            condense: whether the model writes a follow-up out before it is searched.
            reader: a model asked which of the best sentences answer, where there is one.
        """
        self._store, self._retriever, self._embedder = store, retriever, embedder
        self._writer = writer
        self._passages, self._quotes, self._condense = passages, quotes, condense
        self._reader = reader
        # Who came first is served first: more at once take the processor from one another, and from the pages.
        self._finding = ThreadPoolExecutor(max(_AT_ONCE, os.cpu_count() or 1), "finding")

    def ask(
        self,
        question: str,
        *,
        owner: str,
        collection: str,
        documents: Sequence[str] = (),
        history: Sequence[Turn] = (),
        anyway: bool = False,
        tell: Callable[[Progress], None] = _no_progress,
        stopping: Callable[[], bool] = _never,
    ) -> Iterator[Answer]:
        """The answer to a question, as it grows; the last one is whole.

        Args:
            documents: ids to answer from; none means the whole collection.
            history: the turns before, oldest first.
            anyway: have the model write even where the documents do not hold it.
            tell: hears how far the model is; `stopping` is asked whether to give up.

        Raises:
            EmbedderMismatch: the collection was embedded with another model than the one at work.
            NotFound: the collection is gone.
        """
        clock = _Clock()
        self._check_embedder(owner, collection)
        if intent(question) == "overview":
            yield self._overview(question, owner, collection, documents, clock)
            return
        listener = Listener(tell, stopping)
        config: RunnableConfig = {"callbacks": [listener], "metadata": {"owner": owner}}
        previous = [turn.question for turn in history]
        searched = question
        if self._condense and history:
            searched, previous = self._standalone(question, history, config), []
            clock.stage("condense")
        # Who has to wait for the model hears it now, and waits while the quotes are found.
        with self._in_line(owner, tell) as ticket:
            config["metadata"]["ticket"] = ticket
            search = functools.partial(
                self._retriever.search,
                searched,
                owner=owner,
                collection=collection,
                previous=previous,
                documents=documents or None,
                k=self._passages,
            )
            draft, weights = self._finding.submit(self._find, question, search, owner, anyway, clock).result()
            yield draft
            if draft.outcome != "refused":
                yield from self._written(draft, weights, history, anyway, clock, tell, config)

    def _in_line(self, owner: str, tell: Callable[[Progress], None]) -> AbstractContextManager[Ticket | None]:
        """A place in the queue before the model. Without a model, the quotes come first and the reason after them."""
        try:
            writer = self._writer()
        except ModelError:
            writer = None
        return nullcontext() if writer is None else writer.in_line(owner, tell)

    def _check_embedder(self, owner: str, collection: str) -> None:
        known = self._store.collections.get(owner, collection)
        if known.embedder not in (None, self._embedder.name):
            raise EmbedderMismatch(collection=known.name, recorded=str(known.embedder), current=self._embedder.name)

    def _standalone(self, question: str, history: Sequence[Turn], config: RunnableConfig) -> str:
        """The follow-up as the model writes it out; as it was asked where no model can."""
        try:
            writer = self._writer()
            if writer is None:
                return question
            return writer.write_out(question, _said(history), config)
        except (ModelError, Cancelled):
            return question

    def _find(
        self, question: str, search: Callable[[], Found], owner: str, anyway: bool, clock: _Clock
    ) -> tuple[Answer, Mapping[str, float]]:
        """The answer before a model has said a word: its passages, its quotes, and whether it is refused.

        With it comes what each term of the question is worth.
        """
        found = search()
        clock.stage("search")
        own = set(terms(question))
        pages = self._store.documents.pages_at(owner, [(passage.document, passage.page) for passage in found.passages])
        quotes = find_quotes(
            found.query,
            # One that was removed a moment ago is no source any more.
            [passage for passage in found.passages if (passage.document, passage.page) in pages],
            self._embedder,
            page_text=lambda passage: pages[passage.document, passage.page].text,
            weights={term: weight * (_LAST_QUESTION if term in own else 1.0) for term, weight in found.weights.items()},
            k=self._quotes,
            reader=self._reader,
        )
        quotes = tuple(_in_section(quote, pages[quote.document, quote.page]) for quote in quotes)
        clock.stage("quotes")
        draft = Answer(
            question,
            found.query,
            "",
            "answered" if found.gate >= found.threshold else "asked_anyway" if anyway else "refused",
            None,
            _led_by(quotes, found.passages),
            quotes,
            gate=found.gate,
            words_only=found.words_only,
            seconds=clock.seconds(),
        )
        return draft, found.weights

    def _written(
        self,
        draft: Answer,
        weights: Mapping[str, float],
        history: Sequence[Turn],
        anyway: bool,
        clock: _Clock,
        tell: Callable[[Progress], None],
        config: RunnableConfig,
    ) -> Iterator[Answer]:
        """The answer with what the model writes; with its quotes alone and the reason where it cannot."""
        try:
            writer = self._writer()
            if writer is None:
                return
            if not anyway and not writer.writes_as(draft.question):
                raise ModelLanguage(model=writer.name)
            tell(Progress())
            draft = replace(draft, model=writer.name)
            for text in writer.write(draft.question, draft.quotes, _said(history), config):
                clock.stage("first_word", once=True)
                draft = replace(draft, text=text)
                yield draft
        except Cancelled:
            draft = replace(draft, stopped=True)
        except ModelError as error:
            draft = replace(draft, error=error.failure())
        clock.stage("writing")
        scores = embedder_facts(self._embedder.name).quote_scores(draft.generated_question)
        sentences, quotes = verify(
            draft.text, draft.generated_question, draft.quotes, draft.passages, weights, scores=scores
        )
        clock.stage("checking")
        yield replace(draft, sentences=sentences, quotes=quotes, seconds=clock.seconds())

    def _overview(self, question: str, owner: str, collection: str, documents: Sequence[str], clock: _Clock) -> Answer:
        """What the collection holds: each document with its first sentences. No model is needed for that."""
        known = [
            document
            for document in self._store.documents.list(owner, collection)
            if not documents or document.id in documents
        ]
        each = _OVERVIEW_SENTENCES if len(known) == 1 else 1
        quotes = [
            quote
            for document in known[:_OVERVIEW_DOCUMENTS]
            for quote in lead_quotes(document, self._store.documents.pages(owner, document.id), each)
        ]
        clock.stage("quotes")
        return Answer(question, question, "", "overview", None, (), tuple(quotes), seconds=clock.seconds())


def _in_section(quote: Quote, page: Page) -> Quote:
    """The quote with the heading it stands under, where its page has one before it."""
    above = [heading.title for heading in page.headings if heading.start <= quote.start]
    return replace(quote, section=" ".join(above[-1].split())) if above else quote


def _led_by(quotes: Sequence[Quote], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages with the quotes' pages first, in the quotes' order: a table of contents names everything asked
    for, and answers nothing."""
    pages = list(dict.fromkeys((quote.document, quote.page) for quote in quotes))
    places = {page: place for place, page in enumerate(pages)}
    return tuple(sorted(passages, key=lambda passage: places.get((passage.document, passage.page), len(pages))))


class _Clock:
    """Seconds of each stage, one after the other, and in all."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._stages: dict[str, float] = {}

    def stage(self, name: str, *, once: bool = False) -> None:
        """End a stage now; with `once` only the first time."""
        if once and name in self._stages:
            return
        now = time.perf_counter()
        self._stages[name] = now - self._last
        self._last = now

    def seconds(self) -> dict[str, float]:
        return self._stages | {"total": time.perf_counter() - self._began}


def _said(history: Sequence[Turn]) -> list[tuple[str, str]]:
    """The turns before as the model is told of them."""
    return [(turn.question, turn.answer.text if turn.answer else "") for turn in history]
