"""Files are handed out under their names, in ranges, as what they are; and by every way to start the app."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from email.message import Message
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import config

from rag.core.settings import Settings
from rag.core.types import Answer, Chunk, Document, LoadedDocument, Page
from rag.library.store import Store
from rag.ui import file_addresses, file_responses, file_routes, request_identity
from rag.ui.page_frame import Frame
from rag.ui.texts import Texts
from tests.browser.making import pdf
from tests.guarantees.apps import OWNER, PROJECT, quiet, running
from tests.support.postgres import Place
from tests.support.serving import free_port, wait_until_healthy

DATA = bytes(range(256)) * 10
DOCUMENT = Document("d", OWNER, "c", "plan.pdf", "", "pdf", None, "0", 1, 1, 1, (), "en", "2026")


def put(store: Store, collection: str, name: str, data: bytes, *, owner: str = OWNER) -> Document:
    """A PDF of one page that nobody has to read in."""
    loaded = LoadedDocument(name, "", "pdf", (Page(1, "1", "Plan 1"),))
    facts = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "language": "en"}
    chunk, vector = Chunk(1, "1", "", "", "Plan 1", 0, 6), np.eye(1, 8, dtype=np.float32)
    return store.documents.add(owner, collection, loaded, [chunk], vector, embedder="toy", original=data, **facts)  # type: ignore[arg-type]


def asked(address: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    """Status, heads and body; `Host` can be anything."""
    parts = urlsplit(address)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=60)) as connection:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"{parts.path}?{parts.query}", headers=given)
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()


def saved_as(disposition: str | None) -> str:
    """The name in a head, as RFC 6266 has it read."""
    return unquote(str(disposition).rpartition("; filename*=UTF-8''")[2])


@pytest.fixture(scope="module")
def served() -> TestClient:
    """One file of some bytes, given in pieces."""

    def pieces(start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, 100):
            yield DATA[at : min(at + 100, stop)]

    def hand_out(request: Request) -> Response:
        return file_responses.send(request, len(DATA), pieces, type="text/plain", name="a.txt", tag="t")

    return TestClient(Starlette(routes=[Route("/a", hand_out)]))


@given(start=st.integers(0, 3000), length=st.integers(1, 3000))
def test_a_range_is_just_those_bytes(served: TestClient, start: int, length: int) -> None:
    whole = len(DATA)
    for said, first, stop in (
        (f"bytes={start}-{start + length - 1}", start, min(start + length, whole)),
        (f"bytes={start}-", start, whole),
        (f"bytes=-{length}", max(0, whole - length), whole),
    ):
        reply = served.get("/a", headers={"Range": said})
        if first >= whole:
            assert (reply.status_code, reply.headers["content-range"]) == (416, f"bytes */{whole}")
        else:
            assert (reply.status_code, reply.content) == (206, DATA[first:stop])
            assert reply.headers["content-range"] == f"bytes {first}-{stop - 1}/{whole}"
            assert reply.headers["content-length"] == str(stop - first)


@pytest.mark.parametrize(
    "said", ["bytes=5-4", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=0-" + "9" * 99, ""]
)
def test_what_is_no_range_gets_all(served: TestClient, said: str) -> None:
    reply = served.get("/a", headers={"Range": said, "Accept-Encoding": "gzip"})
    assert (reply.status_code, reply.content, reply.headers["content-length"]) == (200, DATA, str(len(DATA)))


def test_a_range_of_another_version_gets_all_of_this_one(served: TestClient) -> None:
    asks = {"Range": "bytes=0-9"}
    assert served.get("/a", headers=asks | {"If-Range": '"t"'}).content == DATA[:10]
    assert served.get("/a", headers=asks | {"If-Range": '"s"'}).content == DATA
    head = served.head("/a")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(DATA)))


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("plan.pdf", "plan.pdf"),
        ("计划 2026.pdf", "计划 2026.pdf"),
        ('a"b;c\\d\r\nX-Evil: 1.pdf', "a_b;c_d__X-Evil_ 1.pdf"),
        ("../../etc/passwd", "_.._etc_passwd.pdf"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe.pdf"),
        ("100% sure.PDF", "100% sure.PDF"),
        ("half \ud800.pdf", "half _.pdf"),
        ("...", "document.pdf"),
        ("x" * 500 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_file_is_saved_under_its_name(name: str, saved: str) -> None:
    said = file_responses.disposition(file_responses.file_name(replace(DOCUMENT, name=name)))
    assert saved_as(said) == saved
    # Older programs read this, and no head has other letters.
    assert re.fullmatch(r'attachment; filename="[ !#-~]+"; [!-~]+', said)


@pytest.mark.parametrize(
    ("address", "saved"),
    [
        ("https://example.org/a/rules", "rules.html"),
        ("https://example.org/", "example.org.html"),
        ("https://example.org/%2e%2e%2frules.htm", "rules.htm"),
    ],
)
def test_a_page_from_the_web_is_saved_as_one(address: str, saved: str) -> None:
    assert file_responses.file_name(replace(DOCUMENT, kind="web", name=address, address=address)) == saved


def test_a_file_is_given_piece_by_piece_on_both_engines(place: Place) -> None:
    data = os.urandom(17_000_001)
    with closing(place.open()) as store:
        document = put(store, store.collections.create(OWNER, "mine").id, "a.pdf", data)
        found, length, pieces = store.documents.stream(OWNER, document.id)
        assert (found, length) == (document, len(data))
        assert max(map(len, pieces(0, length))) <= 8_000_000
        for start, stop in ((0, length), (7_999_999, 8_000_001), (16_000_000, length), (5, 6), (999_999, 1_000_001)):
            assert b"".join(pieces(start, stop)) == data[start:stop]


def test_an_altered_file_is_not_given(tmp_path: Path) -> None:
    with closing(Store.open(tmp_path)) as store:
        document = put(store, store.collections.create(OWNER, "mine").id, "a.pdf", DATA)
        (kept,) = (path for path in (tmp_path / "files").rglob("*") if path.is_file())
        kept.write_bytes(DATA[::-1])
        page = Frame(_Services(store), Texts("en"))  # type: ignore[arg-type]
        browser = TestClient(Starlette(routes=file_routes.routes(lambda _: page)))
        reply = browser.get(file_addresses.original_address(document))
        assert (reply.status_code, reply.content) == (404, browser.get("/files/nothing").content)
        assert Texts("en")("files.not_there") in reply.text
        assert Texts("zh")("files.not_there") in reply.text


class _Services:
    """The little that a route needs."""

    def __init__(self, store: Store) -> None:
        self.store = store


@pytest.mark.parametrize(
    ("host", "loopback", "open_to_others"),
    [
        ("127.0.0.1:8501", True, True),
        ("localhost", True, True),
        ("LOCALHOST.:1", True, True),
        ("[::1]:8501", True, True),
        ("192.0.2.7:8501", False, True),
        ("evil.example", False, False),
        ("127.0.0.1.evil.example", False, False),
        ("localhost.evil.example", False, False),
        ("chat.example.org:443", True, True),
        ("user@evil.example", False, False),
        ("[::1", False, False),
        ("", False, False),
    ],
)
def test_only_this_servers_own_names_are_answered(host: str, loopback: bool, open_to_others: bool) -> None:
    before = config.get_option("browser.serverAddress")
    config.set_option("browser.serverAddress", "chat.example.org")
    try:
        for anywhere, wanted in ((False, loopback), (True, open_to_others)):
            scope = {"type": "http", "headers": [(b"host", host.encode())], "client": ("127.0.0.1", 1)}
            settings = Settings(open_without_sign_in=anywhere, _env_file=None)
            assert request_identity._is_the_local_user(Request(scope), settings) is wanted
    finally:
        config.set_option("browser.serverAddress", before)


@contextmanager
def made(folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """The app as `make run` starts it, of packages that are installed already; its address."""
    port = free_port()
    command = ["make", "--old-file=.venv/.app", f"BIN={Path(sys.executable).parent}", "run"]
    given_port = {"STREAMLIT_SERVER_PORT": str(port), "RAG_DATA_DIR": str(folder / "data")}
    with (folder / "app.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env={**environment, **given_port}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["make run", "app.py", "serve.py"])
def test_every_way_to_start_the_app_hands_files_out(way: str, tmp_path: Path) -> None:
    with closing(Store.open(tmp_path / "data")) as store:
        collection = store.collections.create(OWNER, "mine")
        data = pdf("Plan 1")
        document = put(store, collection.id, "计划.pdf", data)
        turn = store.chats.ask(OWNER, store.chats.create(OWNER, collection.id).id, "Which plan?")
        store.chats.answer(OWNER, turn.id, Answer("Which plan?", "Which plan?", "Plan 1", "answered", None))
    environment = quiet() | {"RAG_SAMPLES": "false", "RAG_READER": "elsewhere"}
    with made(tmp_path, environment) if way == "make run" else started(tmp_path, environment, way) as address:
        status, heads, body = asked(address + file_addresses.original_address(document))
        assert (status, body, heads["Content-Type"]) == (200, data, "application/pdf")
        assert saved_as(heads["Content-Disposition"]) == "计划.pdf"
        assert {name: heads[name] for name in file_responses.HEADERS} == file_responses.HEADERS
        status, heads, body = asked(
            address + file_addresses.picture_address(document, 1, [(0, 4)]), Accept_Encoding="gzip"
        )
        assert (status, heads["Content-Type"], body[:4]) == (200, "image/png", b"\x89PNG")
        status, heads, body = asked(address + file_addresses.answer_address(turn, Texts("zh")), Accept_Encoding="gzip")
        assert (status, saved_as(heads["Content-Disposition"])) == (200, "回答.html")
        assert b"<h1>Which plan?</h1>" in body
        status, _, body = asked(
            address + file_addresses.original_address(document), Range="bytes=1-3", Accept_Encoding="gzip"
        )
        assert (status, body) == (206, data[1:4])
        assert asked(f"{address}/files/documents/{turn.id}/original")[0] == 404
        # The pages are where they were.
        assert asked(f"{address}/documents")[0] == 200


@contextmanager
def started(folder: Path, environment: Mapping[str, str], script: str) -> Iterator[str]:
    with running(folder, environment, script) as app:
        yield app.address


@pytest.mark.slow
def test_below_a_path_of_its_own_files_lie_below_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Store.open(tmp_path / "data")) as store:
        document = put(store, store.collections.create(OWNER, "mine").id, "a.pdf", DATA)
    environment = quiet() | {"RAG_SAMPLES": "false", "RAG_READER": "elsewhere"}
    environment["STREAMLIT_SERVER_BASE_URL_PATH"] = "team/docs"
    monkeypatch.setattr("tests.guarantees.apps.wait_until_healthy", lambda at: wait_until_healthy(f"{at}/team/docs"))
    with running(tmp_path, environment) as app:
        path = file_addresses.original_address(document)
        assert asked(f"{app.address}/team/docs{path}")[2] == DATA
        # What is not below it is not the app's.
        assert asked(app.address + path)[2] != DATA
