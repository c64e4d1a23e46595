"""Bringing a model onto the disk: room first, resumed after a cut, held to its hash, there whole or not at all.

Nothing comes without being asked for, and everything through `rag.network`. What is on its way lies in
`<models folder>/.partial/<name>`: a cut leaves it there to go on from, a cancel removes it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.core.errors import (
    AddressError,
    AddressForbidden,
    AddressUnreachable,
    Cancelled,
    DownloadFailed,
    DownloadRunning,
    LicenceNotAccepted,
    ModelRefused,
    NoRoomForModel,
)
from rag.models.catalogue.checksums import Record, read_record, slug, write_record
from rag.models.catalogue.files import check_gguf, folder_problem, sha256
from rag.models.catalogue.known_models import Model
from rag.models.catalogue.sources import Remote, Source

# Left free beside the model, for the library to go on.
SPARE = 256 * 2**20
_TRIES = 4
_PAUSE = 0.5
_REPORTED_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """Bytes there, of how many, and bytes a second over what came until now (0 before anything did)."""

    done: int
    total: int
    speed: float = 0.0

    @property
    def seconds_left(self) -> int | None:
        return round((self.total - self.done) / self.speed) if self.speed else None


Tell = Callable[[Progress], None]


def nobody(_: Progress) -> None:
    """Nobody watches."""


def never() -> bool:
    """Nobody cancels."""
    return False


def pull(
    model: Model,
    folder: Path,
    source: Source,
    *,
    accepted: bool = False,
    tell: Tell = nobody,
    cancelled: Callable[[], bool] = never,
) -> Path:
    """Bring a model into the models folder; the place of its file or folder there.

    Args:
        accepted: its licence was read and accepted, where it asks for that.
        tell: hears how far it is, a few times a second.
        cancelled: asked as often; what came is removed then.

    Raises:
        LicenceNotAccepted, NoRoomForModel, DownloadRunning: before anything is fetched.
        ModelDenied, ModelNotAtSource: the source does not give it.
        DownloadFailed: nobody answers, or it broke off for good; what came is kept and gone on from next time.
        ModelRefused: what came, or would, is not what was published or first seen, or could carry code.
        Cancelled
    """
    place = folder / target(model)
    if model.accept and not accepted:
        raise LicenceNotAccepted(model=model.name, licence=model.licence, page=model.accept)
    with own_partial(folder, model.name) as partial:
        files = source.files(model)
        held = _held(model, files, read_record(folder, model.name))
        check_room(model.name, folder, sum(file.size for file in files) - _there(partial))
        try:
            hashes = _fetch_all(model, files, held, partial, source, _Meter(files, tell, cancelled))
            checked(partial, model, files)
        except (Cancelled, KeyboardInterrupt, NoRoomForModel, ModelRefused):
            shutil.rmtree(partial)
            raise
        write_record(folder, Record(model.name, target(model), source.host, hashes))
        put_in_place(partial / model.file if model.file else partial, place)
    return place


def target(model: Model) -> str:
    """The name of a model's file or folder in the models folder."""
    return Path(model.file).name if model.kind == "gguf" else slug(model.name)


def check_room(name: str, folder: Path, needed: int) -> None:
    """Raises NoRoomForModel where so many bytes more would fill the disk."""
    free = shutil.disk_usage(folder).free
    if needed + SPARE > free:
        raise NoRoomForModel(model=name, needed=gigabytes(needed), free=gigabytes(free), folder=str(folder))


def gigabytes(count: int) -> str:
    """A size as people say it."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1e7 else f"{count / 1e6:.1f} MB"


def checked(partial: Path, model: Model, files: list[Remote]) -> None:
    """Raises ModelRefused where the content of what came is no model of the kind that is loaded here."""
    if model.kind == "gguf":
        check_gguf(partial / model.file, model.name)
    elif (problem := folder_problem(partial)) in ("pickle", "not_a_model"):
        raise ModelRefused(model=model.name, reason=problem)


def put_in_place(what: Path, place: Path) -> None:
    """Move what is whole to its place, in one step; what was there is gone then."""
    for file in [what] if what.is_file() else what.rglob("*"):
        if file.is_file():
            with file.open("rb") as written:
                os.fsync(written.fileno())
    if place.is_dir():
        shutil.rmtree(place)
    what.replace(place)


@contextmanager
def own_partial(folder: Path, name: str) -> Iterator[Path]:
    """The place for what is on its way, held by one process at a time. Removed at the end, kept after an error.

    Raises:
        DownloadRunning: another one holds it.
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


def _there(partial: Path) -> int:
    return sum(file.stat().st_size for file in partial.rglob("*") if file.is_file())


def _held(model: Model, files: list[Remote], record: Record | None) -> Mapping[str, str]:
    """The hash of each file, where one is known already: from the table, from the first time, from the source.

    Raises ModelRefused where the source now states another one.
    """
    held = dict(record.files) if record else {}
    if model.sha256 and model.file:
        held[model.file] = model.sha256
    for file in files:
        if file.sha256 and held.setdefault(file.path, file.sha256) != file.sha256:
            raise ModelRefused(model=model.name, reason="changed")
    return held


class _Meter:
    """Counts what came, tells it a few times a second, and hears a cancel as often."""

    def __init__(self, files: list[Remote], tell: Tell, cancelled: Callable[[], bool]) -> None:
        self._total, self._tell, self._cancelled = sum(file.size for file in files), tell, cancelled
        self._began, self._came, self._done, self._reported = time.monotonic(), 0, 0, 0.0

    def there(self, count: int) -> None:
        """So many bytes were there before; negative where they count no more."""
        self._done += count
        self.look()

    def came(self, count: int) -> None:
        self._done += count
        self._came += count
        self.look()

    def look(self) -> None:
        """Raises Cancelled."""
        if self._cancelled():
            raise Cancelled
        now = time.monotonic()
        if now - self._reported >= _REPORTED_EVERY or self._done == self._total:
            self._reported = now
            self._tell(Progress(self._done, self._total, self._came / max(now - self._began, 0.001)))


def _fetch_all(
    model: Model, files: list[Remote], held: Mapping[str, str], partial: Path, source: Source, meter: _Meter
) -> dict[str, str]:
    """Every file, fetched and held to its hash; their hashes by path."""
    hashes = {}
    for file in files:
        place = partial / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        _fetch(model, file, place, source, meter)
        found = sha256(place)
        stated = file.blob is None or _git_hash(place) == file.blob
        if found != held.get(file.path, found) or not stated or place.stat().st_size != file.size:
            raise ModelRefused(model=model.name, reason="hash")
        hashes[file.path] = found
    return hashes


def _fetch(model: Model, file: Remote, place: Path, source: Source, meter: _Meter) -> None:
    """One file, gone on with after a cut as long as something comes."""
    failures = 0
    if place.is_file():
        meter.there(min(place.stat().st_size, file.size))
    while (before := place.stat().st_size if place.is_file() else 0) < file.size or not place.is_file():
        try:
            _fetch_rest(model, file, place, source, meter)
        except AddressForbidden:
            raise
        except AddressError as error:
            failures = 0 if place.is_file() and place.stat().st_size > before else failures + 1
            if failures == _TRIES:
                raise DownloadFailed(model=model.name, source=source.host) from error
            # In small steps, so that a cancel is heard.
            for _ in range(failures):
                time.sleep(_PAUSE)
                meter.look()


def _fetch_rest(model: Model, file: Remote, place: Path, source: Source, meter: _Meter) -> None:
    """From where the file ends to its end, or anew where the server can only begin at the beginning."""
    start = place.stat().st_size if place.is_file() else 0
    with source.open(model, file.path, start, look=meter.look) as answer:
        goes_on = answer.status == 206 and answer.headers.get("content-range", "").startswith(f"bytes {start}-")
        if start and not goes_on:
            meter.there(-start)
            start = 0
        with _room(model, place), place.open("r+b" if goes_on and start else "wb") as out:
            out.seek(start)
            for piece in answer.pieces if answer.status != 416 else ():
                start += len(piece)
                if start > file.size:
                    raise ModelRefused(model=model.name, reason="hash")
                out.write(piece)
                meter.came(len(piece))
            out.truncate()
    if start < file.size:
        raise AddressUnreachable(address=source.host)


@contextmanager
def _room(model: Model, place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        free = shutil.disk_usage(place.parent).free
        raise NoRoomForModel(
            model=model.name, needed=gigabytes(model.size or 0), free=gigabytes(free), folder=str(place.parent)
        ) from error


def _git_hash(file: Path) -> str:
    """git's own hash of a file, by which the hub states small ones."""
    data = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
