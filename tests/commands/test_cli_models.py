"""`python -m rag models …`: what it prints, what it leaves on the disk, and the exit codes that scripts rely on."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.hub import LLAMA_FILE, PIECE, WEIGHTS, Hub, hub_serving

PROJECT = Path(__file__).resolve().parents[2]
NAME = "llama-2-7b-chat"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_serving() as running:
        yield running


def started(data: Path, hub: Hub | None, *arguments: str | Path) -> subprocess.Popen[str]:
    """`python -m rag models …` with this data folder and hub; without one nothing can be downloaded."""
    environment = os.environ | {"RAG_DATA_DIR": str(data), "RAG_MODEL": "none", "RAG_LANGUAGE": "en"}
    environment["RAG_MODEL_SOURCE"] = f"http://{hub.served.place}" if hub else "none"
    command = [sys.executable, "-m", "rag", "models", *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests themselves run in the background, Ctrl-C is ignored, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def models(data: Path, hub: Hub | None, *arguments: str | Path) -> tuple[int, Any, str]:
    """The exit code, the one object on standard output, and standard error."""
    process = started(data, hub, *arguments, "--json")
    out, err = process.communicate(timeout=120)
    return process.returncode, json.loads(out), err


def left(data: Path) -> list[str]:
    return sorted(file.name for file in data.rglob("*") if file.is_file() and file.suffix != ".lock")


def test_a_model_is_pulled_verified_and_removed(tmp_path: Path, hub: Hub) -> None:
    code, told, _ = models(tmp_path, hub, "pull", NAME, "--accept-licence")
    assert (code, told) == (0, {"name": NAME, "place": str(tmp_path / "models" / LLAMA_FILE), "error": None})
    code, told, _ = models(tmp_path, None, "verify", NAME)
    assert (code, told) == (0, {"name": NAME, "ok": True, "files": {LLAMA_FILE: "ok"}, "error": None})
    (tmp_path / "models" / LLAMA_FILE).write_bytes(WEIGHTS[:-1] + b"!")
    code, told, _ = models(tmp_path, None, "verify", NAME)
    assert (code, told["files"]) == (1, {LLAMA_FILE: "changed"})
    code, told, _ = models(tmp_path, None, "remove", NAME)
    assert (code, told) == (0, {"name": NAME, "bytes": len(WEIGHTS), "error": None})
    assert left(tmp_path) == [f"{NAME}.json"]


def test_what_is_refused_is_said_in_a_sentence(tmp_path: Path, hub: Hub) -> None:
    code, told, said = models(tmp_path, hub, "pull", NAME)
    assert (code, told["error"]["code"]) == (1, "licence_not_accepted")
    assert told["error"]["text"] in said
    assert "Llama-2 Community License" in said
    assert "https://ai.meta.com/" in said
    assert models(tmp_path, hub, "pull", "never-heard-of")[0] == 1
    assert "does not have bge-m3" in models(tmp_path, hub, "pull", "bge-m3")[2]
    assert "does not have bge-m3" in models(tmp_path, None, "pull", "bge-m3")[2]
    assert models(tmp_path, hub, "verify", NAME)[0] == 1
    assert models(tmp_path, hub, "remove", NAME)[0] == 1
    assert models(tmp_path, hub, "pull")[0] == 2
    assert left(tmp_path) == []


def test_an_interrupted_pull_leaves_nothing_half(tmp_path: Path, hub: Hub) -> None:
    begun, resume = threading.Event(), threading.Event()

    def hang(sent: int) -> None:
        if sent:
            begun.set()
            resume.wait(30)

    hub.before_piece = hang
    process = started(tmp_path, hub, "pull", NAME, "--accept-licence")
    assert begun.wait(60)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    resume.set()
    assert process.returncode == 1
    assert "Cancelled." in said
    assert left(tmp_path) == []


def test_a_killed_pull_is_gone_on_with(tmp_path: Path, hub: Hub) -> None:
    begun, resume = threading.Event(), threading.Event()

    def hang(sent: int) -> None:
        if sent >= 2 * PIECE:
            begun.set()
            resume.wait(30)

    hub.before_piece = hang
    process = started(tmp_path, hub, "pull", NAME, "--accept-licence")
    assert begun.wait(60)
    part = tmp_path / "models" / ".partial" / NAME / LLAMA_FILE
    while not part.is_file() or part.stat().st_size < PIECE:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    resume.set()
    hub.before_piece = lambda sent: None
    there = part.stat().st_size
    assert models(tmp_path, hub, "pull", NAME, "--accept-licence")[0] == 0
    assert hub.ranges_asked == ["", f"bytes={there}-"]
    assert hashlib.sha256((tmp_path / "models" / LLAMA_FILE).read_bytes()).digest() == hashlib.sha256(WEIGHTS).digest()


def test_a_file_is_imported_and_listed(tmp_path: Path, hub: Hub) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(WEIGHTS)
    assert models(tmp_path / "data", None, "import", file)[:2] == (0, {"name": "mine", "error": None})
    code, told, _ = models(tmp_path / "data", None, "list")
    assert code == 0
    by_name = {model["name"]: model for model in told["models"]}
    assert by_name["mine"]["installed"]
    assert by_name["mine"]["size"] == len(WEIGHTS)
    assert by_name[NAME]["accept"].startswith("https://")
    assert by_name[NAME]["sha256"] is None
    assert not by_name[NAME]["installed"]
    assert by_name["smollm2-135m-instruct"]["sha256"]
    assert {model["fit"] for model in told["models"]} <= {"well", "slow", "no", "unknown"}
    file.write_bytes(b"tjgg")
    code, _, said = models(tmp_path / "data", None, "import", file)
    assert code == 1
    assert "python -m rag models pull llama-2-7b-chat" in said
    assert hub.served.requests == [], "nothing is fetched without being asked for"
