"""Base class of chat models with a queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import Field

from rag.core.call_context import CallContext
from rag.models.llms.chat_format import Message
from rag.models.llms.fair_queue import FairQueue
from rag.models.llms.streaming import ChatPieces

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class QueuedChatModel(ChatPieces):
    """A chat model whose calls wait in a queue.

    `model.bind(context=CallContext(…))` sets the owner for fair queueing, the progress callback and cancellation.
    """

    model: str
    max_tokens: int = Field(256, ge=1)
    temperature: float = Field(0.0, ge=0.0)

    @property
    def queue(self) -> FairQueue | None:
        """Its queue, if any."""
        return None

    @property
    def scores_options(self) -> bool:
        """Whether `score` works."""
        return False

    def score(self, messages: Sequence[BaseMessage], options: Sequence[str], context: CallContext) -> list[float]:
        """The log-probability that the reply begins with each option; told apart by their first tokens.

        Raises:
            ModelError: as for an answer.
        """
        raise NotImplementedError

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens}


def as_message(message: BaseMessage) -> Message:
    """A LangChain message as a `Message`."""
    return Message(role=_ROLES.get(message.type, "user"), content=message.text)
