"""G28. Every old schema is brought up to date; killed in the middle, the library is at the old number or the new."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from rag.library.store import Store
from rag.library.store.migrations import LATEST
from tests.guarantees.library import DIMENSION, OWNER, add, child, faults
from tests.support.old_library import make
from tests.support.postgres import Place


def _upgrade(pipe: Connection, folder: Path, statements: int) -> None:
    """Open the library, and die by kill -9 before the statement of that number."""
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == statements:
            pipe.send("killed")
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    Store.open(folder).close()
    pipe.send("finished")


def _version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "library.sqlite3")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "schema_version" not in tables:
            # Nothing of the new tables may stand there without the number.
            assert not tables
            return 0
        return int(connection.execute("SELECT version FROM schema_version").fetchone()[0])


# Every time from nothing and from the last one, every night from the others too.
_REACHED = [
    reached if reached in (0, LATEST - 1) else pytest.param(reached, marks=pytest.mark.nightly)
    for reached in range(LATEST)
]


@pytest.mark.parametrize("reached", _REACHED)
def test_g28_an_upgrade_that_is_killed_is_old_or_new(tmp_path: Path, reached: int) -> None:
    kills = neither = 0
    finished = False
    while not finished:
        folder = tmp_path / str(kills)
        make(Place(folder), reached, OWNER, DIMENSION)
        with child(_upgrade, folder, kills + 1) as (process, pipe):
            finished = pipe.recv() == "finished"
            process.join()
        kills += not finished
        neither += _version(folder) not in (reached, LATEST)
        store = Store.open(folder)
        assert _version(folder) == LATEST
        assert [item.name for item in store.collections.list(OWNER)] == (["old"] if reached else [])
        if reached:
            assert store.documents.passages(OWNER, [1])[1].text == "old text"
            store.documents.remove(OWNER, "d")
        collection = store.collections.by_name(OWNER, "old") or store.collections.create(OWNER, "old")
        add(store, collection, 1)
        assert faults(store, collection) == []
        store.close()
    print(f"G28: from schema {reached} to {LATEST}: killed before each of {kills} statements, {neither} at neither")
    assert kills >= 3
    assert neither == 0
