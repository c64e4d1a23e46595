"""G29. Defaults are safe and quiet: bound to this machine, guarded, no statistics, no raw HTML in Markdown;
and with the network cut, starting, reading and answering work without one connection tried.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from rag.commands.offline import cut
from tests.guarantees.apps import PROJECT, running, wait_until_read

QUESTION = "How many days of annual leave do I have after six years of service?"
CONFIG = {
    ("server", "address"): "127.0.0.1",
    ("server", "enableXsrfProtection"): True,
    ("server", "enableStaticServing"): False,
    ("browser", "gatherUsageStats"): False,
    ("client", "showErrorDetails"): "none",
}


def test_g29_the_configuration_is_safe() -> None:
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    wrong = {
        place: config[place[0]].get(place[1]) for place in CONFIG if config[place[0]].get(place[1]) != CONFIG[place]
    }
    # Named here so that nobody turns it off; on is what Streamlit does by itself.
    assert config["server"].get("enableCORS", True) is True
    print(f"G29: {len(CONFIG)} settings, {len(wrong)} wrong")
    assert wrong == {}


def test_g29_no_raw_html_goes_through_markdown() -> None:
    files = [*PROJECT.glob("rag/**/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")]
    words = ("unsafe_allow_html", "unsafe_allow_javascript")
    calls = [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    found = [word.arg for call in calls for word in call.keywords if word.arg in words]
    markdown = [
        call for call in calls if ast.unparse(call.func) in ("st.markdown", "st.write", "st.components.v1.html")
    ]
    print(f"G29: {len(files)} files, {len(found)} with raw HTML in Markdown, {len(markdown)} calls of Markdown at all")
    assert (found, markdown) == ([], [])


@pytest.mark.slow
@pytest.mark.browser
def test_g29_the_app_is_quiet_with_the_network_cut(tmp_path: Path, chromium: Browser) -> None:
    """The real app, its reader and its model; read by a real browser."""
    record = tmp_path / "connections.txt"
    with running(tmp_path, cut(tmp_path, record)) as app:
        page = chromium.new_page(locale="en-GB")
        elsewhere: list[str] = []
        page.on("request", lambda request: _note(elsewhere, request.url, app.address))
        page.goto(app.address)
        page.get_by_test_id("stSidebar").wait_for(state="attached", timeout=90_000)
        wait_until_read(app)
        page.goto(app.address)
        page.get_by_role("button", name="How").first.wait_for(timeout=90_000)
        page.get_by_test_id("stChatInputTextArea").fill(QUESTION)
        page.get_by_test_id("stChatInputSubmitButton").click()
        page.locator(".quote", has_text="28 days").first.wait_for(timeout=180_000)
        page.get_by_role("button", name="Ask again").wait_for(timeout=180_000)
        page.close()
    tried = record.read_text().splitlines() if record.exists() else []
    print(f"G29: started, read and answered; {len(tried)} connections tried, {len(elsewhere)} requests of the page")
    assert (tried, elsewhere) == ([], [])


def _note(found: list[str], address: str, home: str) -> None:
    if not address.startswith((home, home.replace("http", "ws", 1), "data:", "blob:")):
        found.append(address)


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("FOOTNOTE_GUARANTEES") != "full", reason="in the long version only")
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_g29_native_code_is_quiet_too(tmp_path: Path) -> None:
    """Once from below: every connect of the whole rehearsal, libraries in other languages included."""
    trace = tmp_path / "trace.txt"
    environment = os.environ | {"RAG_DATA_DIR": str(tmp_path / "data"), "RAG_MODEL": "none", "OMP_NUM_THREADS": "1"}
    command = ["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(trace)]
    done = subprocess.run([*command, sys.executable, "-m", "rag.commands.offline"], cwd=PROJECT, env=environment)
    lines = [line for line in trace.read_text().splitlines() if "AF_INET" in line]
    outside = [line for line in lines if "127." not in line and '"::1"' not in line]
    print(f"G29: traced from below, {len(lines)} connects over IP, {len(outside)} off this machine")
    assert done.returncode == 0
    assert outside == []
