"""G5. The power goes at any point while a file is published: the old state or the new one, never another.

The library's rows are SQLite's to protect (WAL, synchronous=FULL); what is ours are the originals, a
backup that appears under its name, a restore that puts one in place, and the index's copy on the disk.
Each step they ask of the disk is recorded, and for the moment after each, all that the disk may then hold
is looked at. The control writes and renames without syncing, which must be found out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.library.index import Index, snapshots
from rag.library.store import Store
from rag.library.store.backup import backup, restore
from tests.guarantees.disk import outcomes, recording
from tests.guarantees.library import DIMENSION, OWNER, add, faults, numbers
from tests.support.folders import folder_of


def test_g05_an_original_is_there_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(tmp_path / "data")
    there = {tmp_path / "data" / "library.sqlite3": b"database"}
    points = other = 0
    for data in (b"first" * 1000, b"second" * 1000):
        with recording(monkeypatch) as record:
            sha256 = store.files.save(data)
        target = folder_of(store).path(sha256)
        for crash in range(len(record.steps) + 1):
            points += 1
            other += bool(outcomes(record, there, target, crash) - {None, data})
        # When it has been said to be there, it is there.
        assert outcomes(record, there, target, len(record.steps)) == {data}
        there[target] = data
    print(f"G5: originals, {points} crash points, {other} with another state")
    assert points >= 8
    assert other == 0


def test_g05_a_backup_appears_whole_or_the_old_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(tmp_path / "data")
    collection = store.collections.create(OWNER, "mine")
    add(store, collection, 1)
    target = tmp_path / "library.zip"
    backup(store, target)
    old = target.read_bytes()
    add(store, collection, 2)
    with recording(monkeypatch) as record:
        backup(store, target)
    new = target.read_bytes()
    steps = len(record.steps)
    other = sum(bool(outcomes(record, {target: old}, target, crash) - {old, new}) for crash in range(steps + 1))
    print(f"G5: backup, {steps + 1} crash points, {other} with another state")
    assert old != new
    assert other == 0
    assert outcomes(record, {target: old}, target, steps) == {new}


def test_g05_a_restore_leaves_the_old_library_or_the_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    store = Store.open(folder)
    collection = store.collections.create(OWNER, "mine")
    added = add(store, collection, 1)
    backup(store, tmp_path / "library.zip")
    kept = add(store, collection, 2)
    store.documents.remove(OWNER, added.id)
    store.close()
    database, first, second = (
        folder / "library.sqlite3",
        folder_of(store).path(added.sha256),
        folder_of(store).path(kept.sha256),
    )
    before = {database: database.read_bytes(), second: second.read_bytes()}
    with recording(monkeypatch) as record:
        restore(tmp_path / "library.zip", folder)
    new = database.read_bytes()
    other = torn = 0
    for crash in range(len(record.steps) + 1):
        states = outcomes(record, before, database, crash)
        other += bool(states - {before[database], new})
        # Whichever database is there, the originals that it names are there with it.
        if new in states:
            torn += outcomes(record, before, first, crash) != {first.read_bytes()}
        torn += outcomes(record, before, second, crash) != {second.read_bytes()}
    print(f"G5: restore, {len(record.steps) + 1} crash points, {other} with another database, {torn} without originals")
    assert (other, torn) == (0, 0)
    assert outcomes(record, before, database, len(record.steps)) == {new}
    restored = Store.open(folder)
    assert numbers(restored, collection) == [1]
    assert faults(restored, collection) == []


def test_g05_a_copy_of_the_index_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(tmp_path / "data")
    collection = store.collections.create(OWNER, "mine")
    vector = np.eye(1, DIMENSION, dtype=np.float32)[0]
    folder = folder_of(store).index_folder / collection.id
    there: dict[Path, bytes] = {}
    points = other = 0
    for number in range(2):
        add(store, collection, number)
        with recording(monkeypatch) as record:
            Index(store, keep_after=0).search_vectors(collection.id, vector, 1)
        target = snapshots.newest(folder)
        assert target is not None
        data = target.read_bytes()
        for crash in range(len(record.steps) + 1):
            points += 1
            other += bool(outcomes(record, there, target, crash) - {None, data})
            # The older one goes after the newer is there.
            other += any(
                outcomes(record, there, target, crash) != {data} and outcomes(record, there, old, crash) != {before}
                for old, before in there.items()
            )
        assert outcomes(record, there, target, len(record.steps)) == {data}
        there = {target: data}
    print(f"G5: copies of the index, {points} crash points, {other} with another state")
    assert points >= 8
    assert other == 0


def test_g05_control_publishing_without_a_sync_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, part = tmp_path / "original", tmp_path / "part"
    data = b"data" * 1000
    with recording(monkeypatch) as record:
        part.write_bytes(data)
        part.replace(target)
    torn = [outcomes(record, {}, target, crash) - {None, data} for crash in range(len(record.steps) + 1)]
    print(f"G5 control: {sum(map(bool, torn))} of {len(torn)} crash points may leave a torn file")
    assert any(torn)
    # And nothing makes the name stay.
    assert None in outcomes(record, {}, target, len(record.steps))
