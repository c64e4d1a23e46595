"""ConversationalRetrievalChain: question and history in, answer and sources out.

The class LangChain had under this name, on langchain_core alone: the same inputs, prompts and
outputs, but `.stream()` gives the sources first and then the answer as it is written.

    chain = ConversationalRetrievalChain.from_llm(llm, retriever)
    for part in chain.stream({"question": "…", "chat_history": [("…", "…")]}):
        ...   # {"generated_question"}, then {"source_documents"}, then {"answer": piece} again and again
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from langchain_core.callbacks import AsyncCallbackManagerForChainRun, CallbackManagerForChainRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseLanguageModel, LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import AddableDict, Runnable, RunnableConfig
from langchain_core.runnables.config import merge_configs

from rag.prompts import (
    COMBINE_DOCS_PROMPT,
    CONDENSE_QUESTION_PROMPT,
    AnswerPrompt,
    CondensePrompt,
    History,
    pairs,
    spoken,
)

Inputs = dict[str, Any]
Retriever = Runnable[str, list[Document]]


@runtime_checkable
class UnderstandsFollowUps(Protocol):
    """A retriever that reads a question in the light of the turns before it, without a model."""

    def with_history(self, history: History) -> Retriever:
        """The retriever for the next question of this conversation."""

    def query(self, question: str) -> str:
        """What is searched for when this is asked: the question joined with what it refers to."""


@dataclass(frozen=True)
class ConversationalRetrievalChain(Runnable[Inputs, dict[str, Any]]):
    """Use `from_llm`. A stream always holds question, sources and answer; `invoke` gives back the
    inputs, `answer`, and `source_documents` and `generated_question` where these are asked for.

    Model calls are tagged `condense` and `answer`, for those who follow `astream_events`.
    """

    llm: BaseLanguageModel[Any]
    retriever: Retriever
    combine_docs_prompt: AnswerPrompt
    condense_question_prompt: CondensePrompt
    condense_question_llm: BaseLanguageModel[Any]
    condense: bool = True
    rephrase_question: bool = True
    return_source_documents: bool = False
    return_generated_question: bool = False
    response_if_no_docs_found: str | None = None
    max_tokens_limit: int | None = None

    @classmethod
    def from_llm(
        cls,
        llm: BaseLanguageModel[Any],
        retriever: Retriever,
        *,
        condense_question_prompt: BasePromptTemplate[Any] | CondensePrompt = CONDENSE_QUESTION_PROMPT,
        combine_docs_prompt: BasePromptTemplate[Any] | AnswerPrompt = COMBINE_DOCS_PROMPT,
        condense_question_llm: BaseLanguageModel[Any] | None = None,
        **options: Any,
    ) -> ConversationalRetrievalChain:
        """A chain from its parts.

        Args:
            llm: Writes the answer, and rewrites follow-ups unless `condense_question_llm` does.
            retriever: From a question to documents; with `condense=False` it may be one that
                UnderstandsFollowUps.
            condense_question_prompt: With `{chat_history}` and `{question}`, or a function.
            combine_docs_prompt: With `{context}` and `{question}` (and `{chat_history}` where
                wanted), or a function.
            options: The other fields of the class.
        """
        return cls(
            llm=llm,
            retriever=retriever,
            combine_docs_prompt=_answer_prompt(combine_docs_prompt),
            condense_question_prompt=_condense_prompt(condense_question_prompt),
            condense_question_llm=condense_question_llm or llm,
            **options,
        )

    def invoke(self, input: Inputs, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        return self._call_with_config(self._invoke, input, config, **kwargs)

    async def ainvoke(self, input: Inputs, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        return await self._acall_with_config(self._ainvoke, input, config, **kwargs)

    def stream(self, input: Inputs, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[dict[str, Any]]:
        yield from self._transform_stream_with_config(iter([input]), self._stream, config, **kwargs)

    async def astream(
        self, input: Inputs, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        async def only() -> AsyncIterator[Inputs]:
            yield input

        async for part in self._atransform_stream_with_config(only(), self._astream, config, **kwargs):
            yield part

    def _invoke(self, input: Inputs, run_manager: CallbackManagerForChainRun, config: RunnableConfig) -> dict[str, Any]:
        found = self._find(input, config)
        answer = self._fixed(found)
        if answer is None:
            answer = _text(self.llm.invoke(self._prompt(found), _tagged(config, "answer")))
        return self._result(input, found, answer)

    async def _ainvoke(
        self, input: Inputs, run_manager: AsyncCallbackManagerForChainRun, config: RunnableConfig
    ) -> dict[str, Any]:
        found = await self._afind(input, config)
        answer = self._fixed(found)
        if answer is None:
            answer = _text(await self.llm.ainvoke(self._prompt(found), _tagged(config, "answer")))
        return self._result(input, found, answer)

    def _stream(
        self, inputs: Iterator[Inputs], run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> Iterator[dict[str, Any]]:
        found = self._find(next(inputs), config)
        yield from found.parts()
        answer = self._fixed(found)
        if answer is not None:
            yield AddableDict(answer=answer)
            return
        for piece in self.llm.stream(self._prompt(found), _tagged(config, "answer")):
            yield AddableDict(answer=_text(piece))

    async def _astream(
        self, inputs: AsyncIterator[Inputs], run_manager: AsyncCallbackManagerForChainRun, config: RunnableConfig
    ) -> AsyncIterator[dict[str, Any]]:
        found = await self._afind(await anext(inputs), config)
        for part in found.parts():
            yield part
        answer = self._fixed(found)
        if answer is not None:
            yield AddableDict(answer=answer)
            return
        async for piece in self.llm.astream(self._prompt(found), _tagged(config, "answer")):
            yield AddableDict(answer=_text(piece))

    def _find(self, input: Inputs, config: RunnableConfig) -> _Found:
        question, history = input["question"], pairs(input.get("chat_history") or ())
        search = self._search(question, history)
        if history and self.condense:
            prompt = self.condense_question_prompt(question, history)
            rewritten = self.condense_question_llm.invoke(prompt, _tagged(config, "condense"))
            search = search.rewritten(_text(rewritten), self.rephrase_question)
        documents = search.retriever.invoke(search.text, config)
        return _Found(search, history, self._within_limit(documents))

    async def _afind(self, input: Inputs, config: RunnableConfig) -> _Found:
        question, history = input["question"], pairs(input.get("chat_history") or ())
        search = self._search(question, history)
        if history and self.condense:
            prompt = self.condense_question_prompt(question, history)
            rewritten = await self.condense_question_llm.ainvoke(prompt, _tagged(config, "condense"))
            search = search.rewritten(_text(rewritten), self.rephrase_question)
        documents = await search.retriever.ainvoke(search.text, config)
        return _Found(search, history, self._within_limit(documents))

    def _search(self, question: str, history: History) -> _Search:
        if history and not self.condense and isinstance(self.retriever, UnderstandsFollowUps):
            bound = self.retriever.with_history(history)
            generated = bound.query(question) if isinstance(bound, UnderstandsFollowUps) else question
            return _Search(bound, question, generated, question)
        return _Search(self.retriever, question, question, question)

    def _prompt(self, found: _Found) -> LanguageModelInput:
        return self.combine_docs_prompt(found.search.asked, found.documents, found.history)

    def _fixed(self, found: _Found) -> str | None:
        return None if found.documents else self.response_if_no_docs_found

    def _within_limit(self, documents: list[Document]) -> list[Document]:
        """The first documents, as many as fit `max_tokens_limit` together."""
        if self.max_tokens_limit is None:
            return documents
        total = 0
        for count, document in enumerate(documents):
            total += self.llm.get_num_tokens(document.page_content)
            if total > self.max_tokens_limit:
                return documents[:count]
        return documents

    def _result(self, input: Inputs, found: _Found, answer: str) -> dict[str, Any]:
        result = {**input, "answer": answer}
        if self.return_source_documents:
            result["source_documents"] = found.documents
        if self.return_generated_question:
            result["generated_question"] = found.search.generated
        return result


@dataclass(frozen=True, slots=True)
class _Search:
    """What the retriever is given, what is told to be the generated question, what is answered."""

    retriever: Retriever
    text: str
    generated: str
    asked: str

    def rewritten(self, question: str, rephrase: bool) -> _Search:
        return replace(self, text=question, generated=question, asked=question if rephrase else self.asked)


@dataclass(frozen=True, slots=True)
class _Found:
    search: _Search
    history: History
    documents: list[Document]

    def parts(self) -> Iterator[dict[str, Any]]:
        yield AddableDict(generated_question=self.search.generated)
        yield AddableDict(source_documents=self.documents)


def _answer_prompt(prompt: BasePromptTemplate[Any] | AnswerPrompt) -> AnswerPrompt:
    if not isinstance(prompt, BasePromptTemplate):
        return prompt
    template = prompt

    def filled(question: str, documents: Sequence[Document], history: History) -> LanguageModelInput:
        context = "\n\n".join(document.page_content for document in documents)
        values: Mapping[str, str] = {"question": question, "context": context, "chat_history": spoken(history)}
        return template.invoke({name: values[name] for name in template.input_variables})

    return filled


def _condense_prompt(prompt: BasePromptTemplate[Any] | CondensePrompt) -> CondensePrompt:
    if not isinstance(prompt, BasePromptTemplate):
        return prompt
    template = prompt
    return lambda question, history: template.invoke({"question": question, "chat_history": spoken(history)})


def _text(output: str | BaseMessage) -> str:
    # Not StrOutputParser behind the model: closing such a stream reads the model to its end.
    return output if isinstance(output, str) else output.text


def _tagged(config: RunnableConfig, tag: str) -> RunnableConfig:
    return merge_configs(config, {"tags": [tag]})
