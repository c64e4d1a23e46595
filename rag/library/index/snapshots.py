"""Snapshots of a collection's vectors in a file, for libraries that take long to read at every start.

A snapshot is a copy: losing it only costs time. It is used only after every byte was verified: its length, its
SHA-256, the embedder, and that its documents have the same chunks in the library. Its name is the generation it was
made at; a file is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from rag.library.store.files import make_folder, publish
from rag.library.store.passages import Ids, Vectors

# Document id → its first chunk id, and its number of chunks, whose ids are consecutive.
Spans = Mapping[str, tuple[int, int]]

_MAGIC: Final = b"FNVECTR1"
_SHA256: Final = 32
# Header length and file length.
_LENGTHS: Final = struct.Struct("<QQ")
_HEAD: Final = len(_MAGIC) + _SHA256 + _LENGTHS.size
_ABANDONED_SECONDS: Final = 3600.0


class Unfit(Exception):
    """The file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A snapshot's header: vectors of `dimension` for each chunk of `spans`, by ascending id.

    `seconds` is how long reading them from the library took.
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
    """The chunk ids of some documents, ascending."""
    if not spans:
        return np.empty(0, np.int64)
    return np.sort(np.concatenate([np.arange(first, first + count) for first, count in spans.values()]))


def write(folder: Path, copy: Copy, vectors: Vectors) -> Path:
    """Write a snapshot, synced, and remove older ones.

    Raises:
        OSError: it could not be written; no file is left.
    """
    head = json.dumps(asdict(copy)).encode()
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
    """Remove the snapshots that `file` replaces, and temporary files that a crash left."""
    for other in folder.iterdir():
        with suppress(OSError):
            old = other.stat().st_mtime < time.time() - _ABANDONED_SECONDS
            if other.name < file.name if other.suffix == file.suffix else old:
                other.unlink()


def drop_before(folder: Path, generation: int) -> None:
    """Remove the snapshots of earlier generations."""
    for file in folder.glob("g*.vectors"):
        if file.name < _name(generation):
            file.unlink(missing_ok=True)


def _name(generation: int) -> str:
    return f"g{generation:012}.vectors"


def newest(folder: Path) -> Path | None:
    """The snapshot of the highest generation, if any."""
    return max(folder.glob("g*.vectors"), default=None)


def read(file: Path) -> tuple[Copy, Vectors]:
    """A snapshot and its vectors (n, dimension), fully verified. Raises Unfit where it is missing or damaged."""
    try:
        data = _checked(file)
        length, _ = _LENGTHS.unpack_from(data, len(_MAGIC) + _SHA256)
        copy = _copy(json.loads(bytes(data[_HEAD : _HEAD + length])))
        vectors = np.frombuffer(data, "<f4", offset=_HEAD + length).reshape(len(copy.ids), copy.dimension)
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise Unfit(f"not readable: {type(error).__name__}") from error
    return copy, vectors


def _checked(file: Path) -> memoryview:
    """The file's bytes, verified against length and checksum. Raises Unfit."""
    with file.open("rb") as handle:
        start = handle.read(_HEAD)
        if len(start) < _HEAD or not start.startswith(_MAGIC):
            raise Unfit("no index file of this version")
        if _LENGTHS.unpack_from(start, len(_MAGIC) + _SHA256)[1] != file.stat().st_size:
            raise Unfit("wrong length")
        handle.seek(0)
        data = memoryview(handle.read())
    if digest_of(data) != start[len(_MAGIC) : len(_MAGIC) + _SHA256]:
        raise Unfit("wrong checksum")
    return data


def digest_of(data: memoryview) -> bytes:
    """The SHA-256 of the file's content, that is of all that follows the checksum."""
    return hashlib.sha256(data[len(_MAGIC) + _SHA256 :]).digest()


def _copy(fields: dict[str, Any]) -> Copy:
    spans = {document: (int(first), int(count)) for document, (first, count) in fields.pop("spans").items()}
    return Copy(**fields, spans=spans)
