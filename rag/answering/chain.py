"""ConversationalRetrievalChain: question and history in, answer and sources out.

Compatible with LangChain's class of this name, on langchain_core alone; `.stream()` yields the sources first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForChainRun, StdOutCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import AddableDict, Runnable, RunnableConfig
from langchain_core.runnables.config import merge_configs, run_in_executor

from rag.answering.prompts import (
    CONDENSE_QUESTION_PROMPT,
    CondensePrompt,
    History,
    answer_prompt_of,
    condense_prompt_of,
    pairs,
    script,
)
from rag.models.llms.streaming import end_reason

Inputs = dict[str, Any]
Parts = Generator[dict[str, Any], None, None]
Retriever = Runnable[str, list[Document]]
Model = Any  # a language model, or one bound to options; None for none


@runtime_checkable
class UnderstandsFollowUps(Protocol):
    """A retriever that resolves follow-up questions from the history, without a model."""

    def with_history(self, history: History) -> Retriever:
        """The retriever for the next question of this conversation."""

    def query(self, question: str) -> str:
        """The search query for a question: joined with the question it refers to."""


class Memory(Protocol):
    """The part of LangChain's memory interface that the chain uses."""

    def load_memory_variables(self, inputs: Inputs) -> dict[str, Any]: ...
    def save_context(self, inputs: Inputs, outputs: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class ConversationalRetrievalChain(Runnable[Inputs, dict[str, Any]]):
    """Create with `from_llm`. A stream has generated question, sources, answer and, where the model was cut short,
    `finish_reason`; `invoke` returns the inputs, the answer under `output_key`, `source_documents` and
    `generated_question` if enabled.

    Without a model (`llm` None) the answer is empty. Model calls are tagged `condense` and `answer` for
    `astream_events`.
    """

    llm: Model
    retriever: Retriever
    combine_docs_prompt: Callable[[str, list[Document], Any], LanguageModelInput]
    condense_question_prompt: Callable[[str, Any], LanguageModelInput]
    condense_question_llm: Model
    condense: bool = True
    rephrase_question: bool = True
    return_source_documents: bool = False
    return_generated_question: bool = False
    response_if_no_docs_found: str | None = None
    max_tokens_limit: int | None = None
    memory: Memory | None = None
    output_key: str = "answer"
    get_chat_history: Callable[[Any], str] = script
    callbacks: tuple[BaseCallbackHandler, ...] = ()

    @classmethod
    def from_llm(
        cls,
        llm: Model,
        retriever: Retriever,
        condense_question_prompt: BasePromptTemplate[Any] | CondensePrompt = CONDENSE_QUESTION_PROMPT,
        chain_type: str = "stuff",
        verbose: bool = False,
        condense_question_llm: Model = None,
        combine_docs_chain_kwargs: Mapping[str, Any] | None = None,
        callbacks: list[BaseCallbackHandler] | None = None,
        get_chat_history: Callable[[Any], str] | None = None,
        **options: Any,
    ) -> ConversationalRetrievalChain:
        """Build a chain.

        Args:
            llm: Writes the answer, and condenses follow-ups unless `condense_question_llm` does.
            retriever: From question to documents; with `condense=False` it may be UnderstandsFollowUps.
            condense_question_prompt: Template with `{chat_history}` and `{question}`, or a function.
            chain_type: Only "stuff": all documents go into one prompt.
            combine_docs_chain_kwargs: `prompt`, a template with `{context}` and `{question}` (and `{chat_history}`
                where wanted) or a function; `document_prompt`, `document_separator`, `document_variable_name`.
            get_chat_history: Formats `chat_history` for templates.
            options: The other fields of the class.
        """
        if chain_type != "stuff":
            raise ValueError(f"the documents go into one prompt (chain_type 'stuff'); {chain_type!r} is not supported")
        format_history = get_chat_history or script
        return cls(
            llm=llm,
            retriever=retriever,
            combine_docs_prompt=answer_prompt_of(format_history, **(combine_docs_chain_kwargs or {})),
            condense_question_prompt=condense_prompt_of(format_history, condense_question_prompt),
            condense_question_llm=condense_question_llm or llm,
            get_chat_history=format_history,
            callbacks=(*(callbacks or ()), *([StdOutCallbackHandler()] if verbose else [])),
            **options,
        )

    def __call__(self, inputs: Inputs | str, return_only_outputs: bool = False, **config: Any) -> dict[str, Any]:
        """As `invoke`; `config` may have callbacks, tags, metadata, run_name."""
        options: Any = {key: value for key, value in config.items() if value is not None}
        return self.invoke(inputs, options, return_only_outputs=return_only_outputs)

    def invoke(
        self,
        input: Inputs | str,
        config: RunnableConfig | None = None,
        *,
        return_only_outputs: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        inputs = self._prepared(input)
        result = self._call_with_config(self._invoke, inputs, self._with_callbacks(config), **kwargs)
        if self.memory is not None:
            self.memory.save_context(inputs, result)
        return result if return_only_outputs else {**inputs, **result}

    def stream(self, input: Inputs | str, config: RunnableConfig | None = None, **kwargs: Any) -> Parts:
        inputs, text = self._prepared(input), ""
        for part in self._transform_stream_with_config(
            iter([inputs]), self._stream, self._with_callbacks(config), **kwargs
        ):
            text += part.get(self.output_key, "")
            yield part
        if self.memory is not None:
            self.memory.save_context(inputs, {self.output_key: text})

    async def astream(
        self, input: Inputs | str, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        parts = self.stream(input, config, **kwargs)
        try:
            while (part := await run_in_executor(config, next, parts, None)) is not None:
                yield part
        finally:
            await run_in_executor(config, parts.close)

    def _prepared(self, input: Inputs | str) -> Inputs:
        inputs = {"question": input} if isinstance(input, str) else dict(input)
        return inputs if self.memory is None else {**inputs, **self.memory.load_memory_variables(inputs)}

    def _with_callbacks(self, config: RunnableConfig | None) -> RunnableConfig:
        return merge_configs({"callbacks": [*self.callbacks]}, config) if self.callbacks else config or {}

    def _invoke(self, input: Inputs, run_manager: CallbackManagerForChainRun, config: RunnableConfig) -> dict[str, Any]:
        resolved = self._resolve(input, config)
        documents = self._documents(resolved, config)
        answer = self._fixed_answer(documents)
        if answer is None:
            answer = _text(self.llm.invoke(self._prompt(resolved, documents), _tagged(config, "answer")))
        result: dict[str, Any] = {self.output_key: answer}
        if self.return_source_documents:
            result["source_documents"] = documents
        if self.return_generated_question:
            result["generated_question"] = resolved.generated
        return result

    def _stream(
        self, inputs: Iterator[Inputs], run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> Iterator[dict[str, Any]]:
        resolved = self._resolve(next(inputs), config)
        yield AddableDict(generated_question=resolved.generated)
        documents = self._documents(resolved, config)
        yield AddableDict(source_documents=documents)
        answer = self._fixed_answer(documents)
        if answer is not None:
            yield AddableDict({self.output_key: answer})
            return
        reason = ""
        for piece in self.llm.stream(self._prompt(resolved, documents), _tagged(config, "answer")):
            reason = end_reason(getattr(piece, "response_metadata", {})) or reason
            yield AddableDict({self.output_key: _text(piece)})
        if reason:
            yield AddableDict(finish_reason=reason)

    def _resolve(self, input: Inputs, config: RunnableConfig) -> _Resolved:
        """Resolve a follow-up: condensed by the model here, or left to the retriever."""
        question, history = input["question"], input.get("chat_history") or ()
        follows_up = bool(self.get_chat_history(history))
        if follows_up and self.condense:
            if self.condense_question_llm is None:
                raise ValueError("a follow-up cannot be condensed without a model")
            prompt = self.condense_question_prompt(question, history)
            text = _text(self.condense_question_llm.invoke(prompt, _tagged(config, "condense")))
            return _Resolved(self.retriever, text, text, text if self.rephrase_question else question, history)
        if follows_up and isinstance(self.retriever, UnderstandsFollowUps):
            bound = self.retriever.with_history(pairs(history))
            generated = bound.query(question) if isinstance(bound, UnderstandsFollowUps) else question
            return _Resolved(bound, question, generated, question, history)
        return _Resolved(self.retriever, question, question, question, history)

    def _documents(self, resolved: _Resolved, config: RunnableConfig) -> list[Document]:
        """The retrieved documents, cut to the first ones that fit `max_tokens_limit` together."""
        documents, total = resolved.retriever.invoke(resolved.query, config), 0
        if self.max_tokens_limit is not None:
            for count, document in enumerate(documents):
                total += self.llm.get_num_tokens(document.page_content)
                if total > self.max_tokens_limit:
                    return documents[:count]
        return documents

    def _fixed_answer(self, documents: list[Document]) -> str | None:
        if self.llm is None:
            return ""
        return None if documents else self.response_if_no_docs_found

    def _prompt(self, resolved: _Resolved, documents: list[Document]) -> Any:
        return self.combine_docs_prompt(resolved.question, documents, resolved.history)


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A question with its follow-up resolved: `query` is searched, `generated` reported, `question` answered."""

    retriever: Retriever
    query: str
    generated: str
    question: str
    history: Any


def _text(output: str | BaseMessage) -> str:
    # Not StrOutputParser: closing a stream through it reads the model to its end.
    return output if isinstance(output, str) else output.text


def _tagged(config: RunnableConfig, tag: str) -> RunnableConfig:
    return merge_configs(config, {"tags": [tag]})
