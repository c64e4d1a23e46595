"""A question comes in: passages, the gate, quotes; then the model writes and is held against them.

`Conversation.ask` yields the answer as it grows: first with its quotes alone, so that they are on
the screen before the model has said a word; then with the text so far; last checked, as it is saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

from rag.answering.chain import ConversationalRetrievalChain, Parts
from rag.answering.evidence import AnswerScorer, lead_quotes
from rag.answering.evidence_retriever import Evidence, EvidenceFinder, EvidenceRetriever
from rag.answering.generation import AnswerWriter
from rag.answering.retrieval import Retriever, intent
from rag.answering.verification import verify
from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, EmbedderMismatch, ModelError, ModelLanguage
from rag.core.types import Answer, GenerationProgress, Turn
from rag.library.store import Store
from rag.models.catalogue import embedder_facts
from rag.models.embedding import Embedder

# Documents named, and sentences quoted of each, when asked what a collection holds.
_OVERVIEW_DOCUMENTS = 10
_OVERVIEW_SENTENCES = 3


class Conversation:
    """Answers questions about a library. One for all chats; any number of threads may ask."""

    def __init__(
        self,
        store: Store,
        retriever: Retriever,
        embedder: Embedder,
        writer: Callable[[], AnswerWriter | None],
        *,
        passages: int = 8,
        quotes: int = 3,
        condense: bool = False,
        reader: AnswerScorer | None = None,
    ) -> None:
        """Set it up.

        Args:
            writer: called when a model is needed; None means that quotes are all.
            condense: whether the model writes a follow-up out before it is searched.
            reader: a model asked which of the best sentences answer, where there is one.
        """
        self._store, self._embedder, self._writer, self._condense = store, embedder, writer, condense
        self._finder = EvidenceFinder(retriever, embedder, passages=passages, quotes=quotes, reader=reader)

    def ask(
        self, question: str, context: CallContext, *, history: Sequence[Turn] = (), anyway: bool = False
    ) -> Iterator[Answer]:
        """The answer to a question, as it grows; the last one is whole.

        Args:
            history: the turns before, oldest first.
            anyway: have the model write even where the documents do not hold it.

        Raises:
            EmbedderMismatch: the collection was embedded with another model than the one at work.
            NotFound: the collection is gone.
        """
        clock = _Clock()
        self._check_embedder(context)
        if intent(question) == "overview":
            yield self._overview(question, context, clock)
            return
        asked = _Asked(question, context, anyway, *self._writer_or_why())
        condense = self._condense and asked.writer is not None and bool(history)
        said = [(turn.question, turn.answer.text if turn.answer else "") for turn in history]
        parts = self._chain(asked, condense).stream({"question": question, "chat_history": said})
        with ExitStack() as queue, closing(parts):
            next(parts)  # the question as it is searched for
            if condense:
                clock.stage("condense")
            if asked.writer is not None:
                # Who has to wait for the model hears it now, and waits while the quotes are found.
                queue.enter_context(asked.writer.in_line(context))
            evidence: Evidence = next(parts)["source_documents"].evidence
            clock.passed(evidence.seconds)
            draft = _draft(asked, evidence, clock)
            yield draft
            if draft.outcome != "refused" and (asked.writer or asked.missing):
                yield from self._written(asked, draft, evidence, parts, clock)

    def retriever(self, context: CallContext, **options: Any) -> EvidenceRetriever:
        """What finds the quotes in the context's documents, for any chain; `options` are its fields."""
        return EvidenceRetriever(finder=self._finder, context=context, **options)

    def _chain(self, asked: _Asked, condense: bool) -> ConversationalRetrievalChain:
        """The chain for one question: with the model where there is one, else to the sources."""
        narrow = asked.writer is not None and asked.writer.narrow
        retriever = self.retriever(asked.context, asked=asked.question, anyway=asked.anyway, narrow=narrow)
        if asked.writer is None:
            return ConversationalRetrievalChain.from_llm(None, retriever, condense=False)
        return asked.writer.chain(asked.question, retriever, asked.context, condense=condense)

    def _writer_or_why(self) -> tuple[AnswerWriter | None, ModelError | None]:
        """The model that writes, or why it cannot be had; neither where quotes are all."""
        try:
            return self._writer(), None
        except ModelError as error:
            return None, error

    def _check_embedder(self, context: CallContext) -> None:
        known = self._store.collections.get(context.owner, context.collection)
        if known.embedder not in (None, self._embedder.name):
            raise EmbedderMismatch(collection=known.name, recorded=str(known.embedder), current=self._embedder.name)

    def _written(
        self, asked: _Asked, draft: Answer, evidence: Evidence, parts: Parts, clock: _Clock
    ) -> Iterator[Answer]:
        """The answer with what the model writes; with its quotes alone and the reason where it cannot."""
        try:
            writer = asked.ready()
            asked.context.on_progress(GenerationProgress("loading"))
            draft = replace(draft, model=writer.name)
            for part in parts:
                asked.context.check()
                if part["answer"]:
                    clock.stage("first_word", once=True)
                    draft = replace(draft, text=draft.text + part["answer"])
                    yield draft
        except Cancelled:
            draft = replace(draft, stopped=True)
        except ModelError as error:
            draft = replace(draft, error=error.failure())
        clock.stage("writing")
        asked_for, others = draft.generated_question, evidence.sentences()
        scores = embedder_facts(self._embedder.name).quote_scores(asked_for)
        sentences, quotes = verify(draft.text, asked_for, draft.quotes, others, evidence.weights, scores=scores)
        clock.stage("checking")
        yield replace(draft, sentences=sentences, quotes=quotes, seconds=clock.seconds())

    def _overview(self, question: str, context: CallContext, clock: _Clock) -> Answer:
        """What the collection holds: each document with its first sentences. No model is needed for that."""
        known = [
            document
            for document in self._store.documents.list(context.owner, context.collection)
            if not context.documents or document.id in context.documents
        ]
        each = _OVERVIEW_SENTENCES if len(known) == 1 else 1
        quotes = [
            quote
            for document in known[:_OVERVIEW_DOCUMENTS]
            for quote in lead_quotes(document, self._store.documents.pages(context.owner, document.id), each)
        ]
        clock.stage("quotes")
        return Answer(question, question, "", "overview", None, (), tuple(quotes), seconds=clock.seconds())


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question on its way. `missing` says why no model can be had; without it and `writer`, quotes are all."""

    question: str
    context: CallContext
    anyway: bool
    writer: AnswerWriter | None
    missing: ModelError | None

    def ready(self) -> AnswerWriter:
        """The model that writes. Raises ModelError where none can, or not in the question's language."""
        if self.writer is None:
            raise self.missing or ModelError
        if not self.anyway and not self.writer.writes_as(self.question):
            raise ModelLanguage(model=self.writer.name)
        return self.writer


def _draft(asked: _Asked, evidence: Evidence, clock: _Clock) -> Answer:
    """The answer before a model has said a word."""
    return Answer(
        asked.question,
        evidence.query,
        "",
        "answered" if evidence.answers else "asked_anyway" if asked.anyway else "refused",
        None,
        evidence.passages,
        evidence.quotes,
        gate=evidence.gate,
        words_only=evidence.words_only,
        seconds=clock.seconds(),
    )


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

    def passed(self, stages: Mapping[str, float]) -> None:
        """Take over stages that were measured elsewhere and have just ended."""
        self._stages |= stages
        self._last = time.perf_counter()

    def seconds(self) -> dict[str, float]:
        return self._stages | {"total": time.perf_counter() - self._began}
