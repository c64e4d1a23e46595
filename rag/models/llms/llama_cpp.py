"""LangChain chat models on the model process."""

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

_OPTIONS = ("max_tokens", "temperature", "repeat_penalty", "seed")


class ChatLlamaCpp(QueuedChatModel):
    """A GGUF model as a streaming LangChain chat model, one call at a time."""

    repeat_penalty: float = Field(1.0, gt=0.0)
    seed: int = 0
    stop_texts: tuple[str, ...] = ()
    _process: ModelProcess = PrivateAttr()
    _note: Callable[[Speed], None] | None = PrivateAttr(None)

    @classmethod
    def over(cls, process: ModelProcess, **fields: Any) -> Self:
        """A chat model on a process, which several may share."""
        model = cls(model=process.name, **fields)
        model._process = process
        return model

    @property
    def goes_on(self) -> bool:
        """Whether it goes on with the text of a last message that is its own."""
        return True

    @property
    def process(self) -> ModelProcess:
        return self._process

    @property
    def queue(self) -> FairQueue:
        """The queue of the process."""
        return self._process.queue

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def context_tokens(self) -> int:
        """Maximum of prompt and answer tokens together."""
        return self._process.context_tokens()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, by the model's tokenizer."""
        return self._process.count_tokens(texts)

    @property
    def scores_options(self) -> bool:
        return True

    def score(self, messages: Sequence[BaseMessage], options: Sequence[str], context: CallContext) -> list[float]:
        return self._process.score([as_message(message) for message in messages], options, context=context)

    def tell_speed(self, note: Callable[[Speed], None]) -> None:
        """Call `note` with the throughput after each answer that is long enough to measure it."""
        self._note = note

    def close(self) -> None:
        self._process.close()

    def retire(self) -> None:
        """End the process once its queue is empty."""
        self._process.retire()

    def _pieces(
        self, messages: Sequence[BaseMessage], stops: Sequence[str], context: CallContext, overrides: dict[str, Any]
    ) -> Iterator[str]:
        pieces = timed(
            self._process,
            [as_message(message) for message in messages],
            note=self._note,
            **{name: overrides.get(name, getattr(self, name)) for name in _OPTIONS},
            stop=[*self.stop_texts, *stops],
            context=context,
        )
        yield from without_leading_space(pieces)


class ChatTransformers(ChatLlamaCpp):
    """A model in Hugging Face layout, run by transformers in the worker."""

    return_prompt: bool = False

    @property
    def _llm_type(self) -> str:
        return "transformers"

    def _pieces(
        self, messages: Sequence[BaseMessage], stops: Sequence[str], context: CallContext, overrides: dict[str, Any]
    ) -> Iterator[str]:
        if self.return_prompt:
            yield "\n\n".join(message.text for message in messages) + "\n\n"
        yield from super()._pieces(messages, stops, context, overrides)
