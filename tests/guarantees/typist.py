"""A model that writes so many words, twenty a second, whatever it is asked.

`RAG_MODEL=custom:tests.guarantees.typist:Typist`, and `TYPIST_WORDS` for how many.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

WORDS = int(os.environ.get("TYPIST_WORDS", "500"))
PER_SECOND = 20


class Typist(BaseChatModel):
    """Says one sentence of so many words, no two of them the same: repetitions are cut."""

    @property
    def _llm_type(self) -> str:
        return "typist"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("".join(map(_word, range(WORDS)))))])

    def _stream(self, messages: list[BaseMessage], *__: Any, **___: Any) -> Iterator[ChatGenerationChunk]:
        for number in range(WORDS):
            time.sleep(1 / PER_SECOND)
            yield ChatGenerationChunk(message=AIMessageChunk(content=_word(number)))


def _word(number: int) -> str:
    return f"word{number} "
