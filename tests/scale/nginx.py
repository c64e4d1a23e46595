"""The nginx of deploy/nginx.conf before some app processes, on loopback, and whom it leads where."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page

from tests.guarantees.apps import Running

WAIT = 90_000
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
_AROUND = """
{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include footnote.conf;
}}
"""


@contextmanager
def nginx(folder: Path, port: int, apps: Sequence[int]) -> Iterator[str]:
    """The address of the proxy: the file as it is shipped, but for the ports it listens on and leads to."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    folder.mkdir()
    shipped = (DEPLOY / "nginx.conf").read_text()
    assert shipped.count("listen 8080;") == 1
    (folder / "footnote.conf").write_text(shipped.replace("listen 8080;", f"listen 127.0.0.1:{port};"))
    _name(folder, apps)
    # Its workers would be somebody else, who may not write here.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))
    process = subprocess.Popen([program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", "nginx.conf"])
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def lead_to(folder: Path, apps: Sequence[int]) -> None:
    """Have the proxy in this folder lead to others from now on."""
    _name(folder, apps)
    os.kill(int((folder / "nginx.pid").read_text()), signal.SIGHUP)


def _name(folder: Path, apps: Sequence[int]) -> None:
    lines = (DEPLOY / "footnote-apps.conf").read_text().splitlines()
    line = next(line for line in lines if line.startswith("server 127.0.0.1:8501"))
    (folder / "footnote-apps.conf").write_text("\n".join(line.replace("8501", str(app)) for app in apps))


def people(app: Running) -> int:
    """How many browsers an app draws pages for: the connections through the proxy that stay open."""
    port = int(app.address.rpartition(":")[2])
    return sum(
        each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
        for each in psutil.Process(app.pid).net_connections("tcp")
    )


def led_to(app: Running, proxy: str, chromium: Browser) -> Page:
    """The page of a person whose browser the proxy leads to this app: as many come as it takes."""
    for _ in range(40):
        context = chromium.new_context(locale="en-GB", viewport={"width": 1200, "height": 900})
        page = context.new_page()
        page.set_default_timeout(WAIT)
        before = people(app)
        page.goto(proxy)
        page.locator("[data-testid='stChatInputTextArea'], .st-key-door").first.wait_for(timeout=WAIT)
        if people(app) > before:
            return page
        context.close()
    raise AssertionError("the proxy leads nobody there")


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)
