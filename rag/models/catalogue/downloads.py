"""Download of a model: disk check first, resumable, verified by hash, installed atomically.

Nothing is downloaded without being asked for, and every byte comes through `rag.network`. Incomplete files are in
`<models folder>/.partial/<name>`: a broken connection leaves them there to resume from, a cancellation removes them.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rag.core.errors import (
    AddressError,
    AddressForbidden,
    AddressUnreachable,
    Cancelled,
    DownloadFailed,
    LicenceNotAccepted,
    ModelRefused,
    NoRoomForModel,
)
from rag.models.catalogue.checksums import Record, read_record, write_record
from rag.models.catalogue.files import check_folder, check_gguf, sha256
from rag.models.catalogue.known_models import Model
from rag.models.catalogue.sources import Remote, Source
from rag.models.catalogue.transfers import (
    Meter,
    OnProgress,
    check_room,
    ignore,
    never,
    no_room,
    own_partial,
    put_in_place,
    size_of,
    target,
)

_TRIES = 4
_PAUSE = 0.5


def pull(
    model: Model,
    folder: Path,
    source: Source,
    *,
    accepted: bool = False,
    on_progress: OnProgress = ignore,
    cancelled: Callable[[], bool] = never,
) -> Path:
    """Download a model into the models folder; the path of its file or folder.

    Args:
        accepted: its licence was accepted, where it requires that.
        on_progress: called a few times a second.
        cancelled: polled as often; a cancellation removes what was received.

    Raises:
        LicenceNotAccepted, NoRoomForModel, DownloadRunning: before anything is fetched.
        ModelDenied, ModelNotAtSource: the source refuses it or does not have it.
        DownloadFailed: no connection, or it broke off repeatedly; the next call resumes.
        ModelRefused: the files differ from what was published or first seen, or could carry code.
        Cancelled
    """
    place = folder / target(model)
    if model.accept and not accepted:
        raise LicenceNotAccepted(model=model.name, licence=model.licence, page=model.accept)
    with own_partial(folder, model.name) as partial:
        files = source.files(model)
        expected = _expected(model, files, read_record(folder, model.name))
        total = sum(file.size for file in files)
        check_room(model.name, folder, total - size_of(partial))
        try:
            hashes = _fetch_all(model, files, expected, partial, source, Meter(total, on_progress, cancelled))
            if model.kind == "gguf":
                check_gguf(partial / model.file, model.name)
            else:
                check_folder(partial, model.name)
        except (Cancelled, KeyboardInterrupt, NoRoomForModel, ModelRefused):
            shutil.rmtree(partial)
            raise
        write_record(folder, Record(model.name, target(model), source.host, hashes))
        put_in_place(partial / model.file if model.file else partial, place)
    return place


def _expected(model: Model, files: list[Remote], record: Record | None) -> Mapping[str, str]:
    """SHA-256 by path, where known: from the first download, from the catalogue, from the source.

    Raises ModelRefused where the source now states another one.
    """
    hashes = dict(record.files) if record else {}
    if model.sha256 and model.file:
        hashes[model.file] = model.sha256
    for file in files:
        if file.sha256 and hashes.setdefault(file.path, file.sha256) != file.sha256:
            raise ModelRefused(model=model.name, reason="changed")
    return hashes


def _fetch_all(
    model: Model, files: list[Remote], expected: Mapping[str, str], partial: Path, source: Source, meter: Meter
) -> dict[str, str]:
    """Fetch and verify every file; their SHA-256 by path."""
    hashes = {}
    for file in files:
        place = partial / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        _fetch(model, file, place, source, meter)
        found = sha256(place)
        as_stated = file.blob is None or _git_hash(place) == file.blob
        if found != expected.get(file.path, found) or not as_stated or place.stat().st_size != file.size:
            raise ModelRefused(model=model.name, reason="hash")
        hashes[file.path] = found
    return hashes


def _fetch(model: Model, file: Remote, place: Path, source: Source, meter: Meter) -> None:
    """Fetch one file, resuming after each broken connection as long as new bytes arrive."""
    failures = 0
    if place.is_file():
        meter.resume(min(place.stat().st_size, file.size))
    while (before := size_of(place)) < file.size or not place.is_file():
        try:
            _fetch_rest(model, file, place, source, meter)
        except AddressForbidden:
            raise
        except AddressError as error:
            failures = 0 if size_of(place) > before else failures + 1
            if failures == _TRIES:
                raise DownloadFailed(model=model.name, source=source.host) from error
            # Short pauses, so that a cancellation takes effect soon.
            for _ in range(failures):
                time.sleep(_PAUSE)
                meter.check()


def _fetch_rest(model: Model, file: Remote, place: Path, source: Source, meter: Meter) -> None:
    """Fetch from the end of the partial file on, or from the start where the server ignores the range."""
    start = size_of(place)
    with source.open(model, file.path, start, look=meter.check) as answer:
        resumed = answer.status == 206 and answer.headers.get("content-range", "").startswith(f"bytes {start}-")
        if start and not resumed:
            meter.resume(-start)
            start = 0
        with _disk_full_as_no_room(model, place), place.open("r+b" if resumed and start else "wb") as out:
            out.seek(start)
            for piece in answer.pieces if answer.status != 416 else ():
                start += len(piece)
                if start > file.size:
                    raise ModelRefused(model=model.name, reason="hash")
                out.write(piece)
                meter.add(len(piece))
            out.truncate()
    if start < file.size:
        raise AddressUnreachable(address=source.host)


@contextmanager
def _disk_full_as_no_room(model: Model, place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise no_room(model.name, place.parent, model.size or 0) from error


def _git_hash(file: Path) -> str:
    """git's blob hash (SHA-1), which the hub states for small files."""
    data = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
