"""G30. Failures are legible: an injected fault becomes a plain sentence in the reader's language, no traceback
in the browser or on the command line, and no words of a document in a log.

The other half, an audit of the packages, is `test_g30_packages_are_audited.py`.
"""

from __future__ import annotations

import io
import logging
import re
import shutil
import sqlite3
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from rag.commands import cli
from rag.commands.output import PROBLEM
from rag.core.errors import RagError
from rag.ingestion.context import IngestContext
from rag.library.store import DATABASE, Store
from rag.models.embedding import Vectors, open_embedder
from rag.ui.texts import LANGUAGES, Language, Texts
from tests.guarantees.apps import quiet, running
from tests.guarantees.samples import SAMPLES, embedder
from tests.support.reading import reading
from tests.support.serving import Reply, Served, serving

CANARY = "CANARY-8128"
# What no reader should meet: names of exceptions, of Python, of places in the program, unfilled texts.
CODE = re.compile(r"Traceback|\w(Error|Exception)\b|File \"|\.py\b|<class|\{\w*\}|errno|NoneType|0x[0-9a-f]{6}", re.I)
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")

Told = tuple[int, str, str]
# Faults that were told as they should be, with the language.
TOLD: list[tuple[str, str]] = []
Play = Callable[["Bench"], Told]


class Bench:
    """A folder to spoil things in, a web site, and the command line."""

    def __init__(
        self, folder: Path, site: Served, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self.site, self.patch, self.capture = folder, site, patch, capture

    def run(self, *arguments: str | Path, **settings: str) -> Told:
        """`python -m rag …` in this process: its exit code, and what it said."""
        for name, value in settings.items():
            self.patch.setenv(f"RAG_{name.upper()}", value)
        self.patch.setattr(sys, "argv", ["rag", *map(str, arguments)])
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self.capture.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    def read(self, name: str, data: bytes, **settings: str) -> Told:
        file = self.folder / name
        file.write_bytes(data)
        return self.run("ingest", file, **settings)

    def spoil(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "data" / DATABASE)) as connection:
            connection.execute(statement)
            connection.commit()


def pdf(pages: int = 1, text: str = "", password: str = "") -> bytes:
    from pypdf import PdfReader, PdfWriter
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    canvas = Canvas(file)
    for _ in range(pages):
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()
    if not password:
        return file.getvalue()
    writer = PdfWriter(clone_from=PdfReader(file))
    writer.encrypt(password, algorithm="AES-256")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b" " * 200_000_000)
    return file.getvalue()


def answer(path: str) -> Reply:
    return {
        "/loop": Reply(status=302, headers={"Location": "/loop"}),
        "/picture": Reply(b"\x89PNG", headers={"Content-Type": "image/png"}),
        "/inside": Reply(status=302, headers={"Location": "http://10.0.0.1/"}),
        "/empty": Reply(b""),
    }.get(path, Reply(CANARY.encode(), status=503))


def in_use(bench: Bench) -> Told:
    store = Store.open(bench.folder / "data")
    file = bench.folder / "backup.zip"
    bench.run("backup", file)
    with store.database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM documents").fetchall()
        told = bench.run("restore", file)
    store.close()
    return told


def no_room(bench: Bench) -> Told:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    bench.patch.setattr("os.fsync", full)
    return bench.read("note.txt", CANARY.encode())


def garbage_library(bench: Bench) -> Told:
    (bench.folder / "data").mkdir(exist_ok=True)
    (bench.folder / "data" / DATABASE).write_bytes(b"garbage " * 500)
    return bench.run("ask", "why?")


def of_the_future(bench: Bench) -> Told:
    Store.open(bench.folder / "data").close()
    bench.spoil("UPDATE schema_version SET version = 999")
    return bench.run("ask", "why?")


def another_embedder(bench: Bench) -> Told:
    bench.read("note.txt", b"The gate closes at nine.")
    bench.spoil("UPDATE collections SET embedder = 'other-model'")
    return bench.run("ask", "When does the gate close?")


def lost_originals(bench: Bench) -> Told:
    bench.read("note.txt", b"The gate closes at nine.")
    shutil.rmtree(bench.folder / "data" / "files")
    return bench.run("doctor")


def bad_model(bench: Bench) -> Told:
    bench.read("note.txt", b"The gate closes at nine.")
    (bench.folder / "model.gguf").write_bytes(b"no model")
    return bench.run("ask", "When does the gate close?", "--model", bench.folder / "model.gguf")


def pickled_embedder(bench: Bench) -> Told:
    folder = bench.folder / "embedder"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04")
    bench.patch.setattr("rag.models.embedding.open_embedder", open_embedder)
    return bench.read("note.txt", b"The gate closes at nine.", embedder=str(folder))


def folder_in_the_way(bench: Bench) -> Told:
    (bench.folder / "data").write_text("a file where the library should be")
    return bench.run("ask", "why?")


FAULTS: dict[str, Play] = {
    "missing file": lambda bench: bench.run("ingest", bench.folder / "missing.pdf"),
    "empty file": lambda bench: bench.read("empty.pdf", b""),
    "unknown kind": lambda bench: bench.read("data.xyz", bytes(range(256)) * 4),
    "damaged PDF": lambda bench: bench.read("cut.pdf", pdf(text=CANARY)[:200]),
    "other bytes": lambda bench: bench.read("fake.docx", b"\x00\x01" + CANARY.encode()),
    "encrypted PDF": lambda bench: bench.read("locked.pdf", pdf(text=CANARY, password="x")),
    "no text": lambda bench: bench.read("scan.pdf", pdf()),
    "too large": lambda bench: bench.read("large.txt", CANARY.encode() * 200_000, upload_megabytes="1"),
    "too many pages": lambda bench: bench.read("long.pdf", pdf(3, CANARY), max_pages="2"),
    "bomb": lambda bench: bench.read("bomb.docx", bomb()),
    "no address": lambda bench: bench.run("ingest", "ftp://example.org/a"),
    "half an address": lambda bench: bench.run("ingest", "http://"),
    "private address": lambda bench: bench.run("ingest", "http://127.0.0.1:9/"),
    "metadata address": lambda bench: bench.run("ingest", "http://169.254.169.254/latest"),
    "nobody answers": lambda bench: bench.run("ingest", "http://127.0.0.1:9/", intranet="127.0.0.1:9"),
    "error page": lambda bench: bench.run("ingest", bench.site.at("/gone"), intranet=bench.site.place),
    "redirects": lambda bench: bench.run("ingest", bench.site.at("/loop"), intranet=bench.site.place),
    "redirect inside": lambda bench: bench.run("ingest", bench.site.at("/inside"), intranet=bench.site.place),
    "a picture": lambda bench: bench.run("ingest", bench.site.at("/picture"), intranet=bench.site.place),
    "empty page": lambda bench: bench.run("ingest", bench.site.at("/empty"), intranet=bench.site.place),
    "setting out of bounds": lambda bench: bench.run("ask", "why?", quotes="99"),
    "setting of another type": lambda bench: bench.run("doctor", threads="many"),
    "unknown collection": lambda bench: bench.run("ask", "why?", "--collection", "Nowhere"),
    "unknown model": lambda bench: bench.run("doctor", model="no-such-model"),
    "bad model": bad_model,
    "pickled embedder": pickled_embedder,
    "another embedder": another_embedder,
    "garbage library": garbage_library,
    "library of the future": of_the_future,
    "folder in the way": folder_in_the_way,
    "lost originals": lost_originals,
    "no room": no_room,
    "library in use": in_use,
    "no database": lambda bench: bench.run("ask", "why?", database_url="postgresql+psycopg://me@127.0.0.1:9/library"),
    "vectors without a database": lambda bench: bench.run("ask", "why?", vectors="milvus://127.0.0.1:9"),
    "nothing to pull": lambda bench: bench.run("models", "pull", "no-such-model"),
    "licence not accepted": lambda bench: bench.run("models", "pull", "llama-2-7b-chat"),
    "no backup": lambda bench: bench.run("restore", SAMPLES / "README.md"),
    "missing backup": lambda bench: bench.run("restore", bench.folder / "none.zip"),
    "no folder for the backup": lambda bench: bench.run("backup", bench.folder / "none" / "b.zip"),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    with serving(answer) as served:
        yield served


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_g30_a_fault_is_told_in_plain_words(
    fault: str,
    language: Language,
    tmp_path: Path,
    site: Served,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RAG_LANGUAGE", language)
    monkeypatch.setenv("RAG_MODEL", "none")
    monkeypatch.setattr("rag.models.embedding.open_embedder", lambda *_, **__: embedder())
    with caplog.at_level(logging.DEBUG):
        code, out, err = FAULTS[fault](Bench(tmp_path, site, monkeypatch, capsys))
    said = (out + err).replace(str(tmp_path), "").replace(str(SAMPLES), "")
    assert code == PROBLEM, said
    assert not CODE.search(said), said
    assert len(said.split()) >= 4 or CHINESE.search(said), said
    if language == "zh":
        assert CHINESE.search(said), said
    assert CANARY not in caplog.text
    TOLD.append((fault, language))


def test_g30_the_faults_are_counted() -> None:
    faults = {fault for fault, _ in TOLD}
    print(
        f"G30: {len(faults)} faults, {len(TOLD)} times told in plain words ({len(LANGUAGES)} languages), 0 tracebacks"
    )
    assert len(TOLD) % len(LANGUAGES) == 0


def test_g30_every_error_is_a_sentence() -> None:
    """Whatever leaf a fault becomes, on the page or elsewhere."""
    bad = Counter[str]()
    leaves = list(RagError.leaves())
    for leaf in leaves:
        error = leaf(**dict.fromkeys(leaf.needs, "name"))
        for language in LANGUAGES:
            text = Texts(language).failure(error.failure())
            bad[leaf.key()] += bool(CODE.search(text)) or text[-1] not in ".。:：me" or len(text) < 4
    print(f"G30: {len(leaves)} errors in {len(LANGUAGES)} languages, {bad.total()} that are no sentence")
    assert bad.total() == 0


class Careless:
    """An embedder that fails and quotes what it read."""

    name, dimension, max_tokens, fallback_for = "careless", 8, 100, None

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        raise ValueError(f"cannot embed {texts}")

    def embed_query(self, text: str) -> Vectors:
        return self.embed_passages([text])


def test_g30_a_fault_of_the_program_quotes_no_document(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store.open(tmp_path)
    collection = store.collections.create("ann", "mine")
    job = store.jobs.enqueue("ann", collection.id, "note.txt", "file", f"The word is {CANARY}.".encode())
    with caplog.at_level(logging.DEBUG), reading(IngestContext(store, Careless())):
        while store.jobs.get("ann", job.id).state in ("waiting", "running"):
            time.sleep(0.05)
    failure = store.jobs.get("ann", job.id).failure
    assert failure is not None
    said = [Texts(language).failure(failure) for language in LANGUAGES]
    quoted = caplog.text.count(CANARY) + sum(CANARY in text for text in said)
    print(f"G30: a fault of the program: {failure.key}, {quoted} times the document's words in logs and messages")
    assert "ValueError" in caplog.text
    assert quoted == 0


def _garbage(data: Path) -> None:
    (data / DATABASE).write_bytes(b"garbage " * 500)


def _future(data: Path) -> None:
    Store.open(data).close()
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        connection.execute("UPDATE schema_version SET version = 999")
        connection.commit()


def _no_tables(data: Path) -> None:
    """A fault that nobody foresaw."""
    Store.open(data).close()
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        connection.execute("DROP TABLE turns")
        connection.execute("DROP TABLE jobs")
        connection.commit()


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("spoil", [_garbage, _future, _no_tables], ids=lambda spoil: spoil.__name__)
def test_g30_the_browser_shows_no_traceback(spoil: Callable[[Path], None], tmp_path: Path, chromium: Browser) -> None:
    (tmp_path / "data").mkdir()
    spoil(tmp_path / "data")
    with running(tmp_path, quiet()) as app:
        page = chromium.new_page(locale="en-GB")
        page.goto(app.address)
        page.locator("[data-testid='stAlert'], [data-testid='stException']").first.wait_for(timeout=90_000)
        said = page.locator("body").inner_text()
        page.close()
    found = CODE.findall(said.replace(str(tmp_path), ""))
    print(f"G30: {spoil.__name__}: {len(found)} signs of a traceback in the browser")
    assert found == [], said
