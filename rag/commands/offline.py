"""End-to-end check with the network cut: start, read the samples and answer, with every connection refused and counted.

It runs in processes and with a temporary library of its own. Each process has an audit hook from its start, which sees
connections made through Python; the sandboxed parsers have a hook of their own, which refuses every socket.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rag.core import child_processes, settings
from rag.core.call_context import CallContext
from rag.core.installation import CODE
from rag.library.samples import sample_files, sample_questions
from rag.library.store import Store
from rag.models.catalogue import locate
from rag.network.connection_log import RECORD
from rag.services import NO_MODEL, open_services

OWNER: Final = "local"
NAME: Final = "OfflineCheck"
BUNDLED: Final = "smollm2-135m-instruct"
READING_SECONDS: Final = 300

# Content of `sitecustomize.py`, which Python imports before anything else.
_FIRST: Final = "from rag.network.connection_log import stay\n\nstay()\n"


@dataclass(frozen=True, slots=True)
class OfflineRun:
    """The outcome with one model: documents read and questions answered; zeros where the process failed."""

    model: str
    documents: int = 0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class OfflineCheck:
    """The outcomes by model, and every connection that was attempted, as "event host"."""

    plays: tuple[OfflineRun, ...]
    attempts: tuple[str, ...]


def check_offline(current: settings.Settings) -> OfflineCheck:
    """Start, read and answer with the network cut: with quotes only, and with the bundled model where it exists."""
    with tempfile.TemporaryDirectory(prefix="offline-") as name:
        folder = Path(name)
        record = folder / "connections.txt"
        environment = cut(folder, record) | {
            "RAG_DATA_DIR": str(folder / "data"),
            "RAG_DATABASE_URL": "",
            "RAG_VECTORS": "",
            "RAG_MODELS_DIR": str(current.models_folder),
            "RAG_EMBEDDER": current.embedder,
        }
        models = [NO_MODEL, *([BUNDLED] if locate(BUNDLED) else [])]
        plays = tuple(_played(model, environment) for model in models)
        attempts = tuple(record.read_text(encoding="utf-8").splitlines()) if record.exists() else ()
    return OfflineCheck(plays, attempts)


def cut(folder: Path, record: Path) -> dict[str, str]:
    """An environment in which Python processes can connect to this machine only, and record other attempts."""
    (folder / "sitecustomize.py").write_text(_FIRST, encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(folder), str(CODE), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": path, RECORD: str(record)}


def _played(model: str, environment: dict[str, str]) -> OfflineRun:
    process = child_processes.start(
        "rag.commands.offline",
        env=environment | {"RAG_MODEL": model},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        lines = process.communicate()[0].splitlines()
    finally:
        process.kill()
    return OfflineRun(**json.loads(lines[-1])) if process.returncode == 0 and lines else OfflineRun(model)


def play() -> OfflineRun:
    """Start, read the samples as the app does, and ask one question in each language."""
    services = open_services(settings.load())
    services.start()
    store = services.store
    collection = store.collections.named(OWNER, NAME)
    for file in sample_files():
        store.jobs.enqueue(OWNER, collection.id, file.name, "file", file.read_bytes())
    _wait_for_reader(store, collection.id)
    answered = 0
    # One question in each language.
    for question in {item["language"]: item["question"] for item in reversed(sample_questions())}.values():
        *_, answer = services.conversation.ask(question, CallContext(OWNER, collection.id))
        answered += bool(answer.quotes) and answer.error is None
    model = services.choice.name if services.choice else NO_MODEL
    return OfflineRun(model, len(store.documents.list(OWNER, collection.id)), answered)


def _wait_for_reader(store: Store, collection: str) -> None:
    deadline = time.monotonic() + READING_SECONDS
    while any(job.state in ("waiting", "running") for job in store.jobs.list(OWNER, collection)):
        if time.monotonic() > deadline:
            return
        time.sleep(0.2)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(play())) + "\n")
