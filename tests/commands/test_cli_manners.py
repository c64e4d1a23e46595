"""What people expect of a command line: completion, quiet, progress on terminals alone, and Ctrl-C at any moment."""

from __future__ import annotations

import ctypes
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from rag.commands.output import EXIT_CODES
from rag.library.store import Store
from tests.guarantees.apps import OWNER
from tests.support.tei import tei
from tests.support.waiting import until

PROJECT = Path(__file__).resolve().parents[2]


def environment(data: Path, **more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    return own | {"RAG_DATA_DIR": str(data), "RAG_MODEL": "none", "RAG_LANGUAGE": "en", "COLUMNS": "100"} | more


def footnote(given: Mapping[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rag", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, env=given, capture_output=True, text=True, timeout=300)


def on_a_terminal(given: Mapping[str, str], *arguments: str | Path) -> tuple[int, str]:
    """The exit code, and what a person sees."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "rag", *map(str, arguments)]
    process = subprocess.Popen(command, cwd=PROJECT, env=given, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    return process.wait(60), seen.decode(errors="replace")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name in ("gate", "shed"):
        (folder / f"[{name}].md").write_text(f"# {name}\n\nThe {name} is painted green every May.\n", encoding="utf-8")
    return folder


def test_quiet_leaves_what_went_wrong(tmp_path: Path, notes: Path) -> None:
    with tei() as embedder:
        given = environment(tmp_path / "data", RAG_EMBEDDER=f"tei:{embedder.at('')}")
        loud = footnote(given, "ingest", notes)
        assert (loud.returncode, loud.stdout.count("\n")) == (0, 2)
        assert not {"\x1b", "━"} & set(loud.stdout + loud.stderr)
        quiet = footnote(given, "ingest", notes, tmp_path / "missing.pdf", "--quiet")
        assert quiet.returncode == 1
        assert [line.split(":")[0] for line in quiet.stdout.splitlines()] == [str(tmp_path / "missing.pdf")]
        # Before the command's name too; what was asked for is printed all the same.
        assert footnote(given, "-q", "backup", tmp_path / "library.zip").stdout == ""
        assert json.loads(footnote(given, "-q", "doctor", "--json").stdout)["checks"]
        assert "The gate is painted green" in footnote(given, "ask", "How is the gate painted?").stdout


def test_progress_and_colours_are_for_terminals(tmp_path: Path, notes: Path) -> None:
    with tei() as embedder:
        given = environment(tmp_path / "data", RAG_EMBEDDER=f"tei:{embedder.at('')}", TERM="xterm-256color")
        code, seen = on_a_terminal(given, "ingest", notes)
        assert code == 0
        assert "━" in seen
        assert "[gate].md" in seen
        code, seen = on_a_terminal(given, "doctor")
        assert "\x1b[32m✓" in seen
        assert "\x1b[3" not in on_a_terminal(given | {"NO_COLOR": "1"}, "doctor")[1]


@pytest.mark.parametrize("thread", ["main", "another"])
def test_ctrl_c_leaves_a_whole_library(tmp_path: Path, notes: Path, thread: str) -> None:
    data, long = tmp_path / "data", tmp_path / "long.txt"
    long.write_text("\n\n".join(f"Sentence {number} speaks of the gate." for number in range(60_000)), encoding="utf-8")
    given = environment(data)
    assert footnote(given, "ingest", notes).returncode == 0
    command = [sys.executable, "-m", "rag", "ingest", str(long), str(notes / "later.md")]
    process = subprocess.Popen(
        command, cwd=PROJECT, env=given, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler)
    )
    # A child takes the document apart: the command is in the middle of it.
    assert until(lambda: children(process.pid))
    interrupt(process.pid, thread)
    assert process.wait(120) == 130
    store = Store.open(data)
    (collection,) = (each for each in store.collections.list(OWNER) if each.name == "Documents")
    assert sorted(each.name for each in store.documents.list(OWNER, collection.id)) == ["[gate].md", "[shed].md"]
    store.close()
    assert footnote(given, "doctor").returncode == 0


def interrupt(pid: int, thread: str) -> None:
    """Send Ctrl-C to a process. Sent to another thread it wakes nobody who waits, as where the main thread is just
    about to wait: it has to be heard all the same, and not when the work is done."""
    threads = {int(file.name) for file in Path(f"/proc/{pid}/task").iterdir()} - {pid}
    ctypes.CDLL(None, use_errno=True).tgkill(pid, pid if thread == "main" else min(threads), signal.SIGINT)


def children(pid: int) -> list[str]:
    found: list[str] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        # A thread may end between being listed and being read.
        with suppress(OSError):
            found += file.read_text().split()
    return found


def test_the_shell_completes_commands_options_and_models(tmp_path: Path) -> None:
    asked = {"_FOOTNOTE_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    program = [sys.executable, "-c", "import sys; sys.argv[0] = 'footnote'; from rag.commands.cli import main; main()"]

    def completed(words: str, place: int) -> set[str]:
        given = environment(tmp_path, **asked, COMP_WORDS=words) | {"COMP_CWORD": str(place)}
        done = subprocess.run(program, cwd=PROJECT, env=given, capture_output=True, text=True, timeout=120)
        return set(done.stdout.split())

    assert {"ingest", "ask", "verify", "doctor"} <= completed("footnote ", 1)
    assert "--collection" in completed("footnote ask --c", 2)
    assert "llama-2-7b-chat" in completed("footnote models pull lla", 3)


def test_the_help_says_what_exit_codes_mean(tmp_path: Path) -> None:
    shown = " ".join(footnote(environment(tmp_path), "--help").stdout.split())
    assert all(f"{code} {meaning}" in shown for code, meaning in EXIT_CODES.items())
