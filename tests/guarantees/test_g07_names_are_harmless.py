"""G7. Eighty hostile names of files: nothing is written outside the library, and each name is only shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_file
from rag.library.store import Store
from rag.library.store.backup import backup, restore
from rag.models.embedding import Vectors
from tests.guarantees.library import OWNER, size

NAMES = [
    *("../" * depth + "escaped.txt" for depth in range(1, 9)),
    *("..\\" * depth + "escaped.txt" for depth in range(1, 9)),
    *(f"/{place}/escaped.txt" for place in ("tmp", "etc", "root", "var/tmp", "proc/self", "dev/shm")),
    *(f"{drive}escaped.txt" for drive in ("C:\\", "C:", "\\\\server\\share\\", "//server/share/", "\\\\?\\C:\\")),
    *(f"{device}.txt" for device in ("CON", "PRN", "AUX", "NUL", "COM1", "LPT1", "con", "CLOCK$", "CONIN$")),
    *("a:b.txt", "a:stream:$DATA.txt", "a<b>.txt", "a|b.txt", 'a"b.txt', "a?b.txt", "a*b.txt"),
    *("nul\0byte.txt", "nul\0/../escaped.txt", "line\nbreak.txt", "tab\there.txt", "\x1b[31mred.txt", "\x7f.txt"),
    *("x" * 300 + ".txt", "年" * 300 + ".txt", "a/" * 200 + "deep.txt"),
    *(".", "..", "...", " ", "", "/", "\\", ".txt", " .txt", "a.txt ", "a.txt.", "-rf.txt", "--help"),
    *("\u202etxt.exe", "a\u202eb.txt", "\u2066a\u2069.txt", "\ufeffa.txt", "a\u200b.txt", "\ud83d.txt"),
    *("~/escaped.txt", "$HOME/escaped.txt", "%TEMP%\\escaped.txt", "${IFS}.txt", "`id`.txt", "$(id).txt"),
    *("file:///etc/passwd", "library.sqlite3", "files", "%2e%2e%2fescaped.txt"),
]


class ToyEmbedder:
    name, dimension, max_tokens, fallback_for = "toy", 4, 50, None

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return np.tile(self.embed_query(""), (len(texts), 1))

    def embed_query(self, text: str) -> Vectors:
        return np.array([1, 0, 0, 0], np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_g07_names_are_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "deep" / "down" / "here"
    work.mkdir(parents=True)
    monkeypatch.chdir(work)
    store = Store.open(work / "data")
    collection = store.collections.create(OWNER, "mine")
    ingest, hashes = IngestContext(store, ToyEmbedder()), set()
    tried = NAMES[:: size(4, 1)]
    for number, name in enumerate(tried):
        data = f"Text number {number} of this test.".encode()
        document = read_file(ingest, OWNER, collection.id, data, name)
        # The name is kept to be shown, all but half characters and NUL, which nothing can show.
        assert document.name == name.replace("\ud83d", "\ufffd").replace("\0", "\ufffd")
        hashes.add(document.sha256)
        job = store.jobs.enqueue(OWNER, collection.id, name, "file", data + b" Once more.")
        hashes.add(job.source)
        assert store.files.read(document.sha256) == data
    outside = {name for name in _files(tmp_path) if not name.startswith("deep/down/here/data/")}
    # Inside, there is the database with its log, and files named by their own hashes and nothing else.
    inside = {Path(name).name for name in _files(work / "data")} - hashes
    backup(store, work / "data" / "library.zip")
    restore(work / "data" / "library.zip", tmp_path / "restored")
    restored = {Path(name).name for name in _files(tmp_path / "restored")} - hashes
    print(
        f"G7: {len(tried)} names, {len(outside)} files outside the library, {len(inside - _DATABASE)} odd ones inside"
    )
    assert len(NAMES) >= 80
    assert outside == set()
    assert inside <= _DATABASE
    assert restored <= _DATABASE
    assert len(store.documents.list(OWNER, collection.id)) == len(tried)


_DATABASE = {"library.sqlite3", "library.sqlite3-wal", "library.sqlite3-shm"}
