"""Mails: their heads, what is new in them, and the files in them; boxes of mails; archives and folders."""

from __future__ import annotations

import stat
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from rag.core.errors import DamagedFile, NoWords, PartlyRead, ProtectedFile, TooLarge, UnreadableDocument
from rag.core.types import LoadedDocument
from rag.ingestion.context import IngestContext
from rag.ingestion.inner_files import InnerFiles
from rag.ingestion.loading import load_bytes
from rag.ingestion.pipeline import read_file
from rag.library.store import Store
from tests.ingestion.test_pipeline import LIMITS, OWNER, ToyEmbedder
from tests.support.mail_files import ANSWER, box, mail, outlook, packed


def history(document: LoadedDocument) -> list[str]:
    return [part.text for page in document.pages for part in page.left_out if part.why == "history"]


def test_a_mail_is_its_heads_and_what_is_new_in_it() -> None:
    document = load_bytes(mail(), "hours.eml")
    assert document.pages[0].text.split("\n\n") == [
        "Opening hours", "From: Ada <ada@example.com>", "To: bo@example.com", "Date: Wed, 13 Mar 2024 09:30:00 +0100",
        "Hello Bo,", "the lock closes at nine from May on.", "Ada",
    ]  # fmt: skip
    assert (document.title, document.date) == ("Opening hours", "2024-03-13")
    assert history(document) == [
        "On Tue, 12 Mar 2024 at 08:00, Bo <bo@example.com> wrote: > Ada, when does the lock close? "
        "> It closed at eight last year."
    ]


HEADS = "From: Bo\nSent: Monday\nTo: Ada\nSubject: Hours\n\nIt closed at eight."


@pytest.mark.parametrize(
    ("body", "new", "old"),
    [
        (f"At nine.\n\n{HEADS}\n", "At nine.", "It closed at eight."),
        ("At nine.\n\n-----Original Message-----\nIt closed at eight.", "At nine.", "It closed at eight."),
        ("At nine.\n\nAm 12.03.2024 um 08:00 schrieb Bo <bo@example.com>:\n\nUm acht.", "At nine.", "Um acht."),
        ("At nine.\n\n在 2024年3月12日，Bo 写道：\n> 八点。", "At nine.", "八点。"),
        ("> When?\nAt nine.\n> And in June?\nAt ten.", "At nine.\n\nAt ten.", "And in June?"),
        ("On Monday we met and Bo wrote a letter.\nIt says nine.", "and Bo wrote a letter.\nIt says nine.", ""),
    ],
)
def test_what_a_mail_repeats_is_not_its_senders(body: str, new: str, old: str) -> None:
    document = load_bytes(mail(body), "hours.eml")
    assert document.pages[0].text.endswith(new)
    assert old in " ".join(history(document))
    assert not old or old not in document.pages[0].text


def test_a_mail_that_is_passed_on_tells_the_older_one() -> None:
    document = load_bytes(mail(f"See below.\n\n{HEADS}", "Fwd: Hours"), "hours.eml")
    assert "It closed at eight." in document.pages[0].text
    assert history(document) == []
    marked = load_bytes(mail(f"See below.\n\n---------- Forwarded message ---------\n{HEADS}"), "hours.eml")
    assert "It closed at eight." in marked.pages[0].text


def test_a_mail_with_layout_keeps_its_tables_and_no_answered_mail() -> None:
    table = "<table><tr><th>Boat</th><th>Fee</th></tr><tr><td>Dory</td><td>20</td></tr></table>"
    page = f"<html><body><p>The fees:</p>{table}<div class='gmail_quote'>It was ten.</div><img src='http://x/y.png'>"
    document = load_bytes(mail("The fees: see the other form.", page=page), "fees.eml")
    read = document.pages[0]
    assert [read.text[a:b] for a, b in read.tables[0].rows] == ["Boat | Fee", "Dory | 20"]
    assert "ten" not in read.text
    assert history(document) == ["It was ten."]


def test_the_mails_of_a_box_are_pages_of_their_own() -> None:
    again = mail("From here on nine.\n>From old times.", "Lock", files={"plan.txt": b"The plan."})
    document = load_bytes(box(mail(), again), "team.mbox")
    assert [(page.label, page.headings[0].title) for page in document.pages] == [("1", "Opening hours"), ("2", "Lock")]
    assert document.pages[1].text.endswith("From here on nine.\nFrom old times.")
    assert [(file.name, file.data) for file in document.inside] == [("2 Lock/plan.txt", b"The plan.")]


def test_a_message_of_outlook_is_read_as_a_mail() -> None:
    document = load_bytes(outlook("Opening hours", ANSWER, ("fees.csv", b"Boat,Fee\nDory,20\n")), "hours.msg")
    assert document.pages[0].text.startswith(
        "Opening hours\n\nFrom: Ada <ada@example.com>\n\nTo: Bo\n\nDate: Wed, 13 Mar 2024 12:30:00 +0000\n\nHello Bo,"
    )
    assert (document.kind, document.date, len(history(document))) == ("outlook", "2024-03-13", 1)
    assert [(file.name, file.data[:8]) for file in document.inside] == [("fees.csv", b"Boat,Fee")]


@pytest.fixture
def ingest(tmp_path: Path) -> IngestContext:
    return IngestContext(Store.open(tmp_path), ToyEmbedder(), LIMITS)


def names(ingest: IngestContext, collection: str) -> set[str]:
    return {document.name for document in ingest.store.documents.list(OWNER, collection)}


def test_attached_files_are_documents_that_name_their_mail(ingest: IngestContext) -> None:
    collection = ingest.store.collections.create(OWNER, "mail").id
    data = mail(files={"fees.csv": b"Boat,Fee\nDory,20\n", "map.png": b"\x89PNG\r\n\x1a\n" + bytes(99)})
    document = read_file(ingest, OWNER, collection, data, "hours.eml")
    assert names(ingest, collection) == {"hours.eml", "hours.eml/fees.csv"}
    assert [(each.key, each.fields) for each in document.warnings] == [
        ("inside_unread", {"count": 1, "names": "map.png"})
    ]


def test_the_files_of_an_archive_keep_their_paths_and_the_bad_ones_are_named(ingest: IngestContext) -> None:
    collection = ingest.store.collections.create(OWNER, "zip").id
    inner = packed({"deep/c.md": b"# Deep\n\nIt is deep."})
    data = packed(
        {"a.txt": b"The pier.", "x/../../b.md": b"# Lock", "more.zip": inner, "x/.hidden": b"no", "d.docx": b"no"}
    )
    result = InnerFiles()
    with pytest.raises(PartlyRead) as caught:
        read_file(ingest, OWNER, collection, data, "all.zip", inner=result)
    assert caught.value.fields == {"name": "all.zip", "count": 1, "names": "d.docx"}
    assert names(ingest, collection) == {"all.zip/a.txt", "all.zip/x/b.md", "all.zip/more.zip/deep/c.md"}
    assert [(name, error.key()) for name, error in result.failed] == [("all.zip/d.docx", "damaged_file")]
    # Once more, nothing is there twice.
    with pytest.raises(PartlyRead):
        read_file(ingest, OWNER, collection, data, "all.zip")
    assert len(ingest.store.documents.list(OWNER, collection)) == 3


def test_archives_in_archives_end(ingest: IngestContext) -> None:
    collection = ingest.store.collections.create(OWNER, "zip").id
    data = packed({"a.txt": b"At the bottom."})
    for depth in range(5):
        data = packed({f"{depth}.zip": data})
    with pytest.raises((TooLarge, PartlyRead)):
        read_file(ingest, OWNER, collection, data, "deep.zip")
    assert names(ingest, collection) == set()


def linked() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        entry = zipfile.ZipInfo("secrets")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(entry, "/etc/passwd")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (b"Just words.", "a.eml", DamagedFile),
        (b"Just words.", "a.mbox", DamagedFile),
        (b"Just words.", "a.msg", DamagedFile),
        (outlook("Hours", "At nine.", ("a", b"b"))[:3000], "a.msg", DamagedFile),
        (mail("", ""), "a.eml", None),
        (b"Just words.", "a.zip", DamagedFile),
        (linked(), "a.zip", NoWords),
        (packed({"a.txt": bytes(2 * 2**20)}), "a.zip", TooLarge),
        (packed({f"{n}.txt": b"x" for n in range(1001)}), "a.zip", TooLarge),
        (packed({"a.txt": b"x"}).replace(b"PK\1\2\x14\3\x14\0\0\0", b"PK\1\2\x14\3\x14\0\1\0"), "a.zip", ProtectedFile),
    ],
)
def test_what_is_wrong_is_said(data: bytes, name: str, error: type[UnreadableDocument] | None) -> None:
    if error is None:
        assert load_bytes(data, name).pages
        return
    with pytest.raises(error):
        load_bytes(data, name)


def test_a_message_whose_listing_is_damaged_is_called_damaged() -> None:
    data = outlook("Hours", "At nine.", ("a", b"b"))
    name = "__properties_version1.0".encode("utf-16-le")
    with pytest.raises(DamagedFile):
        load_bytes(data.replace(name, b"x" * len(name)), "a.msg")
