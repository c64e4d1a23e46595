"""Readers as services of their own on one PostgreSQL, with the lease they really have: killed, stopped, cut off.

How long each took is printed, and not asserted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag.core.types import Collection
from rag.library.store import Job, Store
from rag.library.store.deliveries import look
from tests.guarantees.apps import PROJECT, quiet
from tests.scale.test_two_processes import until
from tests.support import postgres
from tests.support.tei import tei, vectors_of

pytestmark = pytest.mark.scale

OWNER, READERS = "ann", 3
SLOW = "The slow one is about the lift."


@dataclass
class Service:
    """Readers, their library, and the door before which reading a slow document waits."""

    readers: list[subprocess.Popen[bytes]]
    store: Store
    collection: Collection
    held: threading.Event

    def enqueue(self, name: str, text: str = "") -> Job:
        data = (text or f"{name} says how many days of leave there are.").encode()
        return self.store.jobs.enqueue(OWNER, self.collection.id, name, "file", data)

    def job(self, job: Job) -> Job:
        return self.store.jobs.get(OWNER, job.id)

    def holder(self, job: Job) -> subprocess.Popen[bytes]:
        """Who reads it, once somebody embeds it."""
        assert until(lambda: self.job(job).stage == "embedding")
        (found,) = [each for each in self.readers if f":{each.pid}:" in str(self.job(job).worker)]
        return found

    def taken_over(self, job: Job, since: float) -> float:
        """Seconds until somebody else has it."""
        before = self.job(job).worker
        assert until(lambda: self.job(job).worker != before)
        return time.monotonic() - since

    def names(self) -> list[str]:
        return sorted(document.name for document in self.store.documents.list(OWNER, self.collection.id))

    def deliveries(self) -> int:
        with self.store.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs").scalar_one())

    def alive(self) -> int:
        with self.store.database.read() as connection:
            return look(connection, 10)[2]


@pytest.fixture
def service(tmp_path: Path, postgres_url: str) -> Iterator[Service]:
    held = threading.Event()

    def embed(texts: list[str]) -> object:
        if any(SLOW in text for text in texts):
            held.wait(300)
        return vectors_of(texts)

    with ExitStack() as stack:
        store = stack.enter_context(closing(Store.open(tmp_path / "own", postgres_url)))
        server = stack.enter_context(tei(embed))
        environment = quiet() | {"RAG_DATABASE_URL": postgres_url, "RAG_EMBEDDER": f"tei:{server.at('')}"}
        readers = []
        for number in range(READERS):
            own = environment | {"RAG_DATA_DIR": str(tmp_path / f"reader{number}")}
            log = stack.enter_context((tmp_path / f"reader{number}.log").open("wb"))
            command = [sys.executable, "-m", "rag", "reader", "--stay"]
            readers.append(subprocess.Popen(command, cwd=PROJECT, env=own, stdout=log, stderr=log))
            stack.callback(_end, readers[-1])
        running = Service(readers, store, store.collections.create(OWNER, "mine"), held)
        assert until(lambda: running.alive() == READERS)
        yield running
        held.set()


def _end(reader: subprocess.Popen[bytes]) -> None:
    reader.send_signal(signal.SIGCONT)
    reader.terminate()
    reader.wait(60)


def test_a_killed_readers_document_is_taken_over_and_read_once(service: Service) -> None:
    slow = service.enqueue("slow.txt", SLOW)
    holder = service.holder(slow)
    others = [service.enqueue(f"{number}.txt") for number in range(20)]
    began = time.monotonic()
    holder.kill()
    holder.wait()
    assert until(lambda: all(service.job(job).state == "done" for job in others))
    print(f"{len(others)} documents that waited were read {time.monotonic() - began:.1f} s after the kill")
    print(f"the killed reader's one was taken over after {service.taken_over(slow, began):.1f} s")
    service.held.set()
    assert until(lambda: service.job(slow).state == "done")
    assert service.job(slow).attempts == 2
    assert service.names() == sorted(["slow.txt", *(job.name for job in others)])
    assert until(lambda: service.deliveries() == 0)


def test_a_reader_that_stood_still_loses_its_document_and_goes_on_with_others(service: Service) -> None:
    slow = service.enqueue("slow.txt", SLOW)
    holder = service.holder(slow)
    began = time.monotonic()
    os.kill(holder.pid, signal.SIGSTOP)
    print(f"the stopped reader's document was taken over after {service.taken_over(slow, began):.1f} s")
    new = service.holder(slow)
    # It comes back while the other one reads, and both hear from the embedder at once.
    os.kill(holder.pid, signal.SIGCONT)
    time.sleep(2)
    service.held.set()
    assert until(lambda: service.job(slow).state == "done")
    ended = service.job(slow)
    assert f":{new.pid}:" in str(ended.worker)
    assert ended.attempts == 2
    assert service.names() == ["slow.txt"]
    # The two others end: what comes now is for the one that stood still.
    for reader in service.readers:
        if reader is not holder:
            _end(reader)
    began = time.monotonic()
    last = service.enqueue("last.txt")
    assert until(lambda: service.job(last).state == "done")
    print(f"the reader that came back read another {time.monotonic() - began:.1f} s after it was asked for")
    assert service.names() == ["last.txt", "slow.txt"]
    assert until(lambda: service.deliveries() == 0)


def test_readers_that_are_cut_off_from_the_database_come_back(
    service: Service, postgres_server: str, postgres_url: str
) -> None:
    """One is about to save what it read, the others wait."""
    slow = service.enqueue("slow.txt", SLOW)
    service.holder(slow)
    with postgres.out_of_reach(postgres_server, postgres_url):
        service.held.set()
        time.sleep(15)
    began = time.monotonic()
    last = service.enqueue("last.txt")
    assert until(lambda: service.job(last).state == service.job(slow).state == "done")
    print(f"{time.monotonic() - began:.1f} s after the database was back both documents were read")
    assert service.names() == ["last.txt", "slow.txt"]
    assert until(lambda: service.deliveries() == 0)
    assert until(lambda: service.alive() == READERS)
    assert all(reader.poll() is None for reader in service.readers)
