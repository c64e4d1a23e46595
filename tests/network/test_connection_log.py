"""What is written down of every connection off this machine, and the page that shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from rag.library.store import Store
from rag.network.connection_log import SEEN_FILE, Seen, seen
from tests.guarantees.apps import OWNER, PROJECT, quiet, running

# UDP: connecting sends nothing. 192.0.2.0/24 is kept for documentation.
TRIES = """
import socket, sys
from pathlib import Path
from rag.network import connection_log
from rag.core.errors import AddressForbidden
from rag.network import fetch

connection_log.begin(Path(sys.argv[1]), "app")
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect(("::1", 9))
try:
    fetch("http://10.0.0.1:8000/private?word=secret")
except AddressForbidden:
    pass
try:
    socket.getaddrinfo("nowhere.invalid", 80)
except OSError:
    pass
import subprocess
code = "from rag.network import connection_log; connection_log.join('reader'); " \\
    "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.2', 9))"
subprocess.run([sys.executable, "-c", code], check=True)
"""


def test_what_is_tried_and_refused_is_written_down_by_process_and_nothing_here_is(tmp_path: Path) -> None:
    record = tmp_path / "seen.jsonl"
    record.write_text("of the last time\n")
    subprocess.run([sys.executable, "-c", TRIES, str(record)], cwd=PROJECT, check=True)
    assert [(each.process, each.what, each.place) for each in seen(record)] == [
        ("app", "started", ""),
        ("app", "tried", "192.0.2.1:9"),
        ("app", "refused", "10.0.0.1:8000"),
        ("app", "looked_up", "nowhere.invalid"),
        ("reader", "started", ""),
        ("reader", "tried", "192.0.2.2:9"),
    ]
    # Where to, and never what for.
    assert "secret" not in record.read_text()


def test_a_connection_that_the_door_opens_stands_under_the_name_that_was_asked_for(tmp_path: Path) -> None:
    code = """
import socket, sys
from pathlib import Path
from rag.network import connection_log
from rag.core.errors import AddressUnreachable
from rag.network import transport, fetch
connection_log.begin(Path(sys.argv[1]), "reader")
real = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: real("192.0.2.7" if host == "pages.example" else host, *rest, **more)
transport.is_public = lambda ip: True
try:
    fetch("http://pages.example/leave", connect_seconds=0.2)
except AddressUnreachable:
    pass
"""
    record = tmp_path / "seen.jsonl"
    subprocess.run([sys.executable, "-c", code, str(record)], cwd=PROJECT, check=True)
    assert ("tried", "pages.example:80") in [(each.what, each.place) for each in seen(record)]


def test_lines_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    record = tmp_path / "seen.jsonl"
    whole = {"at": "2026-01-02T03:04:05+00:00", "process": "app", "what": "started", "place": ""}
    record.write_text(json.dumps(whole) + '\n{"at": 1}\nhalf a li')
    assert seen(record) == [Seen(**whole)]  # type: ignore[arg-type]
    assert seen(tmp_path / "none") == []


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_shows_what_the_reader_was_refused(tmp_path: Path, chromium: Browser) -> None:
    store = Store.open(tmp_path / "data")
    store.collections.create(OWNER, "Mine")
    store.close()
    with running(tmp_path, quiet() | {"RAG_SAMPLES": "false"}) as app:
        page = chromium.new_page(locale="en-GB", viewport={"width": 1200, "height": 900})
        page.set_default_timeout(90_000)
        page.goto(f"{app.address}/privacy")
        expect(page.get_by_text("No connection was attempted.")).to_be_visible(timeout=90_000)
        _shot(page, "privacy-none")
        page.goto(f"{app.address}/documents")
        page.get_by_label("Web addresses").fill("http://10.0.0.1/handbook?token=s3cret")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("leads into a private network")).to_be_visible(timeout=90_000)
        page.get_by_test_id("stSidebar").get_by_role("link", name="Connections").click()
        row = page.locator("table.plain tr", has_text="10.0.0.1:80")
        expect(row).to_be_visible(timeout=90_000)
        expect(row).to_contain_text("Document reader")
        expect(row).to_contain_text("refused")
        expect(page.get_by_text("written in another language")).to_be_visible()
        assert "s3cret" not in page.locator("body").inner_text()
        assert [each.what for each in seen(app.data / SEEN_FILE) if each.process == "app"] == ["started"]
        _shot(page, "privacy")
        page.close()
        page = chromium.new_page(locale="zh-CN", color_scheme="dark", viewport={"width": 1200, "height": 900})
        page.goto(f"{app.address}/privacy")
        expect(page.get_by_text("本页看不到什么")).to_be_visible(timeout=90_000)
        _shot(page, "privacy-zh")
        page.close()


def _shot(page: object, name: str) -> None:
    if folder := os.environ.get("FOOTNOTE_SCREENSHOTS"):
        page.wait_for_timeout(1500)  # type: ignore[attr-defined]
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)  # type: ignore[attr-defined]
