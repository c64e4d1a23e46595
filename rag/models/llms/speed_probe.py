"""How fast a model reads and writes here: measured on whatever it is asked anyway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from rag.core.call_context import CallContext
from rag.core.types import GenerationProgress
from rag.models.catalogue.hardware_fit import PROMPT, Speed
from rag.models.llms.chat_format import Message
from rag.models.llms.process import ModelProcess

# About as many tokens as words; the beginning differs from any question, so that all of it is read.
_TEXT = "Measured. " + "The sea is wide and the ship is small. " * (PROMPT // 10)
_WRITTEN = 16
# Tokens read in one go; fewer than that say little about a longer prompt.
_ENOUGH = 64


def timed(
    process: ModelProcess,
    messages: Sequence[Message],
    *,
    note: Callable[[Speed], None],
    context: CallContext,
    **options: Any,
) -> Iterator[str]:
    """The answer in pieces; at its end `note` hears how fast it came, where enough was read and written to tell.

    `options` are those of `ModelProcess.write`.
    """
    watch = _Watch(context)
    for piece in process.write(messages, context=replace(context, on_progress=watch.hear), **options):
        watch.written += 1
        watch.first = watch.first or time.monotonic()
        yield piece
    if speed := watch.speed(process.size):
        note(speed)


def measure(process: ModelProcess, stopping: Callable[[], None] = lambda: None) -> Speed | None:
    """Let a model read a usual prompt and write a few words; None where it wrote nothing to measure.

    Raises:
        ModelError: it does not run here.
    """
    found: list[Speed] = []
    prompt = [Message(role="user", content=_TEXT)]
    context = CallContext(on_progress=lambda _: stopping())
    for _ in timed(process, prompt, max_tokens=_WRITTEN, note=found.append, context=context, temperature=1.0):
        stopping()
    return found[0] if found else None


class _Watch:
    """Notes when reading began and how much there was to read."""

    def __init__(self, context: CallContext) -> None:
        self._context = context
        self._began = self._from = self._to = 0.0
        self.first, self.written = 0.0, 0

    def hear(self, progress: GenerationProgress) -> None:
        if progress.stage == "reading" and progress.of:
            if not self._began:
                self._began, self._from = time.monotonic(), progress.at
            self._to = progress.of
        self._context.on_progress(progress)

    def speed(self, size: int) -> Speed | None:
        read, now = self._to - self._from, time.monotonic()
        if read < _ENOUGH or self.written < 2 or self.first <= self._began or now <= self.first:
            return None
        return Speed(read / (self.first - self._began), (self.written - 1) / (now - self.first), size)
