"""A chat model made of one function that writes: the common base of all that llama.cpp does not run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from rag.llms.stops import until_stop
from rag.llms.tokens import estimated_tokens

Write = Callable[[list[BaseMessage], list[str]], Iterator[str]]


class ChatStreamed(BaseChatModel):
    """A chat model whose answer `write(messages, stops)` gives in pieces."""

    model: str
    context: int = 4096
    _write: Write = PrivateAttr()

    @classmethod
    def of(cls, model: str, write: Write, *, context: int = 4096) -> ChatStreamed:
        made = cls(model=model, context=context)
        made._write = write
        return made

    @property
    def _llm_type(self) -> str:
        return "footnote"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model}

    def context_tokens(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self.context

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, estimated."""
        return estimated_tokens(texts)

    def get_num_tokens(self, text: str) -> int:
        # LangChain's own would fetch a tokenizer from the hub.
        return self.count_tokens([text])[0]

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        written = False
        for text in until_stop(self._write(messages, stop or []), stop or []):
            written = True
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
            if run_manager:
                run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk
        if not written:
            # LangChain takes an answer without a chunk for a failure.
            yield ChatGenerationChunk(message=AIMessageChunk(content=""))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        text = "".join(until_stop(self._write(messages, stop or []), stop or []))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])
