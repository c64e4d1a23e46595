"""Idleness: how long the threads of a reader have had nothing to do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Idleness:
    """Shared by the threads that take jobs."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._working, self._since = 0, time.monotonic()

    @contextmanager
    def interrupted(self) -> Iterator[None]:
        """For the time of the block a thread works."""
        with self._lock:
            self._working += 1
        try:
            yield
        finally:
            with self._lock:
                self._working, self._since = self._working - 1, time.monotonic()

    def lasts(self) -> bool:
        """Whether no thread has worked for the seconds given."""
        with self._lock:
            return not self._working and time.monotonic() - self._since >= self._seconds
