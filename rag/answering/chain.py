"""ConversationalRetrievalChain: question and history in, answer and sources out.

The class LangChain had under this name, on langchain_core alone: the same calls, inputs, prompts and
outputs, but `.stream()` gives the sources first and then the answer as it is written.

    chain = ConversationalRetrievalChain.from_llm(llm, retriever)
    for part in chain.stream({"question": "…", "chat_history": [("…", "…")]}):
        ...   # {"generated_question"}, then {"source_documents"}, then {"answer": piece} again and again
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

Inputs = dict[str, Any]
Parts = Generator[dict[str, Any], None, None]
Retriever = Runnable[str, list[Document]]
# A language model, or one that is bound to a call; None where there is none.
Model = Any


@runtime_checkable
class UnderstandsFollowUps(Protocol):
    """A retriever that reads a question in the light of the turns before it, without a model."""

    def with_history(self, history: History) -> Retriever:
        """The retriever for the next question of this conversation."""

    def query(self, question: str) -> str:
        """What is searched for when this is asked: the question joined with what it refers to."""


class Memory(Protocol):
    """What the chain wants of a memory; LangChain's are some."""

    def load_memory_variables(self, inputs: Inputs) -> dict[str, Any]: ...
    def save_context(self, inputs: Inputs, outputs: dict[str, Any]) -> None: ...


@dataclass(frozen=True)
class ConversationalRetrievalChain(Runnable[Inputs, dict[str, Any]]):
    """Use `from_llm`. A stream always holds question, sources and answer; `invoke` gives back the
    inputs, the answer under `output_key`, and `source_documents` and `generated_question` where these are asked for.

    Without a model (`llm` None) the sources are all there is. Model calls are tagged `condense` and `answer`, for
    those who follow `astream_events`.
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
        """A chain from its parts.

        Args:
            llm: Writes the answer, and rewrites follow-ups unless `condense_question_llm` does.
            retriever: From a question to documents; with `condense=False` it may be one that
                UnderstandsFollowUps.
            condense_question_prompt: With `{chat_history}` and `{question}`, or a function.
            chain_type: Only "stuff": all documents go into one prompt.
            combine_docs_chain_kwargs: `prompt`, a template with `{context}` and `{question}` (and `{chat_history}`
                where wanted) or a function; `document_prompt`, `document_separator`, `document_variable_name`.
            get_chat_history: From what is given as `chat_history` to the text that templates hold.
            options: The other fields of the class.
        """
        if chain_type != "stuff":
            raise ValueError(f"the documents go into one prompt (chain_type 'stuff'); {chain_type!r} is not supported")
        say = get_chat_history or script
        return cls(
            llm=llm,
            retriever=retriever,
            combine_docs_prompt=answer_prompt_of(say, **(combine_docs_chain_kwargs or {})),
            condense_question_prompt=condense_prompt_of(say, condense_question_prompt),
            condense_question_llm=condense_question_llm or llm,
            get_chat_history=say,
            callbacks=(*(callbacks or ()), *([StdOutCallbackHandler()] if verbose else [])),
            **options,
        )

    def __call__(self, inputs: Inputs | str, return_only_outputs: bool = False, **config: Any) -> dict[str, Any]:
        """As `invoke`; `config` are callbacks, tags, metadata, run_name."""
        given: Any = {key: value for key, value in config.items() if value is not None}
        return self.invoke(inputs, given, return_only_outputs=return_only_outputs)

    def invoke(
        self,
        input: Inputs | str,
        config: RunnableConfig | None = None,
        *,
        return_only_outputs: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        inputs = self._prepared(input)
        result = self._call_with_config(self._invoke, inputs, self._heard(config), **kwargs)
        if self.memory is not None:
            self.memory.save_context(inputs, result)
        return result if return_only_outputs else {**inputs, **result}

    def stream(self, input: Inputs | str, config: RunnableConfig | None = None, **kwargs: Any) -> Parts:
        inputs, text = self._prepared(input), ""
        for part in self._transform_stream_with_config(iter([inputs]), self._stream, self._heard(config), **kwargs):
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

    def _heard(self, config: RunnableConfig | None) -> RunnableConfig:
        return merge_configs({"callbacks": [*self.callbacks]}, config) if self.callbacks else config or {}

    def _invoke(self, input: Inputs, run_manager: CallbackManagerForChainRun, config: RunnableConfig) -> dict[str, Any]:
        asked = self._asked(input, config)
        documents = self._documents(asked, config)
        answer = self._fixed(documents)
        if answer is None:
            answer = _text(self.llm.invoke(self._prompt(asked, documents), _tagged(config, "answer")))
        result: dict[str, Any] = {self.output_key: answer}
        if self.return_source_documents:
            result["source_documents"] = documents
        if self.return_generated_question:
            result["generated_question"] = asked.generated
        return result

    def _stream(
        self, inputs: Iterator[Inputs], run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> Iterator[dict[str, Any]]:
        asked = self._asked(next(inputs), config)
        yield AddableDict(generated_question=asked.generated)
        documents = self._documents(asked, config)
        yield AddableDict(source_documents=documents)
        answer = self._fixed(documents)
        if answer is not None:
            yield AddableDict({self.output_key: answer})
            return
        for piece in self.llm.stream(self._prompt(asked, documents), _tagged(config, "answer")):
            yield AddableDict({self.output_key: _text(piece)})

    def _asked(self, input: Inputs, config: RunnableConfig) -> _Asked:
        """What is searched for and what is answered: a follow-up is written out here, or left to the retriever."""
        question, said = input["question"], input.get("chat_history") or ()
        if not self.get_chat_history(said):
            return _Asked(self.retriever, question, question, question, said)
        if not self.condense:
            if not isinstance(self.retriever, UnderstandsFollowUps):
                return _Asked(self.retriever, question, question, question, said)
            bound = self.retriever.with_history(pairs(said))
            generated = bound.query(question) if isinstance(bound, UnderstandsFollowUps) else question
            return _Asked(bound, question, generated, question, said)
        if self.condense_question_llm is None:
            raise ValueError("a follow-up cannot be written out without a model")
        prompt = self.condense_question_prompt(question, said)
        written = _text(self.condense_question_llm.invoke(prompt, _tagged(config, "condense")))
        return _Asked(self.retriever, written, written, written if self.rephrase_question else question, said)

    def _documents(self, asked: _Asked, config: RunnableConfig) -> list[Document]:
        """The documents found; the first of them, as many as fit `max_tokens_limit` together."""
        documents, total = asked.retriever.invoke(asked.text, config), 0
        if self.max_tokens_limit is not None:
            for count, document in enumerate(documents):
                total += self.llm.get_num_tokens(document.page_content)
                if total > self.max_tokens_limit:
                    return documents[:count]
        return documents

    def _fixed(self, documents: list[Document]) -> str | None:
        if self.llm is None:
            return ""
        return None if documents else self.response_if_no_docs_found

    def _prompt(self, asked: _Asked, documents: list[Document]) -> Any:
        return self.combine_docs_prompt(asked.question, documents, asked.history)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the retriever is given, what is told to be the generated question, what is answered after which turns."""

    retriever: Retriever
    text: str
    generated: str
    question: str
    history: Any


def _text(output: str | BaseMessage) -> str:
    # Not StrOutputParser behind the model: closing such a stream reads the model to its end.
    return output if isinstance(output, str) else output.text


def _tagged(config: RunnableConfig, tag: str) -> RunnableConfig:
    return merge_configs(config, {"tags": [tag]})
