"""Backup of a whole library to one file, while it is in use, and restore.

The file is a zip archive: one snapshot of the database, and the original of every document under `files/`. Restore
verifies every byte before it changes anything, and keeps the library that it replaces. The format is the same for
both engines: a backup of either can be restored into either.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rag.core.errors import LibraryInUse, StoreDamaged, StoreTooNew
from rag.library.store import DATABASE, FILES, Store, make_data_folder
from rag.library.store.files import INDEX, Folder, make_folder, sync_file, sync_folder
from rag.library.store.migrations import LATEST
from rag.library.store.moving import move
from rag.library.store.sqlite import SQLite, mapped_errors

_ORIGINAL = re.compile(rf"{FILES}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})")


def backup(store: Store, file: Path) -> list[str]:
    """Write the library to `file`, which appears under its name only once it is complete.

    Returns:
        The hashes of originals that are missing or altered in the library, and so in the backup.

    Raises:
        DiskFull: no file is left.
    """
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".backup-") as folder:
        part = Path(folder) / "library.zip"
        with _in_folder(store, Path(folder) / "library") as local, local.database.mapped_errors():
            hashes = _snapshot(local, Path(folder))
            missing = _pack(part, Path(folder), hashes)
            sync_file(part)
            part.replace(file)
            sync_folder(file.absolute().parent)
            return missing


@contextmanager
def _in_folder(store: Store, folder: Path) -> Iterator[Store]:
    """The library itself where it is on SQLite; otherwise a copy of it in `folder`."""
    if isinstance(store.database, SQLite):
        yield store
        return
    with closing(Store.open(folder)) as copy:
        move(store, copy)
        yield copy


def restore(file: Path, data_dir: Path, url: str = "") -> Path | None:
    """Replace the library in `data_dir`, or fill the empty database at `url`, from a backup of either engine.

    Returns:
        The folder, inside `data_dir`, that keeps the library that was there before.

    Raises, with nothing changed:
        LibraryInUse: a program has the library in `data_dir` open.
        LibraryNotEmpty: the database at `url` is not empty.
        StoreDamaged: `file` is no backup or is damaged.
        StoreTooNew: a later version of the program made it.
        DiskFull, FolderUnusable: `data_dir` has no room or cannot be written to.
    """
    make_data_folder(data_dir)
    if url:
        with tempfile.TemporaryDirectory(dir=data_dir, prefix="restoring-") as folder:
            restore(file, Path(folder))
            with closing(Store.open(Path(folder))) as source, closing(Store.open(data_dir, url)) as target:
                move(source, target)
        return None
    fresh = Path(tempfile.mkdtemp(dir=data_dir, prefix="restoring-"))
    try:
        with mapped_errors(data_dir / DATABASE):
            _unpack(file, fresh)
            return _swap_in(fresh, data_dir)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _snapshot(store: Store, folder: Path) -> list[str]:
    """Copy the database to `folder` and link the originals of the same moment; returns their hashes."""
    copy = folder / DATABASE
    # Writers wait while the database is copied; originals only need a link.
    assert isinstance(store.database, SQLite)
    assert isinstance(store.files, Folder)
    with store.database.write():
        store.database.copy_to(copy)
        with closing(sqlite3.connect(copy)) as connection:
            # Without a log file, and without jobs: their workers are not there after a restore.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("DELETE FROM jobs")
            connection.commit()
            hashes = [row[0] for row in connection.execute("SELECT DISTINCT sha256 FROM documents ORDER BY sha256")]
        for sha256 in hashes:
            with suppress(FileNotFoundError):
                _link(store.files.path(sha256), folder / sha256)
    return hashes


def _link(original: Path, target: Path) -> None:
    try:
        target.hardlink_to(original)
    except FileNotFoundError:
        raise
    except OSError:
        # Another disk, or a file system without links.
        shutil.copyfile(original, target)


def _pack(part: Path, folder: Path, hashes: list[str]) -> list[str]:
    """Write the archive; returns the hashes whose original is missing or altered."""
    missing: list[str] = []
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        archive.write(folder / DATABASE, DATABASE)
        for sha256 in hashes:
            original = folder / sha256
            data = original.read_bytes() if original.exists() else b""
            if hashlib.sha256(data).hexdigest() == sha256:
                archive.writestr(f"{FILES}/{sha256[:2]}/{sha256}", data)
            else:
                missing.append(sha256)
    return missing


def _unpack(file: Path, fresh: Path) -> None:
    """Extract the archive under names that we choose, and check every file."""
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.filename == DATABASE:
                    target = fresh / DATABASE
                elif match := _ORIGINAL.fullmatch(entry.filename):
                    target = fresh / FILES / match[1] / match[2]
                else:
                    raise StoreDamaged(file=str(file))
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                sync_file(target)
        _check(fresh, file)
    except (zipfile.BadZipFile, sqlite3.Error, EOFError, NotImplementedError) as error:
        raise StoreDamaged(file=str(file)) from error


def _check(fresh: Path, file: Path) -> None:
    if not (fresh / DATABASE).is_file():
        raise StoreDamaged(file=str(file))
    with closing(sqlite3.connect(fresh / DATABASE)) as connection:
        (version,) = connection.execute("SELECT version FROM schema_version").fetchone()
        if version > LATEST:
            raise StoreTooNew(file=str(file))
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise StoreDamaged(file=str(file))
    for original in (fresh / FILES).glob("*/*"):
        if hashlib.sha256(original.read_bytes()).hexdigest() != original.name:
            raise StoreDamaged(file=str(file))


def _swap_in(fresh: Path, data_dir: Path) -> Path | None:
    """Move the checked library into place. The database is renamed last: until then the old one is in use."""
    aside = _put_aside(data_dir) if (data_dir / DATABASE).exists() else None
    for original in (fresh / FILES).glob("*/*"):
        target = data_dir / FILES / original.parent.name / original.name
        make_folder(target.parent)
        original.replace(target)
        sync_folder(target.parent)
    shutil.rmtree(data_dir / INDEX, ignore_errors=True)
    (fresh / DATABASE).replace(data_dir / DATABASE)
    sync_folder(data_dir)
    return aside


def _put_aside(data_dir: Path) -> Path:
    """Keep the present library, by hard links, in a folder of its own."""
    _checkpoint(data_dir)
    aside = Path(tempfile.mkdtemp(dir=data_dir, prefix="before-restore-"))
    for original in (data_dir / FILES).glob("??/*"):
        target = aside / FILES / original.parent.name / original.name
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(original, target)
    for log in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
        # Only a damaged database still has a log here, which must not be applied to another database.
        if (data_dir / log).exists():
            (data_dir / log).rename(aside / log)
    _link(data_dir / DATABASE, aside / DATABASE)
    sync_folder(aside)
    return aside


def _checkpoint(data_dir: Path) -> None:
    """Write the WAL into the database. Raises LibraryInUse where another program has it open."""
    try:
        with closing(sqlite3.connect(data_dir / DATABASE, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise LibraryInUse(folder=str(data_dir)) from error
    except sqlite3.DatabaseError:
        # A damaged one is put aside as it is.
        return
