"""How fast a model reads and writes here: measured on whatever it is asked anyway."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rag.catalogue.fit import PROMPT, Speed
from rag.llms.chat_format import Message
from rag.llms.news import News
from rag.llms.process import ModelProcess

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
    news: Callable[[News], None],
    **options: Any,
) -> Iterator[str]:
    """The answer in pieces; at its end `note` hears how fast it came, where enough was read and written to tell.

    `options` are those of `ModelProcess.write`.
    """
    watch = _Watch(news)
    for piece in process.write(messages, news=watch.hear, **options):
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
    for _ in timed(process, prompt, max_tokens=_WRITTEN, note=found.append, news=lambda _: stopping(), temperature=1.0):
        stopping()
    return found[0] if found else None


class _Watch:
    """Notes when reading began and how much there was to read."""

    def __init__(self, news: Callable[[News], None]) -> None:
        self._news = news
        self._began = self._from = self._to = 0.0
        self.first, self.written = 0.0, 0

    def hear(self, news: News) -> None:
        if news.stage == "reading" and news.of:
            if not self._began:
                self._began, self._from = time.monotonic(), news.at
            self._to = news.of
        self._news(news)

    def speed(self, size: int) -> Speed | None:
        read, now = self._to - self._from, time.monotonic()
        if read < _ENOUGH or self.written < 2 or self.first <= self._began or now <= self.first:
            return None
        return Speed(read / (self.first - self._began), (self.written - 1) / (now - self.first), size)
