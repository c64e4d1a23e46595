"""The base of chat models before which questions wait in a queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from pydantic import Field

from rag.core.call_context import ANONYMOUS, CallContext
from rag.models.llms.chat_format import Message
from rag.models.llms.fair_queue import FairQueue
from rag.models.llms.streaming import ChatPieces

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class QueuedChatModel(ChatPieces):
    """A chat model that answers one question after the other.

    `model.bind(context=CallContext(…))` says who asks, by whom the queue is fair, and who is told how far it is.
    """

    model: str
    max_tokens: int = Field(256, ge=1)
    temperature: float = Field(0.0, ge=0.0)

    @property
    def queue(self) -> FairQueue | None:
        """The queue before it, where there is one."""
        return None

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens}

    def _pieces(
        self,
        messages: Sequence[BaseMessage],
        stops: Sequence[str],
        context: CallContext,
        overrides: dict[str, Any],
    ) -> Iterator[str]:
        """The answer in pieces; `overrides` are the call's own options."""
        raise NotImplementedError

    def _written(
        self,
        messages: list[BaseMessage],
        stops: list[str],
        run_manager: CallbackManagerForLLMRun | None,
        options: dict[str, Any],
    ) -> Iterator[str]:
        yield from self._pieces(messages, stops, options.pop("context", ANONYMOUS), options)


def as_message(message: BaseMessage) -> Message:
    """What a model's own format wants of one of LangChain's messages."""
    return Message(role=_ROLES.get(message.type, "user"), content=message.text)
