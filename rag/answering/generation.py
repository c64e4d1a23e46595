"""The chat model that writes answers, and the chain around it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableLambda

from rag.answering.chain import ConversationalRetrievalChain, Retriever
from rag.answering.found_evidence import Sources
from rag.answering.prompt_rules import rules_for
from rag.answering.prompts import Budget, History, answer_prompt, budget_for, condense_prompt
from rag.answering.replies import answer_in
from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, ModelError
from rag.core.text import reads, script_of
from rag.core.types import Disagreement, QuestionKind
from rag.models.judges import Judge, chat_judge
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
        self,
        question: str,
        retriever: Retriever,
        context: CallContext,
        *,
        condense: bool = False,
        kind: QuestionKind = "question",
        after: Sequence[BaseMessage] = (),
    ) -> ConversationalRetrievalChain:
        """The chain for one question.

        Args:
            condense: the model rewrites follow-ups first.
            kind: of the question, by which the model is told how to answer.
            after: messages behind the question: what was answered already, and what to do with it.
        """

        def prompt(asked: str, documents: Sequence[Document], history: History) -> list[BaseMessage]:
            budget = self._budget
            budget = replace(budget, answer=budget.answer + sum(budget.count([message.text for message in after])))
            # What was found by the question alone is understood without those before it.
            alone = isinstance(documents, Sources) and documents.evidence.query == asked
            build = answer_prompt(budget, kind, _disagreements(documents))
            return [*build(asked, documents, () if alone else history), *after]

        model: Any = self.model.bind(context=context) if isinstance(self.model, QueuedChatModel) else self.model
        return ConversationalRetrievalChain.from_llm(
            model,
            retriever,
            # Budgets are computed late: that may load the model, for which the quotes need not wait.
            condense_question_prompt=lambda question, history: condense_prompt(self._budget)(question, history),
            condense_question_llm=_condenser(model, question),
            combine_docs_chain_kwargs={"prompt": prompt},
            condense=condense,
            rephrase_question=False,
        )

    @property
    def reply_as_it_is(self) -> bool:
        """Whether its replies are no answers alone: they hold the prompt, on request."""
        return bool(getattr(self.model, "return_prompt", False))

    def as_judge(self, context: CallContext) -> Judge | None:
        """The model as a judge of claims, where it was measured to be an able one."""
        return chat_judge(self.model, context)

    def going_on(self, question: str, so_far: str) -> list[BaseMessage]:
        """The messages by which it goes on with an answer that was cut off."""
        begun: list[BaseMessage] = [AIMessage(so_far)]
        # Models in this process go on with the text itself.
        return begun if getattr(self.model, "goes_on", False) else [*begun, HumanMessage(rules_for(question).go_on)]

    def writing_again(self, question: str, first: str, unsupported: Sequence[str]) -> list[BaseMessage]:
        """The messages by which it writes an answer again, told what the documents do not bear out of the first one."""
        claims = "".join(f"\n- {' '.join(text.split())}" for text in unsupported)
        return [AIMessage(first), HumanMessage(rules_for(question).rewrite.format(claims=claims))]

    def load(self) -> None:
        """Load the model, if it runs on this machine. Raises ModelError."""
        _ = self._budget

    @property
    def _budget(self) -> Budget:
        """Its token budget; may load the model."""
        return budget_for(self.model, self.answer_tokens)


def _disagreements(documents: Sequence[Document]) -> Sequence[Disagreement]:
    """What the model is told to differ among the documents."""
    if not isinstance(documents, Sources) or len(documents) < 2:
        return ()
    return documents.evidence.disagreements


def _condenser(model: Any, question: str) -> Any:
    """The model for condensing a follow-up; falls back to the question itself."""
    text = model | RunnableLambda(lambda message: answer_in(message.text) or question)
    return text.with_fallbacks([RunnableLambda(lambda _: question)], exceptions_to_handle=(ModelError, Cancelled))
