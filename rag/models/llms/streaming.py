"""Base class of streaming chat models, and one made from a single function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from rag.core.call_context import ANONYMOUS, CallContext
from rag.core.text import estimated_tokens
from rag.models.llms.stop_sequences import until_stop

Write = Callable[[list[BaseMessage], list[str], CallContext], Iterator[str]]
# Where providers say why a model ended; and their words for what is no ordinary end, in OpenAI's. `reasoning`: it only
# reasoned.
_REASONS = ("finish_reason", "stop_reason", "done_reason")
_CUT_SHORT = {
    "length": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
    "reasoning": "reasoning",
}


class ChatPieces(BaseChatModel):
    """A chat model defined by a stream of text; implements LangChain's interface on it."""

    def _pieces(
        self, messages: Sequence[BaseMessage], stops: Sequence[str], context: CallContext, overrides: dict[str, Any]
    ) -> Iterator[str]:
        """Stream the answer up to the first stop sequence; `overrides` are the call's options."""
        raise NotImplementedError

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        written, ends = False, list[str]()
        context = replace(kwargs.pop("context", ANONYMOUS), on_end=ends.append)
        for text in self._pieces(messages, stop or [], context, kwargs):
            written = True
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
            if run_manager:
                run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk
        if ends or not written:
            # LangChain treats a stream without chunks as an error.
            yield ChatGenerationChunk(message=AIMessageChunk(content="", response_metadata=_metadata(ends)))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        ends: list[str] = []
        context = replace(kwargs.pop("context", ANONYMOUS), on_end=ends.append)
        text = "".join(self._pieces(messages, stop or [], context, kwargs))
        message = AIMessage(content=text, response_metadata=_metadata(ends))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def get_num_tokens(self, text: str) -> int:
        # LangChain's default would download a tokenizer.
        return self.count_tokens([text])[0]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text; an estimate, where the model cannot tell."""
        return estimated_tokens(texts)


class ChatStreamed(ChatPieces):
    """A chat model on a function: `write(messages, stops, context)` streams the answer."""

    model: str
    context: int = 4096
    _write: Write = PrivateAttr()

    @classmethod
    def of(cls, model: str, write: Write, *, context: int = 4096) -> ChatStreamed:
        chat = cls(model=model, context=context)
        chat._write = write
        return chat

    @property
    def _llm_type(self) -> str:
        return "footnote"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model}

    def context_tokens(self) -> int:
        """Maximum of prompt and answer tokens together."""
        return self.context

    def _pieces(
        self, messages: Sequence[BaseMessage], stops: Sequence[str], context: CallContext, overrides: dict[str, Any]
    ) -> Iterator[str]:
        yield from until_stop(self._write([*messages], [*stops], context), stops)


def end_reason(metadata: Mapping[str, Any]) -> str:
    """Why a model ended, from the metadata of its message: `length`, `content_filter`, `reasoning`; else ""."""
    return next((found for key in _REASONS if (found := _CUT_SHORT.get(str(metadata.get(key)).lower()))), "")


def _metadata(ends: Sequence[str]) -> dict[str, Any]:
    return {"finish_reason": ends[-1]} if ends else {}
