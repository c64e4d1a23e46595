"""G33. No orphan: killed at any moment, a process takes all that it started along within 2 s, and nothing is in part.

The app, the reader, and a program with a model are killed (kill -9) at random points while a file of 20,000 nested
lists is read, which takes longer than any round. The control starts the same processes without arming them: they must
outlive what started them, or nothing is shown.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from rag.library.store import Store
from tests.guarantees.apps import PROJECT, quiet
from tests.guarantees.library import OWNER, faults, size
from tests.guarantees.processes import NAME, end, left_after, marked
from tests.support.serving import free_port
from tests.support.tei import tei

ROUNDS = size(2, 67)
CONTROLS = size(1, 5)
PATIENCE = 180
SECONDS = 2.0
PARAGRAPHS = b"<html><body>" + b"".join(b"<p>Point of order %d is taken up again.</p>" % i for i in range(250_000))

READER = ["-m", "rag", "reader", "--stay"]
# The reader and the model of an app, without its pages: the model writes as long as it is let.
WITH_A_MODEL = """
from rag.core import settings
from rag.services import open_services
from tests.guarantees.models import STORY, bundled
open_services(settings.load()).start()
model = bundled()
while True:
    for piece in model.write(STORY, max_tokens=900):
        pass
"""
# Python imports a module of the name sitecustomize before anything else.
UNARMED = """
import subprocess

class Popen(subprocess.Popen):
    def __init__(self, command, *given, **options):
        if "rag.core.child_processes" in command:
            at = command.index("rag.core.child_processes")
            command = [*command[:at], *command[at + 3 :]]
        super().__init__(command, *given, **options)

subprocess.Popen = Popen
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what lives is looked up in /proc")


class Round(NamedTuple):
    """What one kill left: processes, whether the library is whole, whether its job is taken up again."""

    left: int
    whole: bool
    again: bool


def command_of(kind: str) -> list[str]:
    if kind == "app":
        return ["-m", "streamlit", "run", "serve.py", "--server.port", str(free_port())]
    return READER if kind == "reader" else ["-c", WITH_A_MODEL]


@contextmanager
def at_work(kind: str, folder: Path, embedder: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process over the library in `folder`; whatever is left of it is ended with the block."""
    environment = quiet() | {
        "RAG_DATA_DIR": str(folder / "data"),
        "RAG_EMBEDDER": embedder,
        "RAG_SAMPLES": "false",
        "OMP_NUM_THREADS": "1",
        NAME: str(folder),
    }
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command_of(kind)], cwd=PROJECT, env=environment | more, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        end(folder)


def parsers(folder: Path) -> list[int]:
    return [number for number, command in marked(folder).items() if "rag.ingestion.loading.sandbox_child" in command]


def killed(kind: str, folder: Path, seed: int, embedder: str, **more: str) -> Round:
    """Let it work, kill it, and look at what is left. Every second one is killed somewhere on its way to the file."""
    folder.mkdir()
    chance = random.Random(seed)
    with closing(Store.open(folder / "data")) as store:
        collection = store.collections.create(OWNER, "mine")
        job = store.jobs.enqueue(OWNER, collection.id, "points.html", "file", PARAGRAPHS).id
    with at_work(kind, folder, embedder, **more) as process:
        if seed % 2:
            time.sleep(chance.uniform(0, 8))
        else:
            deadline = time.monotonic() + PATIENCE
            while not parsers(folder):
                assert time.monotonic() < deadline, (folder / "log.txt").read_text()[-2000:]
                time.sleep(0.05)
            time.sleep(chance.uniform(0, 2))
        assert process.poll() is None, (folder / "log.txt").read_text()[-2000:]
        process.kill()
        process.wait()
        left = len(left_after(folder, SECONDS))
    with closing(Store.open(folder / "data")) as store:
        whole = not faults(store, collection) and store.documents.list(OWNER, collection.id) == []
        # Its reader gives no sign of life any more; nobody waits here until that is long enough.
        with store.database.write() as connection:
            connection.exec_driver_sql("UPDATE jobs SET lease = 0")
        taken = store.jobs.claim("another", 20.0)
    return Round(left, whole, taken is not None and taken.id == job)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["app", "reader", "program with a model"])
def test_g33_whoever_is_killed_leaves_no_process_and_nothing_in_part(kind: str, tmp_path: Path) -> None:
    if kind == "program with a model" and find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python could not be built here")
    with tei() as server:
        rounds = [killed(kind, tmp_path / str(seed), seed, f"tei:{server.at('')}") for seed in range(ROUNDS)]
    left, torn = sum(each.left for each in rounds), sum(not each.whole for each in rounds)
    again = sum(each.again for each in rounds)
    print(
        f"G33: the {kind} killed {ROUNDS} times while a file of 250,000 paragraphs was read: {left} processes left "
        f"after {SECONDS:.0f} s, {torn} libraries not whole, {again} jobs taken up again"
    )
    assert (left, torn, again) == (0, 0, ROUNDS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["app", "reader"])
def test_g33_control_processes_that_are_not_armed_live_on(kind: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(UNARMED, encoding="utf-8")
    with tei() as server:
        embedder, path = f"tei:{server.at('')}", str(tmp_path)
        rounds = [killed(kind, tmp_path / str(seed), 2 * seed, embedder, PYTHONPATH=path) for seed in range(CONTROLS)]
    outlived = sum(each.left > 0 for each in rounds)
    print(f"G33 control: the {kind} killed {CONTROLS} times, {outlived} times outlived by what it had started unarmed")
    assert outlived == CONTROLS
