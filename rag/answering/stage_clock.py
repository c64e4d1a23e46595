"""How long the stages of an answer take."""

from __future__ import annotations

import time
from collections.abc import Mapping


class Clock:
    """Seconds per stage, and in all."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._stages: dict[str, float] = {}

    def stage(self, name: str, *, once: bool = False) -> None:
        """End a stage now; with `once` only the first time."""
        if once and name in self._stages:
            return
        now = time.perf_counter()
        self._stages[name] = now - self._last
        self._last = now

    def add(self, stages: Mapping[str, float]) -> None:
        """Add stages that were measured elsewhere and have just ended."""
        self._stages |= stages
        self._last = time.perf_counter()

    def seconds(self) -> dict[str, float]:
        return self._stages | {"total": time.perf_counter() - self._began}
