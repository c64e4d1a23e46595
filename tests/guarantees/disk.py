"""A model of what a disk may hold after a power cut, made from a record of what a program asked of it.

What was not synced may be there, in part, or not at all: the bytes of a file until the file is synced,
a name (made, renamed, removed) until its folder is. Names of one folder are assumed to reach the disk
in the order in which they were made, as journalling file systems do it; bytes and names in any order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Record:
    """The operations in order: ("sync", inode), ("name", folder, name, inode), ("gone", folder, name), ("dir", folder).

    `contents` holds the last bytes of each file by its number (inode); folders have None.
    """

    steps: list[tuple[Any, ...]] = field(default_factory=list)
    contents: dict[int, bytes | None] = field(default_factory=dict)

    def saw(self, path: Path) -> int:
        """The number of a file or folder, its bytes remembered as they are now."""
        inode = path.stat().st_ino
        self.contents[inode] = path.read_bytes() if path.is_file() else None
        return inode

    def named(self, path: Path) -> None:
        self.steps.append(("name", str(path.parent), path.name, self.saw(path)))

    def gone(self, path: Path) -> None:
        self.steps.append(("gone", str(path.parent), path.name))

    def synced(self, path: Path) -> None:
        self.saw(path)
        step = ("dir", str(path)) if path.is_dir() else ("sync", path.stat().st_ino)
        self.steps.append(step)


@contextmanager
def recording(patch: pytest.MonkeyPatch) -> Iterator[Record]:
    """Record what is asked of the disk through pathlib and os in the block."""
    record = Record()
    with patch.context() as inside:
        real_fsync, real_mkdir, real_unlink = os.fsync, Path.mkdir, Path.unlink
        real_link = Path.hardlink_to

        def fsync(handle: int) -> None:
            real_fsync(handle)
            record.synced(Path(os.readlink(f"/proc/self/fd/{handle}")))

        def moving(real: Any) -> Any:
            def move(self: Path, target: Path) -> Path:
                # The bytes as they are before the move: what comes later needs a sync of its own.
                if self.is_file():
                    record.saw(self)
                moved = real(self, target)
                record.named(Path(target))
                record.gone(self)
                return Path(moved)

            return move

        def mkdir(self: Path, *args: Any, **kwargs: Any) -> None:
            new = not self.exists()
            real_mkdir(self, *args, **kwargs)
            if new:
                record.named(self)

        def link(self: Path, target: Path) -> None:
            real_link(self, target)
            record.named(self)

        def unlink(self: Path, *args: Any, **kwargs: Any) -> None:
            there = self.exists()
            real_unlink(self, *args, **kwargs)
            if there:
                record.gone(self)

        inside.setattr(os, "fsync", fsync)
        inside.setattr(Path, "replace", moving(Path.replace))
        inside.setattr(Path, "rename", moving(Path.rename))
        inside.setattr(Path, "mkdir", mkdir)
        inside.setattr(Path, "hardlink_to", link)
        inside.setattr(Path, "unlink", unlink)
        yield record


def outcomes(record: Record, before: dict[Path, bytes], target: Path, crash: int) -> set[bytes | None]:
    """What may stand under `target` when the power goes after `crash` steps: bytes, or None for no file.

    Args:
        before: the files that were there, all of it on the disk, before the first step.
    """
    steps = record.steps[:crash]
    synced = {step[1] for step in steps if step[0] == "sync"}
    return {
        result
        for entries in _possible_names(steps, target)
        for result in _reads(record, entries, synced, before, target)
    }


def _possible_names(steps: list[tuple[Any, ...]], target: Path) -> Iterator[dict[str, int | None]]:
    """For every folder on the way to the target: what its entry on that way may be."""
    ways = [target, *target.parents]
    choices: list[list[tuple[str, int | None]]] = []
    for path in ways:
        last_sync = max((i for i, step in enumerate(steps) if step == ("dir", str(path.parent))), default=-1)
        durable: int | None = 0
        later: list[int | None] = []
        touched = False
        for i, step in enumerate(steps):
            if step[0] in ("name", "gone") and Path(step[1]) / step[2] == path:
                value = step[3] if step[0] == "name" else None
                touched = True
                if i < last_sync:
                    durable, later = value, []
                else:
                    later.append(value)
        if touched:
            choices.append([(str(path), value) for value in dict.fromkeys([durable, *later])])
    for chosen in product(*choices):
        yield dict(chosen)


def _reads(
    record: Record, entries: dict[str, int | None], synced: set[int], before: dict[Path, bytes], target: Path
) -> Iterator[bytes | None]:
    """What reading the target gives, if these entries reached the disk. Number 0 stands for "as before"."""
    existed = {str(parent) for path in before for parent in path.parents}
    for folder in target.parents:
        entry = entries.get(str(folder), 0)
        if entry is None or (entry == 0 and str(folder) in entries and str(folder) not in existed):
            yield None
            return
    entry = entries.get(str(target), 0)
    if entry == 0:
        yield before.get(target)
    elif entry is None:
        yield None
    else:
        data = record.contents[entry]
        assert data is not None
        yield data
        if entry not in synced:
            yield b""
            yield data[: len(data) // 2]
