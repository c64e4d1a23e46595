"""How many processor cores others leave idle, so that a model takes those and no more."""

from __future__ import annotations

import os
import time
from typing import Final

import psutil

# What others may use of the cores taken. llama.cpp's threads wait for each other after every matrix, so that one that
# shares its core delays all: more cores than are idle are several times slower. By hand.
_SHARED: Final = 0.3
# Seconds that are looked at while a model computes; processor time is told in hundredths of a second.
_WINDOW: Final = 0.2
# After a shorter pause what was counted before holds: then the search for quotes was all that computed.
_PAUSE: Final = 2.0


class IdleCores:
    """Counts them over the time since the last look; what this process used itself is not others'."""

    def __init__(self, count: int = 0) -> None:
        """`count` is a fixed number to say instead; 0 for the idle ones."""
        affinity = getattr(os, "sched_getaffinity", None)
        self._cores = sorted(affinity(0)) if affinity else list(range(os.cpu_count() or 1))
        self._fixed, self._count = count > 0, max(1, count)
        self._seen = self._times()

    def at_start(self) -> int:
        """Before a computation: those that were idle since the last one, or in it where it has only just ended."""
        return self._updated(_PAUSE, keep=True)

    def meanwhile(self) -> int:
        """While this process computes."""
        return self._updated(_WINDOW)

    def _updated(self, window: float, keep: bool = False) -> int:
        if self._fixed or (time.monotonic() - self._seen[0] < window and not keep):
            return self._count
        before, self._seen = self._seen, self._times()
        passed, idle, own = (now - then for now, then in zip(self._seen, before, strict=True))
        if passed >= window:
            self._count = whole_cores((idle + own) / passed, len(self._cores))
        return self._count

    def _times(self) -> tuple[float, float, float]:
        """Now, the seconds that the cores were idle (what waits for a disk is), and those that this process used."""
        every = psutil.cpu_times(percpu=True)
        times = [every[core] for core in self._cores if core < len(every)]
        idle = sum(one.idle + getattr(one, "iowait", 0.0) for one in times)
        return time.monotonic(), idle, time.process_time()


def whole_cores(left: float, cores: int) -> int:
    """How many to take of what others left of so many.

    >>> whole_cores(1.8, 2), whole_cores(1.6, 2), whole_cores(0.1, 2), whole_cores(7.9, 8)
    (2, 1, 1, 8)
    """
    return max(1, min(cores, int(left + _SHARED)))
