"""The question pipeline: retrieval, abstention, quotes, generation, verification.

`Conversation.ask` yields growing drafts: first the quotes alone, so that they are shown before the first token; then
the text so far; last the verified answer, as it is saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any

from rag.answering.chain import ConversationalRetrievalChain, Parts
from rag.answering.evidence import AnswerScorer, disagreements
from rag.answering.evidence_retriever import Evidence, EvidenceFinder, EvidenceRetriever
from rag.answering.generation import AnswerWriter
from rag.answering.library_answers import DocumentNames, LibraryAnswers
from rag.answering.retrieval import Retriever
from rag.answering.verification import verify
from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, EmbedderMismatch, ModelError, ModelLanguage
from rag.core.text import covers, language_of
from rag.core.types import Answer, GenerationProgress, Notice, Turn
from rag.library.store import Store
from rag.models.catalogue import EmbedderFacts, embedder_facts
from rag.models.embedding import Embedder


class Conversation:
    """Answers questions about a library. One for all chats; thread-safe."""

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
        """Build the pipeline.

        Args:
            writer: returns the chat model; None for quotes only.
            passages: retrieved per question.
            quotes: shown per question.
            condense: whether the model rewrites follow-ups before the search.
            reader: scores the best quote candidates, where there is one.
        """
        self._store, self._embedder, self._writer, self._condense = store, embedder, writer, condense
        self._names = DocumentNames(store)
        self._finder = EvidenceFinder(retriever, embedder, passages=passages, quotes=quotes, reader=reader)

    def ask(
        self, question: str, context: CallContext, *, history: Sequence[Turn] = (), anyway: bool = False
    ) -> Iterator[Answer]:
        """Yield growing drafts of the answer; the last one is complete.

        Args:
            history: earlier turns, oldest first.
            anyway: let the model answer even where the abstention gate refuses.

        Raises:
            EmbedderMismatch: the collection was embedded with another model.
            NotFound: the collection is gone.
        """
        clock = _Clock()
        self._check_embedder(context)
        library = LibraryAnswers(self._store, self._names, question, context)
        known = library.answer()
        if known is not None and not (anyway and known.outcome == "refused"):
            clock.stage("quotes")
            yield replace(known, seconds=clock.seconds())
            return
        asked = _Question(
            question, context, anyway, *self._writer_or_error(), library, embedder_facts(self._embedder.name)
        )
        condense = self._condense and asked.writer is not None and bool(history)
        turns = [(turn.question, turn.answer.text if turn.answer else "") for turn in history]
        parts = self._chain(asked, condense).stream({"question": question, "chat_history": turns})
        with ExitStack() as queue, closing(parts):
            next(parts)  # the generated question
            if condense:
                clock.stage("condense")
            if asked.writer is not None:
                # Queue for the model now, while the quotes are found.
                queue.enter_context(asked.writer.in_line(context))
            evidence: Evidence = next(parts)["source_documents"].evidence
            clock.add(evidence.seconds)
            draft = _draft(asked, evidence, clock)
            yield draft
            if draft.outcome != "refused" and (asked.writer or asked.error):
                yield from self._written(asked, draft, evidence, parts, clock)

    def retriever(self, context: CallContext, **options: Any) -> EvidenceRetriever:
        """A LangChain retriever for the quotes in the context's documents; `options` are its fields."""
        return EvidenceRetriever(finder=self._finder, context=context, **options)

    def _chain(self, asked: _Question, condense: bool) -> ConversationalRetrievalChain:
        """The chain for one question, with the model if there is one."""
        narrow = asked.writer is not None and asked.writer.narrow
        retriever = self.retriever(
            asked.context,
            asked=asked.question,
            anyway=asked.anyway,
            narrow=narrow,
            listing=asked.library.kind == "list",
            parts=asked.library.parts(),
        )
        if asked.writer is None:
            return ConversationalRetrievalChain.from_llm(None, retriever, condense=False)
        return asked.writer.chain(asked.question, retriever, asked.context, condense=condense)

    def _writer_or_error(self) -> tuple[AnswerWriter | None, ModelError | None]:
        """The chat model, or why it is not available; neither for quotes only."""
        try:
            return self._writer(), None
        except ModelError as error:
            return None, error

    def _check_embedder(self, context: CallContext) -> None:
        collection = self._store.collections.get(context.owner, context.collection)
        if collection.embedder not in (None, current := self._embedder.name):
            raise EmbedderMismatch(collection=collection.name, recorded=str(collection.embedder), current=current)

    def _written(
        self, asked: _Question, draft: Answer, evidence: Evidence, parts: Parts, clock: _Clock
    ) -> Iterator[Answer]:
        """Drafts with the model's text, the last one verified; with the error where it cannot write."""
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
        query, others = draft.generated_question, evidence.sentences()
        scores = embedder_facts(self._embedder.name).quote_scores(query)
        sentences, quotes = verify(draft.text, query, draft.quotes, others, evidence.weights, scores=scores)
        clock.stage("checking")
        yield replace(draft, sentences=sentences, quotes=quotes, seconds=clock.seconds())


@dataclass(frozen=True, slots=True)
class _Question:
    """A question, and the model or why there is none; quotes only where both are None."""

    question: str
    context: CallContext
    anyway: bool
    writer: AnswerWriter | None
    error: ModelError | None
    library: LibraryAnswers
    facts: EmbedderFacts

    @property
    def foreign(self) -> bool:
        """Whether it is in a language that none of the documents is in, and the embedder does not read both."""
        asked, documents = language_of(self.question), {document.language for document in self.library.documents}
        return bool(documents) and asked not in documents and not covers(self.facts.languages, {asked, *documents})

    def ready(self) -> AnswerWriter:
        """The chat model. Raises ModelError where there is none, or not for the question's language."""
        if self.writer is None:
            raise self.error or ModelError
        if not self.anyway and not self.writer.writes_as(self.question):
            raise ModelLanguage(model=self.writer.name)
        return self.writer


def _draft(asked: _Question, evidence: Evidence, clock: _Clock) -> Answer:
    """The answer with its quotes, before generation."""
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
        kind=asked.library.kind,
        disagreements=disagreements(evidence.query, evidence.quotes) if evidence.answers else (),
        notices=tuple(_notices(asked, evidence)),
    )


def _notices(asked: _Question, evidence: Evidence) -> Iterator[Notice]:
    """Why the documents do not hold it, where that is known."""
    for each in evidence.missing:
        fields: dict[str, str | int] = {"identifier": each.identifier, "nearest": ", ".join(each.nearest)}
        yield Notice("identifier_nearest" if each.nearest else "identifier_missing", fields)
    if not evidence.answers and not evidence.missing and asked.foreign:
        # What an embedder that does not read both languages finds near is noise: nothing is known.
        yield Notice("language_unread")


class _Clock:
    """Seconds per stage, and in all."""

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

    def add(self, stages: Mapping[str, float]) -> None:
        """Add stages that were measured elsewhere and have just ended."""
        self._stages |= stages
        self._last = time.perf_counter()

    def seconds(self) -> dict[str, float]:
        return self._stages | {"total": time.perf_counter() - self._began}
