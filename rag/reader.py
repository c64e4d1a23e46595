"""The reader: a process that takes the jobs that wait and reads their documents, one after the other.

The page only writes a job down and looks at it. A tab that closes, an app that restarts and a reader
that is killed cost nothing but time: the job waits, or its lease runs out and it is begun anew.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from rag.errors import Cancelled, DiskFull, EmbedderUnreachable, RagError, StoreUnreachable, Unexpected, VectorsLacking
from rag.ingest import Desk, SameNames, Told, read_address, read_file, silent
from rag.store import Job, Store
from rag.store.jobs import Stage
from rag.types import Document

if TYPE_CHECKING:
    from rag.index.shelves import Shelves

LEASE_SECONDS = 20.0
POLL_SECONDS = 0.5
DOUBT_SECONDS = 60.0

_log = logging.getLogger(__name__)


class _Stopping(Exception):
    """The reader is to end; its job waits for the next one."""


def run_jobs(desk: Desk, stopping: threading.Event, *, lease_seconds: float = LEASE_SECONDS) -> None:
    """Read the documents that wait, one after the other, until `stopping` is set.

    A job whose reader died is begun anew by whoever comes here next, once its lease has run out.
    """
    worker = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    desk.store.files.sweep()
    while not stopping.is_set():
        try:
            job = desk.store.jobs.claim(worker, lease_seconds)
            if job is None:
                stopping.wait(POLL_SECONDS)
            else:
                _run(desk, job, stopping, lease_seconds)
        except DiskFull:
            # The job comes again when its lease has run out; until then there may be room.
            _log.error("no room on the disk; waiting")
            stopping.wait(10 * POLL_SECONDS)
        except EmbedderUnreachable:
            _wait_for_embedder(stopping)
        except StoreUnreachable:
            _log.warning("the database server does not answer; waiting")
            stopping.wait(10 * POLL_SECONDS)


def wait_for_work(store: Store, stopping: threading.Event) -> None:
    """Until there is a job or `stopping` is set: before that, nobody needs half a gigabyte of embedder."""
    while not stopping.is_set():
        with suppress(StoreUnreachable):
            if store.jobs.unfinished():
                return
        stopping.wait(POLL_SECONDS)


def keep_in_step(shelves: Shelves, stopping: threading.Event) -> None:
    """Until `stopping` is set, bring what is searched elsewhere up to date from the library.

    An outage costs time and nothing else. Now and then all is looked at, changed or not: the server may have lost it.
    """
    looked = -math.inf
    while not stopping.is_set():
        try:
            doubting = time.monotonic() - looked > DOUBT_SECONDS
            shelves.follow(doubting=doubting)
            looked = time.monotonic() if doubting else looked
        except (VectorsLacking, StoreUnreachable) as error:
            _log.warning("the vectors are not kept in step: %s", error.key())
            stopping.wait(10 * POLL_SECONDS)
        stopping.wait(2 * POLL_SECONDS)


def when_it_answers(desk: Callable[[], Desk], stopping: threading.Event) -> Desk | None:
    """The desk, once the server of its embedder answers; None where `stopping` was set before."""
    while not stopping.is_set():
        try:
            return desk()
        except EmbedderUnreachable:
            _wait_for_embedder(stopping)
    return None


def _wait_for_embedder(stopping: threading.Event) -> None:
    _log.warning("the embedding server does not answer; waiting")
    stopping.wait(10 * POLL_SECONDS)


def stop_at_end_of(stream: IO[bytes], stopping: threading.Event) -> None:
    """Set `stopping` when the stream ends: a pipe from the process that started this one ends with it."""

    def watch() -> None:
        try:
            # Past the stream's buffer, whose lock a waiting thread would take along into the end of the process.
            while os.read(stream.fileno(), 1024):
                pass
        finally:
            stopping.set()

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()


def _run(desk: Desk, job: Job, stopping: threading.Event, lease_seconds: float) -> None:
    jobs = desk.store.jobs
    beat = _Heartbeat(desk.store, job, stopping, lease_seconds)
    try:
        with beat:
            document = read_job(desk, job, beat.told)
        jobs.finish(job, document.id)
    except _Stopping:
        jobs.give_back(job)
    except EmbedderUnreachable:
        jobs.give_back(job)
        raise
    except StoreUnreachable:
        # Where this fails too, its lease runs out.
        with suppress(StoreUnreachable):
            jobs.give_back(job)
        raise
    except Cancelled:
        jobs.stop(job)
    except DiskFull:
        with suppress(DiskFull):
            jobs.fail(job, DiskFull(folder=str(desk.store.folder)).failure())
    except RagError as error:
        jobs.fail(job, error.failure())
    except Exception as error:  # noqa: BLE001 - the one place: a failed job becomes its recorded error
        jobs.fail(job, Unexpected.logged(error, f"job {job.id}", _log).failure())


def read_job(desk: Desk, job: Job, told: Told = silent, *, password: str | None = None) -> Document:
    """Read what a job names. A password is given while the user waits: it is not written down with the job."""
    if job.kind == "address":
        return read_address(desk, job.owner, job.collection, job.source, replace=job.replace, told=told)
    data = desk.store.files.read(job.source)
    same_name: SameNames = "replace" if job.replace else "ask"
    return read_file(desk, job.owner, job.collection, data, job.name, password=password, same_name=same_name, told=told)


class _Heartbeat:
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

    def told(self, stage: Stage, done: int, total: int) -> None:
        changed = stage != self._at[0]
        self._at = (stage, done, total)
        if changed:
            self._renew()
        if self._cancelled.is_set():
            raise Cancelled
        if self._stopping.is_set():
            raise _Stopping

    def _beat(self) -> None:
        # Twice a second while something is to be seen; the lease alone would need less.
        while not self._ended.wait(min(POLL_SECONDS, self._lease / 4)):
            with suppress(DiskFull, StoreUnreachable):
                self._renew()

    def _renew(self) -> None:
        if not self._jobs.progress(self._job, *self._at, self._lease):
            self._cancelled.set()
