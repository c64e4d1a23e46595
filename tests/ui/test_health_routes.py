"""What the proxy, the container and Prometheus ask the app: does it live, is it ready, and how much is done."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from rag.core.errors import SettingsInvalid
from rag.core.settings import Settings, load
from rag.library.store import Store
from rag.services import NO_MODEL, open_services
from rag.ui import health_routes
from tests.guarantees.apps import OWNER, PROJECT, Running, quiet, running
from tests.support import postgres
from tests.support.tei import tei
from tests.support.waiting import until

QUESTION = "How many days of annual leave do I have after six years?"
RULES = b"Annual leave is 28 days after six years.\n\nThe canteen is open until two o'clock.\n"
NAME = "secret-rules.txt"
TOKEN = "only-for-this-test"


def got(address: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(
        address, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def numbers(app: Running) -> dict[str, float]:
    """The numbers by their names with labels, as Prometheus' own client reads them."""
    families = text_string_to_metric_families(got(f"{app.address}/metrics")[1])
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def embedder() -> Iterator[str]:
    """An embedding server, so that no process here has to load a model."""
    with tei() as server:
        yield f"tei:{server.at('')}"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, embedder: str, postgres_server: str) -> Iterator[Running]:
    """An app as a team runs it, over a library in PostgreSQL with one document that waits to be read."""
    folder = tmp_path_factory.mktemp("served")
    with postgres.database(postgres_server) as url:
        yield from served(folder, embedder, url)


def served(folder: Path, embedder: str, url: str) -> Iterator[Running]:
    store = Store.open(folder / "data", url)
    collection = store.collections.create(OWNER, "Rules")
    store.jobs.enqueue(OWNER, collection.id, NAME, "file", RULES)
    store.close()
    environment = quiet() | {
        "RAG_METRICS": "true",
        "RAG_OPERATIONS_TOKEN": TOKEN,
        "RAG_SAMPLES": "false",
        "RAG_EMBEDDER": embedder,
        "RAG_DATABASE_URL": url,
    }
    with running(folder, environment, "serve.py") as app:
        yield app


def test_it_is_ready_before_anybody_has_opened_a_page(app: Running) -> None:
    assert got(f"{app.address}/_stcore/health") == (200, "ok")
    status, said = got(f"{app.address}/ready")
    assert (status, json.loads(said)) == (200, {"library": True, "reader": True})
    assert until(lambda: numbers(app)["footnote_documents"] == 1), "the reader was started with the process"


@pytest.mark.browser
def test_a_question_is_counted_and_nothing_of_it_is_told(app: Running, chromium: Browser) -> None:
    assert until(lambda: numbers(app)["footnote_jobs done"] == 1)
    before = numbers(app)
    page = chromium.new_page(locale="en-GB")
    page.goto(app.address)
    for question in (QUESTION, "Who won the chess tournament in Reykjavik?"):
        page.get_by_test_id("stChatInputTextArea").fill(question, timeout=90_000)
        page.get_by_test_id("stChatInputSubmitButton").click()
        bubble = page.get_by_test_id("stChatMessage").filter(has_text=question)
        bubble.wait_for(timeout=90_000)
        page.get_by_role("button", name="Ask again").wait_for(timeout=90_000)
        page.get_by_role("button", name="New chat").first.click()
        bubble.wait_for(state="detached", timeout=90_000)
    page.close()
    after = numbers(app)
    assert after["footnote_questions_total answered"] == before.get("footnote_questions_total answered", 0) + 1
    assert after["footnote_questions_total refused"] == before.get("footnote_questions_total refused", 0) + 1
    assert after["footnote_stage_seconds_count search"] == 2
    assert (after["footnote_answers_running"], after["footnote_queue"], after["footnote_documents"]) == (0, 0, 1)
    told = got(f"{app.address}/metrics")[1].lower()
    assert not [word for word in ("leave", "chess", "canteen", "secret", "rules") if word in told]


@pytest.mark.parametrize("path", ["/ready", "/metrics"])
def test_strangers_are_told_nothing_and_whoever_brings_the_token_is(app: Running, path: str) -> None:
    """What comes through the proxy, or from a web page under another name, comes from anybody."""
    proxy = {"X_Forwarded_For": "203.0.113.7"}
    assert got(app.address + path)[0] == 200
    for stranger in (proxy, {"X_Forwarded_For": "127.0.0.1"}, {"Forwarded": "for=x"}, {"Host": "evil.example"}):
        assert got(app.address + path, **stranger) == (404, "")
        assert got(app.address + path, **stranger, Authorization=f"Bearer {TOKEN}")[0] == 200
        for wrong in ("", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}é"):
            assert got(app.address + path, **stranger, Authorization=wrong) == (404, "")


@pytest.mark.parametrize(
    ("client", "host", "looks"),
    [
        ("127.0.0.1", "127.0.0.1:8501", True),
        ("::1", "[::1]:8501", True),
        ("::ffff:127.0.0.1", "localhost", True),
        ("192.0.2.7", "127.0.0.1:8501", False),
        ("::ffff:192.0.2.7", "localhost", False),
        ("127.0.0.1", "evil.example:8501", False),
        ("testclient", "localhost", False),
    ],
)
def test_without_a_token_only_this_machine_looks(client: str, host: str, looks: bool) -> None:
    routes = [Route("/", lambda request: Response(status_code=200 if health_routes._may_look(request) else 404))]
    browser = TestClient(Starlette(routes=routes), client=(client, 1))
    assert browser.get("/", headers={"Host": host}).status_code == (200 if looks else 404)
    # No token is no word that opens.
    assert browser.get("/", headers={"Host": host, "Authorization": "Bearer "}).status_code == (200 if looks else 404)


@pytest.mark.parametrize("token", ["short", "sixteen letters é", "with a space in it", "line\nbreaks are none"])
def test_a_token_that_is_none_is_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_OPERATIONS_TOKEN", token)
    with pytest.raises(SettingsInvalid) as refused:
        load()
    assert refused.value.fields["setting"] == "RAG_OPERATIONS_TOKEN"
    assert token not in str(refused.value)


def test_it_is_not_ready_without_its_reader(app: Running) -> None:
    (reader,) = [child for child in psutil.Process(app.pid).children() if "reader" in child.cmdline()]
    reader.kill()
    assert until(lambda: got(f"{app.address}/ready")[0] == 503)
    assert json.loads(got(f"{app.address}/ready")[1]) == {"library": True, "reader": False}
    assert got(f"{app.address}/_stcore/health")[0] == 200


def test_metrics_without_their_package_are_named_and_off_without_being_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.services.find_spec", lambda name: None)
    assert open_services(Settings(data_dir=tmp_path)).metrics is None
    with pytest.raises(SettingsInvalid) as missing:
        open_services(Settings(data_dir=tmp_path, metrics=True)).metrics  # noqa: B018 - looking is what raises
    assert "prometheus-client" in str(missing.value.fields["problem"])


def test_the_reader_is_a_service_of_its_own_where_that_is_set(tmp_path: Path, embedder: str) -> None:
    """It reads with its standard input closed, and ends in good order when it is told to."""
    store = Store.open(tmp_path / "data")
    collection = store.collections.create(OWNER, "Rules")
    store.jobs.enqueue(OWNER, collection.id, NAME, "file", RULES)
    environment = quiet() | {"RAG_DATA_DIR": str(tmp_path / "data"), "RAG_EMBEDDER": embedder}
    command = [sys.executable, "-m", "rag", "reader", "--stay"]
    reader = subprocess.Popen(command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL)
    try:
        assert until(lambda: [document.name for document in store.documents.list(OWNER, collection.id)] == [NAME])
    finally:
        reader.send_signal(signal.SIGTERM)
        assert reader.wait(60) == 0
    services = open_services(
        Settings(data_dir=tmp_path / "data", model=NO_MODEL, embedder=embedder, reader="elsewhere")
    )
    before = set(psutil.Process().children())
    services.start()
    assert services.reader_runs()
    assert set(psutil.Process().children()) <= before
