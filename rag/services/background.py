"""What runs beside the pages of an app process: the reader process, and the warm-up at the start."""

from __future__ import annotations

import atexit
import gc
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rag.core import child_processes

_FREEZE_SECONDS = 0.1
_READER_ENDS_WITHIN = 5.0


class ReaderProcess:
    """The reader started by this process, if any."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it was started already."""
        if self._process is None:
            self._process = child_processes.start("rag", "reader", stdin=subprocess.PIPE)
            _started.append(self)

    def stop(self) -> None:
        """Let it end in order, so that it gives back its jobs; one that takes too long is killed."""
        process, self._process = self._process, None
        if process is not None:
            child_processes.end(process, _READER_ENDS_WITHIN)

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None


_started: list[ReaderProcess] = []


@atexit.register
def stop() -> None:
    """Stop the readers that this process has started. To be called where `atexit` handlers do not run."""
    while _started:
        _started.pop().stop()


@contextmanager
def excluded_from_collection() -> Iterator[None]:
    """Exclude objects that are created during the block from garbage collection, for good.

    Every page run ends with a collection that holds the interpreter lock. With all libraries loaded it is so slow that
    the imports, which need the lock a hundred thousand times, would delay the first question by a minute.
    """
    done = threading.Event()

    def freeze_repeatedly() -> None:
        while not done.wait(_FREEZE_SECONDS):
            gc.freeze()

    thread = threading.Thread(target=freeze_repeatedly, name="gc-freeze", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        gc.collect()
        gc.freeze()
