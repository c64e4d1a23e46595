"""Backups: everything comes back, and nothing that is there is lost."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from rag.core.errors import (
    LibraryInUse,
    StoreDamaged,
    StoreTooNew,
)
from rag.library.store import Store
from rag.library.store.backup import backup, restore
from tests.library.test_jobs_and_chats import ANSWER
from tests.support.folders import folder_of
from tests.support.small_library import ANN, add


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
    folder_of(local).path(document.sha256).unlink()
    assert backup(local, tmp_path / "library.zip") == [document.sha256]
    restore(tmp_path / "library.zip", tmp_path / "new")
    assert Store.open(tmp_path / "new").documents.list(ANN, collection.id) == [document]
