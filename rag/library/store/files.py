"""The original files: the interface, and its form on SQLite, a folder. `originals.py` is the form on PostgreSQL."""

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
from rag.library.store.recognised import forget

# Beside the originals: a folder of index snapshots for each collection, which can be rebuilt at any time.
INDEX = "index"

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ABANDONED_SECONDS = 3600.0
_PIECE_BYTES = 1_000_000


class Files(ABC):
    """The original files by SHA-256. Every document and every unfinished job refers to one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @abstractmethod
    def save(self, data: bytes) -> str:
        """Store the bytes durably and return their SHA-256 in hex; existing bytes are kept. Raises DiskFull."""

    @abstractmethod
    def saved(self, data: bytes | None) -> AbstractContextManager[None]:
        """Around a transaction that needs the bytes: if it fails, they are removed unless something else needs them."""

    @abstractmethod
    def keep(self, connection: sa.Connection, data: bytes) -> None:
        """Inside that transaction: guarantee that the bytes exist once it commits, even if they were released since."""

    @abstractmethod
    def fetch(self, connection: sa.Connection, sha256: str) -> bytes:
        """As `read`, inside a transaction."""

    def read(self, sha256: str) -> bytes:
        """The bytes of that hash. Raises NotFound where they are missing or altered."""
        with self._database.read() as connection:
            return self.fetch(connection, sha256)

    @abstractmethod
    def pieces(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `stop` in pieces, unverified. Raises NotFound where there is no such file."""

    def measured(self, sha256: str) -> int:
        """The number of bytes that `pieces` gives, after verifying the hash. Raises NotFound as `read`."""
        digest, size = hashlib.sha256(), 0
        for piece in self.pieces(sha256):
            digest.update(piece)
            size += len(piece)
        if digest.hexdigest() != sha256:
            raise NotFound(what="file")
        return size

    @abstractmethod
    def release(self, hashes: Iterable[str]) -> None:
        """Remove the files of these hashes that no document and no unfinished job needs, atomically."""

    @abstractmethod
    def sweep(self) -> None:
        """Remove files that a crash left behind."""

    @abstractmethod
    def drop_copies(self, collection_id: str) -> None:
        """Remove the collection's index snapshots, which hold vectors that were deleted."""


class Folder(Files):
    """The originals as files named by the SHA-256 of their bytes; no name given by a user becomes a path."""

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
        """Save the bytes before the block; if the block fails, release them."""
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
        # They were saved before the transaction, and may have been released since.
        self.save(data)

    def path(self, sha256: str) -> Path:
        """The path of that hash, whether or not the file exists."""
        if not _SHA256.fullmatch(sha256):
            raise ValueError("a SHA-256 is 64 hex digits")
        return self._folder / sha256[:2] / sha256

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
            position = start
            while piece := file.read(_PIECE_BYTES if stop is None else min(_PIECE_BYTES, stop - position)):
                yield piece
                position += len(piece)

    def release(self, hashes: Iterable[str]) -> None:
        # The write lock keeps anything from coming to need a file in the meantime.
        with self._database.write() as connection:
            for sha256 in set(hashes):
                if _SHA256.fullmatch(sha256) and not needed(connection, sha256):
                    self.path(sha256).unlink(missing_ok=True)
                    forget(connection, schema.recognised.c.sha256 == sha256)

    def drop_copies(self, collection_id: str) -> None:
        shutil.rmtree(self.index_folder / collection_id, ignore_errors=True)

    def sweep(self) -> None:
        """Remove unneeded files, and temporary ones, that are over an hour old."""
        limit = time.time() - _ABANDONED_SECONDS
        old = [file for file in self._folder.glob("??/*") if file.stat().st_mtime < limit]
        for file in old:
            if file.suffix == ".part":
                file.unlink(missing_ok=True)
        self.release(file.name for file in old)


def needed(connection: sa.Connection, sha256: str) -> bool:
    """Whether a document or an unfinished job has that hash."""
    by_document, by_job = needs()
    documents, jobs = schema.documents, schema.jobs
    either = sa.union_all(by_document.where(documents.c.sha256 == sha256), by_job.where(jobs.c.source == sha256))
    return connection.execute(either.limit(1)).first() is not None


def needs() -> tuple[sa.Select[str], sa.Select[str]]:
    """Queries for the hashes of documents, and for those of unfinished jobs."""
    documents, jobs = schema.documents, schema.jobs
    # A failed job can be retried, so its file is kept.
    unfinished = jobs.c.state.in_(["waiting", "running", "failed"])
    return sa.select(documents.c.sha256), sa.select(jobs.c.source).where(jobs.c.kind == "file", unfinished)


def publish(target: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Write a file atomically: to a temporary name in the same folder, sync, rename."""
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
    """Create a folder and its parents durably."""
    if not folder.exists():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_file(file: Path) -> None:
    """fsync a file."""
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """fsync a folder's entries, where the system can (Windows cannot and need not)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
