"""A model that writes what hostile documents would have it write: all payloads, piece by piece.

`RAG_MODEL=custom:tests.guarantees.parrot:Parrot`
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from tests.guarantees.payloads import PAYLOADS, payload

TEXT = "\n\n".join(payload(number) for number in range(len(PAYLOADS)))
PIECE = 24


class Parrot(BaseChatModel):
    """Says its text, whatever it is asked."""

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(TEXT))])

    def _stream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        for first in range(0, len(TEXT), PIECE):
            time.sleep(0.02)
            yield ChatGenerationChunk(message=AIMessageChunk(content=TEXT[first : first + PIECE]))
