"""Processes that end with the one that started them, and not before; a process that is told to end does so cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rag.core import child_processes
from rag.library.store import Store
from tests.guarantees.apps import OWNER, PROJECT, quiet, running
from tests.guarantees.processes import NAME, end, left_after, marked
from tests.ingestion.test_pipeline import long_text, wait_for
from tests.support.tei import tei, vectors_of

PATIENCE = 120
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and at what Linux does")

# What a parent runs: a child that repeats what it is told, which says its number.
PARENT = """
import subprocess, sys
from rag.core import child_processes
{before}
child = child_processes.start("code", "-q", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
child.stdin.write(b"import os; print(os.getpid())\\n" + {then!r}.encode())
child.stdin.flush()
print(child.stdout.readline().decode().split()[-1], flush=True)
sys.stdin.read()
"""

# In place of what the child runs: one that the kernel does not kill.
REFUSED = """
refused = "import rag.core.child_processes as c; c._killed_by_kernel = lambda: False; c.main()"
popen = subprocess.Popen
subprocess.Popen = lambda command, **given: popen([command[0], "-c", refused, *command[3:]], **given)
"""


def started_in_a_thread(start: Callable[[], subprocess.Popen[Any]]) -> subprocess.Popen[Any]:
    """What a thread started that has ended since."""
    found: list[subprocess.Popen[Any]] = []
    thread = threading.Thread(target=lambda: found.append(start()))
    thread.start()
    thread.join()
    return found[0]


@LINUX
def test_a_child_lives_on_when_the_thread_that_asked_for_it_has_ended() -> None:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    child = started_in_a_thread(lambda: child_processes.start("code", "-q", **pipes))
    said, _ = child.communicate(b"print(6 * 7)\n")
    assert b"42" in said
    # The control: armed in the same way, and started by that thread itself. It is asked until it is armed.
    command = [sys.executable, "-m", "rag.core.child_processes", str(os.getpid()), "-", "code", "-q"]
    answered = threading.Event()

    def start() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(command, cwd=PROJECT, **pipes)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"print(6 * 7)\n")
        process.stdin.flush()
        if b"42" in process.stdout.readline():
            answered.set()
        return process

    assert started_in_a_thread(start).wait(PATIENCE) == -signal.SIGKILL
    assert answered.is_set()


@LINUX
@pytest.mark.parametrize(
    ("before", "then"),
    [("", "while True: pass\n\n"), ("", "sum(range(10**12))\n"), (REFUSED, "while True: pass\n\n")],
    ids=["busy", "with the interpreter's lock held", "where the kernel refuses"],
)
def test_a_child_ends_with_its_parent(tmp_path: Path, before: str, then: str) -> None:
    command = [sys.executable, "-c", PARENT.format(before=before, then=then)]
    environment = os.environ | {NAME: str(tmp_path)}
    parent = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert {parent.pid, child} <= set(marked(tmp_path))
        parent.kill()
        parent.wait()
        assert left_after(tmp_path, 2) == {}
    finally:
        end(tmp_path)


def test_a_child_whose_parent_has_died_meanwhile_ends_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [sys.executable, "-m", "rag.core.child_processes", str(gone.pid), "-", "code", "-q"]
    orphan = subprocess.run(command, cwd=PROJECT, input=b"print(6 * 7)\n", capture_output=True)
    assert (orphan.returncode, orphan.stdout) == (1, b"")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_copy_starts_children_of_its_own() -> None:
    code = (
        "import os, subprocess\nfrom rag.core import child_processes as children\n"
        "children.start('this', stdout=subprocess.DEVNULL).wait()\n"
        "copy = os.fork()\nif copy:\n    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]))\n"
        "children.start('code', '-q', stdin=subprocess.PIPE, stderr=subprocess.DEVNULL).communicate(b'print(6 * 7)')\n"
        "os._exit(7)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, timeout=PATIENCE)
    assert (done.returncode, b"42" in done.stdout) == (7, True)


# Python imports a module of this name before anything else; the process that parses documents does not get its folder.
IMPATIENT = """
import rag.ingestion.worker
rag.ingestion.worker.IDLE_SECONDS = 0.1
with open({log!r}, "a") as log:
    print("begun", file=log)
"""


def _done(store: Store, job: str) -> bool:
    return store.jobs.get(OWNER, job).state == "done"


def _longer(log: Path, lines: int) -> bool:
    return len(log.read_text().splitlines()) > lines


@pytest.mark.skipif(os.name == "nt", reason="Windows starts another process where others begin anew")
def test_a_reader_with_nothing_to_do_begins_anew_and_reads_on(tmp_path: Path) -> None:
    log = tmp_path / "begun.txt"
    (tmp_path / "sitecustomize.py").write_text(IMPATIENT.format(log=str(log)), encoding="utf-8")
    with tei() as server, closing(Store.open(tmp_path / "data")) as store:
        collection = store.collections.create(OWNER, "mine")
        environment = quiet() | {
            "RAG_DATA_DIR": str(tmp_path / "data"),
            "RAG_EMBEDDER": f"tei:{server.at('')}",
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(PROJECT)]),
            NAME: str(tmp_path),
        }
        reader = subprocess.Popen([sys.executable, "-m", "rag", "reader"], env=environment, stdin=subprocess.PIPE)
        try:
            for times, name in enumerate(["one.txt", "two.txt"], 1):
                job = store.jobs.enqueue(OWNER, collection.id, name, "file", b"Badges are made at the desk.").id
                wait_for(partial(_done, store, job), PATIENCE)
                # Each time it is as after its start: the process that parsed the document is gone too.
                wait_for(partial(_longer, log, times), PATIENCE)
                assert list(marked(tmp_path)) == [reader.pid]
            assert reader.stdin is not None
            reader.stdin.close()
            assert reader.wait(PATIENCE) == 0
        finally:
            end(tmp_path)


@LINUX
@pytest.mark.parametrize("script", ["serve.py", "a program that ends"])
def test_what_is_told_to_end_gives_back_what_it_reads(tmp_path: Path, script: str) -> None:
    with tei(slowly) as server, closing(Store.open(tmp_path / "data")) as store:
        collection = store.collections.create(OWNER, "mine")
        job = store.jobs.enqueue(OWNER, collection.id, "long.txt", "file", long_text(30_000)).id
        environment = quiet() | {
            "RAG_DATA_DIR": str(tmp_path / "data"),
            "RAG_EMBEDDER": f"tei:{server.at('')}",
            "RAG_SAMPLES": "false",
            NAME: str(tmp_path),
        }
        try:
            if script == "serve.py":
                with running(tmp_path, environment, script):
                    wait_for(lambda: store.jobs.get(OWNER, job).done > 0, PATIENCE)
            else:
                code = "import sys; from rag.core import settings; from rag.services import open_services"
                code += "; open_services(settings.load()).start()"
                code += "; sys.stdin.read()"
                with subprocess.Popen(
                    [sys.executable, "-c", code], cwd=PROJECT, env=environment, stdin=subprocess.PIPE
                ) as program:
                    wait_for(lambda: store.jobs.get(OWNER, job).done > 0, PATIENCE)
                    program.communicate(b"", PATIENCE)
            left = store.jobs.get(OWNER, job)
            assert (left.state, left.attempts, left.failure) == ("waiting", 0, None)
            assert marked(tmp_path) == {}
        finally:
            end(tmp_path)


def slowly(texts: list[str]) -> object:
    time.sleep(0.3)
    return vectors_of(texts)
