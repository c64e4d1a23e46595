"""The interface of a model runtime inside the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any, Protocol


class CannotLoad(Exception):
    """The file or folder cannot be loaded; `reason` is the code for ModelRefused."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stopped(Exception):
    """The generation was cancelled."""


class TextGenerator(Protocol):
    """A loaded model. `context` is in tokens; setting `stop`, from any thread, cancels the generation."""

    context: int
    stop: Event

    def count(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text; may be called during generation."""

    def answer(self, order: dict[str, Any], progress: Callable[[int, int], None]) -> Iterator[str]:
        """Run a `write` order (see the worker): one piece of text per token. `progress` is called with (prompt tokens
        evaluated, prompt tokens in all). Raises Stopped or BadTemplate."""

    def score(self, order: dict[str, Any], progress: Callable[[int, int], None]) -> list[float]:
        """Run a `score` order: the log-probability that the reply begins with the first token of each option. Raises as
        `answer`."""


def fitted(prompt: list[int], context: int, max_tokens: int) -> list[int]:
    """The prompt, cut in its middle if it exceeds the context. A safeguard: prompts are built to fit, with the rules
    first and the question last."""
    room = max(context - max_tokens, context // 2)
    if len(prompt) <= room:
        return prompt
    head = room // 4
    return prompt[:head] + prompt[head - room :]
