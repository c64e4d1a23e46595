"""`python -m rag read`: what is read of a file, page by page, with no library made for it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from docx import Document as WordDocument
from pypdf import PdfReader, PdfWriter

from rag.core.reports import PageReport, ReadingCounts, by_reason
from rag.core.tables import Cell, Table
from rag.core.types import Heading, LeftOut, Page
from rag.library.store import Store, schema
from rag.ui.texts import Texts
from tests.commands.test_cli import footnote
from tests.guarantees.apps import OWNER
from tests.ingestion.test_loading import body, encrypted, pdf


def written(folder: Path, name: str, data: bytes) -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


def dated_pdf(**info: str) -> bytes:
    writer = PdfWriter(
        clone_from=PdfReader(io.BytesIO(pdf(body("The watch lasts four hours."), body(), title="Watches")))
    )
    writer.metadata = None
    writer.add_metadata({"/Title": "Watches", **{f"/{name}": value for name, value in info.items()}})
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def word(modified: datetime | None) -> bytes:
    document = WordDocument()
    document.add_paragraph("The watch lasts four hours.")
    if modified:
        document.core_properties.modified = modified
    buffer = io.BytesIO()
    document.save(buffer)
    if modified:
        return buffer.getvalue()
    # As other programs write it: without the part that holds the properties.
    bare = io.BytesIO()
    with zipfile.ZipFile(buffer) as full, zipfile.ZipFile(bare, "w") as archive:
        for name in full.namelist():
            data = full.read(name)
            if name == "_rels/.rels":
                start = data.index(b"<Relationship ", data.index(b"core-properties") - 200)
                while b"core-properties" not in data[start : data.index(b"/>", start)]:
                    start = data.index(b"<Relationship ", start + 1)
                data = data[:start] + data[data.index(b"/>", start) + 2 :]
            if name != "docProps/core.xml":
                archive.writestr(name, data)
    return bare.getvalue()


def test_all_that_is_read_is_printed_and_no_library_is_made(tmp_path: Path) -> None:
    file = written(tmp_path, "watches.pdf", dated_pdf(CreationDate="D:20240501103000Z", ModDate="D:20250101"))
    code, read = footnote(tmp_path / "data", "read", file)
    assert code == 0
    assert (read["name"], read["title"], read["date"], read["kind"]) == ("watches.pdf", "Watches", "2024-05-01", "pdf")
    assert (read["status"], read["code"], read["error"], read["warnings"]) == ("ready", None, None, [])
    first, second = read["pages"]
    assert (first["label"], first["text"], first["state"]) == ("1", "The watch lasts four hours.", "read")
    assert (second["text"], second["state"]) == ("", "empty")
    assert {key: first[key] for key in ("tables", "left_out", "unread", "ocr")} == {
        "tables": [],
        "left_out": [],
        "unread": None,
        "ocr": None,
    }
    assert not (tmp_path / "data").exists()


def test_headings_have_their_levels(tmp_path: Path) -> None:
    file = written(tmp_path, "a.rst", b"Ship\n====\n\nText.\n\nWatches\n-------\n\nFour hours.\n")
    _, read = footnote(tmp_path / "data", "read", file)
    assert [(each["title"], each["level"]) for each in read["pages"][0]["headings"]] == [("Ship", 1), ("Watches", 2)]


@pytest.mark.parametrize(
    ("name", "data", "date"),
    [
        ("a.pdf", dated_pdf(ModDate="D:20250131"), "2025-01-31"),
        # No day there is: another one is taken, and none where there is none.
        ("a.pdf", dated_pdf(CreationDate="D:20241350", ModDate="D:20250131"), "2025-01-31"),
        ("a.pdf", dated_pdf(CreationDate="yesterday"), ""),
        ("a.docx", word(datetime(2023, 2, 1)), "2023-02-01"),
        ("a.docx", word(None), ""),
        ("a.txt", b"Text.", ""),
    ],
)
def test_a_date_is_what_the_file_says(tmp_path: Path, name: str, data: bytes, date: str) -> None:
    code, read = footnote(tmp_path / "data", "read", written(tmp_path, name, data))
    assert (code, read["date"]) == (0, date)


@pytest.mark.parametrize(
    ("name", "data", "status", "error"),
    [
        ("a.pdf", b"%PDF-1.7 and no more", "refused", "damaged_file"),
        ("a.pdf", encrypted(pdf(body("Text.")), "x"), "refused", "password_needed"),
        ("a.txt", b"", "refused", "empty_file"),
        ("missing.txt", None, "refused", "file_missing"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, name: str, data: bytes | None, status: str, error: str) -> None:
    file = tmp_path / name
    if data is not None:
        file.write_bytes(data)
    code, read = footnote(tmp_path / "data", "read", file)
    assert (code, read["name"], read["status"], read["code"], read["pages"]) == (1, name, status, error, [])
    assert read["error"]["code"] == error


def test_people_are_told_page_by_page(tmp_path: Path) -> None:
    file = written(tmp_path, "watches.pdf", dated_pdf())
    command = [sys.executable, "-m", "rag", "read", str(file)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "RAG_LANGUAGE": "en", "RAG_DATA_DIR": str(tmp_path / "data")},
    )
    assert done.stdout.splitlines() == ["watches.pdf · Watches", "page 1: 27 characters", "page 2: no text"]


TABLE = Table((Cell(0, 0, "Plan"), Cell(1, 0, "Basic")), ((0, 4), (5, 10)), head_rows=1)
STRUCK = (LeftOut("struck", "four"), LeftOut("hidden", "x" * 1200), LeftOut("struck", "five"))


@pytest.mark.parametrize(
    ("page", "state", "said"),
    [
        (Page(1, "iv", "Plan\nBasic", (Heading(0, "Plan"),), (TABLE,)), "read", "page iv: 10 characters · 1 table"),
        (Page(1, "iv", "", unread="picture"), "unread", "page iv: not read: it is a picture, a scan perhaps"),
        (
            Page(1, "iv", "Plan", unread="letters"),
            "part",
            "page iv: 4 characters · some of it not read: the file does not say which letters its signs are",
        ),
        (
            Page(1, "iv", "Plan", left_out=STRUCK),
            "read",
            "page iv: 4 characters · left out because it is struck out: 8 characters · "
            "left out because its format hides it: 1,200 characters",
        ),
    ],
)
def test_a_report_says_what_became_of_a_page(page: Page, state: str, said: str) -> None:
    report = PageReport.of(page)
    assert report.state == state
    assert report.shown("pdf", Texts("en")) == said
    assert report.shown("word", Texts("en")).startswith("part 1, from line iv: ")
    assert report.fields()["left_out"] == [
        {"why": why, "characters": characters} for why, characters in by_reason(page.left_out)
    ]


def test_a_document_is_said_in_numbers() -> None:
    words = Texts("en")
    assert list(ReadingCounts().shown("pdf", words)) == []
    assert list(ReadingCounts(2, 1, 3).shown("pdf", words)) == [
        "2 pages not completely read",
        "some text left out",
        "3 tables",
    ]
    assert list(ReadingCounts(2).shown("word", words)) == ["not completely read"]


def test_what_an_earlier_version_read_is_read_again(tmp_path: Path) -> None:
    data, file = tmp_path / "data", written(tmp_path, "watches.pdf", dated_pdf(ModDate="D:20250131"))
    code, report = footnote(data, "ingest", file)
    (first,) = report["documents"]
    assert (code, first["title"], first["date"], first["pages"]) == (0, "Watches", "2025-01-31", 2)
    assert [page["state"] for page in first["page_reports"]] == ["read", "empty"]
    # All is as it is read today.
    assert footnote(data, "ingest", "--again") == (0, {"collection": "Documents", "documents": [], "error": None})
    with closing(Store.open(data)) as store:
        (collection,) = store.collections.list(OWNER)
        (document,) = store.documents.list(OWNER, collection.id)
        with store.database.write() as connection:
            connection.execute(sa.update(schema.documents).values(reading=0, title="Old", date=""))
            connection.execute(sa.update(schema.pages).values(text="Old."))
    file.unlink()
    code, again = footnote(data, "ingest", "--again")
    assert (code, again["documents"]) == (0, report["documents"])
    with closing(Store.open(data)) as store:
        assert store.documents.list(OWNER, collection.id) == [document]


def test_again_takes_no_sources_and_needs_a_collection(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert footnote(data, "ingest", "--again", "x.pdf")[1]["error"]["code"] == "usage"
    assert footnote(data, "ingest", "--again", "--collection", "None")[1]["error"]["code"] == "collection_unknown"
