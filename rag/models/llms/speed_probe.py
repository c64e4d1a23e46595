"""Throughput of a model on this machine, measured on its ordinary calls."""

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

# About a token per word; its start differs from any prompt, so that nothing of it is in the KV cache.
_TEXT = "Measured. " + "The sea is wide and the ship is small. " * (PROMPT // 10)
_WRITTEN = 16
# Fewer prompt tokens than a batch are not representative.
_MIN_PROMPT = 64


def timed(
    process: ModelProcess,
    messages: Sequence[Message],
    *,
    note: Callable[[Speed], None] | None,
    context: CallContext,
    **options: Any,
) -> Iterator[str]:
    """Stream the answer; afterwards call `note`, if any, with the throughput, if the call was long enough to measure.

    `options` are those of `ModelProcess.write`.
    """
    watch = _Watch(context)
    for piece in process.write(messages, context=replace(context, on_progress=watch.on_progress), **options):
        watch.written += 1
        watch.first = watch.first or time.monotonic()
        yield piece
    if note and (speed := watch.speed(process.size)):
        note(speed)


def measure(process: ModelProcess, stopping: Callable[[], None] = lambda: None) -> Speed | None:
    """Measure a model on a typical prompt and a few generated tokens; None where it generated too few.

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
    """Records when prompt evaluation began, and how many tokens were evaluated."""

    def __init__(self, context: CallContext) -> None:
        self._context = context
        self._began = self._from = self._to = 0.0
        self.first, self.written = 0.0, 0

    def on_progress(self, progress: GenerationProgress) -> None:
        if progress.stage == "reading" and progress.of:
            if not self._began:
                self._began, self._from = time.monotonic(), progress.at
            self._to = progress.of
        self._context.on_progress(progress)

    def speed(self, size: int) -> Speed | None:
        read, now = self._to - self._from, time.monotonic()
        if read < _MIN_PROMPT or self.written < 2 or self.first <= self._began or now <= self.first:
            return None
        return Speed(read / (self.first - self._began), (self.written - 1) / (now - self.first), size)
