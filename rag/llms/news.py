"""Where a question to a model stands, as whoever asked it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class News:
    """Where a question stands: `waiting` (place of how many), `loading` the model, `reading` the
    prompt (tokens of how many), `writing` (tokens so far, of at most)."""

    stage: Literal["waiting", "loading", "reading", "writing"]
    at: int = 0
    of: int = 0


def no_news(news: News) -> None:
    """Nobody listens."""
