"""The store: documents whole or not at all, owners apart, many writers at once, the original files."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from rag.core.errors import (
    DiskFull,
    EmbedderMismatch,
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
    LoadedDocument,
    Passage,
)
from rag.library.index import words_fit
from rag.library.store import Store
from rag.library.store.postgresql import PostgreSQL
from tests.support.folders import folder_of
from tests.support.originals import has_original
from tests.support.postgres import Place
from tests.support.small_library import ANN, BOB, PAGES, add, rows

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
            np.ones((2, 4), np.float32), sha256="0" * 64, size=1, language="en", embedder="toy",
        )  # fmt: skip


def test_owners_see_nothing_of_each_other(store: Store, collection: Collection) -> None:
    document = add(store, collection)
    chat = store.chats.create(ANN, collection.id)
    turn = store.chats.ask(ANN, chat.id, "secret?")
    job = store.jobs.enqueue(ANN, collection.id, "n", "address", "http://example.com/")
    assert store.collections.list(BOB) == []
    assert store.documents.list(BOB, collection.id) == []
    assert store.chats.list(BOB) == []
    assert store.documents.pages(BOB, document.id) == []
    assert store.chats.turns(BOB, chat.id) == []
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
    folder_of(local).path(sha256).write_bytes(b"Data")
    with pytest.raises(NotFound):
        local.files.read(sha256)
    for name in ("../library.sqlite3", "a" * 63, "A" * 64):
        with pytest.raises(ValueError, match="hex"):
            folder_of(local).path(name)


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
    part = folder_of(local).path(orphan).parent / "0123456789abcdef.part"
    part.write_bytes(b"half")
    hour_ago = time.time() - 4000
    for path in (folder_of(local).path(orphan), part, folder_of(local).path(kept.sha256)):
        os.utime(path, (hour_ago, hour_ago))
    local.files.sweep()
    left = {path.name for path in (local.folder / "files").rglob("*") if path.is_file()}
    assert left == {kept.sha256, young}
