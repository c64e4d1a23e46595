"""LangChain's chat model over the model process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForLLMRun
from langchain_core.callbacks.manager import handle_event
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from pydantic import Field, PrivateAttr

from rag.catalogue.fit import Speed
from rag.llms.chat_format import Message
from rag.llms.probe import timed
from rag.llms.process import ModelProcess, News
from rag.llms.streamed import ChatPieces

# The name under which a callback handler's `on_custom_event` is told where a question stands.
NEWS = "model_news"
_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


def _forget(speed: Speed) -> None:
    """Nobody wants to know."""


class ChatLlamaCpp(ChatPieces):
    """A GGUF model as a LangChain chat model, streaming, one question at a time.

    Handlers hear `on_custom_event("model_news", News(…))` while a question waits, loads, reads or
    writes; one with `raise_error` set may raise to give the question up. The run's metadata may
    hold `owner`, by whom the queue is fair.
    """

    model: str
    max_tokens: int = Field(256, ge=1)
    temperature: float = Field(0.0, ge=0.0)
    repeat_penalty: float = Field(1.0, gt=0.0)
    seed: int = 0
    stop_texts: tuple[str, ...] = ()
    _process: ModelProcess = PrivateAttr()
    _note: Callable[[Speed], None] | None = PrivateAttr(None)

    @classmethod
    def over(cls, process: ModelProcess, **fields: Any) -> Self:
        """The chat model over a process, which may serve several of them."""
        made = cls(model=process.name, **fields)
        made._process = process
        return made

    @classmethod
    def from_file(cls, file: Path | str, *, context_tokens: int = 4096, threads: int = 0, **fields: Any) -> Self:
        """The chat model of one GGUF file, in a process of its own."""
        path = Path(file)
        return cls.over(ModelProcess(path, path.stem, context_tokens=context_tokens, threads=threads), **fields)

    @property
    def process(self) -> ModelProcess:
        return self._process

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "temperature": self.temperature, "max_tokens": self.max_tokens}

    def context_tokens(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self._process.context_tokens()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, as the model reads it."""
        return self._process.count_tokens(texts)

    def tell_speed(self, note: Callable[[Speed], None]) -> None:
        """Let `note` hear after each answer how fast it came, where enough was read and written to tell."""
        self._note = note

    def close(self) -> None:
        self._process.close()

    def retire(self) -> None:
        """End the process once nobody waits for it any more."""
        self._process.retire()

    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        return super().stream(input, config, stop=stop, audience=_Audience.of_config(config), **kwargs)

    def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        return super().astream(input, config, stop=stop, audience=_Audience.of_config(config), **kwargs)

    def _written(
        self,
        messages: list[BaseMessage],
        stops: list[str],
        run_manager: CallbackManagerForLLMRun | None,
        options: dict[str, Any],
    ) -> Iterator[str]:
        audience = options.pop("audience", None) or _Audience.of_run(run_manager)
        yield from self._pieces(messages, stops, audience, options)

    def _pieces(
        self,
        messages: Sequence[BaseMessage],
        stops: Sequence[str],
        audience: _Audience,
        overrides: dict[str, Any],
    ) -> Iterator[str]:
        pieces = timed(
            self._process,
            [_message(message) for message in messages],
            note=self._note or _forget,
            max_tokens=overrides.get("max_tokens", self.max_tokens),
            temperature=overrides.get("temperature", self.temperature),
            repeat_penalty=overrides.get("repeat_penalty", self.repeat_penalty),
            seed=overrides.get("seed", self.seed),
            stop=[*self.stop_texts, *stops],
            owner=audience.owner,
            news=audience.tell,
        )
        # Models like to begin with white space, which no one wants to see.
        begun = False
        for piece in pieces:
            text = piece if begun else piece.lstrip()
            if text:
                begun = True
                yield text


class ChatTransformers(ChatLlamaCpp):
    """A model in the layout of the hub, run by transformers in the worker."""

    return_prompt: bool = False

    @property
    def _llm_type(self) -> str:
        return "transformers"

    def _pieces(
        self,
        messages: Sequence[BaseMessage],
        stops: Sequence[str],
        audience: _Audience,
        overrides: dict[str, Any],
    ) -> Iterator[str]:
        if self.return_prompt:
            yield "\n\n".join(message.text for message in messages) + "\n\n"
        yield from super()._pieces(messages, stops, audience, overrides)


@dataclass(frozen=True, slots=True)
class _Audience:
    """Who asks, and which handlers hear how it goes. LangChain gives a run's manager to
    `_generate` but not to `_stream`, where it is taken from the config."""

    handlers: Sequence[BaseCallbackHandler] = ()
    owner: str = ""

    @classmethod
    def of_run(cls, manager: CallbackManagerForLLMRun | None) -> _Audience:
        return cls(tuple(manager.handlers), str(manager.metadata.get("owner", ""))) if manager else cls()

    @classmethod
    def of_config(cls, config: RunnableConfig | None) -> _Audience:
        full = ensure_config(config)
        callbacks = full.get("callbacks") or []
        handlers = callbacks if isinstance(callbacks, list) else callbacks.handlers
        return cls(tuple(handlers), str((full.get("metadata") or {}).get("owner", "")))

    def tell(self, news: News) -> None:
        handle_event([*self.handlers], "on_custom_event", "ignore_custom_event", NEWS, news, run_id=uuid4())


def _message(message: BaseMessage) -> Message:
    return Message(role=_ROLES.get(message.type, "user"), content=message.text)
