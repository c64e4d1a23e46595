"""What the guarantees about the pages share: the real app in a process of its own, and library content to plant."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from rag.library.store import Store
from tests.guarantees.strangers import write_secrets
from tests.support.serving import free_port, wait_until_healthy

PROJECT = Path(__file__).resolve().parents[2]
OWNER = "local"


@dataclass(frozen=True)
class Running:
    """An app: its address, its data folder, the file that its processes write their log to, its process."""

    address: str
    data: Path
    log: Path
    pid: int


@contextmanager
def running(
    folder: Path, environment: Mapping[str, str], script: str = "app.py", *, people: bool = False
) -> Iterator[Running]:
    """The app with this environment and a data folder inside `folder`, until the end of the block.

    With `people` they sign in, see `strangers.py`.
    """
    port, data, log = free_port(), folder / "data", folder / "app.log"
    given = {"RAG_DATA_DIR": str(data), "OMP_NUM_THREADS": "1", "RAG_THREADS": "1"}
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    if people:
        secrets = folder / "secrets.toml"
        write_secrets(secrets, f"http://127.0.0.1:{port}")
        command += ["--secrets.files", str(secrets)]
    with log.open("ab") as said:
        process = subprocess.Popen(command, cwd=PROJECT, env={**environment, **given}, stdout=said, stderr=said)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_healthy(address)
        yield Running(address, data, log, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until_read(app: Running, seconds: float = 300) -> None:
    """Until the app's reader has read the samples. The library must be there, so a page was opened before."""
    store = Store.open(app.data)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = [job for each in store.collections.list(OWNER) for job in store.jobs.list(OWNER, each.id)]
        if found and all(job.state == "done" for job in found):
            store.close()
            return
        time.sleep(0.5)
    raise TimeoutError("the samples were not read")


def wait_until_warm(pid: int, seconds: float = 120) -> None:
    """Until the process has loaded what it loads after its first page: its memory has stopped growing."""
    process, deadline = psutil.Process(pid), time.monotonic() + seconds
    before, since = process.memory_info().rss, time.monotonic()
    while time.monotonic() < min(deadline, since + 4):
        time.sleep(0.5)
        if (now := process.memory_info().rss) > before + 2 * 2**20:
            before, since = now, time.monotonic()


def quiet() -> dict[str, str]:
    """This environment, for an app that answers with quotes alone."""
    return {**os.environ, "RAG_MODEL": "none"}
