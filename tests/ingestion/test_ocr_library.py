"""A scan in a library: asked, quoted and boxed by the command line, kept page by page, chosen for each document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from typer.testing import CliRunner

from rag.answering.evidence import CutPage
from rag.answering.verification import verify
from rag.commands.cli import app
from rag.core.errors import Cancelled
from rag.core.types import Page, PageWord, Quote, Recognition, SeenWord
from rag.ingestion.context import IngestContext
from rag.ingestion.loading import recognising
from rag.ingestion.pipeline import read_again, read_file
from rag.library.store import Store
from rag.viewing.page_blocks import page_blocks
from tests.ingestion.drawings import body, pdf
from tests.ingestion.test_pipeline import LIMITS, OWNER, ToyEmbedder
from tests.support.scans import scanned

FEES = ("The harbour office lends boats to members.", "A lost key costs 45 euros, to be paid at the desk.")
RULES = ("Every boat has a life belt on board.", "Nobody sails after sunset without a lamp.")


def fees(canvas: Canvas) -> None:
    body(canvas, FEES, top=760, size=12)


def rules(canvas: Canvas) -> None:
    body(canvas, RULES, top=760, size=12)


def test_a_scan_is_asked_quoted_and_boxed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RAG_MODEL", "none")
    file = tmp_path / "scan.pdf"
    file.write_bytes(scanned(pdf(fees)))
    refused = CliRunner().invoke(app, ["ingest", str(file), "--ocr", "never", "--json"])
    assert json.loads(refused.stdout)["documents"][0]["code"] == "no_text"
    read = CliRunner().invoke(app, ["ingest", str(file), "--json"])
    assert read.exit_code == 0, read.stdout
    asked = CliRunner().invoke(app, ["ask", "What does a lost key cost?", "--json"])
    quote = json.loads(asked.stdout)["quotes"][0]
    assert quote["text"] == FEES[1]
    assert quote["ocr"]["certainty"] > 90
    ((page, left, top, right, bottom),) = quote["place"]["boxes"]
    assert page == 1
    assert abs(left - 60) < 4
    assert 740 < 842 - bottom < 842 - top < 765
    assert abs(right - 60 - stringWidth(FEES[1], "Helvetica", 12)) < 4


class Library:
    """A library in a folder, and what of it was seen."""

    def __init__(self, folder: Path) -> None:
        self.ingest = IngestContext(Store.open(folder), ToyEmbedder(), LIMITS)
        self.collection = self.ingest.store.collections.create(OWNER, "mine").id

    def seen(self, sha256: str) -> dict[int, Recognition]:
        return self.ingest.store.recognised.pages(OWNER, sha256)


def test_a_page_is_kept_when_it_is_done_and_goes_with_its_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path)
    data = scanned(pdf(fees, rules))

    class Killed(Exception):
        """Stands for a reader that is killed."""

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "recognising" and done == 1:
            raise Killed

    with pytest.raises(Killed):
        read_file(library.ingest, OWNER, library.collection, data, "scan.pdf", on_progress=kill)
    looked: list[int] = []
    see = recognising._Reader.see

    def counted(reader: recognising._Reader, key: str, sent: bytes, asked: dict[str, object]) -> Recognition | None:
        looked.append(int(str(asked["number"])))
        return see(reader, key, sent, asked)

    monkeypatch.setattr(recognising._Reader, "see", counted)
    document = read_file(library.ingest, OWNER, library.collection, data, "scan.pdf")
    assert looked == [2]
    assert sorted(library.seen(document.sha256)) == [1, 2]
    assert [report.certainty is not None for report in library.ingest.store.readings.reports(OWNER, document.id)] == [
        True,
        True,
    ]
    library.ingest.store.documents.remove(OWNER, document.id)
    assert library.seen(document.sha256) == {}


def test_a_scan_that_is_stopped_is_there_with_the_pages_that_are_done(tmp_path: Path) -> None:
    library = Library(tmp_path)

    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) != ("recognising", 0) and stage != "loading":
            raise Cancelled

    document = read_file(
        library.ingest, OWNER, library.collection, scanned(pdf(fees, rules)), "scan.pdf", on_progress=stop
    )
    reports = library.ingest.store.readings.reports(OWNER, document.id)
    assert [report.state for report in reports] == ["read", "unread"]
    assert document.chunks > 0


def test_the_choice_for_a_document_has_it_read_again(tmp_path: Path) -> None:
    library = Library(tmp_path)
    store = library.ingest.store
    document = read_file(library.ingest, OWNER, library.collection, pdf(fees), "text.pdf")
    assert store.documents.page(OWNER, document.id, 1).certainty is None
    job = store.readings.choose_ocr(OWNER, document.id, "always")
    assert store.jobs.get(OWNER, job).source == document.id
    again = read_again(library.ingest, OWNER, document.id)
    assert (again.id, again.ocr) == (document.id, "always")
    page = store.documents.page(OWNER, document.id, 1)
    assert page.text.split() == " ".join(FEES).split()
    assert (page.certainty or 0) > 90


UNSURE = Page(
    1, "1", "A lost key costs 45 euros.", words=(PageWord(2, 6, 0, 0, 9, 9, 99), PageWord(17, 19, 20, 0, 29, 9, 61))
)


def test_a_verdict_on_an_unsure_word_says_so_and_the_viewer_marks_it() -> None:
    quote = Quote("d", "scan.pdf", "", "pdf", None, 1, "1", "", UNSURE.text, 0, 26, 1.0, certainty=80, unsure=("45",))
    (sentence,), _ = verify("A lost key costs 45 euros.", "What does a lost key cost?", [quote], [])
    assert sentence.verdict == "supported"
    assert [(reason.key, reason.fields) for reason in sentence.reasons] == [("unsure", {"said": "45"})]
    assert page_blocks(UNSURE, [])[0].pieces == (("A lost key costs ", ""), ("45", "unsure"), (" euros.", ""))
    assert CutPage.of(UNSURE.text, words=UNSURE.words).words == UNSURE.words


def test_what_was_seen_comes_back_as_it_was(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    seen = Recognition(
        595.0, 842.0, (0.0, 1.0, -1.0, 0.0, 842.0, 0.0), ((SeenWord("年假", 1, 2, 3, 4, 99, True),),), ((1, 2, 3, 2.5),)
    )
    store.recognised.keep(OWNER, "a" * 64, 3, seen)
    assert store.recognised.pages(OWNER, "a" * 64) == {3: seen}
    assert store.recognised.pages("another", "a" * 64) == {}
    # Young ones stay: their document may be on its way.
    store.recognised.sweep()
    assert store.recognised.pages(OWNER, "a" * 64) == {3: seen}
