"""LangChain's chat model over the model process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from langchain_core.messages import BaseMessage
from pydantic import Field, PrivateAttr

from rag.core.call_context import CallContext
from rag.models.catalogue.hardware_fit import Speed
from rag.models.llms.fair_queue import FairQueue
from rag.models.llms.process import ModelProcess
from rag.models.llms.queued import QueuedChatModel, as_message
from rag.models.llms.speed_probe import timed
from rag.models.llms.stop_sequences import without_leading_space


def _forget(speed: Speed) -> None:
    """No-op callback."""


class ChatLlamaCpp(QueuedChatModel):
    """A GGUF model as a LangChain chat model, streaming, one question at a time."""

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

    @property
    def process(self) -> ModelProcess:
        return self._process

    @property
    def queue(self) -> FairQueue:
        """The queue before the process."""
        return self._process.queue

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

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

    def _pieces(
        self,
        messages: Sequence[BaseMessage],
        stops: Sequence[str],
        context: CallContext,
        overrides: dict[str, Any],
    ) -> Iterator[str]:
        pieces = timed(
            self._process,
            [as_message(message) for message in messages],
            note=self._note or _forget,
            max_tokens=overrides.get("max_tokens", self.max_tokens),
            temperature=overrides.get("temperature", self.temperature),
            repeat_penalty=overrides.get("repeat_penalty", self.repeat_penalty),
            seed=overrides.get("seed", self.seed),
            stop=[*self.stop_texts, *stops],
            context=context,
        )
        yield from without_leading_space(pieces)


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
        context: CallContext,
        overrides: dict[str, Any],
    ) -> Iterator[str]:
        if self.return_prompt:
            yield "\n\n".join(message.text for message in messages) + "\n\n"
        yield from super()._pieces(messages, stops, context, overrides)
