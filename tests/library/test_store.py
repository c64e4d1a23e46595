"""The store: documents whole or not at all, owners apart, chats, jobs, old schemas, backups."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.core.errors import (
    DiskFull,
    EmbedderMismatch,
    LibraryInUse,
    NameTaken,
    NotFound,
    StoreDamaged,
    StoreTooNew,
    StoreUnprepared,
)
from rag.core.types import (
    Answer,
    Chunk,
    Collection,
    Document,
    Failure,
    Heading,
    LoadedDocument,
    Page,
    Passage,
    Quote,
    Sentence,
)
from rag.library.index import words_fit
from rag.library.store import Store
from rag.library.store.answers import answer_from_json, answer_to_json
from rag.library.store.backup import backup, restore
from rag.library.store.postgresql import PostgreSQL
from tests.support.originals import has_original
from tests.support.postgres import Place

ANN, BOB = "ann", "bob"
PAGES = (
    Page(1, "i", "Leave\nEveryone has 25 days.", (Heading(0, "Leave"),)),
    Page(2, "1", "自行车停放在地下室。\ud83d", ()),
)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An empty library, on each of the two engines."""
    with closing(place.open()) as made:
        yield made


@pytest.fixture
def local(tmp_path: Path) -> Store:
    """An empty library in a folder."""
    return Store.open(tmp_path / "data")


@pytest.fixture
def collection(store: Store) -> Collection:
    return store.collections.create(ANN, "mine")


def add(
    store: Store,
    collection: Collection,
    data: bytes = b"bytes",
    name: str = "rules.pdf",
    *,
    dimension: int = 4,
    embedder: str = "toy",
    replaces: str | None = None,
    chunks: int = 2,
) -> Document:
    loaded = LoadedDocument(name, "Rules", "pdf", PAGES, None, (3,))
    page = PAGES[0]
    pieces = [Chunk(1, "i", "Leave", "Rules", page.text[i : i + 10], i, i + 10) for i in range(chunks)]
    vectors = np.eye(chunks, dimension, dtype=np.float32)
    return store.documents.add(
        collection.owner, collection.id, loaded, pieces, vectors, sha256=hashlib.sha256(data).hexdigest(),
        size=len(data), lead="Everyone has 25 days.", language="en", embedder=embedder, replaces=replaces,
        original=data,
    )  # fmt: skip


def rows(store: Store, table: str) -> int:
    with store.database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


# --- the database ------------------------------------------------------------------------------------


def test_the_database_is_set_up_to_lose_nothing(local: Store) -> None:
    with local.database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_every_write_that_fails_is_undone(store: Store) -> None:
    row = "INSERT INTO collections VALUES ('x', 'ann', 'name', NULL, NULL, 0, 0, '')"

    def write_twice() -> None:
        with store.database.write() as connection:
            connection.exec_driver_sql(row)
            connection.exec_driver_sql(row)

    with pytest.raises(sa.exc.IntegrityError):
        write_twice()
    assert store.collections.list(ANN) == []


def test_a_file_that_is_no_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "library.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreDamaged):
        Store.open(tmp_path)


def test_a_library_of_a_later_version_is_left_alone(place: Place, store: Store) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = 999")
    with pytest.raises(StoreTooNew):
        place.open()


def test_a_database_without_pgvector_or_the_right_to_make_it_is_said(postgres_url: str, tmp_path: Path) -> None:
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE stranger LOGIN")
        try:
            with pytest.raises(StoreUnprepared):
                Store.open(tmp_path, postgres_url.replace("postgres:@", "stranger:@"))
        finally:
            connection.exec_driver_sql("DROP ROLE stranger")


def test_a_full_disk_has_a_name_and_costs_nothing(local: Store) -> None:
    collection = local.collections.create(ANN, "mine")
    kept = add(local, collection)
    with local.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    few = f"PRAGMA max_page_count = {pages + 2}"
    sa.event.listen(local.database._engine, "begin", lambda connection: connection.exec_driver_sql(few))
    with pytest.raises(DiskFull):
        add(local, collection, b"big", "big.pdf", dimension=4, chunks=3000)
    assert local.documents.list(ANN, collection.id) == [kept]


def test_a_file_that_does_not_fit_has_the_same_name(local: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        local.files.save(b"data")
    assert [path for path in (local.folder / "files").rglob("*") if path.is_file()] == []


# --- collections and documents -----------------------------------------------------------------------


def test_collections_are_made_found_renamed_and_removed(store: Store) -> None:
    one = store.collections.create(ANN, "one")
    two = store.collections.create(ANN, "two", samples=True)
    assert store.collections.list(ANN) == [one, two]
    assert store.collections.get(ANN, one.id) == one
    assert store.collections.by_name(ANN, "two") == two
    with pytest.raises(NameTaken):
        store.collections.create(ANN, "one")
    with pytest.raises(NameTaken):
        store.collections.rename(ANN, two.id, "one")
    assert store.collections.rename(ANN, two.id, "三").name == "三"
    store.collections.remove(ANN, one.id)
    with pytest.raises(NotFound):
        store.collections.get(ANN, one.id)


def test_a_document_comes_back_as_it_went_in(store: Store, collection: Collection) -> None:
    document = add(store, collection)
    assert store.documents.get(ANN, document.id) == document
    assert store.documents.list(ANN, collection.id) == [document]
    assert (document.pages, document.chunks, document.empty_pages, document.size) == (2, 2, (3,), 5)
    assert len(document.id) == 32
    assert store.documents.page(ANN, document.id, 1) == PAGES[0]
    # Half a character, which cannot be written down, is marked in its place.
    assert store.documents.pages(ANN, document.id)[1].text == "自行车停放在地下室。\ufffd"
    passages = store.documents.passages(ANN, [1, 2, 99])
    assert list(passages) == [1, 2]
    assert passages[2] == Passage(
        2, document.id, "rules.pdf", "Rules", "pdf", None, 1, "i", "Leave", "eave\nEvery", 1, 11
    )
    ids, vectors = store.documents.vectors(collection.id)
    assert ids.tolist() == [1, 2]
    assert np.array_equal(vectors, np.eye(2, 4, dtype=np.float32))
    assert store.documents.vectors(collection.id, after=1)[0].tolist() == [2]


def test_a_document_is_found_by_hash_name_or_address(store: Store, collection: Collection) -> None:
    first = add(store, collection, b"one")
    second = add(store, collection, b"two")
    assert store.documents.find(ANN, collection.id, sha256=first.sha256) == first
    assert store.documents.find(ANN, collection.id, name="rules.pdf") == second
    assert store.documents.find(ANN, collection.id, address="http://example.com/") is None


def test_the_same_bytes_are_one_document(store: Store, collection: Collection) -> None:
    first = add(store, collection)
    assert add(store, collection, name="copy.pdf") == first
    assert store.collections.get(ANN, collection.id).generation == 1
    assert rows(store, "chunks") == 2


def test_a_new_version_takes_the_place_of_the_old_one(store: Store, collection: Collection) -> None:
    old = add(store, collection, b"old")
    new = add(store, collection, b"new", replaces=old.id)
    assert store.documents.list(ANN, collection.id) == [new]
    assert not has_original(store, old.sha256)
    assert store.collections.get(ANN, collection.id).generation == 2
    # Its own bytes again, and bytes of another document: nothing is there twice, nothing goes that is needed.
    assert add(store, collection, b"new", replaces=new.id) == new
    other = add(store, collection, b"other")
    assert add(store, collection, b"other", replaces=new.id) == other
    assert store.documents.list(ANN, collection.id) == [other]


def test_a_removed_document_leaves_nothing(store: Store, collection: Collection) -> None:
    document = add(store, collection)
    kept = add(store, collection, b"kept")
    store.documents.remove(ANN, document.id)
    assert store.documents.list(ANN, collection.id) == [kept]
    words = "words" if isinstance(store.database, PostgreSQL) else "words_docsize"
    assert (rows(store, "pages"), rows(store, "chunks"), rows(store, words)) == (2, 2, 2)
    assert not has_original(store, document.sha256)
    assert store.collections.get(ANN, collection.id).generation == 3
    assert words_fit(store)
    with pytest.raises(NotFound):
        store.documents.remove(ANN, document.id)
    with pytest.raises(NotFound):
        store.documents.page(ANN, document.id, 1)


def test_ids_of_removed_chunks_do_not_come_back(store: Store, collection: Collection) -> None:
    store.documents.remove(ANN, add(store, collection).id)
    add(store, collection)
    assert store.documents.chunk_ids(collection.id).tolist() == [3, 4]


def test_a_file_stays_as_long_as_one_document_has_it(store: Store, collection: Collection) -> None:
    other = store.collections.create(BOB, "bob's")
    mine, bobs = add(store, collection), add(store, other)
    store.documents.remove(ANN, mine.id)
    assert store.files.read(bobs.sha256) == b"bytes"
    store.collections.remove(BOB, other.id)
    with pytest.raises(NotFound):
        store.files.read(bobs.sha256)


def test_another_embedder_is_refused(store: Store, collection: Collection) -> None:
    document = add(store, collection)
    with pytest.raises(EmbedderMismatch) as refused:
        add(store, collection, b"new", embedder="other")
    assert refused.value.fields == {"collection": "mine", "recorded": "toy", "current": "other"}
    with pytest.raises(EmbedderMismatch):
        store.collections.set_embedder(ANN, collection.id, "toy", 8)
    store.documents.remove(ANN, document.id)
    add(store, collection, b"new", embedder="other", dimension=8)
    recorded = store.collections.get(ANN, collection.id)
    assert (recorded.embedder, recorded.dimension) == ("other", 8)


def test_rechunking_waits_for_documents_that_came_meanwhile(store: Store, collection: Collection) -> None:
    one, two = add(store, collection, b"one"), add(store, collection, b"two")
    part = ([Chunk(1, "i", "", "", "Leave", 0, 5)], np.ones((1, 8), np.float32))
    assert store.documents.rechunk(ANN, collection.id, {one.id: part}, embedder="new") == {two.id}
    assert store.documents.chunk_ids(collection.id).tolist() == [1, 2, 3, 4]
    assert store.documents.rechunk(ANN, collection.id, {one.id: part, two.id: part}, embedder="new") == frozenset()
    assert store.documents.vectors(collection.id)[1].shape == (2, 8)
    assert [d.chunks for d in store.documents.list(ANN, collection.id)] == [1, 1]
    assert store.collections.get(ANN, collection.id).embedder == "new"


def test_vectors_must_be_as_many_as_chunks(store: Store, collection: Collection) -> None:
    with pytest.raises(ValueError, match="1 chunks"):
        store.documents.add(
            ANN, collection.id, LoadedDocument("n", "t", "text", ()), [Chunk(1, "1", "", "", "x", 0, 1)],
            np.ones((2, 4), np.float32), sha256="0" * 64, size=1, lead="", language="en", embedder="toy",
        )  # fmt: skip


def test_owners_see_nothing_of_each_other(store: Store, collection: Collection) -> None:
    document = add(store, collection)
    chat = store.chats.create(ANN, collection.id)
    turn = store.chats.ask(ANN, chat.id, "secret?")
    job = store.jobs.enqueue(ANN, collection.id, "n", "address", "http://example.com/")
    assert store.collections.list(BOB) == store.documents.list(BOB, collection.id) == store.chats.list(BOB) == []
    assert store.documents.pages(BOB, document.id) == store.chats.turns(BOB, chat.id) == []
    assert store.documents.passages(BOB, [1, 2]) == {}
    assert store.jobs.list(BOB, collection.id) == []
    answer = Answer("q", "q", "a", "answered", None)
    for foreign in (
        lambda: store.collections.get(BOB, collection.id),
        lambda: store.collections.rename(BOB, collection.id, "x"),
        lambda: store.collections.remove(BOB, collection.id),
        lambda: add(store, replace(collection, owner=BOB), b"bob's"),
        lambda: store.documents.get(BOB, document.id),
        lambda: store.documents.page(BOB, document.id, 1),
        lambda: store.documents.remove(BOB, document.id),
        lambda: store.chats.create(BOB, collection.id),
        lambda: store.chats.get(BOB, chat.id),
        lambda: store.chats.rename(BOB, chat.id, "x"),
        lambda: store.chats.scope(BOB, chat.id, []),
        lambda: store.chats.ask(BOB, chat.id, "?"),
        lambda: store.chats.answer(BOB, turn.id, answer),
        lambda: store.chats.remove(BOB, chat.id),
        lambda: store.jobs.enqueue(BOB, collection.id, "n", "file", b"x"),
        lambda: store.jobs.cancel(BOB, job.id),
        lambda: store.jobs.retry(BOB, job.id),
        lambda: store.jobs.dismiss(BOB, job.id),
    ):
        with pytest.raises(NotFound):
            foreign()
    assert store.documents.get(ANN, document.id) == document


def _add_many(place: Place, collection: Collection, first: int) -> None:
    store = place.open()
    for i in range(first, first + 10):
        add(store, collection, f"document {i}".encode())


def test_processes_write_at_once(place: Place, store: Store, collection: Collection) -> None:
    context = multiprocessing.get_context("spawn")
    # Overlapping ranges: half of the documents are written by two of them.
    writers = [context.Process(target=_add_many, args=(place, collection, 5 * i)) for i in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert len(store.documents.list(ANN, collection.id)) == 20
    assert store.collections.get(ANN, collection.id).generation == 20


def _open(place: Place) -> None:
    place.open().close()


def test_processes_make_the_library_at_once(place: Place) -> None:
    context = multiprocessing.get_context("spawn")
    openers = [context.Process(target=_open, args=(place,)) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert [opener.exitcode for opener in openers] == [0, 0, 0]


def test_threads_write_at_once(store: Store, collection: Collection) -> None:
    threads = [
        threading.Thread(target=lambda i=i: add(store, collection, f"document {i % 10}".encode())) for i in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.documents.list(ANN, collection.id)) == 10


def test_a_removal_beside_an_addition_never_takes_the_file(store: Store, collection: Collection) -> None:
    other = store.collections.create(ANN, "other")
    for _ in range(20):
        first = add(store, collection)
        remove = threading.Thread(target=lambda first=first: store.documents.remove(ANN, first.id))
        remove.start()
        second = add(store, other)
        remove.join()
        assert store.files.read(second.sha256) == b"bytes"
        store.documents.remove(ANN, second.id)


# --- files -------------------------------------------------------------------------------------------


def test_an_altered_original_is_not_given_out(local: Store) -> None:
    sha256 = local.files.save(b"data")
    assert local.files.read(sha256) == b"data"
    local.files.path(sha256).write_bytes(b"Data")
    with pytest.raises(NotFound):
        local.files.read(sha256)
    for name in ("../library.sqlite3", "a" * 63, "A" * 64):
        with pytest.raises(ValueError, match="hex"):
            local.files.path(name)


def test_a_file_whose_document_is_refused_does_not_stay(store: Store, collection: Collection) -> None:
    add(store, collection)
    with pytest.raises(EmbedderMismatch):
        add(store, collection, b"new", embedder="other")
    with pytest.raises(NotFound):
        store.jobs.enqueue(BOB, collection.id, "n", "file", b"job")
    assert [has_original(store, hashlib.sha256(data).hexdigest()) for data in (b"bytes", b"new", b"job")] == [
        True,
        False,
        False,
    ]


def test_what_a_crash_left_behind_is_swept_up_after_an_hour(local: Store) -> None:
    collection = local.collections.create(ANN, "mine")
    kept = add(local, collection)
    orphan, young = local.files.save(b"orphan"), local.files.save(b"young")
    part = local.files.path(orphan).parent / "0123456789abcdef.part"
    part.write_bytes(b"half")
    hour_ago = time.time() - 4000
    for path in (local.files.path(orphan), part, local.files.path(kept.sha256)):
        os.utime(path, (hour_ago, hour_ago))
    local.files.sweep()
    left = {path.name for path in (local.folder / "files").rglob("*") if path.is_file()}
    assert left == {kept.sha256, young}


# --- chats -------------------------------------------------------------------------------------------

PASSAGE = Passage(1, "d", "n", "t", "pdf", None, 2, "ii", "s", "text", 3, 7, 0.5)
QUOTE = Quote("d", "n", "t", "pdf", None, 2, "ii", "s", "文字", 3, 7, 0.5, "before", "after", "head")
ANSWER = Answer(
    "q", "q2", "text", "answered", "model", (PASSAGE,), (QUOTE,), (Sentence("text", "supported", (0,)),), 0.7, True,
    Failure("model_died", {"model": "m"}), {"search": 0.1},
)  # fmt: skip


def test_a_chat_keeps_its_turns_in_order(store: Store, collection: Collection) -> None:
    chat = store.chats.create(ANN, collection.id, ["d1"])
    assert (chat.title, chat.documents) == ("", ("d1",))
    first = store.chats.ask(ANN, chat.id, "  How many days?  ")
    second = store.chats.ask(ANN, chat.id, "And in China?")
    assert [turn.answer for turn in store.chats.turns(ANN, chat.id)] == [None, None]
    store.chats.answer(ANN, first.id, ANSWER)
    store.chats.answer(ANN, second.id, ANSWER)
    store.chats.unanswer(ANN, second.id)
    turns = store.chats.turns(ANN, chat.id)
    assert [(turn.id, turn.answer) for turn in turns] == [(first.id, ANSWER), (second.id, None)]
    assert store.chats.get(ANN, chat.id).title == "How many days?"


def test_chats_are_listed_renamed_narrowed_and_removed(store: Store, collection: Collection) -> None:
    one, two = store.chats.create(ANN, collection.id), store.chats.create(ANN, collection.id)
    store.chats.ask(ANN, one.id, "?")
    assert [chat.id for chat in store.chats.list(ANN)] == [one.id, two.id]
    assert store.chats.rename(ANN, one.id, "Leave").title == "Leave"
    assert store.chats.scope(ANN, one.id, ("d1", "d2")).documents == ("d1", "d2")
    store.chats.remove(ANN, one.id)
    assert store.chats.turns(ANN, one.id) == []
    assert rows(store, "turns") == 0
    store.collections.remove(ANN, collection.id)
    assert store.chats.list(ANN) == []
    with pytest.raises(NotFound):
        store.chats.ask(ANN, two.id, "?")


def test_an_answer_survives_fields_that_are_missing_or_new() -> None:
    data = json.loads(json.dumps(answer_to_json(ANSWER)))
    assert answer_from_json(data) == ANSWER
    for record in (data, data["passages"][0], data["quotes"][0], data["sentences"][0]):
        record["from_the_future"] = {"x": 1}
    assert answer_from_json(data) == ANSWER
    for field in fields(Answer):
        older = {key: value for key, value in data.items() if key != field.name}
        assert answer_from_json(older).question == ("" if field.name == "question" else "q")
    for field in fields(Quote):
        older = data | {"quotes": [{key: value for key, value in data["quotes"][0].items() if key != field.name}]}
        assert len(answer_from_json(older).quotes) == 1
    del data["sentences"][0]["verdict"]
    assert answer_from_json(data).sentences[0].verdict == "unsupported"


@settings(max_examples=50)
@given(st.text(), st.lists(st.text(), max_size=3), st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=3))
def test_any_text_in_an_answer_survives_json(text: str, quotes: list[str], seconds: dict[str, float]) -> None:
    answer = replace(ANSWER, text=text, quotes=tuple(replace(QUOTE, text=quote) for quote in quotes), seconds=seconds)
    assert answer_from_json(json.loads(json.dumps(answer_to_json(answer)))) == answer


# --- jobs --------------------------------------------------------------------------------------------


def test_jobs_are_claimed_in_order_and_by_one_reader_each(store: Store, collection: Collection) -> None:
    one = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    two = store.jobs.enqueue(ANN, collection.id, "http://example.com/", "address", "http://example.com/", replace=True)
    assert store.jobs.enqueue(ANN, collection.id, "again.txt", "file", b"one") == one
    first, second = store.jobs.claim("r1", 10), store.jobs.claim("r2", 10)
    assert first is not None
    assert second is not None
    assert (first.id, second.id, second.replace, first.state, first.attempts) == (one.id, two.id, True, "running", 1)
    assert store.jobs.claim("r3", 10) is None
    assert store.jobs.progress(first, "embedding", 3, 7, 10)
    seen = store.jobs.get(ANN, one.id)
    assert (seen.stage, seen.done, seen.total) == ("embedding", 3, 7)
    store.jobs.finish(first, "d1")
    assert store.jobs.get(ANN, one.id).document == "d1"


def test_a_lease_that_ran_out_passes_the_job_on(store: Store, collection: Collection) -> None:
    store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    lost = store.jobs.claim("r1", -1)
    taken = store.jobs.claim("r2", 10)
    assert lost is not None
    assert taken is not None
    assert (taken.worker, taken.attempts) == ("r2", 2)
    assert not store.jobs.progress(lost, "embedding", 1, 2, 10)
    store.jobs.finish(lost, "wrong")
    assert store.jobs.get(ANN, taken.id).state == "running"


def test_failed_jobs_are_tried_again_and_cancelled_ones_let_their_file_go(store: Store, collection: Collection) -> None:
    job = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    claimed = store.jobs.claim("r1", 10)
    assert claimed is not None
    store.jobs.fail(claimed, Failure("no_text", {"name": "one.txt", "pages": "1"}))
    failed = store.jobs.get(ANN, job.id)
    assert failed.failure == Failure("no_text", {"name": "one.txt", "pages": "1"})
    assert store.files.read(job.source) == b"one"
    store.jobs.retry(ANN, job.id)
    again = store.jobs.get(ANN, job.id)
    assert (again.state, again.failure, again.attempts) == ("waiting", None, 0)
    store.jobs.dismiss(ANN, job.id)
    assert store.jobs.get(ANN, job.id).state == "waiting"
    store.jobs.cancel(ANN, job.id)
    assert store.jobs.get(ANN, job.id).state == "cancelled"
    assert not has_original(store, job.source)
    store.jobs.dismiss(ANN, job.id)
    assert store.jobs.list(ANN, collection.id) == []


def test_a_running_job_hears_that_it_is_cancelled(store: Store, collection: Collection) -> None:
    job = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    claimed = store.jobs.claim("r1", 10)
    assert claimed is not None
    store.jobs.cancel(ANN, job.id)
    assert not store.jobs.progress(claimed, "embedding", 1, 2, 10)
    store.jobs.stop(claimed)
    assert store.jobs.get(ANN, job.id).state == "cancelled"
    assert not has_original(store, job.source)


def test_a_job_cancelled_when_its_reader_died_is_not_begun_again(store: Store, collection: Collection) -> None:
    job = store.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    store.jobs.claim("r1", -1)
    store.jobs.cancel(ANN, job.id)
    assert store.jobs.claim("r2", 10) is None
    assert store.jobs.get(ANN, job.id).state == "cancelled"


# --- backup ------------------------------------------------------------------------------------------


def test_a_backup_brings_everything_back(local: Store, tmp_path: Path) -> None:
    collection = local.collections.create(ANN, "mine")
    document = add(local, collection)
    chat = local.chats.create(ANN, collection.id)
    local.chats.answer(ANN, local.chats.ask(ANN, chat.id, "?").id, ANSWER)
    local.jobs.enqueue(ANN, collection.id, "one.txt", "file", b"one")
    assert backup(local, tmp_path / "library.zip") == []
    assert restore(tmp_path / "library.zip", tmp_path / "new") is None
    restored = Store.open(tmp_path / "new")
    assert restored.collections.list(ANN) == local.collections.list(ANN)
    assert restored.documents.list(ANN, collection.id) == [document]
    assert restored.files.read(document.sha256) == b"bytes"
    assert restored.chats.turns(ANN, chat.id) == local.chats.turns(ANN, chat.id)
    assert restored.documents.vectors(collection.id)[1].tolist() == local.documents.vectors(collection.id)[1].tolist()
    assert restored.jobs.list(ANN, collection.id) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "library.zip", "new"]


def test_a_restore_keeps_what_was_there(local: Store, tmp_path: Path) -> None:
    collection = local.collections.create(ANN, "mine")
    backup(local, tmp_path / "library.zip")
    document = add(local, collection)
    local.close()
    aside = restore(tmp_path / "library.zip", local.folder)
    assert aside is not None
    assert Store.open(local.folder).documents.list(ANN, collection.id) == []
    before = Store.open(aside)
    assert before.documents.list(ANN, collection.id) == [document]
    assert before.files.read(document.sha256) == b"bytes"


def test_a_library_in_use_is_not_replaced(local: Store, tmp_path: Path) -> None:
    collection = local.collections.create(ANN, "mine")
    backup(local, tmp_path / "library.zip")
    document = add(local, collection)
    with pytest.raises(LibraryInUse):
        restore(tmp_path / "library.zip", local.folder)
    assert local.documents.list(ANN, collection.id) == [document]
    assert not list(local.folder.glob("*restor*"))


def test_a_damaged_library_is_replaced_and_kept(local: Store, tmp_path: Path) -> None:
    collection = local.collections.create(ANN, "mine")
    backup(local, tmp_path / "library.zip")
    local.close()
    (local.folder / "library.sqlite3").write_bytes(b"no database")
    aside = restore(tmp_path / "library.zip", local.folder)
    assert aside is not None
    assert (aside / "library.sqlite3").read_bytes() == b"no database"
    assert Store.open(local.folder).collections.list(ANN) == [collection]


@pytest.mark.parametrize("damage", ["cut", "flip", "foreign", "escape", "later"])
def test_a_damaged_backup_changes_nothing(local: Store, tmp_path: Path, damage: str) -> None:
    collection = local.collections.create(ANN, "mine")
    document = add(local, collection)
    file = tmp_path / "library.zip"
    backup(local, file)
    data = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "flip":
        data[data.index(b"bytes")] ^= 1
        file.write_bytes(data)
    elif damage == "foreign":
        file.write_bytes(b"no archive")
    elif damage == "escape":
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr("../escaped.txt", "x")
    else:
        with local.database.write() as connection:
            connection.exec_driver_sql("UPDATE schema_version SET version = 999")
        backup(local, file)
    with pytest.raises(StoreTooNew if damage == "later" else StoreDamaged):
        restore(file, local.folder)
    assert local.documents.list(ANN, collection.id) == [document]
    assert not (tmp_path / "escaped.txt").exists()
    assert not list(local.folder.glob("*restor*"))


def test_a_backup_names_originals_that_are_gone(local: Store, tmp_path: Path) -> None:
    collection = local.collections.create(ANN, "mine")
    document = add(local, collection)
    local.files.path(document.sha256).unlink()
    assert backup(local, tmp_path / "library.zip") == [document.sha256]
    restore(tmp_path / "library.zip", tmp_path / "new")
    assert Store.open(tmp_path / "new").documents.list(ANN, collection.id) == [document]
