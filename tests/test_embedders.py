"""Each collection has its embedder: chosen by its language, changed in the background, searched all the while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.types import Collection
from rag.ingestion.pipeline import read_file
from rag.ingestion.reembedding import reembed
from rag.ingestion.worker import run_jobs
from rag.models import catalogue
from rag.models.catalogue import BUNDLED, MULTILINGUAL
from rag.services import NO_MODEL, Services, open_services
from tests.support.waiting import PATIENCE, until

OWNER = "local"
ENGLISH = b"Employees have 25 days of annual leave. Requests are sent to the personnel office."
GERMAN = "Die Beschäftigten haben 25 Tage Urlaub im Jahr. Anträge gehen an das Personalbüro.".encode()
CHINESE = "员工每年有二十五天年假。申请交给人事部。".encode()


class Counting:
    """A small embedder under the multilingual one's name: vectors of counted letters, and what it was given."""

    name, dimension, max_tokens, fallback_for = MULTILINGUAL, 384, 500, None

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.before_each: Callable[[], None] = lambda: None

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.before_each()
        self.seen += texts
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> np.ndarray:
        vector = np.bincount([ord(letter) % 384 for letter in f"{text}."], minlength=384).astype(np.float32)
        made: np.ndarray = vector / np.linalg.norm(vector)
        return made

    def count_tokens(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def multilingual(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Its package is there, whether or not it is installed here."""
    made = Counting()
    there = catalogue.at_hand
    monkeypatch.setattr(catalogue, "at_hand", lambda name, folders=(): name == MULTILINGUAL or there(name, folders))
    return made


@pytest.fixture
def services(tmp_path: Path, multilingual: Counting) -> Iterator[Services]:
    made = open_services(Settings(data_dir=tmp_path, embedder=BUNDLED, model=NO_MODEL, samples=False))
    made.embedders._others[MULTILINGUAL] = multilingual
    yield made
    made.store.close()


def read(services: Services, collection: Collection, data: bytes, name: str) -> str | None:
    """Read a document; the collection's embedder afterwards."""
    read_file(services.ingest, OWNER, collection.id, data, name)
    return services.store.collections.get(OWNER, collection.id).embedder


@pytest.mark.parametrize(("first", "chosen"), [(ENGLISH, BUNDLED), (GERMAN, MULTILINGUAL), (CHINESE, MULTILINGUAL)])
def test_the_first_document_chooses_the_embedder(services: Services, first: bytes, chosen: str) -> None:
    collection = services.store.collections.create(OWNER, "mine")
    assert read(services, collection, first, "first.txt") == chosen
    # It keeps it, whatever comes next.
    assert read(services, collection, ENGLISH + b" More.", "second.txt") == chosen
    *_, answer = services.conversation.ask("How many days of annual leave?", CallContext(OWNER, collection.id))
    assert answer.quotes


def test_a_chinese_interface_begins_with_the_multilingual_one(services: Services) -> None:
    collection = services.store.collections.create(OWNER, "mine")
    services.begin(collection, "en")
    assert services.store.collections.get(OWNER, collection.id).embedder is None
    services.begin(collection, "zh")
    assert read(services, collection, ENGLISH, "first.txt") == MULTILINGUAL


def test_without_the_package_all_is_as_it_was(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "at_hand", lambda name, folders=(): False)
    collection = services.store.collections.create(OWNER, "mine")
    assert read(services, collection, CHINESE, "first.txt") == BUNDLED
    assert services.embedders.better_for(BUNDLED, {"zh"}) is None


def test_a_better_one_is_offered_where_documents_are_not_read(services: Services) -> None:
    better = services.embedders.better_for
    assert better(BUNDLED, {"en"}) is None
    assert better(BUNDLED, {"en", "de"}) == MULTILINGUAL
    assert better(MULTILINGUAL, {"en"}) is None
    assert better("gone-model", {"en"}) == BUNDLED
    assert better(None, {"zh"}) is None


def both(services: Services) -> Collection:
    """An English collection that a German document came into."""
    collection = services.store.collections.create(OWNER, "mine")
    read(services, collection, ENGLISH, "leave.txt")
    read(services, collection, GERMAN, "urlaub.txt")
    return collection


def test_it_is_embedded_anew_by_a_reader_and_searched_meanwhile(services: Services, multilingual: Counting) -> None:
    collection, found = both(services), []

    def ask() -> None:
        *_, answer = services.conversation.ask("How many days of annual leave?", CallContext(OWNER, collection.id))
        found.append((services.store.collections.get(OWNER, collection.id).embedder, bool(answer.quotes)))

    multilingual.before_each = ask
    job = services.store.jobs.enqueue(OWNER, collection.id, MULTILINGUAL, "embedder", MULTILINGUAL)
    work(services, job.id)
    assert services.store.jobs.get(OWNER, job.id).state == "done"
    assert found == [(BUNDLED, True)] * 2
    multilingual.before_each = lambda: None
    ask()
    assert found[-1] == (MULTILINGUAL, True)


def test_broken_off_it_goes_on_where_it_was(services: Services, multilingual: Counting) -> None:
    collection = both(services)
    ingest = replace(services.ingest, embedder=multilingual)

    def end_at_the_second() -> None:
        if multilingual.seen:
            raise KeyboardInterrupt

    multilingual.before_each = end_at_the_second
    with pytest.raises(KeyboardInterrupt):
        reembed(ingest, OWNER, collection.id)
    assert services.store.collections.get(OWNER, collection.id).embedder == BUNDLED
    multilingual.before_each = lambda: None
    done = list(multilingual.seen)
    reembed(ingest, OWNER, collection.id)
    assert services.store.collections.get(OWNER, collection.id).embedder == MULTILINGUAL
    assert len(done) == 1
    assert len(multilingual.seen) == 2
    assert not list(services.settings.data_dir.glob("embedding/*"))


def test_stopped_it_stays_as_it_was(
    services: Services, multilingual: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection, jobs = both(services), services.store.jobs
    job = jobs.enqueue(OWNER, collection.id, MULTILINGUAL, "embedder", MULTILINGUAL)
    beat, told = jobs.progress, threading.Event()

    def progress(*arguments: Any) -> bool:
        goes_on = beat(*arguments)
        if not goes_on:
            told.set()
        return goes_on

    def stop() -> None:
        jobs.cancel(OWNER, job.id)
        assert told.wait(PATIENCE)

    monkeypatch.setattr(jobs, "progress", progress)
    multilingual.before_each = stop
    work(services, job.id)
    assert jobs.get(OWNER, job.id).state == "cancelled"
    assert services.store.collections.get(OWNER, collection.id).embedder == BUNDLED
    assert not list(services.settings.data_dir.glob("embedding/*"))


def test_what_was_embedded_with_the_old_one_meanwhile_is_embedded_again(
    services: Services, multilingual: Counting
) -> None:
    """A document that is being read while its collection changes embedder takes the new one."""
    collection = both(services)
    configured = services.embedder
    changed = threading.Event()

    class Slow(Counting):
        name, dimension, max_tokens = BUNDLED, configured.dimension, configured.max_tokens

        def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
            if not changed.is_set():
                changed.set()
                reembed(replace(services.ingest, embedder=multilingual), OWNER, collection.id)
            return super().embed_passages(texts)

    services.__dict__["embedder"] = Slow()
    assert read(services, collection, b"The canteen opens at noon.", "canteen.txt") == MULTILINGUAL
    assert any("canteen" in text for text in multilingual.seen)


def work(services: Services, job_id: str) -> None:
    """A reader, until the job has ended."""
    stopping = threading.Event()
    reader = threading.Thread(target=run_jobs, args=(services.ingest, stopping))
    reader.start()
    try:
        assert until(lambda: not services.store.jobs.unfinished([job_id]))
    finally:
        stopping.set()
        reader.join()
