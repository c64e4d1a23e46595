"""Chat models that an OpenAI-compatible server runs: llama.cpp's, vLLM, Ollama, LM Studio and their like.

Several questions are answered at once, as many as the server is meant to take; the others wait their turn here,
where they have a place and can give it up. Once a word was shown, nothing is asked a second time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, Self

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from rag.core.call_context import ANONYMOUS, CallContext
from rag.core.errors import (
    ModelDenied,
    ModelError,
    ModelRefused,
    ModelUnknown,
    ModelUnreachable,
    ServerBroke,
    ServerBusy,
    ServerSlow,
)
from rag.core.types import GenerationProgress
from rag.models.llms.chat_format import Message, harmless
from rag.models.llms.fair_queue import FairQueue
from rag.models.llms.queued import QueuedChatModel, as_message
from rag.models.llms.stop_sequences import until_stop, without_leading_space
from rag.models.servers import Server, ServerFailed

# A whole answer may take so many times what a server may be silent.
_PATIENCE = 5
# Servers send a line for each token; one without end is no answer.
_LONGEST_LINE = 2**20


class ModelServer:
    """A model on a server. Safe to share between threads: `at_once` questions are with the server, the others wait
    their turn, fair between owners."""

    def __init__(self, name: str, model: str, server: Server, *, at_once: int = 4, queue_limit: int = 8) -> None:
        self.name, self._model, self._server = name, model, server
        self.queue = FairQueue(queue_limit, at_once)

    def write(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        context: CallContext = ANONYMOUS,
    ) -> Generator[str, None, None]:
        """The answer in pieces, as they come.

        Closing the iterator closes the connection, at which the server stops writing. Progress is reported at least
        four times a second until the answer ends; giving the call up has the same effect.

        Raises:
            ModelBusy: too many wait here already.
            ServerBusy, ServerSlow, ServerBroke, ModelUnreachable, ModelDenied, ModelUnknown, ModelRefused
        """
        order = {
            "model": self._model,
            "messages": list(messages),
            "stream": True,
            "max_tokens": max_tokens,
            "temperature": temperature,
            **({"stop": list(stop)} if stop else {}),
        }
        with (
            self.queue.take(context),
            # Closed here and not when somebody collects garbage: the server writes as long as it is open.
            closing(self._pieces(order, max_tokens, context)) as pieces,
        ):
            yield from without_leading_space(until_stop(pieces, stop))

    def _pieces(self, order: dict[str, Any], max_tokens: int, context: CallContext) -> Generator[str, None, None]:
        written, end = 0, time.monotonic() + _PATIENCE * self._server.seconds

        def look() -> None:
            stage = GenerationProgress("writing", written, max_tokens) if written else GenerationProgress("reading")
            context.report(stage)
            if time.monotonic() > end:
                raise ServerFailed("slow")

        try:
            with self._server.asked("/chat/completions", order, look=look) as answer:
                for event in _events(answer, look):
                    if piece := _text_of(event):
                        written += 1
                        yield piece
        except ServerFailed as failed:
            raise self._mapped_error(failed, written > 0) from failed

    def _mapped_error(self, failed: ServerFailed, begun: bool) -> ModelError:
        match failed.problem:
            case "slow":
                return ServerSlow(model=self.name, seconds=round(self._server.seconds))
            case "unreachable" | "refused" if begun:
                return ServerBroke(model=self.name)
            case "unreachable":
                return ModelUnreachable(model=self.name)
            case "busy":
                return ServerBusy(model=self.name)
            case "denied":
                return ModelDenied(model=self.name)
            case "unknown":
                return ModelUnknown(model=self.name)
            case "too_long" | "refused":
                return ModelRefused(model=self.name, reason="server")


class ChatServed(QueuedChatModel):
    """A model on a server as a LangChain chat model, streaming."""

    context: int = 4096
    _server: ModelServer = PrivateAttr()

    @classmethod
    def over(cls, server: ModelServer, **fields: Any) -> Self:
        """The chat model over a server, which may serve several of them."""
        made = cls(model=server.name, **fields)
        made._server = server
        return made

    @property
    def queue(self) -> FairQueue:
        """The queue before the server."""
        return self._server.queue

    @property
    def _llm_type(self) -> str:
        return "server"

    def context_tokens(self) -> int:
        """Tokens that prompt and answer may have together."""
        return self.context

    def _pieces(
        self,
        messages: Sequence[BaseMessage],
        stops: Sequence[str],
        context: CallContext,
        overrides: dict[str, Any],
    ) -> Iterator[str]:
        yield from self._server.write(
            [Message(role=m["role"], content=harmless(m["content"])) for m in map(as_message, messages)],
            max_tokens=overrides.get("max_tokens", self.max_tokens),
            temperature=overrides.get("temperature", self.temperature),
            stop=stops,
            context=context,
        )


def _events(pieces: Iterator[bytes], look: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """The events of a stream, until the one that says it is over.

    Raises:
        ServerFailed: it broke off before, holds an error, or is no stream of events.
    """
    ended = False
    for line in _lines(pieces):
        look()
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        if not line.startswith(b"data:") or not data:
            continue
        try:
            event = json.loads(data)
        except ValueError as error:
            raise ServerFailed("refused") from error
        if not isinstance(event, dict) or "error" in event:
            raise ServerFailed("refused")
        ended = ended or any(choice.get("finish_reason") for choice in event.get("choices") or ())
        yield event
    if not ended:
        # The end of the connection is not the end of the answer.
        raise ServerFailed("unreachable")


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    begun = b""
    for piece in pieces:
        *whole, begun = (begun + piece).split(b"\n")
        if len(begun) > _LONGEST_LINE:
            raise ServerFailed("refused")
        yield from whole
    yield begun


def _text_of(event: dict[str, Any]) -> str:
    """What an event adds to the answer; what the model says to itself is not among it."""
    for choice in event.get("choices") or ():
        if text := (choice.get("delta") or {}).get("content"):
            return str(text)
    return ""
