"""The reader: a process that takes the jobs that wait and reads their documents, two at a time.

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
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.core.errors import (
    AddressError,
    Cancelled,
    DiskFull,
    EmbedderUnreachable,
    ModelNotOnDisk,
    RagError,
    StoreUnreachable,
    Unexpected,
    VectorsLacking,
)
from rag.core.interrupts import as_completed
from rag.core.types import Document
from rag.ingestion.context import IngestContext, ProgressCallback, silent
from rag.ingestion.pipeline import SameNames, read_address, read_again, read_file
from rag.ingestion.reembedding import drop_kept, reembed
from rag.ingestion.worker.idleness import Idleness
from rag.ingestion.worker.lease import Heartbeat, Stopping
from rag.ingestion.worker.outages import POLL_SECONDS, TRIES, may_pass, wait_out, when_it_answers
from rag.library.store import Job, Store
from rag.library.store.postgresql import PostgreSQL

if TYPE_CHECKING:
    from rag.library.index.milvus_sync import MilvusSync

# Documents read at a time: one is taken apart while another is embedded, and a short one passes a long one. 759 pages
# of reports took 102 s one by one on two processors, 85 s two at a time, 97 s three at a time.
READ_AT_ONCE = 2

LEASE_SECONDS = 20.0
# A reader with nothing to do gives its embedder back after so long: 1.3 GB, against 2 to 4 s to load it again.
IDLE_SECONDS = 20.0
DOUBT_SECONDS = 60.0

_log = logging.getLogger(__name__)


def serve(
    store: Store,
    ingest: Callable[[], IngestContext],
    stopping: threading.Event,
    *,
    idle_seconds: float = math.inf,
) -> bool:
    """Read the documents that wait until `stopping` is set; its context is made when there is something to read.

    Returns:
        Whether it ended because there was nothing more to read for `idle_seconds`. Readers of a team's database stay.
    """
    if isinstance(store.database, PostgreSQL):
        _receive(store, store.database, ingest, stopping, LEASE_SECONDS)
        return False
    wait_for_work(store, stopping)
    ready = when_it_answers(ingest, stopping)
    if ready is not None:
        run_jobs(ready, stopping, idle_seconds=idle_seconds)
    return not stopping.is_set()


def run_jobs(
    ingest: IngestContext,
    stopping: threading.Event,
    *,
    lease_seconds: float = LEASE_SECONDS,
    idle_seconds: float = math.inf,
) -> None:
    """Read the documents that wait, READ_AT_ONCE at a time, until `stopping` is set or nothing came for so long.

    A job whose reader died is begun anew by whoever comes here next, once its lease has run out.
    """
    if isinstance(ingest.store.database, PostgreSQL):
        _receive(ingest.store, ingest.store.database, lambda: ingest, stopping, lease_seconds)
        return
    ingest.store.files.sweep()
    ingest.store.recognised.sweep()
    idleness = Idleness(idle_seconds)
    with ThreadPoolExecutor(READ_AT_ONCE, "reading") as pool:
        try:
            for ended in as_completed(
                [pool.submit(_take, ingest, stopping, lease_seconds, idleness) for _ in range(READ_AT_ONCE)]
            ):
                ended.result()
        except BaseException:
            # What one cannot go on from ends the other too.
            stopping.set()
            raise


def _take(ingest: IngestContext, stopping: threading.Event, lease_seconds: float, idleness: Idleness) -> None:
    """One job after the other."""
    worker = _name()
    while not stopping.is_set() and not idleness.lasts():
        try:
            job = ingest.store.jobs.claim(worker, lease_seconds)
            if job is None:
                stopping.wait(POLL_SECONDS)
            else:
                with idleness.interrupted():
                    _run(ingest, job, stopping, lease_seconds)
        except (DiskFull, EmbedderUnreachable, StoreUnreachable) as error:
            # The job comes again, at the latest when its lease has run out.
            wait_out(error, stopping)


def _receive(
    store: Store,
    database: PostgreSQL,
    ingest: Callable[[], IngestContext],
    stopping: threading.Event,
    lease_seconds: float,
) -> None:
    """Read what procrastinate brings."""
    from rag.ingestion.worker.delivery import Later, receive

    def read(job_id: str, tried: int) -> None:
        try:
            ready = ingest()
            # A name for each, so that one that lost its lease cannot end what the other took over.
            job = store.jobs.claim(_name(), lease_seconds, job_id)
            if job is not None:
                _run(ready, job, stopping, lease_seconds, tried)
            elif store.jobs.waits(job_id):
                raise Later
        except (AddressError, DiskFull, EmbedderUnreachable, StoreUnreachable) as error:
            if not isinstance(error, AddressError):
                # The next job would meet the same.
                wait_out(error, stopping)
            raise Later from None

    with suppress(StoreUnreachable):
        store.files.sweep()
        store.recognised.sweep()
    receive(database, read, stopping, lease_seconds, at_once=READ_AT_ONCE)


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def wait_for_work(store: Store, stopping: threading.Event) -> None:
    """Until there is a job or `stopping` is set: before that, nobody needs half a gigabyte of embedder."""
    while not stopping.is_set():
        with suppress(StoreUnreachable):
            if store.jobs.unfinished():
                return
        stopping.wait(POLL_SECONDS)


def keep_in_step(sync: MilvusSync, stopping: threading.Event) -> None:
    """Until `stopping` is set, bring what is searched elsewhere up to date from the library.

    An outage costs time and nothing else. Now and then all is looked at, changed or not: the server may have lost it.
    """
    looked = -math.inf
    while not stopping.is_set():
        try:
            doubting = time.monotonic() - looked > DOUBT_SECONDS
            sync.follow(doubting=doubting)
            looked = time.monotonic() if doubting else looked
        except (VectorsLacking, StoreUnreachable) as error:
            _log.warning("the vectors are not kept in step: %s", error.key())
            stopping.wait(10 * POLL_SECONDS)
        stopping.wait(2 * POLL_SECONDS)


def _run(ingest: IngestContext, job: Job, stopping: threading.Event, lease_seconds: float, tried: int = TRIES) -> None:
    """Read a job to its end, whatever that is; raises what is in the way for now, when the job waits again.

    Args:
        tried: how often it was brought again before.
    """
    jobs = ingest.store.jobs
    beat = Heartbeat(ingest.store, job, stopping, lease_seconds)
    try:
        with beat:
            document = _done(ingest, job, beat.on_progress)
        jobs.finish(job, document)
    except Stopping:
        jobs.give_back(job)
    except Cancelled:
        jobs.stop(job)
        if job.kind == "embedder":
            drop_kept(ingest.store.folder, job.collection)
    except RagError as error:
        if may_pass(error, tried):
            # Where this fails too, its lease runs out.
            with suppress(DiskFull, StoreUnreachable):
                jobs.give_back(job, error.failure())
            raise
        with suppress(DiskFull):
            jobs.fail(job, error.failure())
    except Exception as error:  # noqa: BLE001 - the one place: a failed job becomes its recorded error
        jobs.fail(job, Unexpected.logged(error, f"job {job.id}", _log).failure())


def _done(ingest: IngestContext, job: Job, on_progress: ProgressCallback) -> str | None:
    """Do what a job says; the id of the document that was read."""
    if job.kind != "embedder":
        return read_job(ingest, job, on_progress).id
    if ingest.embedder_for is not None:
        ingest = replace(ingest, embedder=ingest.embedder_for(job.source, ""))
    if ingest.embedder.name != job.source:
        raise ModelNotOnDisk(model=job.source)
    reembed(ingest, job.owner, job.collection, on_progress)
    return None


def read_job(
    ingest: IngestContext, job: Job, on_progress: ProgressCallback = silent, *, password: str | None = None
) -> Document:
    """Read what a job names. A password is given while the user waits: it is not written down with the job."""
    if job.kind == "address":
        return read_address(ingest, job.owner, job.collection, job.source, replace=job.replace, on_progress=on_progress)
    if job.kind == "document":
        return read_again(ingest, job.owner, job.source, password=password, on_progress=on_progress)
    data = ingest.store.files.read(job.source)
    same_name: SameNames = "replace" if job.replace else "ask"
    return read_file(
        ingest,
        job.owner,
        job.collection,
        data,
        job.name,
        password=password,
        same_name=same_name,
        on_progress=on_progress,
    )
