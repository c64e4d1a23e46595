"""A team's day, as two people see it: they sign in, share, ask, lose an app process and a reader, and move to the
backup. Two browsers, two app processes behind nginx, two readers, one PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from oidc_provider_mock import run_server_in_thread
from playwright.sync_api import Browser, expect

from rag.library.store import Job, Store
from rag.library.store.people import person_id
from tests.browser.conftest import User
from tests.browser.making import file, pdf
from tests.browser.team import known, open_sharing, share, sign_in, withdraw, write_secrets
from tests.commands.test_cli import footnote
from tests.guarantees.apps import PROJECT, Running, quiet, running
from tests.scale.nginx import lead_to, led_to, nginx
from tests.scale.test_two_processes import until
from tests.support import postgres
from tests.support.serving import free_port, wait_until_healthy
from tests.support.tei import tei, vectors_of

pytestmark = [pytest.mark.scale, pytest.mark.browser]

GATE, LIFT = "What colour is the gate painted?", "How many people does the lift carry?"
TOLD = "This collection is no longer shared with you. What was quoted stays here."


@dataclass
class Team:
    """The proxy's address, the app processes and readers behind it, what they were started with, and the door before
    which the reading about the lift waits."""

    address: str
    apps: list[Running]
    readers: list[subprocess.Popen[bytes]]
    environment: dict[str, str]
    issuer: str
    store: Store
    held: threading.Event

    def job(self, name: str) -> Job | None:
        """The one that reads Ann's document of this name."""
        ann = person_id(self.issuer, "ann")
        every = [job for each in self.store.collections.list(ann) for job in self.store.jobs.list(ann, each.id)]
        found = [job for job in every if job.name == name]
        assert len(found) <= 1
        return found[0] if found else None


@contextmanager
def reader(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A reader as a service of its own, with nothing on its disk."""
    command = [sys.executable, "-m", "rag", "reader", "--stay"]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env={**environment, "RAG_DATA_DIR": str(folder)}, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def team(tmp_path: Path, postgres_url: str, chromium: Browser) -> Iterator[Team]:
    held, secrets = threading.Event(), tmp_path / "secrets.toml"

    def embed(texts: list[str]) -> object:
        if any("lift" in text and "?" not in text for text in texts):
            held.wait(300)
        return vectors_of(texts)

    with ExitStack() as stack:
        embedder = stack.enter_context(tei(embed))
        provider = stack.enter_context(run_server_in_thread(user_claims=[known("Ann"), known("Bob")]))
        environment = quiet() | {
            "RAG_DATABASE_URL": postgres_url,
            "RAG_SAMPLES": "false",
            "RAG_READER": "elsewhere",
            "RAG_EMBEDDER": f"tei:{embedder.at('')}",
            "STREAMLIT_SECRETS_FILES": str(secrets),
        }
        port = free_port()
        write_secrets(secrets, f"http://127.0.0.1:{port}", f"http://localhost:{provider.server_port}")
        apps = []
        for number in range(2):
            (folder := tmp_path / f"app{number}").mkdir()
            apps.append(stack.enter_context(running(folder, environment, "serve.py")))
        readers = [stack.enter_context(reader(tmp_path / f"reader{number}", environment)) for number in range(2)]
        address = stack.enter_context(nginx(tmp_path / "nginx", port, [port_of(app) for app in apps]))
        store = stack.enter_context(closing(Store.open(tmp_path / "own", postgres_url)))
        yield Team(address, apps, readers, environment, f"http://localhost:{provider.server_port}", store, held)
        held.set()


def test_a_day_of_a_team(team: Team, tmp_path: Path, postgres_server: str, chromium: Browser) -> None:
    """Told in the order in which it happens."""
    ann, bob = (User(led_to(app, team.address, chromium), team) for app in team.apps)  # type: ignore[arg-type]
    sign_in(bob, "bob")
    sign_in(ann, "ann")

    # Ann uploads at the one process and shares; Bob, at the other, asks and gets quotes.
    ann.make_collection("Plans")
    ann.upload(file("gate.pdf", pdf("The Gate", "The gate of the museum is painted green every spring.")))
    expect(ann.page.get_by_role("button", name="gate.pdf", exact=True)).to_be_visible()
    ann.settle()
    open_sharing(ann)
    share(ann, "bob@example.org")
    expect(ann.page.get_by_text("Shared with 1")).to_be_visible()
    bob.open()
    bob.choose_collection("Plans · Ann")
    expect(bob.ask(GATE).locator(".quote").first).to_contain_text("painted green")
    his_chat = bob.page.url

    # She withdraws it. Bob asks again and is told; what he was shown stays, and nothing of it opens.
    ann.open("/documents")
    ann.choose_collection("Plans")
    withdraw(ann)
    bob.page.get_by_test_id("stChatInputTextArea").fill(LIFT)
    bob.page.get_by_test_id("stChatInputSubmitButton").click()
    sees_that_it_was_withdrawn(bob)

    # Ann adds a document. Her process and the reader that has the document are killed.
    ann.upload(file("lift.pdf", pdf("The Lift", "The lift of the museum carries twelve people at most.")))
    begun = when(lambda: team.job("lift.pdf"), "running")
    (holder,) = [each for each in team.readers if f":{each.pid}:" in str(begun.worker)]
    os.kill(team.apps[0].pid, signal.SIGKILL)
    holder.kill()
    team.held.set()

    # The other reader finishes it, once. Ann's page comes back from the other process; she is still signed in.
    expect(ann.page.get_by_role("button", name="lift.pdf", exact=True)).to_be_visible()
    ended = when(lambda: team.job("lift.pdf"), "done")
    assert (ended.attempts, ended.worker != begun.worker) == (2, True)
    expect(ann.page.get_by_role("button", name=".pdf")).to_have_count(2)
    her_plans = ann.page.url
    ann.page.get_by_role("link", name="Chat").click()
    ann.settle()
    expect(ann.ask(LIFT).locator(".quote").first).to_contain_text("carries twelve people")
    her_chat = ann.page.url

    # The library is written into a file and brought back into an empty database, with an app at the same address: both
    # see there what they saw.
    hers = [documents_at(ann, her_plans), answer_at(ann, her_chat)]
    his = answer_at(bob, his_chat)
    saved = tmp_path / "library.zip"
    code, told = footnote(tmp_path / "own", "backup", saved, **team.environment)
    assert code == 0, told
    os.kill(team.apps[1].pid, signal.SIGKILL)
    with postgres.database(postgres_server) as restored:
        environment = team.environment | {"RAG_DATABASE_URL": restored}
        code, told = footnote(tmp_path / "own", "restore", saved, **environment)
        assert code == 0, told
        (folder := tmp_path / "restored").mkdir()
        with running(folder, environment, "serve.py") as app:
            lead_to(tmp_path / "nginx", [port_of(app)])
            wait_until_healthy(team.address)
            assert [documents_at(ann, her_plans), answer_at(ann, her_chat)] == hers
            assert answer_at(bob, his_chat) == his
            sees_that_it_was_withdrawn(bob)
            expect(ann.ask(GATE).locator(".quote").first).to_contain_text("painted green")
            for person in (ann, bob):
                person.page.context.close()


def port_of(app: Running) -> int:
    return int(app.address.rpartition(":")[2])


def when(job: Callable[[], Job | None], state: str) -> Job:
    """The job as it is when it has come to this state."""
    assert until(lambda: (now := job()) is not None and now.state == state)
    found = job()
    assert found is not None
    return found


def sees_that_it_was_withdrawn(bob: User) -> None:
    entry = bob.page.get_by_test_id("stChatInputTextArea")
    expect(entry).to_be_disabled()
    expect(entry).to_have_attribute("placeholder", TOLD)
    bob.page.locator(".quote .place").first.click()
    expect(bob.page.get_by_text("or is no longer shared with you")).to_be_visible()
    expect(bob.page.get_by_role("dialog").locator("img")).to_have_count(0)
    bob.page.keyboard.press("Escape")


def documents_at(person: User, url: str) -> list[str]:
    """The names on a page of documents that is opened anew."""
    person.page.goto(url)
    names = person.page.get_by_role("button", name=".pdf")
    expect(names).to_have_count(2)
    return names.all_inner_texts()


def answer_at(person: User, url: str) -> str:
    """The answer, its quotes included, in a chat that is opened anew."""
    person.page.goto(url)
    expect(person.page.locator(".answer .quote").first).to_be_visible()
    person.settle()
    return person.page.locator(".answer").inner_text()
