"""What a download and an import share: progress, the disk check, the partial folder, the atomic move into place."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.core.errors import Cancelled, DownloadRunning, NoRoomForModel
from rag.models.catalogue.checksums import slug
from rag.models.catalogue.known_models import Model

# Bytes kept free on the disk, so that the library can still write.
SPARE = 256 * 2**20
_REPORT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes done, bytes in all, and the mean speed in bytes a second (0 before the first)."""

    done: int
    total: int
    speed: float = 0.0

    @property
    def seconds_left(self) -> int | None:
        return round((self.total - self.done) / self.speed) if self.speed else None


OnProgress = Callable[[Progress], None]


def ignore(_: Progress) -> None:
    """No-op callback."""


def never() -> bool:
    """Cancellation check of a transfer that is never cancelled."""
    return False


class Meter:
    """Counts bytes, reports progress a few times a second, and checks for cancellation with every count."""

    def __init__(self, total: int, on_progress: OnProgress, cancelled: Callable[[], bool]) -> None:
        self._total, self._on_progress, self._cancelled = total, on_progress, cancelled
        self._started, self._received, self._done, self._reported = time.monotonic(), 0, 0, 0.0

    def resume(self, count: int) -> None:
        """Count bytes that were on the disk before; negative where they are discarded."""
        self._done += count
        self.check()

    def add(self, count: int) -> None:
        """Count bytes that were just received."""
        self._received += count
        self.resume(count)

    def check(self) -> None:
        """Raises Cancelled."""
        if self._cancelled():
            raise Cancelled
        now = time.monotonic()
        if now - self._reported >= _REPORT_SECONDS or self._done == self._total:
            self._reported = now
            self._on_progress(Progress(self._done, self._total, self._received / max(now - self._started, 0.001)))


def target(model: Model) -> str:
    """The name of a model's file or folder in the models folder."""
    return Path(model.file).name if model.kind == "gguf" else slug(model.name)


def size_of(place: Path) -> int:
    """Bytes of a file, or of all files of a folder; 0 where there is neither."""
    files = [place] if place.is_file() else place.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def check_room(name: str, folder: Path, needed: int) -> None:
    """Raises NoRoomForModel where so many more bytes would fill the disk."""
    if needed + SPARE > shutil.disk_usage(folder).free:
        raise no_room(name, folder, needed)


def no_room(name: str, folder: Path, needed: int) -> NoRoomForModel:
    free = shutil.disk_usage(folder).free
    return NoRoomForModel(model=name, needed=gigabytes(needed), free=gigabytes(free), folder=str(folder))


def gigabytes(count: int) -> str:
    """A number of bytes for display: `4.1 GB`, `98 MB`."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"


def put_in_place(source: Path, place: Path) -> None:
    """Flush a complete file or folder to the disk and rename it to its place, replacing what is there."""
    for file in [source] if source.is_file() else source.rglob("*"):
        if file.is_file():
            with file.open("rb") as written:
                os.fsync(written.fileno())
    if place.is_dir():
        shutil.rmtree(place)
    source.replace(place)


@contextmanager
def own_partial(folder: Path, name: str) -> Iterator[Path]:
    """The folder for a model's incomplete files, locked by this process. Removed at the end, kept after an error.

    Raises:
        DownloadRunning: another process holds the lock.
    """
    partial = folder / ".partial" / slug(name)
    partial.mkdir(parents=True, exist_ok=True)
    with partial.with_name(f"{partial.name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DownloadRunning(model=name) from error
        partial.mkdir(exist_ok=True)
        yield partial
        shutil.rmtree(partial, ignore_errors=True)
