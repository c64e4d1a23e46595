"""The lease of the job that is being read: renewed as long as its reader lives, and lost to whoever took over."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final

from rag.core.errors import Cancelled, DiskFull, StoreUnreachable
from rag.library.store import Job, Store
from rag.library.store.job_rows import Stage

# Twice a second while something is to be seen; the lease alone would need less.
BEAT_SECONDS: Final = 0.5


class Stopping(Exception):
    """The reader is to end; its job waits for the next one."""


class Heartbeat:
    """Renews a job's lease while it is read, tells how far it is, and raises where it must stop."""

    def __init__(self, store: Store, job: Job, stopping: threading.Event, lease_seconds: float) -> None:
        self._jobs = store.jobs
        self._job = job
        self._stopping = stopping
        self._lease = lease_seconds
        self._at: tuple[Stage, int, int] = ("", 0, 0)
        self._cancelled = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def on_progress(self, stage: Stage, done: int, total: int) -> None:
        changed = stage != self._at[0]
        self._at = (stage, done, total)
        if changed:
            self._renew()
        if self._cancelled.is_set():
            raise Cancelled
        if self._stopping.is_set():
            raise Stopping

    def _beat(self) -> None:
        while not self._ended.wait(min(BEAT_SECONDS, self._lease / 4)):
            with suppress(DiskFull, StoreUnreachable):
                self._renew()

    def _renew(self) -> None:
        if not self._jobs.progress(self._job, *self._at, self._lease):
            self._cancelled.set()
