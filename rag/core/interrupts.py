"""Waiting that a signal ends.

A handler of Python's runs in the main thread, once that comes back to Python. A signal that arrives just before the
thread begins to wait, or in another thread, does not end the wait: Ctrl-C would be heard when the work is done.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Final, TypeVar

T = TypeVar("T")
# How late a signal may be heard.
_AWAKE_SECONDS: Final = 0.5


def as_completed(futures: Collection[Future[T]]) -> Iterator[Future[T]]:
    """The futures, each once it has ended, as `concurrent.futures.as_completed` gives them; signals are heard."""
    waiting = set(futures)
    while waiting:
        ended, waiting = wait(waiting, _AWAKE_SECONDS, FIRST_COMPLETED)
        yield from ended
