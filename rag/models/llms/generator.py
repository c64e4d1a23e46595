"""What the worker asks of whatever runs the model in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any, Protocol


class CannotLoad(Exception):
    """The file or folder is not taken; `reason` is the code that ModelRefused carries."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stopped(Exception):
    """The reader asked to stop."""


class TextGenerator(Protocol):
    """A loaded model. `context` counts tokens; `stop` may be set from any thread."""

    context: int
    stop: Event

    def count(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text; safe to call while an answer is written."""

    def answer(self, order: dict[str, Any], progress: Callable[[int, int], None]) -> Iterator[str]:
        """The answer to a `write` order (see the worker) in pieces, a token each; `progress` is told
        how many tokens of the prompt are read, of how many. Raises Stopped or BadTemplate."""


def fitted(prompt: list[int], context: int, max_tokens: int) -> list[int]:
    """The last safeguard against a prompt longer than the context: whoever builds it trims it with
    care; here its middle is left out, for the rules stand first and the question last."""
    room = max(context - max_tokens, context // 2)
    if len(prompt) <= room:
        return prompt
    head = room // 4
    return prompt[:head] + prompt[head - room :]
