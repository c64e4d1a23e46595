"""G26. A backup made while documents come and go opens, is whole, and shows the library as it was at one moment."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from rag.core.types import Collection
from rag.library.store import Store
from rag.library.store.backup import backup, restore
from tests.guarantees.library import OWNER, add, child, faults, numbers, size

BACKUPS = size(5, 20)
KEPT = 6


def _come_and_go(pipe: Connection, folder: Path, collection: Collection) -> None:
    store = Store.open(folder)
    added = []
    for number in range(10_000):
        added.append(add(store, collection, number))
        if number >= KEPT:
            store.documents.remove(OWNER, added[number - KEPT].id)
        if number == KEPT:
            pipe.send("begun")


def test_g26_a_backup_made_meanwhile_restores(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "data")
    collection = store.collections.create(OWNER, "mine")
    unsound = inconsistent = missing = 0
    seen = []
    with child(_come_and_go, tmp_path / "data", collection) as (process, pipe):
        assert pipe.recv() == "begun"
        for number in range(BACKUPS):
            file = tmp_path / f"{number}.zip"
            missing += len(backup(store, file))
            restore(file, tmp_path / f"{number}")
            with closing(sqlite3.connect(tmp_path / f"{number}" / "library.sqlite3")) as connection:
                unsound += connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]
            restored = Store.open(tmp_path / f"{number}")
            there = numbers(restored, collection)
            # Documents come in order and go in order, and every coming and going is one generation.
            generation = restored.collections.get(OWNER, collection.id).generation
            in_order = there == list(range(there[0], there[-1] + 1))
            inconsistent += not in_order or generation != there[-1] + 1 + there[0]
            unsound += bool(faults(restored, collection))
            seen.append(there[-1])
            restored.close()
        assert process.is_alive()
    print(
        f"G26: {BACKUPS} backups while {seen[-1] - seen[0]} documents came: "
        f"{unsound} unsound, {inconsistent} of no one moment, {missing} originals missing"
    )
    assert (unsound, inconsistent, missing) == (0, 0, 0)
    assert seen[-1] > seen[0]
