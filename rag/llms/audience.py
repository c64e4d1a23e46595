"""Who asks a chat model, and who hears meanwhile how it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForLLMRun
from langchain_core.callbacks.manager import handle_event
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from pydantic import Field

from rag.llms.chat_format import Message
from rag.llms.news import News
from rag.llms.streamed import ChatPieces
from rag.llms.turns import Ticket, Turns

# The name under which a callback handler's `on_custom_event` is told where a question stands.
NEWS = "model_news"
_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


@dataclass(frozen=True, slots=True)
class Audience:
    """Who asks, with which place in the queue, and which handlers hear how it goes. LangChain gives a run's manager to
    `_generate` but not to `_stream`, where it is taken from the config."""

    handlers: Sequence[BaseCallbackHandler] = ()
    owner: str = ""
    ticket: Ticket | None = None

    @classmethod
    def of_run(cls, manager: CallbackManagerForLLMRun | None) -> Audience:
        return cls._of(manager.handlers, manager.metadata) if manager else cls()

    @classmethod
    def of_config(cls, config: RunnableConfig | None) -> Audience:
        full = ensure_config(config)
        callbacks = full.get("callbacks") or []
        handlers = callbacks if isinstance(callbacks, list) else callbacks.handlers
        return cls._of(handlers, full.get("metadata") or {})

    @classmethod
    def _of(cls, handlers: Sequence[BaseCallbackHandler], metadata: Mapping[str, Any]) -> Audience:
        return cls(tuple(handlers), str(metadata.get("owner", "")), metadata.get("ticket"))

    def tell(self, news: News) -> None:
        handle_event([*self.handlers], "on_custom_event", "ignore_custom_event", NEWS, news, run_id=uuid4())


class ChatHeard(ChatPieces):
    """A chat model that answers in turns.

    Handlers hear `on_custom_event("model_news", News(…))` while a question waits, loads, reads or
    writes; one with `raise_error` set may raise to give the question up. The run's metadata may
    hold `owner`, by whom the queue is fair, and `ticket`, a place in it that was taken before.
    """

    model: str
    max_tokens: int = Field(256, ge=1)
    temperature: float = Field(0.0, ge=0.0)

    @property
    def turns(self) -> Turns | None:
        """The queue before it, where there is one."""
        return None

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens}

    def _pieces(
        self,
        messages: Sequence[BaseMessage],
        stops: Sequence[str],
        audience: Audience,
        overrides: dict[str, Any],
    ) -> Iterator[str]:
        """The answer in pieces; `overrides` are the call's own options."""
        raise NotImplementedError

    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        return super().stream(input, config, stop=stop, audience=Audience.of_config(config), **kwargs)

    def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        return super().astream(input, config, stop=stop, audience=Audience.of_config(config), **kwargs)

    def _written(
        self,
        messages: list[BaseMessage],
        stops: list[str],
        run_manager: CallbackManagerForLLMRun | None,
        options: dict[str, Any],
    ) -> Iterator[str]:
        audience = options.pop("audience", None) or Audience.of_run(run_manager)
        yield from self._pieces(messages, stops, audience, options)


def as_message(message: BaseMessage) -> Message:
    """What a model's own format wants of one of LangChain's messages."""
    return Message(role=_ROLES.get(message.type, "user"), content=message.text)
