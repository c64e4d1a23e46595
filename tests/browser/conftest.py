"""The real app in a process of its own, and a user with a real Chromium in front of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, Request, expect

from tests.support.serving import free_port, wait_until_healthy

PROJECT = Path(__file__).resolve().parent.parent.parent

# Two shared cores, a model starting, a browser: what takes a second alone can take many in company.
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass
class App:
    """A running app: its address, its data folder, and how to stop it and start it again."""

    address: str
    data: Path
    start: Callable[[], None]
    stop: Callable[[], None]


class Pages(BaseHTTPRequestHandler):
    """A small web site: one page that is there, and errors."""

    def do_GET(self) -> None:
        found = self.path == "/parking.html"
        body = b"<title>Parking</title><main><h1>Parking</h1><p>The visitors' car park closes at 21:45.</p></main>"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body if found else b"<h1>Not here</h1>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of a web site on loopback, which the app is allowed to read."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, site: str, chromium: Browser) -> Iterator[App]:
    """One app for all tests of the session, with a data folder of its own."""
    data, port = tmp_path_factory.mktemp("data"), free_port()
    environment = os.environ | {"RAG_DATA_DIR": str(data), "OMP_NUM_THREADS": "1", "RAG_THREADS": "1"}
    environment["RAG_INTRANET"] = site.removeprefix("http://")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    running: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        log = (data / "app.log").open("ab")
        running.append(subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log))
        wait_until_healthy(f"http://127.0.0.1:{port}")

    def stop() -> None:
        running[-1].terminate()
        running[-1].wait(timeout=30)

    start()
    address = f"http://127.0.0.1:{port}"
    wait_until_samples_are_read(address, chromium)
    yield App(address, data, start, stop)
    stop()


def wait_until_samples_are_read(address: str, chromium: Browser) -> None:
    """The app reads its samples once somebody opens it, and offers questions when they are ready."""
    page = new_page(chromium, {})
    page.goto(address)
    expect(page.get_by_role("button", name="annual leave")).to_be_visible(timeout=4 * PATIENCE_MS)
    page.context.close()


class User:
    """What a person does on the pages."""

    def __init__(self, page: Page, app: App) -> None:
        self.page, self.app = page, app
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: str = "/") -> None:
        self.page.goto(self.app.address + path)
        self.page.get_by_test_id("stSidebar").wait_for(state="attached", timeout=PATIENCE_MS)
        self.settle()

    def settle(self) -> None:
        """Wait until the page's script has run to its end."""
        expect(self.page.locator("[data-test-script-state='running']")).to_have_count(0)

    def ask(self, question: str) -> Locator:
        """Type a question, send it, wait for the whole answer; its bubble."""
        self.page.get_by_test_id("stChatInputTextArea").fill(question)
        self.page.get_by_test_id("stChatInputSubmitButton").click()
        return self.answer_to(question)

    def new_chat(self) -> None:
        self.page.keyboard.press("Escape")
        self.page.get_by_role("button", name="New chat").first.click()
        expect(self.page.get_by_role("heading", name="Ask your documents")).to_be_visible()
        self.settle()

    def answer_to(self, question: str) -> Locator:
        """The bubble that answers, when it is whole: it can be asked again then."""
        bubbles = self.page.get_by_test_id("stChatMessage")
        expect(bubbles.filter(has_text=question).last).to_be_visible()
        answer = bubbles.last
        expect(answer.locator(".answer")).to_be_visible()
        expect(answer.locator("[class*='st-key-again-']")).to_be_visible()
        return answer

    def make_collection(self, name: str) -> None:
        """On the documents page, a new and empty collection."""
        self.open("/documents")
        self.page.get_by_role("button", name="New collection").click()
        self.page.get_by_label("Name of the collection").fill(name)
        self.page.get_by_role("button", name="Create").click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def upload(self, *files: FilePayload) -> None:
        """Choose files in the form and send it."""
        self.open_form()
        self.choose_files(self.page.get_by_test_id("stFileUploaderDropzoneInput").first, list(files), len(files))
        self.send_form()

    def send_form(self) -> None:
        """By key: the button moves while the form opens and its files arrive, and a click beside it is lost."""
        button = self.page.get_by_role("button", name="Add", exact=True)
        expect(button).to_be_enabled()
        button.press("Enter")

    def choose_files(self, box: Locator, files: list[FilePayload] | Path, count: int) -> None:
        """Put files, or those of a folder, into a box, and wait until they have arrived: its form is shut meanwhile."""
        arrived: list[Request] = []
        self.page.on("requestfinished", lambda each: arrived.append(each) if each.method == "PUT" else None)
        box.set_input_files(files)
        expect(self.page.get_by_test_id("stFileChip")).to_have_count(count)
        while len(arrived) < count:
            self.page.wait_for_event("requestfinished")

    def open_form(self) -> None:
        """The form to add documents is open where there are none yet."""
        head = self.page.get_by_text("Add documents").first
        expect(head).to_be_visible()
        self.settle()
        button = self.page.get_by_role("button", name="Add", exact=True)
        if not button.is_visible():
            head.click()
        expect(button).to_be_visible()

    def choose_collection(self, name: str) -> None:
        self.page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").locator("input").click()
        self.page.get_by_role("option", name=name).click()
        self.settle()


@pytest.fixture
def user(app: App, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[User]:
    """A person with a fresh browser, in English unless the test says otherwise."""
    page = new_page(chromium, getattr(request, "param", {}))
    person = User(page, app)
    yield person
    if (folder := os.environ.get("FOOTNOTE_SCREENSHOTS")) and not page.is_closed():
        page.screenshot(path=Path(folder) / f"{request.node.name}.png", full_page=True)
    page.context.close()


def new_page(chromium: Browser, options: dict[str, Any]) -> Page:
    defaults: dict[str, Any] = {"locale": "en-GB", "viewport": {"width": 1200, "height": 900}}
    context = chromium.new_context(**(defaults | options))
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page
