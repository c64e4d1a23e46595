"""Keeping a library from the command line: backup, restore, doctor."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from rag.commands.offline import cut
from rag.core.errors import ModelNotOnDisk
from rag.library.index import Index
from rag.library.store import DATABASE, Store
from rag.models.catalogue import BUNDLED, NOWHERE, Choice
from rag.network.connection_log import is_here
from rag.operations.doctor import Check, examine
from tests.commands.test_cli import footnote
from tests.guarantees.library import DIMENSION, OWNER, add


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A library of three toy documents."""
    store = Store.open(tmp_path / "data")
    collection = store.collections.create(OWNER, "mine")
    for number in range(3):
        add(store, collection, number)
    store.close()
    return tmp_path / "data"


@contextmanager
def opened(data: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        yield connection
        connection.commit()


def bundled_embedder() -> Choice:
    return Choice(BUNDLED, NOWHERE, None)


def missing_model() -> None:
    raise ModelNotOnDisk(model="some-model")


def problems(data: Path) -> list[Check]:
    return [check for check in examine(data, "", lambda: None, bundled_embedder) if not check.ok]


def names(data: Path) -> list[str]:
    store = Store.open(data)
    (collection,) = store.collections.list(OWNER)
    found = [document.name for document in store.documents.list(OWNER, collection.id)]
    store.close()
    return found


def test_a_backup_brings_a_library_back_and_keeps_the_one_that_was_there(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "library.zip"
    code, told = footnote(data, "backup", file)
    assert (code, told["missing"]) == (0, [])
    store = Store.open(data)
    (collection,) = store.collections.list(OWNER)
    add(store, collection, 7)
    store.close()
    code, told = footnote(data, "restore", file)
    assert code == 0
    assert names(data) == ["0.txt", "1.txt", "2.txt"]
    assert names(Path(told["kept"])) == ["0.txt", "1.txt", "2.txt", "7.txt"]


def test_what_is_no_backup_changes_nothing(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "note.zip"
    file.write_bytes(b"not an archive")
    assert footnote(data, "restore", file)[0] == 1
    assert footnote(data, "restore", tmp_path / "nowhere.zip")[0] == 1
    assert footnote(data, "backup", tmp_path / "no folder" / "library.zip")[0] == 1
    assert len(names(data)) == 3


def test_the_doctor_finds_a_whole_library_well(data: Path) -> None:
    code, told = footnote(data, "doctor")
    assert code == 0, told
    assert told["ok"]
    found = {check["check"] for check in told["checks"]}
    assert {
        "library",
        "database",
        "schema",
        "documents",
        "originals",
        "vectors",
        "words",
        "packages",
        "calibrated",
    } <= found
    assert "3 documents have all their pages and all their 60 chunks" in str(told)


def test_the_doctor_says_what_runs_elsewhere_and_asks_no_server(data: Path) -> None:
    embedder = "tei:BAAI/bge-m3@http://127.0.0.1:9"
    code, told = footnote(data, "doctor", model="openai:writer@http://127.0.0.1:9", RAG_EMBEDDER=embedder)
    assert (code, told["ok"]) == (0, True)
    elsewhere = [check["text"] for check in told["checks"] if check["check"] == "model_elsewhere"]
    assert [text.split(" does not run here")[0] for text in elsewhere] == [
        "The model tei:BAAI/bge-m3",
        "The model openai:writer@http://127.0.0.1:9",
    ]
    (uncalibrated,) = [check["text"] for check in told["checks"] if check["check"] == "uncalibrated"]
    assert uncalibrated.startswith("For tei:BAAI/bge-m3 it was not measured")


def test_the_doctor_names_the_problem_and_ends_with_1(data: Path) -> None:
    shutil.rmtree(data / "files")
    code, told = footnote(data, "doctor")
    assert (code, told["ok"]) == (1, False)
    sentences = [check["text"] for check in told["checks"] if not check["ok"]]
    assert [sentence.split(" is missing")[0] for sentence in sentences] == [
        "The file of 0.txt",
        "The file of 1.txt",
        "The file of 2.txt",
    ]


def test_lost_chunks_and_vectors_of_another_size_are_named_by_document(data: Path) -> None:
    with opened(data) as connection:
        connection.execute("DELETE FROM chunks WHERE id = 3")
        connection.execute("UPDATE chunks SET vector = x'00' WHERE id = 30")
    found = problems(data)
    assert [check.fields["name"] for check in found if check.name == "document"] == ["0.txt", "1.txt"]


def test_an_altered_original_is_named(data: Path) -> None:
    original = next((data / "files").glob("*/*"))
    original.write_bytes(b"other")
    assert [check.name for check in problems(data)] == ["original"]


def test_a_broken_index_of_words_is_made_anew(data: Path) -> None:
    with opened(data) as connection:
        connection.execute("INSERT INTO words (words) VALUES ('delete-all')")
    assert [check.name for check in problems(data)] == ["words"]
    assert problems(data) == []


def test_a_copy_of_the_index_that_is_not_right_is_removed(data: Path) -> None:
    store = Store.open(data)
    (collection,) = store.collections.list(OWNER)
    Index(store, keep_after=0).search_vectors(collection.id, np.eye(1, DIMENSION, dtype=np.float32)[0], 1)
    store.close()
    assert "1 copies of the index on the disk say what the library says." in str(footnote(data, "doctor"))
    (copy,) = data.glob("index/*/*")
    copy.write_bytes(copy.read_bytes()[:-1])
    assert [check.name for check in problems(data)] == ["copies"]
    assert problems(data) == []
    assert list(data.glob("index/*/*")) == []


def test_a_restored_library_is_not_searched_with_the_index_of_the_one_before(data: Path, tmp_path: Path) -> None:
    assert footnote(data, "backup", tmp_path / "library.zip")[0] == 0
    store = Store.open(data)
    (collection,) = store.collections.list(OWNER)
    add(store, collection, 7)
    Index(store, keep_after=0).search_vectors(collection.id, np.eye(1, DIMENSION, dtype=np.float32)[0], 1)
    store.close()
    assert footnote(data, "restore", tmp_path / "library.zip")[0] == 0
    assert list(data.glob("index/*/*")) == []


def test_a_library_that_does_not_open_is_said(data: Path) -> None:
    for log in data.glob(f"{DATABASE}-*"):
        log.unlink()
    (data / DATABASE).write_bytes(b"no database at all" * 100)
    (found,) = problems(data)
    assert found.name == "library"
    assert found.error is not None
    assert found.error.key == "store_damaged"


def test_a_library_that_is_not_there_is_no_problem_and_is_not_made(tmp_path: Path) -> None:
    assert problems(tmp_path / "nothing") == []
    assert not (tmp_path / "nothing").exists()


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    found = [check for check in examine(tmp_path, "", missing_model, bundled_embedder) if not check.ok]
    assert [(check.name, check.error and check.error.fields) for check in found] == [("model", {"model": "some-model"})]


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.9.1", "::1", None, "", b"localhost", "::ffff:127.0.0.1")),
        *((host, False) for host in ("93.184.216.34", "example.org", "10.0.0.1", "127.evil.example", "1270.0.0.1")),
    ],
)
def test_only_this_machine_is_here(host: object, here: bool) -> None:
    assert is_here(host) is here


@pytest.mark.slow
def test_with_the_network_cut_everything_works_and_nothing_is_tried(data: Path) -> None:
    code, told = footnote(data, "doctor", "--offline")
    assert code == 0, told
    assert [check["check"] for check in told["checks"]][-1] == "attempts"
    assert "read 3 documents and answered 2 questions (none)" in told["checks"][0]["text"]


def test_a_refused_connection_is_counted(tmp_path: Path) -> None:
    """The control of the one above: without it, nothing tried could mean nothing seen."""
    code = "import urllib.request as u\ntry: u.urlopen('http://93.184.216.34/')\nexcept OSError: pass\n"
    code += "try: u.urlopen('http://example.org/')\nexcept OSError: pass"
    record = tmp_path / "connections.txt"
    subprocess.run([sys.executable, "-c", code], env=os.environ | cut(tmp_path, record), check=True)
    assert len(record.read_text().splitlines()) == 2
