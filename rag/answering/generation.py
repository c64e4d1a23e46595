"""The model at work: it writes from what its chain's retriever found, and stops when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableLambda

from rag.answering.chain import ConversationalRetrievalChain, Retriever
from rag.answering.prompts import Budget, answer_prompt, budget_for, condense_prompt
from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, ModelError
from rag.core.text import reads, script_of
from rag.models.llms.queued import QueuedChatModel


@dataclass(frozen=True, slots=True)
class AnswerWriter:
    """The model that writes, by the name that answers give it, the most tokens it writes, and its languages if known.

    A `narrow` one reads the best quote and nothing around it. What stands beside the answer leads a small model
    astray: of squad's questions the bundled one was right on 51 % with the best quote alone, 42 % with three.
    """

    name: str
    model: BaseChatModel
    answer_tokens: int = 256
    narrow: bool = False
    languages: tuple[str, ...] = ()

    def writes_as(self, question: str) -> bool:
        """Whether it can answer in the question's language, as far as its languages are known."""
        return not self.languages or script_of(question) != "cjk" or reads(self.languages, question)

    @contextmanager
    def in_line(self, context: CallContext) -> Iterator[None]:
        """Stand in the queue before the model, where it has one, while what it is to read is still being found."""
        turns = self.model.queue if isinstance(self.model, QueuedChatModel) else None
        if turns is None:
            yield
            return
        with turns.stand(context):
            yield

    def chain(
        self, question: str, retriever: Retriever, context: CallContext, *, condense: bool = False
    ) -> ConversationalRetrievalChain:
        """The chain that answers one question with this model; with `condense` it writes follow-ups out first."""
        model: Any = self.model.bind(context=context) if isinstance(self.model, QueuedChatModel) else self.model
        return ConversationalRetrievalChain.from_llm(
            model,
            retriever,
            # Budgets are asked for late: that may have to load the model, which the quotes need not wait for.
            condense_question_prompt=lambda question, history: condense_prompt(self._budget)(question, history),
            condense_question_llm=_written_out(model, question),
            combine_docs_chain_kwargs={"prompt": lambda *asked: answer_prompt(self._budget)(*asked)},
            condense=condense,
            rephrase_question=False,
        )

    @property
    def _budget(self) -> Budget:
        """How much it can read; loads the model where that is not known before."""
        return budget_for(self.model, self.answer_tokens)


def _written_out(model: Any, question: str) -> Any:
    """The model as it writes a follow-up out; the question stays as it was asked where it cannot."""
    text = model | RunnableLambda(lambda message: message.text.strip() or question)
    return text.with_fallbacks([RunnableLambda(lambda _: question)], exceptions_to_handle=(ModelError, Cancelled))
