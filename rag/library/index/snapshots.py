"""A collection's vectors as one file, for libraries that would take long to read anew at every start.

The file is a copy: losing it costs time and nothing else. It is believed only where every byte of it is
checked, before any of it becomes a vector: its length, its SHA-256, the embedder, and that what it says
about each document is what the library says. Its name is the generation it was made at; a name is never
written twice.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rag.library.store.files import make_folder, publish

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
# Document id → the id of its first chunk, and how many chunks it has. The others follow the first.
Spans = Mapping[str, tuple[int, int]]

_MAGIC: Final = b"FNVECTR1"
_SHA256: Final = 32
# How long the header is, and how long the file.
_LENGTHS: Final = struct.Struct("<QQ")
_HEAD: Final = len(_MAGIC) + _SHA256 + _LENGTHS.size
_ABANDONED_SECONDS: Final = 3600.0


class Unfit(Exception):
    """The file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a file says it holds: vectors of `dimension` for each chunk of `spans`, ids ascending.

    `seconds` is what reading them from the library took.
    """

    collection: str
    generation: int
    embedder: str
    dimension: int
    seconds: float
    spans: Spans

    @property
    def ids(self) -> Ids:
        """The ids of all chunks, ascending."""
        return ids_of(self.spans)


def ids_of(spans: Spans) -> Ids:
    """The ids of all chunks of some documents, ascending."""
    if not spans:
        return np.empty(0, np.int64)
    return np.sort(np.concatenate([np.arange(first, first + count) for first, count in spans.values()]))


def write(folder: Path, copy: Copy, vectors: Vectors) -> Path:
    """Put the copy on the disk, synced, under a name of its own, and remove the older ones.

    Raises:
        OSError: it could not be written or synced; no file is left.
    """
    head = json.dumps(_fields(copy)).encode()
    body = np.ascontiguousarray(vectors, "<f4").data.cast("B")
    lengths = _LENGTHS.pack(len(head), _HEAD + len(head) + len(body))
    digest = hashlib.sha256(lengths + head)
    digest.update(body)
    make_folder(folder)
    file = folder / _name(copy.generation)
    if not file.exists():
        publish(file, [_MAGIC, digest.digest(), lengths, head, body])
    _clear(folder, file)
    return file


def _clear(folder: Path, file: Path) -> None:
    """Remove the copies that `file` replaces, and what a crash left half-written long ago."""
    for other in folder.iterdir():
        with suppress(OSError):
            old = other.stat().st_mtime < time.time() - _ABANDONED_SECONDS
            if other.name < file.name if other.suffix == file.suffix else old:
                other.unlink()


def drop_before(folder: Path, generation: int) -> None:
    """Remove the copies made at earlier generations."""
    for file in folder.glob("g*.vectors"):
        if file.name < _name(generation):
            file.unlink(missing_ok=True)


def _name(generation: int) -> str:
    return f"g{generation:012}.vectors"


def newest(folder: Path) -> Path | None:
    """The file of the highest generation; None where there is no file."""
    return max(folder.glob("g*.vectors"), default=None)


def read(file: Path) -> tuple[Copy, Vectors]:
    """What a file holds, once every byte of it has been checked: the copy and its vectors (n, dimension).

    Raises:
        Unfit: it is damaged, or no such file.
    """
    try:
        data = _checked(file)
        length, _ = _LENGTHS.unpack_from(data, len(_MAGIC) + _SHA256)
        copy = _copy(json.loads(bytes(data[_HEAD : _HEAD + length])))
        vectors = np.frombuffer(data, "<f4", offset=_HEAD + length).reshape(len(copy.ids), copy.dimension)
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise Unfit(f"not readable: {type(error).__name__}") from error
    return copy, vectors


def _checked(file: Path) -> memoryview:
    """The file's bytes, if they are those that were written. Raises Unfit."""
    with file.open("rb") as handle:
        start = handle.read(_HEAD)
        if len(start) < _HEAD or not start.startswith(_MAGIC):
            raise Unfit("no index file of this version")
        if _LENGTHS.unpack_from(start, len(_MAGIC) + _SHA256)[1] != file.stat().st_size:
            raise Unfit("its length is another")
        handle.seek(0)
        data = memoryview(handle.read())
    if digest_of(data) != start[len(_MAGIC) : len(_MAGIC) + _SHA256]:
        raise Unfit("its checksum is another")
    return data


def digest_of(data: memoryview) -> bytes:
    """The SHA-256 that belongs into a file with these bytes: of all that comes after it."""
    return hashlib.sha256(data[len(_MAGIC) + _SHA256 :]).digest()


def _fields(copy: Copy) -> dict[str, Any]:
    return {
        "collection": copy.collection,
        "generation": copy.generation,
        "embedder": copy.embedder,
        "dimension": copy.dimension,
        "seconds": copy.seconds,
        "spans": dict(copy.spans),
    }


def _copy(fields: dict[str, Any]) -> Copy:
    spans = {document: (int(first), int(count)) for document, (first, count) in fields.pop("spans").items()}
    return Copy(**fields, spans=spans)
