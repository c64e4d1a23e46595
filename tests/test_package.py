"""The wheel, installed outside the checkout: a command, a library of its own, and the app in a browser.

Its dependencies come from the environment that stands. `make dist` sets FOOTNOTE_DIST=alone, which installs them anew
into an environment that shares nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.serving import free_port, wait_until_healthy

PROJECT = Path(__file__).resolve().parents[1]
PATIENCE_MS = 180_000
QUESTION = "Which colour is the garden gate painted?"
SENTENCE = "The garden gate is painted green every May."


def requirements(name: str) -> dict[str, str]:
    """Package → pinned version, of a requirements file alone."""
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line and not line.startswith("#"))


def declared(lines: list[str]) -> dict[str, str]:
    """The same of the package's own list, by its lowest versions."""
    return dict(line.split(">=", 1) for line in lines)


def test_the_package_asks_for_what_was_tested_together() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert declared(project["dependencies"]) == requirements("requirements.txt")
    for extra in ("llama", "team"):
        assert declared(project["optional-dependencies"][extra]) == requirements(f"requirements-{extra}.txt")


class Installed:
    """An environment with the wheel in it, and a home folder where nothing of this project is."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.bin, self.home = folder / "venv" / "bin", folder / "home"
        self.home.mkdir()
        (self.home / "note.md").write_text(f"# Gate\n\n{SENTENCE}\n", encoding="utf-8")
        alone = os.environ.get("FOOTNOTE_DIST") == "alone"
        venv.create(folder / "venv", with_pip=alone, symlinks=True)
        python = str(self.bin / "python")
        if alone:
            pip = [python, "-m", "pip", "install", "-q", "-c", str(PROJECT / "requirements.txt")]
            subprocess.run([*pip, "torch"], check=True)
            subprocess.run([*pip, str(wheel)], check=True)
        else:
            pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index"]
            subprocess.run([*pip, str(wheel)], check=True)
            site = folder / "venv" / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
            (site / "standing.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith(("RAG_", "PYTHON", "STREAMLIT_"))}
        return own | {"HOME": str(self.home), "XDG_DATA_HOME": str(self.home / "data"), "RAG_MODEL": "none"}

    def footnote(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.bin / "footnote"), *arguments]
        return subprocess.run(command, cwd=self.home, env=self.environment, capture_output=True, text=True, timeout=600)

    def json(self, *arguments: str) -> dict[str, Any]:
        ended = self.footnote(*arguments, "--json")
        assert ended.returncode == 0, ended.stderr
        found: dict[str, Any] = json.loads(ended.stdout)
        return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(PROJECT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


@pytest.mark.slow
def test_the_wheel_holds_what_the_checkout_runs(wheel: Path) -> None:
    """Every file that git knows in these places, and none besides."""
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, check=True, capture_output=True, text=True)
    beside = ("app.py", "chat.py", "serve.py", "pages/", ".streamlit/config.toml", "data/samples/")
    expected = {
        name if name.startswith("rag/") else f"rag/installed/{name}"
        for name in listed.stdout.splitlines()
        if name.startswith(("rag/", *beside)) and (PROJECT / name).exists()
    }
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    untracked = {name for name in held - expected if (PROJECT / name.removeprefix("rag/installed/")).exists()}
    assert held - untracked == expected


@pytest.mark.slow
def test_the_command_reads_and_answers_outside_the_checkout(installed: Installed) -> None:
    assert installed.footnote("--version").stdout == "footnote 0.3.0\n"
    installed.json("ingest", "note.md")
    answer = installed.json("ask", QUESTION)
    assert answer["quotes"][0]["text"] == SENTENCE
    # The library lies in the user's own data folder, and nothing was written beside the program.
    assert (installed.home / "data" / "footnote" / "library.sqlite3").is_file()
    assert sorted(path.name for path in installed.home.iterdir()) == ["data", "note.md"]


@pytest.mark.slow
@pytest.mark.browser
def test_footnote_run_opens_the_app_and_a_question_is_answered(installed: Installed, chromium: Browser) -> None:
    installed.json("ingest", "note.md")
    port = free_port()
    command = [str(installed.bin / "footnote"), "run", "--port", str(port), "--no-open"]
    with (installed.home.parent / "app.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=installed.home, env=installed.environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_healthy(address)
            page = chromium.new_page(locale="en-GB")
            page.set_default_timeout(PATIENCE_MS)
            page.goto(address)
            page.get_by_test_id("stChatInputTextArea").fill(QUESTION)
            page.get_by_test_id("stChatInputSubmitButton").click()
            expect(page.locator(".quote").first).to_contain_text(SENTENCE, timeout=PATIENCE_MS)
            page.get_by_role("link", name="Documents").click()
            expect(page.get_by_role("button", name="note.md")).to_be_visible(timeout=PATIENCE_MS)
        finally:
            process.terminate()
            process.wait(60)
