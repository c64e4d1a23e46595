"""The chat model that writes answers, and the chain around it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
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
    """A chat model: display name, maximum answer tokens, and its languages if known.

    A `narrow` one gets the best quote only. Further context distracts small models: on SQuAD the bundled one was right
    on 51 % with the best quote alone, 42 % with three.
    """

    name: str
    model: BaseChatModel
    answer_tokens: int = 256
    narrow: bool = False
    languages: tuple[str, ...] = ()

    def writes_as(self, question: str) -> bool:
        """Whether it supports the question's language, as far as known."""
        return not self.languages or script_of(question) != "cjk" or reads(self.languages, question)

    def in_line(self, context: CallContext) -> AbstractContextManager[None]:
        """Hold a position in the model's queue, if it has one, while the quotes are found."""
        queue = self.model.queue if isinstance(self.model, QueuedChatModel) else None
        return nullcontext() if queue is None else queue.stand(context)

    def chain(
        self, question: str, retriever: Retriever, context: CallContext, *, condense: bool = False
    ) -> ConversationalRetrievalChain:
        """The chain for one question; with `condense` the model rewrites follow-ups first."""
        model: Any = self.model.bind(context=context) if isinstance(self.model, QueuedChatModel) else self.model
        return ConversationalRetrievalChain.from_llm(
            model,
            retriever,
            # Budgets are computed late: that may load the model, for which the quotes need not wait.
            condense_question_prompt=lambda question, history: condense_prompt(self._budget)(question, history),
            condense_question_llm=_condenser(model, question),
            combine_docs_chain_kwargs={"prompt": lambda *asked: answer_prompt(self._budget)(*asked)},
            condense=condense,
            rephrase_question=False,
        )

    @property
    def _budget(self) -> Budget:
        """Its token budget; may load the model."""
        return budget_for(self.model, self.answer_tokens)


def _condenser(model: Any, question: str) -> Any:
    """The model for condensing a follow-up; falls back to the question itself."""
    text = model | RunnableLambda(lambda message: message.text.strip() or question)
    return text.with_fallbacks([RunnableLambda(lambda _: question)], exceptions_to_handle=(ModelError, Cancelled))
