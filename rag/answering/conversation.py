"""The question pipeline: retrieval, abstention, quotes, generation, verification.

`Conversation.ask` yields growing drafts: first the quotes alone, so that they are shown before the first token; then
the text so far; last the verified answer, as it is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from typing import Any, cast

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda

from rag.answering.asked_question import AskedQuestion, first_draft, followed
from rag.answering.chain import ConversationalRetrievalChain, Parts
from rag.answering.computing import Computer
from rag.answering.evidence import AnswerScorer
from rag.answering.evidence_retriever import EvidenceFinder, EvidenceRetriever
from rag.answering.found_evidence import Evidence, Sources
from rag.answering.generation import AnswerWriter
from rag.answering.library_answers import LibraryAnswers
from rag.answering.meant_documents import DocumentNames
from rag.answering.prompt_documents import outline_documents
from rag.answering.retrieval import Retriever
from rag.answering.stage_clock import Clock
from rag.answering.writing import AnswerChecking, better, streamed
from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, EmbedderMismatch, ModelError
from rag.core.types import Answer, Notice, Quote, Turn
from rag.library.store import Store
from rag.models.catalogue import embedder_facts
from rag.models.embedding import Embedder
from rag.models.judges import Judge


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
        rewrite: bool = False,
        second_look: bool = False,
        reader: AnswerScorer | None = None,
        judge: Judge | None = None,
    ) -> None:
        """Build the pipeline.

        Args:
            writer: returns the chat model; None for quotes only.
            passages: retrieved per question.
            quotes: shown per question.
            condense: whether the model rewrites follow-ups before the search.
            rewrite: whether the model writes an answer again, once, that the documents do not bear out.
            second_look: whether an able model is asked about what was found supported of its answer.
            reader: scores the best quote candidates, where there is one.
            judge: reads each written claim beside its evidence; without one they are compared word by word.
        """
        self._checking = AnswerChecking(judge, rewrite=rewrite, second_look=second_look)
        self._store, self._embedder, self._writer = store, embedder, writer
        self._condense = condense
        self._names, self._computer = DocumentNames(store), Computer(store)
        self._finder = EvidenceFinder(retriever, embedder, passages=passages, quotes=quotes, reader=reader)

    def ask(
        self,
        question: str,
        context: CallContext,
        *,
        history: Sequence[Turn] = (),
        anyway: bool = False,
        so_far: str = "",
    ) -> Iterator[Answer]:
        """Yield growing drafts of the answer; the last one is complete.

        Args:
            history: earlier turns, oldest first.
            anyway: let the model answer even where the abstention gate refuses.
            so_far: an answer to the question that was cut off, with which the model goes on.

        Raises:
            EmbedderMismatch: the collection was embedded with another model.
            NotFound: the collection is gone.
        """
        clock = Clock()
        self._check_embedder(context)
        library = LibraryAnswers(self._store, self._names, question, context, follows=bool(history))
        known = library.answer()
        followed_turns, asks_again = followed(question, history)
        writing, facts = self._writer_or_error(), embedder_facts(self._embedder.name)
        asked = AskedQuestion(question, context, anyway, *writing, library, facts, so_far, asks_again)
        if known is not None and not (anyway and known.outcome == "refused"):
            clock.stage("quotes")
            yield from self._overview(asked, replace(known, seconds=clock.seconds()), clock)
            return
        condense = self._condense and asked.writer is not None and bool(history)
        turns = [(turn.question, turn.answer.text if turn.answer else "") for turn in followed_turns]
        earlier = tuple(turn.answer.quotes for turn in history if turn.answer)
        parts = self._chain(asked, condense, earlier=earlier).stream({"question": question, "chat_history": turns})
        with ExitStack() as queue, closing(parts):
            next(parts)  # the generated question
            if condense:
                clock.stage("condense")
            if asked.writer is not None:
                # Queue for the model now, while the quotes are found.
                queue.enter_context(asked.writer.in_line(context))
            sources: Sources = next(parts)["source_documents"]
            evidence = sources.evidence
            clock.add(evidence.seconds)
            draft = first_draft(asked, evidence, clock)
            tables = {key for key, page in evidence.pages.items() if any(unit.said for unit in page.units)}
            computed = None if anyway else self._computer.answered(draft, context.owner, library.meant.all, tables)
            if computed is not None:
                clock.stage("computing")
                yield replace(computed, seconds=clock.seconds())
                return
            yield draft
            if draft.outcome != "refused" and (asked.writer or asked.error):
                yield from self._written(asked, draft, evidence, sources, parts, clock)

    def retriever(self, context: CallContext, **options: Any) -> EvidenceRetriever:
        """A LangChain retriever for the quotes in the context's documents; `options` are its fields."""
        return EvidenceRetriever(finder=self._finder, context=context, **options)

    def _chain(
        self,
        asked: AskedQuestion,
        condense: bool = False,
        *,
        retriever: Runnable[str, list[Document]] | None = None,
        after: Sequence[BaseMessage] = (),
        earlier: tuple[tuple[Quote, ...], ...] = (),
    ) -> ConversationalRetrievalChain:
        """The chain for one question, with the model if there is one.

        Args:
            after: messages behind the question.
            earlier: the quotes of the questions before.
        """
        narrow = asked.writer is not None and asked.writer.narrow
        retriever = retriever or self.retriever(
            asked.context,
            asked=asked.question,
            anyway=asked.anyway,
            narrow=narrow,
            listing=asked.library.kind == "list",
            dates=asked.library.meant.dates,
            parts=asked.library.parts(),
            told=earlier,
            asks_again=asked.asks_again,
            comparing=asked.library.kind == "comparison",
        )
        if asked.writer is None:
            return ConversationalRetrievalChain.from_llm(None, retriever, condense=False)
        return asked.writer.chain(
            asked.question,
            retriever,
            asked.context,
            condense=condense,
            kind=asked.library.kind,
            after=after or (asked.writer.going_on(asked.question, asked.so_far) if asked.so_far else ()),
        )

    def _overview(self, asked: AskedQuestion, known: Answer, clock: Clock) -> Iterator[Answer]:
        """What is known without a search; of what documents are about, a model writes a summary besides."""
        yield known
        writer = asked.writer
        if known.kind != "summary" or not known.quotes or writer is None or writer.narrow or asked.foreign_to(writer):
            return
        documents = outline_documents(known.quotes)
        chain = self._chain(asked, retriever=_given(documents))
        with writer.in_line(asked.context), closing(chain.stream({"question": asked.question})) as parts:
            next(parts)
            next(parts)
            yield from self._written(asked, known, None, documents, parts, clock)

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
        self,
        asked: AskedQuestion,
        draft: Answer,
        evidence: Evidence | None,
        documents: list[Document],
        parts: Parts,
        clock: Clock,
    ) -> Iterator[Answer]:
        """Drafts with the model's text, the last one verified; with the error where it cannot write."""
        others = evidence.sentences() if evidence else ()

        def checked(written: Answer, second: Judge | None = None) -> Answer:
            return self._checking.checked(written, draft.quotes, others, clock, second)

        answer = checked((yield from streamed(asked, draft, parts, clock)))
        yield answer
        after = self._checking.second_try(asked, answer)
        if after:
            chain = self._chain(asked, retriever=_given(documents), after=after)
            with closing(chain.stream(asked.question)) as again:
                next(again)
                next(again)
                rewritten = checked(_last(streamed(asked, draft, again, clock)))
            if better(rewritten, answer):
                answer = replace(rewritten, notices=(*rewritten.notices, Notice("rewritten")))
                yield answer
        if second := self._checking.second_judge(asked, answer):
            # Where it is stopped or fails, the first verdicts stand.
            with suppress(Cancelled, ModelError):
                yield checked(answer, second)


def _last(drafts: Generator[Answer, None, Answer]) -> Answer:
    """What a generator returns."""
    while True:
        try:
            next(drafts)
        except StopIteration as end:
            return cast(Answer, end.value)


def _given(documents: list[Document]) -> Runnable[str, list[Document]]:
    """A retriever of documents that are known already."""
    return RunnableLambda(lambda _: documents)
