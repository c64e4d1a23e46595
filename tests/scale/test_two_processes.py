"""Two app processes behind nginx over one library. One is killed while it answers: the other goes on, and nothing
that was asked, written or added is lost."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import psutil
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from rag.library.store import Store
from tests.guarantees.apps import OWNER, Running, quiet, running
from tests.scale.nginx import WAIT, led_to, nginx, people
from tests.support import postgres
from tests.support.serving import Reply, free_port, serving
from tests.support.tei import tei, vectors_of

pytestmark = [pytest.mark.scale, pytest.mark.browser]
LEAVE = "How many days of annual leave do I have after six years?"
CANTEEN = "How long is the canteen open on Fridays?"
# Larger than what nginx takes where nobody tells it otherwise.
PADDING = b"<!-- " + b"x" * 3 * 2**20 + b" -->"


@dataclass
class Team:
    """The proxy's address, the app processes, and the door behind which the answer about leave and the reading about
    parking wait."""

    address: str
    apps: list[Running]
    store: Store
    held: threading.Event


def word(text: str) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {"content": text}}]}).encode() + b"\n\n"


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def team(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Team]:
    folder, held = tmp_path_factory.mktemp("team"), threading.Event()

    def model(_: str, body: bytes) -> Reply:
        asked = json.loads(body)["messages"][-1]["content"]
        if LEAVE not in asked:
            return Reply(word("It is open until one o'clock.") + b"data: [DONE]\n\n")

        def pieces() -> Iterator[bytes]:
            yield word("Annual leave is ")
            held.wait(120)
            yield word("28 days.") + b"data: [DONE]\n\n"

        return Reply(pieces())

    def embed(texts: list[str]) -> object:
        if any("car park" in text for text in texts):
            held.wait(120)
        return vectors_of(texts)

    with ExitStack() as stack:
        url = ""
        if request.param == "PostgreSQL":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_server")))
        embedder = stack.enter_context(tei(embed))
        writer = stack.enter_context(serving(lambda _: Reply(), posted=model))
        environment = quiet() | {
            "RAG_DATABASE_URL": url,
            "RAG_SAMPLES": "false",
            "RAG_METRICS": "true",
            "RAG_EMBEDDER": f"tei:{embedder.at('')}",
            "RAG_MODEL": f"openai:some@{writer.at('')}",
        }
        apps = [stack.enter_context(running(folder, environment, "serve.py")) for _ in range(2)]
        ports = [int(app.address.rpartition(":")[2]) for app in apps]
        address = stack.enter_context(nginx(folder / "nginx", free_port(), ports))
        store = stack.enter_context(closing(Store.open(folder / "data", url)))
        yield Team(address, apps, store, held)
        held.set()


def ask(page: Page, question: str) -> None:
    page.get_by_test_id("stChatInputTextArea").fill(question)
    page.get_by_test_id("stChatInputSubmitButton").click()


def upload(page: Page, name: str, text: str) -> None:
    """On the documents page, as a large file."""
    page.goto(re.sub(r"(//[^/]+).*", r"\1/documents", page.url))
    data = b"<title>" + name.encode() + b"</title>" + PADDING + f"<main><p>{text}</p></main>".encode()
    chosen: FilePayload = {"name": name, "mimeType": "text/html", "buffer": data}
    # Until it has arrived the form is shut; its button moves while it opens, and a click beside it is lost.
    with page.expect_response(lambda each: each.request.method == "PUT", timeout=WAIT):
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([chosen])
    expect(page.get_by_test_id("stFileChip")).to_have_count(1, timeout=WAIT)
    page.get_by_role("button", name="Add", exact=True).press("Enter")


def until(happened: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.1)
    return happened()


def test_one_of_two_processes_is_killed_and_the_other_goes_on(team: Team, chromium: Browser) -> None:
    store = team.store
    collection = store.collections.create(OWNER, "Rules")
    ann, ben = (led_to(app, team.address, chromium) for app in team.apps)

    # Both upload more than nginx lets through by itself, each to their own process, and both see both documents.
    upload(ann, "leave.html", "Annual leave is 28 days after six years.")
    upload(ben, "canteen.html", "On Fridays the canteen is open until one o'clock.")
    assert until(lambda: len(store.documents.list(OWNER, collection.id)) == 2)

    # Ann is being answered by the first process, and one more document is being read, when it is killed.
    ann.goto(team.address)
    ask(ann, LEAVE)
    ann.get_by_text("Annual leave is", exact=False).last.wait_for(timeout=WAIT)
    expect(ann.get_by_role("button", name="Stop")).to_be_visible(timeout=WAIT)
    upload(ben, "parking.html", "The car park closes at nine.")
    assert until(lambda: "running" in {job.state for job in store.jobs.list(OWNER, collection.id)})
    psutil.Process(team.apps[0].pid).send_signal(signal.SIGKILL)

    # Ben notices nothing.
    ben.goto(team.address)
    ask(ben, CANTEEN)
    expect(ben.locator(".answer").last).to_contain_text("one o'clock", timeout=WAIT)

    # Ann's page comes back by itself, from the other process, with her question; she asks it again.
    team.held.set()
    expect(ann.get_by_text("The app was closed before this answer was finished.")).to_be_visible(timeout=WAIT)
    assert until(lambda: people(team.apps[1]) >= 2)
    ann.get_by_role("button", name="Ask again").click()
    expect(ann.locator(".answer").last).to_contain_text("28 days", timeout=WAIT)

    # The library is whole: all three documents, both chats, no job left.
    assert until(lambda: len(store.documents.list(OWNER, collection.id)) == 3)
    assert {job.state for job in store.jobs.list(OWNER, collection.id)} == {"done"}
    questions = [turn.question for chat in store.chats.list(OWNER) for turn in store.chats.turns(OWNER, chat.id)]
    assert sorted(questions) == sorted([LEAVE, CANTEEN])
    for page in (ann, ben):
        page.context.close()


def test_the_proxy_keeps_the_numbers_to_itself_and_pictures_from_elsewhere_out(team: Team) -> None:
    for path in ("/metrics", "/ready"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(team.address + path, timeout=30)
        assert refused.value.code == 404
    with urllib.request.urlopen(team.address, timeout=30) as reply:
        assert reply.headers["Set-Cookie"].startswith("footnote_app=")
        assert "img-src 'self'" in reply.headers["Content-Security-Policy"]
    again = urllib.request.Request(team.address, headers={"Cookie": "footnote_app=mine"})
    with urllib.request.urlopen(again, timeout=30) as reply:
        assert reply.headers["Set-Cookie"] is None, "who has a place keeps it"
