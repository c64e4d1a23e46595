"""G16. No room left, at 50 points: nothing committed is lost, the error says so, and with room it goes on.

The room is taken away by a limit on the size of files, which needs no second disk and no rights.
"""

from __future__ import annotations

import random
import resource
from multiprocessing.connection import Connection
from pathlib import Path

from rag.core.errors import DiskFull
from rag.core.types import Collection
from rag.library.store import Store
from tests.guarantees.library import OWNER, add, child, faults, numbers, size

POINTS = size(10, 50)


def _write_until_full(pipe: Connection, folder: Path, collection: Collection, room: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        store = Store.open(folder)
        for number in range(10_000):
            add(store, collection, number)
            pipe.send(number)
    except DiskFull as error:
        pipe.send(error.key())
    except Exception as error:  # noqa: BLE001 - any other one fails the guarantee, and is shown
        pipe.send(repr(error))
    # The same process goes on when there is room again.
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    add(store, collection, 20_000)
    pipe.send("done")


def test_g16_a_full_disk_loses_nothing_and_is_named(tmp_path: Path) -> None:
    lost = misnamed = broken = acknowledged = 0
    for point in range(POINTS):
        folder = tmp_path / str(point)
        first = Store.open(folder)
        collection = first.collections.create(OWNER, "mine")
        first.close()
        room = random.Random(point).randint(70_000, 3_000_000)
        committed: list[int] = []
        with child(_write_until_full, folder, collection, room) as (_, pipe):
            while isinstance(word := pipe.recv(), int):
                committed.append(word)
            misnamed += word != "disk_full"
            went_on = pipe.poll(30) and pipe.recv() == "done"
        store = Store.open(folder)
        lost += numbers(store, collection) != [*committed, 20_000]
        broken += not went_on or bool(faults(store, collection))
        acknowledged += len(committed)
        store.close()
    print(
        f"G16: full at {POINTS} points, {acknowledged} documents before that; "
        f"{lost} libraries lost something, {misnamed} errors had another name, {broken} did not go on"
    )
    assert (lost, misnamed, broken) == (0, 0, 0)
    assert acknowledged > 0
