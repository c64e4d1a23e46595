"""What the events and bodies of OpenAI-compatible servers say, in the shapes that occur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag.models.llms.streaming import end_reason

# Where servers put what a reasoning model thinks: the field beside `content`, and the type of a part of it.
_REASONING = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
_TEXT_PARTS = ("text", "output_text")


@dataclass(frozen=True, slots=True)
class ServerReply:
    """The text of the answer in an event; whether the model reasoned in it; why it ended, with that event: `stop` or a
    reason of `end_reason`, else ""."""

    text: str = ""
    reasoned: bool = False
    reason: str = ""


def reply_of(event: Mapping[str, Any]) -> ServerReply:
    """What an event, or a whole body, says.

    >>> reply_of({"choices": [{"message": {"content": [{"type": "text", "text": "Six."}]}, "finish_reason": "stop"}]})
    ServerReply(text='Six.', reasoned=False, reason='stop')
    """
    choices = event.get("choices")
    found = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    # Some servers write several answers at once.
    choice: dict[str, Any] = next((choice for choice in found if not choice.get("index")), {})
    part: dict[str, Any] = next((choice[key] for key in ("delta", "message") if isinstance(choice.get(key), dict)), {})
    content = part.get("content") or choice.get("text")
    reason = end_reason(choice) or ("stop" if choice.get("finish_reason") else "")
    return ServerReply(
        _text(content),
        any(part.get(key) for key in _REASONING) or _reasons(content),
        "content_filter" if part.get("refusal") else reason,
    )


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return _text(content.get("text")) if content.get("type", "text") in _TEXT_PARTS else ""
    return "".join(map(_text, content)) if isinstance(content, list) else ""


def _reasons(content: object) -> bool:
    parts = content if isinstance(content, list) else [content]
    return any(isinstance(part, dict) and part.get("type") in _REASONING for part in parts)
