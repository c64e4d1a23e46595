"""Several readers at one library, each in a process of its own: every document once, nobody's death costs one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from rag.core.errors import SameName
from rag.ingestion.context import IngestContext
from rag.ingestion.worker import run_jobs
from rag.library.store import Store
from rag.library.store.job_rows import Job
from tests.ingestion.test_pipeline import LIMITS, OWNER, ToyEmbedder, long_text, wait_for
from tests.support.postgres import Place
from tests.support.reading import reading

# Long enough for a process that imports all it needs on a busy machine.
PATIENCE = 120
DOCUMENTS = 8

_context = multiprocessing.get_context("spawn")


def _read(place: Place, ready: Event) -> None:
    ingest = IngestContext(place.open(), ToyEmbedder(wait=0.05), LIMITS)
    ready.set()
    run_jobs(ingest, threading.Event(), lease_seconds=2.0)


@contextmanager
def readers(place: Place, count: int) -> Iterator[list[SpawnProcess]]:
    """Readers that wait for work; at the end of the block they are no more."""
    ready = [_context.Event() for _ in range(count)]
    started = [_context.Process(target=_read, args=(place, event), daemon=True) for event in ready]
    for reader in started:
        reader.start()
    try:
        for event in ready:
            assert event.wait(PATIENCE), "a reader did not begin"
        yield started
    finally:
        for reader in started:
            reader.kill()
            reader.join()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known on Windows")
def test_two_readers_share_the_work_and_the_one_that_lives_takes_over(place: Place) -> None:
    with closing(place.open()) as store, readers(place, 2) as processes:
        collection = store.collections.create(OWNER, "mine")
        for number in range(DOCUMENTS):
            store.jobs.enqueue(OWNER, collection.id, f"{number}.txt", "file", long_text(4000, seed=number))

        def all_jobs() -> list[Job]:
            return store.jobs.list(OWNER, collection.id)

        def at_work() -> set[str]:
            return {str(job.worker).split(":")[1] for job in all_jobs() if job.state == "running"}

        wait_for(lambda: len(at_work()) == 2, PATIENCE)
        killed, alive = processes
        os.kill(killed.pid or 0, signal.SIGKILL)
        killed.join()
        left = [job for job in all_jobs() if job.state == "running" and f":{killed.pid}:" in str(job.worker)]
        wait_for(lambda: {job.state for job in all_jobs()} == {"done"}, PATIENCE)
        assert sorted(document.name for document in store.documents.list(OWNER, collection.id)) == [
            f"{number}.txt" for number in range(DOCUMENTS)
        ]
        again = [job for job in all_jobs() if job.attempts > 1]
        assert {job.id for job in again} == {job.id for job in left}
        assert all(f":{alive.pid}:" in str(job.worker) for job in again)


def test_a_short_document_passes_a_long_one_and_a_new_version_waits_for_the_old_one(place: Place) -> None:
    with closing(place.open()) as store, closing(place.open()) as own:
        collection = store.collections.create(OWNER, "mine")

        def enqueue(name: str, data: bytes) -> str:
            return store.jobs.enqueue(OWNER, collection.id, name, "file", data).id

        def states() -> list[str]:
            return [store.jobs.get(OWNER, job).state for job in (old, new, short)]

        old = enqueue("rules.txt", long_text(30_000))
        with reading(IngestContext(own, ToyEmbedder(wait=0.2), LIMITS)):
            wait_for(lambda: store.jobs.get(OWNER, old).done > 0, PATIENCE)
            new, short = enqueue("rules.txt", b"Others hold now."), enqueue("short.txt", b"Only this.")
            wait_for(lambda: states() == ["running", "waiting", "done"], PATIENCE)
            wait_for(lambda: states() == ["done", "failed", "done"], PATIENCE)
        assert store.jobs.get(OWNER, new).failure == SameName(name="rules.txt").failure()


@pytest.mark.skipif(os.name == "nt", reason="SIGSTOP is not known on Windows")
def test_a_reader_that_stood_still_ends_nothing_that_is_another_ones_now(place: Place) -> None:
    with closing(place.open()) as store, readers(place, 1) as (slept,):
        collection = store.collections.create(OWNER, "mine")
        job = store.jobs.enqueue(OWNER, collection.id, "long.txt", "file", long_text(20_000))
        wait_for(lambda: store.jobs.get(OWNER, job.id).done > 0, PATIENCE)
        # Between two of its writes, half a second apart: stopped in one it would hold the lock that all wait for.
        time.sleep(0.2)
        os.kill(slept.pid or 0, signal.SIGSTOP)
        with readers(place, 1) as (awake,):
            wait_for(lambda: f":{awake.pid}:" in str(store.jobs.get(OWNER, job.id).worker), PATIENCE)
            os.kill(slept.pid or 0, signal.SIGCONT)
            wait_for(lambda: store.jobs.get(OWNER, job.id).state == "done", PATIENCE)
            ended = store.jobs.get(OWNER, job.id)
            assert f":{awake.pid}:" in str(ended.worker)
            (document,) = store.documents.list(OWNER, collection.id)
            assert (ended.attempts, ended.document) == (2, document.id)


def test_broken_connections_cost_a_reader_nothing_but_time(postgres_url: str, tmp_path: Path) -> None:
    place = Place(tmp_path, postgres_url)
    with closing(place.open()) as store, closing(place.open()) as seen:
        collection = store.collections.create(OWNER, "mine")
        job = store.jobs.enqueue(OWNER, collection.id, "long.txt", "file", long_text(8000))
        with reading(IngestContext(store, ToyEmbedder(wait=0.2), LIMITS), lease_seconds=2.0):
            wait_for(lambda: seen.jobs.get(OWNER, job.id).done > 0, PATIENCE)
            broken = _break_all_connections(seen)
            wait_for(lambda: seen.jobs.get(OWNER, job.id).state == "done", PATIENCE)
        assert broken > 0
        assert [document.name for document in seen.documents.list(OWNER, collection.id)] == ["long.txt"]


def _break_all_connections(store: Store) -> int:
    """As a restart of the server does, save that of the one that asks for it."""
    with store.database.read() as connection:
        ended = connection.exec_driver_sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(ended.scalar_one())
