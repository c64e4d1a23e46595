"""A document comes in: read, split, embedded and kept, by hand and by the reader's jobs."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.core.child_processes import stop_at_end_of
from rag.core.errors import Cancelled, EmbedderMismatch, EmptyFile, NotFound, SameName, UnreadableDocument
from rag.core.types import Chunk, Collection
from rag.ingestion.chunk_vectors import CHUNKS_AT_ONCE, embedded_text
from rag.ingestion.context import IngestContext
from rag.ingestion.loading import Limits
from rag.ingestion.pipeline import read_file
from rag.ingestion.reembedding import reembed
from rag.ingestion.worker import run_jobs, wait_for_work
from rag.library.index import Index
from rag.library.store import Job, Store
from rag.library.store.jobs import MAX_ATTEMPTS
from rag.models.embedding import Embedder
from tests.support.folders import folder_of
from tests.support.reading import reading

OWNER = "ann"
LIMITS = Limits(pages=100, seconds=20, megabytes=1024, file_megabytes=5)
HANDBOOK = Path(__file__).resolve().parents[2] / "data" / "samples" / "employee-handbook.pdf"
TEXT = b"# Leave\n\nEvery employee has 25 days of annual leave each year.\n\n# Bicycles\n\nThey are in the cellar.\n"


class ToyEmbedder:
    """Counts letters: vectors that can be checked by hand. `wait` slows each batch down."""

    fallback_for = None
    max_tokens = 40

    def __init__(self, name: str = "toy", dimension: int = 26, wait: float = 0.0) -> None:
        self.name, self.dimension, self.wait = name, dimension, wait
        self.seen: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.seen.extend(texts)
        time.sleep(self.wait)
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> np.ndarray:
        counts = np.array([text.lower().count(chr(97 + i)) for i in range(self.dimension)], np.float32) + 0.01
        return counts / np.linalg.norm(counts)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


@pytest.fixture
def ingest(tmp_path: Path) -> IngestContext:
    return IngestContext(Store.open(tmp_path), ToyEmbedder(), LIMITS)


@pytest.fixture
def collection(ingest: IngestContext) -> Collection:
    return ingest.store.collections.create(OWNER, "mine")


def long_text(words: int, seed: int = 0) -> bytes:
    names = np.random.default_rng(seed).choice(["cat", "ship", "harbour", "letter", "invoice"], words)
    return (" ".join(names) + ".").encode()


def test_a_file_becomes_a_document_with_pages_chunks_and_vectors(ingest: IngestContext, collection: Collection) -> None:
    document = read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    assert (document.name, document.kind, document.pages, document.language) == ("rules.md", "markdown", 1, "en")
    assert document.sha256 == hashlib.sha256(TEXT).hexdigest()
    assert ingest.store.files.read(document.sha256) == TEXT
    page = ingest.store.documents.page(OWNER, document.id, 1)
    ids = ingest.store.documents.chunk_ids(collection.id).tolist()
    passages = ingest.store.documents.passages(OWNER, ids)
    assert document.chunks == len(passages) >= 1
    assert all(page.text[p.start : p.end] == p.text for p in passages.values())
    _, vectors = ingest.store.documents.vectors(collection.id)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    recorded = ingest.store.collections.get(OWNER, collection.id)
    assert (recorded.embedder, recorded.dimension, recorded.generation) == ("toy", 26, 1)


def test_a_document_just_read_is_found_by_its_words_and_its_vector(
    ingest: IngestContext, collection: Collection
) -> None:
    read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    index = Index(ingest.store)
    assert index.search_words(OWNER, collection.id, "annual leave", 5)
    assert index.search_vectors(collection.id, ingest.embedder.embed_query("annual leave"), 5)[0][1] > 0.5


def test_the_embedder_reads_the_context_and_then_the_text() -> None:
    assert embedded_text(Chunk(1, "1", "s", "Handbook", "Text.", 0, 5)) == "Handbook\nText."
    assert embedded_text(Chunk(1, "1", "", "", "Text.", 0, 5)) == "Text."


def test_no_chunk_is_longer_than_the_embedder_reads(ingest: IngestContext, collection: Collection) -> None:
    read_file(ingest, OWNER, collection.id, long_text(500), "long.txt")
    embedder = ingest.embedder
    assert isinstance(embedder, ToyEmbedder)
    assert len(embedder.seen) > 10
    assert max(map(embedder.count_tokens, embedder.seen)) <= embedder.max_tokens


def test_the_tutorials_characters_can_be_chosen(ingest: IngestContext, collection: Collection) -> None:
    tutorial = IngestContext(
        ingest.store, ingest.embedder, LIMITS, chunk_unit="characters", chunk_size=0, chunk_overlap=20
    )
    read_file(tutorial, OWNER, collection.id, long_text(1000), "long.txt")
    ids = ingest.store.documents.chunk_ids(collection.id).tolist()
    lengths = [len(p.text) for p in ingest.store.documents.passages(OWNER, ids).values()]
    assert 700 < max(lengths) <= 1000


def test_the_same_bytes_are_not_read_twice(ingest: IngestContext, collection: Collection) -> None:
    first = read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    again = read_file(ingest, OWNER, collection.id, TEXT, "other name.md")
    assert again == first
    assert ingest.store.collections.get(OWNER, collection.id).generation == 1


def test_a_new_version_stands_beside_the_old_one_or_takes_its_place(
    ingest: IngestContext, collection: Collection
) -> None:
    old = read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    beside = read_file(ingest, OWNER, collection.id, TEXT + b"\nMore.", "rules.md")
    newest = read_file(ingest, OWNER, collection.id, TEXT + b"\nMost.", "rules.md", same_name="replace")
    assert [d.id for d in ingest.store.documents.list(OWNER, collection.id)] == [old.id, newest.id]
    with pytest.raises(NotFound):
        ingest.store.files.read(beside.sha256)


def test_the_pages_of_a_pdf_are_counted_while_it_is_read(ingest: IngestContext, collection: Collection) -> None:
    told: list[tuple[str, int, int]] = []
    read_file(
        ingest, OWNER, collection.id, HANDBOOK.read_bytes(), HANDBOOK.name, on_progress=lambda *step: told.append(step)
    )
    assert [(done, total) for stage, done, total in told if stage == "loading"] == [
        (0, 0),
        *((number, 15) for number in range(1, 16)),
    ]


def test_reading_stops_between_two_pages(ingest: IngestContext, collection: Collection) -> None:
    def stop_at_seven(_stage: str, done: int, _total: int) -> None:
        if done == 7:
            raise Cancelled

    with pytest.raises(Cancelled):
        read_file(ingest, OWNER, collection.id, HANDBOOK.read_bytes(), HANDBOOK.name, on_progress=stop_at_seven)
    assert ingest.store.documents.list(OWNER, collection.id) == []
    assert read_file(ingest, OWNER, collection.id, HANDBOOK.read_bytes(), HANDBOOK.name).pages == 15


def test_progress_is_told_by_stage_and_chunk(ingest: IngestContext, collection: Collection) -> None:
    told: list[tuple[str, int, int]] = []
    document = read_file(
        ingest, OWNER, collection.id, long_text(3000), "long.txt", on_progress=lambda *step: told.append(step)
    )
    count = document.chunks
    assert told[0] == ("loading", 0, 0)
    assert told[1] == ("embedding", 0, count)
    assert told[-2:] == [("embedding", count, count), ("saving", count, count)]
    assert [done for stage, done, _ in told if stage == "embedding"] == [
        0,
        *range(CHUNKS_AT_ONCE, count, CHUNKS_AT_ONCE),
        count,
    ]


def test_a_reading_that_is_stopped_leaves_nothing(ingest: IngestContext, collection: Collection) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "saving":
            raise Cancelled

    with pytest.raises(Cancelled):
        read_file(ingest, OWNER, collection.id, TEXT, "rules.md", on_progress=stop)
    assert ingest.store.documents.list(OWNER, collection.id) == []
    assert not list((ingest.store.folder / "files").glob("*/*"))


@pytest.mark.parametrize(("data", "name"), [(b"", "empty.txt"), (b"%PDF-1.4 broken", "broken.pdf")])
def test_what_cannot_be_read_is_refused_and_loses_nothing(
    ingest: IngestContext, collection: Collection, data: bytes, name: str
) -> None:
    kept = read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    with pytest.raises(UnreadableDocument):
        read_file(ingest, OWNER, collection.id, data, name)
    assert ingest.store.documents.list(OWNER, collection.id) == [kept]


def test_another_embedder_is_refused_before_any_work(ingest: IngestContext, collection: Collection) -> None:
    read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    other = ToyEmbedder("other", 12)
    with pytest.raises(EmbedderMismatch) as refused:
        read_file(IngestContext(ingest.store, other, LIMITS), OWNER, collection.id, b"New text.", "new.txt")
    assert refused.value.fields == {"collection": "mine", "recorded": "toy", "current": "other"}
    assert other.seen == []


def test_a_document_goes_where_another_one_came_first_with_another_embedder(
    ingest: IngestContext, collection: Collection
) -> None:
    """Of files in two languages, read side by side into an empty collection, either may be the first."""
    came_first: list[str] = []

    def embedder_for(recorded: str | None, language: str) -> Embedder:
        if language == "de" and not came_first:
            came_first.append(read_file(ingest, OWNER, collection.id, TEXT, "rules.md").name)
        return ToyEmbedder("other", 12) if recorded is None and language == "de" else ingest.embedder

    german = "Die Fahrräder stehen im Keller, und der Schlüssel dafür liegt am Empfang bereit.".encode()
    read_file(replace(ingest, embedder_for=embedder_for), OWNER, collection.id, german, "fahrrad.txt")
    documents = ingest.store.documents.list(OWNER, collection.id)
    assert {document.name for document in documents} == {"rules.md", "fahrrad.txt"}
    assert ingest.store.collections.get(OWNER, collection.id).embedder == "toy"


def test_a_collection_can_be_embedded_anew(ingest: IngestContext, collection: Collection) -> None:
    first = read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    read_file(ingest, OWNER, collection.id, long_text(300), "long.txt")
    other = IngestContext(ingest.store, ToyEmbedder("other", 12), LIMITS)
    reembed(other, OWNER, collection.id)
    recorded = ingest.store.collections.get(OWNER, collection.id)
    assert (recorded.embedder, recorded.dimension) == ("other", 12)
    assert ingest.store.documents.vectors(collection.id)[1].shape[1] == 12
    assert read_file(other, OWNER, collection.id, TEXT, "rules.md").id == first.id
    found = Index(ingest.store).search_vectors(collection.id, other.embedder.embed_query("annual leave"), 3)
    assert len(found) == 3


def test_an_empty_collection_takes_any_embedder(ingest: IngestContext, collection: Collection) -> None:
    reembed(ingest, OWNER, collection.id)
    document = read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    ingest.store.documents.remove(OWNER, document.id)
    read_file(IngestContext(ingest.store, ToyEmbedder("other", 12), LIMITS), OWNER, collection.id, TEXT, "rules.md")
    assert ingest.store.collections.get(OWNER, collection.id).embedder == "other"


# --- jobs --------------------------------------------------------------------------------------------


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def work_until_idle(ingest: IngestContext, lease_seconds: float = 5.0) -> None:
    """The reader, in a thread of this process, until no job is waiting or running."""
    with reading(ingest, lease_seconds):
        wait_for(lambda: not [job for job in all_jobs(ingest) if job.state in ("waiting", "running")])


def all_jobs(ingest: IngestContext) -> list[Job]:
    return [
        job
        for collection in ingest.store.collections.list(OWNER)
        for job in ingest.store.jobs.list(OWNER, collection.id)
    ]


def test_jobs_are_read_and_failures_keep_their_reason(ingest: IngestContext, collection: Collection) -> None:
    jobs = ingest.store.jobs
    good = jobs.enqueue(OWNER, collection.id, "rules.md", "file", TEXT)
    bad = jobs.enqueue(OWNER, collection.id, "empty.txt", "file", b"")
    unreachable = jobs.enqueue(OWNER, collection.id, "http://127.0.0.1:9/", "address", "http://127.0.0.1:9/")
    work_until_idle(ingest)
    done = jobs.get(OWNER, good.id)
    assert (done.state, done.document) == ("done", ingest.store.documents.list(OWNER, collection.id)[0].id)
    failed = jobs.get(OWNER, bad.id)
    assert (failed.state, failed.failure) == ("failed", EmptyFile(name="empty.txt").failure())
    failure = jobs.get(OWNER, unreachable.id).failure
    assert failure is not None
    assert failure.key == "address_forbidden"


def test_a_reader_waits_for_work_before_it_loads_anything(ingest: IngestContext, collection: Collection) -> None:
    stopping = threading.Event()
    waiting = threading.Thread(target=wait_for_work, args=(ingest.store, stopping), daemon=True)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    ingest.store.jobs.enqueue(OWNER, collection.id, "rules.md", "file", TEXT)
    waiting.join(10)
    assert not waiting.is_alive()


@pytest.mark.parametrize(
    ("answer", "names"), [({"replace": True}, ["rules.md"]), ({"name": "rules (2).md"}, ["rules.md", "rules (2).md"])]
)
def test_a_namesake_with_other_contents_waits_for_a_word(
    ingest: IngestContext, collection: Collection, answer: dict[str, Any], names: list[str]
) -> None:
    old = read_file(ingest, OWNER, collection.id, TEXT, "rules.md")
    job = ingest.store.jobs.enqueue(OWNER, collection.id, "rules.md", "file", TEXT + b"\nMore.")
    work_until_idle(ingest)
    assert ingest.store.jobs.get(OWNER, job.id).failure == SameName(name="rules.md").failure()
    assert ingest.store.documents.list(OWNER, collection.id) == [old]
    ingest.store.jobs.retry(OWNER, job.id, **answer)
    work_until_idle(ingest)
    assert [document.name for document in ingest.store.documents.list(OWNER, collection.id)] == names


def test_a_fault_of_the_program_fails_one_job_and_not_the_reader(
    ingest: IngestContext, collection: Collection, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(ToyEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
            if any("secret" in text for text in texts):
                raise KeyError(texts[0])
            return super().embed_passages(texts)

    faulty = IngestContext(ingest.store, Faulty(), LIMITS)
    bad = ingest.store.jobs.enqueue(OWNER, collection.id, "bad.txt", "file", b"A secret sentence stands here.")
    good = ingest.store.jobs.enqueue(OWNER, collection.id, "good.txt", "file", TEXT)
    work_until_idle(faulty)
    failure = ingest.store.jobs.get(OWNER, bad.id).failure
    assert failure is not None
    assert (failure.key, failure.fields) == ("unexpected", {"kind": "key error"})
    assert ingest.store.jobs.get(OWNER, good.id).state == "done"
    assert "KeyError" in caplog.text
    assert "stands here" not in caplog.text


def test_a_running_job_is_cancelled_between_batches(ingest: IngestContext, collection: Collection) -> None:
    slow = IngestContext(ingest.store, ToyEmbedder(wait=0.3), LIMITS)
    job = ingest.store.jobs.enqueue(OWNER, collection.id, "long.txt", "file", long_text(30_000))
    with reading(slow):
        wait_for(lambda: ingest.store.jobs.get(OWNER, job.id).done > 0)
        ingest.store.jobs.cancel(OWNER, job.id)
        wait_for(lambda: ingest.store.jobs.get(OWNER, job.id).state == "cancelled", 60)
    assert ingest.store.documents.list(OWNER, collection.id) == []
    assert not folder_of(ingest.store).path(job.source).exists()


def test_a_reader_that_is_told_to_end_leaves_its_job_to_the_next(ingest: IngestContext, collection: Collection) -> None:
    slow = IngestContext(ingest.store, ToyEmbedder(wait=0.3), LIMITS)
    job = ingest.store.jobs.enqueue(OWNER, collection.id, "long.txt", "file", long_text(30_000))
    stopping = threading.Event()
    read, write = os.pipe()
    stop_at_end_of(os.fdopen(read, "rb"), stopping)
    thread = threading.Thread(target=run_jobs, args=(slow, stopping), daemon=True)
    thread.start()
    wait_for(lambda: ingest.store.jobs.get(OWNER, job.id).done > 0)
    os.close(write)
    thread.join(60)
    left = ingest.store.jobs.get(OWNER, job.id)
    assert (left.state, left.attempts) == ("waiting", 0)
    work_until_idle(ingest)
    assert ingest.store.jobs.get(OWNER, job.id).state == "done"


def _read_slowly(folder: Path) -> None:
    run_jobs(IngestContext(Store.open(folder), ToyEmbedder(wait=0.3), LIMITS), threading.Event(), lease_seconds=1.0)


def _killed_reader(ingest: IngestContext, job: Job, attempt: int) -> None:
    reader = multiprocessing.get_context("spawn").Process(target=_read_slowly, args=(ingest.store.folder,))
    reader.start()

    def embedding() -> bool:
        now = ingest.store.jobs.get(OWNER, job.id)
        return now.attempts == attempt and now.done > 0

    wait_for(embedding)
    assert reader.pid is not None
    os.kill(reader.pid, signal.SIGKILL)
    reader.join()


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not known on Windows")
def test_a_job_survives_the_death_of_its_reader(ingest: IngestContext, collection: Collection) -> None:
    job = ingest.store.jobs.enqueue(OWNER, collection.id, "long.txt", "file", long_text(30_000))
    _killed_reader(ingest, job, 1)
    assert ingest.store.documents.list(OWNER, collection.id) == []
    work_until_idle(ingest)
    assert ingest.store.jobs.get(OWNER, job.id).state == "done"
    assert [d.name for d in ingest.store.documents.list(OWNER, collection.id)] == ["long.txt"]


def test_a_file_that_kills_every_reader_is_given_up(ingest: IngestContext, collection: Collection) -> None:
    job = ingest.store.jobs.enqueue(OWNER, collection.id, "deadly.txt", "file", TEXT)
    for _ in range(MAX_ATTEMPTS):
        assert ingest.store.jobs.claim("a reader that dies", lease_seconds=-1) is not None
    assert ingest.store.jobs.claim("another", lease_seconds=10) is None
    failure = ingest.store.jobs.get(OWNER, job.id).failure
    assert failure is not None
    assert (failure.key, failure.fields) == ("reader_died", {"name": "deadly.txt"})
