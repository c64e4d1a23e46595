"""The original files: what they can do, and their form beside SQLite, a folder. `originals.py` is the other form."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa

from rag.core.errors import NotFound
from rag.library.store import schema
from rag.library.store.database import Database

# Beside the originals: what the index keeps of each collection, a folder each, to be lost at any time.
INDEX = "index"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ABANDONED_SECONDS = 3600.0
_PIECE_BYTES = 1_000_000


class Files(ABC):
    """The original files. One belongs to every document and every waiting job with its hash."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @abstractmethod
    def save(self, data: bytes) -> str:
        """Write the bytes down for good and return their SHA-256 in hex. Bytes already there stay.

        Raises:
            DiskFull: there is no room.
        """

    @abstractmethod
    def saved(self, data: bytes | None) -> AbstractContextManager[None]:
        """Around a transaction that needs the bytes: if it fails and nobody else needs them, they are not there."""

    @abstractmethod
    def keep(self, connection: sa.Connection, data: bytes) -> None:
        """Inside that transaction: from its end on the bytes are there, whoever let go of them meanwhile."""

    @abstractmethod
    def has(self, sha256: str) -> bool:
        """Whether there are bytes under that hash."""

    @abstractmethod
    def fetch(self, connection: sa.Connection, sha256: str) -> bytes:
        """What `read` does, inside a transaction."""

    def read(self, sha256: str) -> bytes:
        """The bytes of that hash.

        Raises:
            NotFound: they are not there, or others come back.
        """
        with self._database.read() as connection:
            return self.fetch(connection, sha256)

    @abstractmethod
    def pieces(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop`, a piece at a time and whatever they are.

        Raises:
            NotFound: there are none under that hash.
        """

    def measured(self, sha256: str) -> int:
        """How many bytes `pieces` will give, all of them looked at and none kept. Raises as `read`."""
        digest, size = hashlib.sha256(), 0
        for piece in self.pieces(sha256):
            digest.update(piece)
            size += len(piece)
        if digest.hexdigest() != sha256:
            raise NotFound(what="file")
        return size

    @abstractmethod
    def release(self, hashes: Iterable[str]) -> None:
        """Remove the files of these hashes that no document and no unfinished job needs any more.

        Nobody can come to need one between question and removal.
        """

    @abstractmethod
    def sweep(self) -> None:
        """Remove what a crash left behind."""

    @abstractmethod
    def drop_copies(self, collection_id: str) -> None:
        """Remove what an index keeps of a collection on the disk: it holds vectors that are to be gone."""


class Folder(Files):
    """The originals as files, each once, under the SHA-256 of its bytes; no name that a user gave becomes a path."""

    def __init__(self, folder: Path, database: Database) -> None:
        super().__init__(database)
        self._folder = folder
        self.index_folder = folder.parent / INDEX

    def save(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        target = self.path(sha256)
        if not target.exists():
            with self._database.mapped_errors():
                publish(target, [data])
        return sha256

    @contextmanager
    def saved(self, data: bytes | None) -> Iterator[None]:
        """Save the bytes before the block; if the block fails and nobody else needs them, they go again."""
        if data is None:
            yield
            return
        sha256 = self.save(data)
        try:
            yield
        except BaseException:
            self.release([sha256])
            raise

    def keep(self, connection: sa.Connection, data: bytes) -> None:
        # They were saved before the transaction; the last other document with them may have gone since.
        self.save(data)

    def path(self, sha256: str) -> Path:
        """Where the bytes of that hash lie or would lie."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a SHA-256 is 64 hex digits")
        return self._folder / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def fetch(self, connection: sa.Connection, sha256: str) -> bytes:
        return self.read(sha256)

    def read(self, sha256: str) -> bytes:
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFound(what="file") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise NotFound(what="file")
        return data

    def pieces(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound(what="file") from None
        with file:
            file.seek(start)
            at = start
            while piece := file.read(_PIECE_BYTES if stop is None else min(_PIECE_BYTES, stop - at)):
                yield piece
                at += len(piece)

    def release(self, hashes: Iterable[str]) -> None:
        # The write lock is held meanwhile.
        with self._database.write() as connection:
            for sha256 in set(hashes):
                if _SHA256.fullmatch(sha256) and not needed(connection, sha256):
                    self.path(sha256).unlink(missing_ok=True)

    def drop_copies(self, collection_id: str) -> None:
        shutil.rmtree(self.index_folder / collection_id, ignore_errors=True)

    def sweep(self) -> None:
        """Files over an hour old that nobody needs, and half-written ones."""
        limit = time.time() - _ABANDONED_SECONDS
        old = [file for file in self._folder.glob("??/*") if file.stat().st_mtime < limit]
        for file in old:
            if file.suffix == ".part":
                file.unlink(missing_ok=True)
        self.release(file.name for file in old)


def needed(connection: sa.Connection, sha256: str) -> bool:
    """Whether a document or a job that is not done has that hash."""
    by_document, by_job = needs()
    documents, jobs = schema.documents, schema.jobs
    either = sa.union_all(by_document.where(documents.c.sha256 == sha256), by_job.where(jobs.c.source == sha256))
    return connection.execute(either.limit(1)).first() is not None


def needs() -> tuple[sa.Select[str], sa.Select[str]]:
    """The hashes that documents have, and those that jobs still need."""
    documents, jobs = schema.documents, schema.jobs
    # Failed jobs keep their file too: they can be tried again.
    unfinished = jobs.c.state.in_(["waiting", "running", "failed"])
    return sa.select(documents.c.sha256), sa.select(jobs.c.source).where(jobs.c.kind == "file", unfinished)


def publish(target: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write beside the target, sync, rename: the name never stands for half of the bytes."""
    make_folder(target.parent)
    part = target.parent / f"{secrets.token_hex(8)}.part"
    try:
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, with those above it, such that it outlives a power cut."""
    if not folder.exists():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_file(file: Path) -> None:
    """Make a file's bytes durable."""
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries durable, where the system can (Windows cannot and need not)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
