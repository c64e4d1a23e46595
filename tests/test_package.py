"""The wheel, installed outside the checkout: a command, a library of its own, and the app in a browser.

Its dependencies come from the environment that stands. `make dist` sets FOOTNOTE_DIST=alone, which installs them anew
into an environment that shares nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.serving import free_port, wait_until_healthy
from tests.support.wheel import Installed, built

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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(PROJECT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Installed:
    there = Installed(tmp_path_factory.mktemp("installed"), wheel)
    (there.home / "note.md").write_text(f"# Gate\n\n{SENTENCE}\n", encoding="utf-8")
    return there


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
def test_what_is_installed_fits_together(installed: Installed) -> None:
    pip = [sys.executable, "-m", "pip", "--python", str(installed.bin / "python"), "check"]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "No broken requirements found.\n")


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
            expect(page.get_by_role("button", name="note.md", exact=True)).to_be_visible(timeout=PATIENCE_MS)
        finally:
            process.terminate()
            process.wait(60)
