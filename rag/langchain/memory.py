"""Conversation memory with LangChain's names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.chat_history import InMemoryChatMessageHistory as ChatMessageHistory
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, get_buffer_string

__all__ = ["ChatMessageHistory", "ConversationBufferMemory"]


@dataclass
class ConversationBufferMemory:
    """Passes the whole conversation to a chain under `memory_key`, as messages or as one text, and saves each new turn.

    `output_key` names the answer in the chain's result; required if the chain returns more than one value.
    """

    chat_memory: BaseChatMessageHistory = field(default_factory=ChatMessageHistory)
    memory_key: str = "history"
    input_key: str | None = None
    output_key: str | None = None
    return_messages: bool = False
    human_prefix: str = "Human"
    ai_prefix: str = "AI"

    @property
    def memory_variables(self) -> list[str]:
        return [self.memory_key]

    @property
    def buffer(self) -> str | list[BaseMessage]:
        messages = self.chat_memory.messages
        return messages if self.return_messages else get_buffer_string(messages, self.human_prefix, self.ai_prefix)

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return {self.memory_key: self.buffer}

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Save a turn. Raises ValueError for several inputs or outputs without `input_key` or `output_key`."""
        questions = {key: value for key, value in inputs.items() if key not in (self.memory_key, "stop")}
        question = _value(questions, self.input_key, "input_key")
        answer = _value(outputs, self.output_key, "output_key")
        self.chat_memory.add_messages([HumanMessage(question), AIMessage(answer)])

    def clear(self) -> None:
        self.chat_memory.clear()


def _value(values: dict[str, Any], key: str | None, option: str) -> Any:
    if key is None and len(values) != 1:
        raise ValueError(f"several keys ({', '.join(values)}): set {option}")
    return values[key] if key else next(iter(values.values()))
