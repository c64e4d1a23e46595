"""Chat models on an OpenAI-compatible server: llama.cpp, vLLM, Ollama, LM Studio …

Requests beyond the server's concurrency wait in a queue here, with a position, and can be cancelled. A request is
never repeated once a token was received.
"""

from __future__ import annotations

import codecs
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
from rag.models.llms.openai_replies import reply_of
from rag.models.llms.queued import QueuedChatModel, as_message
from rag.models.llms.stop_sequences import until_stop, without_leading_space
from rag.models.servers import Server, ServerFailed

# Limit of a whole answer, in read timeouts.
_MAX_TIMEOUTS = 5
# Bytes of a line, of which servers send one per token; and of a whole answer that is not streamed.
_MAX_LINE = 2**20
_MAX_BODY = 2**22


class ModelServer:
    """A model on a server. Thread-safe: `at_once` concurrent requests, the others wait in a FairQueue."""

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
        """Stream the answer.

        Closing the iterator, or cancelling the call, closes the connection, at which the server stops generating.
        Progress is reported at least four times a second.

        Raises:
            ModelBusy: the queue is full.
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
            # Closed here rather than by garbage collection: the server generates while the connection is open.
            closing(self._pieces(order, max_tokens, context)) as pieces,
        ):
            yield from without_leading_space(until_stop(pieces, stop))

    def _pieces(self, order: dict[str, Any], max_tokens: int, context: CallContext) -> Generator[str, None, None]:
        written, end = 0, time.monotonic() + _MAX_TIMEOUTS * self._server.seconds
        said, reasoned, reason = False, False, ""

        def look() -> None:
            stage = GenerationProgress("writing", written, max_tokens) if written else GenerationProgress("reading")
            context.report(stage)
            if time.monotonic() > end:
                raise ServerFailed("slow")

        try:
            with self._server.asked("/chat/completions", order, look=look) as answer:
                for event in _events(answer, look):
                    reply = reply_of(event)
                    if reply.text:
                        written += 1
                        yield reply.text
                    said, reasoned = said or bool(reply.text.strip()), reasoned or reply.reasoned
                    reason = reply.reason if reply.reason not in ("", "stop") else reason or reply.reason
            if (reason := "reasoning" if reasoned and not said else reason) not in ("", "stop"):
                context.on_end(reason)
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
    """A model on a server as a streaming LangChain chat model."""

    context: int = 4096
    _server: ModelServer = PrivateAttr()

    @classmethod
    def over(cls, server: ModelServer, **fields: Any) -> Self:
        """A chat model on a server, which several may share."""
        model = cls(model=server.name, **fields)
        model._server = server
        return model

    @property
    def queue(self) -> FairQueue:
        """The queue of the server."""
        return self._server.queue

    @property
    def _llm_type(self) -> str:
        return "server"

    def context_tokens(self) -> int:
        """Maximum of prompt and answer tokens together."""
        return self.context

    def _pieces(
        self, messages: Sequence[BaseMessage], stops: Sequence[str], context: CallContext, overrides: dict[str, Any]
    ) -> Iterator[str]:
        yield from self._server.write(
            [Message(role=m["role"], content=harmless(m["content"])) for m in map(as_message, messages)],
            max_tokens=overrides.get("max_tokens", self.max_tokens),
            temperature=overrides.get("temperature", self.temperature),
            stop=stops,
            context=context,
        )


def _events(pieces: Iterator[bytes], look: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """The JSON payloads of a server-sent event stream, up to `[DONE]`; of a server that does not stream, its one.

    Raises:
        ServerFailed: the stream broke off, reports an error, or is malformed.
    """
    ended, body = False, b""
    for line in _lines(pieces):
        look()
        if body or line.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
            body += line + b"\n"
            if len(body) > _MAX_BODY:
                raise ServerFailed("refused")
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        if line.startswith(b"data:") and data:
            event = _event(data)
            ended = ended or bool(reply_of(event).reason)
            yield event
    if body:
        yield _event(body)
    elif not ended:
        # Closed without `[DONE]` or a finish reason: the answer is incomplete.
        raise ServerFailed("unreachable")


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _MAX_LINE:
            raise ServerFailed("refused")
        yield from lines
    yield rest


def _event(data: bytes) -> dict[str, Any]:
    try:
        event = json.loads(data.removeprefix(codecs.BOM_UTF8))
    except ValueError as error:
        raise ServerFailed("refused") from error
    if not isinstance(event, dict) or event.get("error") or event.get("object") == "error":
        raise ServerFailed("refused")
    return event
