"""Bytes become pages: every kind of file, in the limited child, and what is said of bad ones."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from docx import Document as WordDocument
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from rag.core.errors import (
    AddressStatus,
    DamagedFile,
    EmptyFile,
    NoText,
    PasswordNeeded,
    PictureOnly,
    ProtectedFile,
    RagError,
    TooLarge,
    TooManyPages,
    TooSlow,
    UnreadableDocument,
    UnsupportedKind,
    WrongPassword,
)
from rag.core.types import Heading
from rag.ingestion.loading import Limits, load_address, load_bytes, sandbox
from rag.ingestion.loading.pdf import LOCK, read_page
from rag.langchain import PyPDFLoader, WebBaseLoader
from tests.support.serving import Reply, serving
from tests.support.waiting import ends


def pdf(*pages: list[tuple[str, float]], title: str = "", font: str = "Helvetica") -> bytes:
    """A PDF of lines, each with its size in points, one list a page."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setTitle(title)
    for lines in pages:
        y = 780.0
        for line, size in lines:
            canvas.setFont(font, size)
            canvas.drawString(72, y, line)
            y -= 1.4 * size
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def body(*lines: str) -> list[tuple[str, float]]:
    return [(line, 10) for line in lines]


def encrypted(data: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(password, algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def word(fill: Any) -> bytes:
    document = WordDocument()
    fill(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


# PDF


def test_a_pdf_is_read_page_by_page() -> None:
    document = load_bytes(pdf(body("Leave is 25 days."), body("Notice is a month.")), "staff_handbook.pdf")
    assert [(page.number, page.label, page.text) for page in document.pages] == [
        (1, "1", "Leave is 25 days."),
        (2, "2", "Notice is a month."),
    ]
    assert (document.kind, document.title, document.empty_pages) == ("pdf", "staff handbook", ())


def test_a_stated_title_is_kept_and_one_that_a_program_put_in_is_not() -> None:
    page = body("Words.")
    assert load_bytes(pdf(page, title="Travel Policy 2026"), "x.pdf").title == "Travel Policy 2026"
    for useless in ("Microsoft Word - draft.docx", "untitled", "0001018724-18-000005", "policy.indd"):
        assert load_bytes(pdf(page, title=useless), "travel_policy.pdf").title == "travel policy"


def test_words_parted_at_line_ends_are_whole_again() -> None:
    lines = body("The employ-", "ees keep the well-", "known plan, an Anglo-", "American one; well-known it is.")
    assert load_bytes(pdf(lines), "x.pdf").pages[0].text.replace("\n", " ") == (
        "The employees keep the well-known plan, an Anglo-American one; well-known it is."
    )


def test_a_larger_gap_between_lines_parts_paragraphs() -> None:
    lines = body("One begins", "and goes on", "to its end.", "", "Two begins", "and ends.")
    assert (
        load_bytes(pdf(lines), "x.pdf").pages[0].text == "One begins\nand goes on\nto its end.\n\nTwo begins\nand ends."
    )


def test_the_indices_of_a_page_lead_back_to_its_characters() -> None:
    data = pdf([("The of\ufb01ce", 10), ("of employ-", 10), ("ees is closed.", 10), ("", 10), ("It is.", 10)])
    with LOCK:
        document = pdfium.PdfDocument(data)
        textpage = document[0].get_textpage()
        text, indices = read_page(textpage)
        again = read_page(textpage)
        shown = [textpage.get_text_range(i, 1) if i >= 0 else "" for i in indices]
        document.close()
    assert (text, indices) == again
    assert len(text) == len(indices)
    assert "employees" in text
    assert all(own == there or there in ("", "\r", "\n", "\ufb01") for own, there in zip(text, shown, strict=True))


def test_larger_lines_and_bookmarks_are_headings() -> None:
    lines = [("Annual leave", 16.0), *body("Everybody has 25 days.", "They are taken in the year.", "No others are.")]
    data = pdf(lines, lines[1:])
    assert load_bytes(data, "x.pdf").pages[0].headings == (Heading(0, "Annual leave"),)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.add_outline_item(title="They are taken", page_number=1)
    buffer = io.BytesIO()
    writer.write(buffer)
    first, second = load_bytes(buffer.getvalue(), "x.pdf").pages
    assert first.headings == ()
    assert [(h.title, second.text[h.start :][:8]) for h in second.headings] == [("They are taken", "They are")]


def test_printed_page_labels_are_kept() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(body("a b"), body("c d"), body("e f")))))
    writer.set_page_label(0, 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(2, 2, style=PageLabelStyle.DECIMAL, prefix="A-", start=3)
    buffer = io.BytesIO()
    writer.write(buffer)
    assert [page.label for page in load_bytes(buffer.getvalue(), "x.pdf").pages] == ["i", "ii", "A-3"]


def test_a_chinese_pdf_is_read() -> None:
    registerFont(UnicodeCIDFont("STSong-Light"))
    page = load_bytes(pdf(body("年假为二十五天。", "请提前申请。"), font="STSong-Light"), "通知.pdf").pages[0]
    assert page.text.split() == ["年假为二十五天。", "请提前申请。"]


def test_pages_without_text_are_named_and_a_scan_is_refused() -> None:
    assert load_bytes(pdf(body("Words."), [], body("More.")), "x.pdf").empty_pages == (2,)
    with pytest.raises(NoText) as caught:
        load_bytes(pdf([], [], []), "scan.pdf")
    assert caught.value.fields == {"name": "scan.pdf", "pages": "1–3"}


def test_an_encrypted_pdf_asks_for_its_password() -> None:
    data = encrypted(pdf(body("The secret is out.")), "open sesame")
    with pytest.raises(PasswordNeeded):
        load_bytes(data, "x.pdf")
    with pytest.raises(WrongPassword):
        load_bytes(data, "x.pdf", password="open barley")
    assert load_bytes(data, "x.pdf", password="open sesame").pages[0].text == "The secret is out."


def test_a_pdf_that_only_forbids_changes_opens_without_asking() -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(body("Read me.")))))
    writer.encrypt(user_password="", owner_password="boss", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert load_bytes(buffer.getvalue(), "x.pdf").pages[0].text == "Read me."


# Other kinds


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-32", "big5"])
def test_text_is_read_in_its_own_encoding(encoding: str) -> None:
    text = "Leave policy 年假規定：每年二十五天，請於兩週前提出申請並由主管核准。\n" * 3
    if encoding == "utf-16-le":
        text = "Leave policy: 25 days a year.\n" * 3  # without a mark, only Latin text can be told
    data = text.replace("\n", "\r\n").encode(encoding)
    assert load_bytes(data, "notice.txt").pages[0].text == text


def test_western_text_in_an_old_encoding_is_not_taken_for_chinese() -> None:
    text = "Die Prüfung über Größe und Höhe ist für alle möglich; schöne Grüße aus München.\n" * 3
    assert load_bytes(text.encode("cp1252"), "notiz.txt").pages[0].text == text


def test_markdown_headings_are_noted_outside_of_code() -> None:
    text = "# Handbook\n\nWords.\n\n```\n# no heading\n```\n\nLeave\n-----\n\n- item\n---\n## Travel ##\nMore.\n"
    document = load_bytes(text.encode(), "handbook.md")
    headings = document.pages[0].headings
    assert [(h.title, text[h.start :].split("\n")[0]) for h in headings] == [
        ("Handbook", "# Handbook"),
        ("Leave", "Leave"),
        ("Travel", "## Travel ##"),
    ]
    assert (document.kind, document.title) == ("markdown", "Handbook")


def test_pictures_written_into_markdown_are_left_out() -> None:
    text = f"Before ![x](data:image/png;base64,{'QUJD' * 500}) after."
    assert load_bytes(text.encode(), "x.md").pages[0].text == "Before ![x](data:) after."


HTML = """<!DOCTYPE html><html><head><title>Leave policy</title><style>p {}</style></head><body>
<nav><a href="/">Home</a> <a href="/all">All policies</a></nav>
<div class="cookie-banner">We use cookies.</div>
<h1>Leave</h1><p>Every&nbsp;body has <b>25</b> days,<br>no less.</p>
<ul><li>Ask early</li><li>Tell <i>your</i> team</li></ul>
<table><tr><th>Years</th><th>Days</th></tr><tr><td>0–5</td><td>25</td></tr></table>
<h2>Notice</h2><div>Two weeks.<div>In writing.</div></div><pre>a  b
c</pre><script>alert(1)</script><p hidden>Never seen.</p>
<footer>Imprint</footer></body></html>"""


def test_html_becomes_lines_without_what_surrounds_it() -> None:
    document = load_bytes(HTML.encode(), "policy.html")
    page = document.pages[0]
    assert page.text == (
        "Leave\n\nEvery body has 25 days,\nno less.\n\n• Ask early\n• Tell your team\n\nYears | Days\n0–5 | 25\n\n"
        "Notice\n\nTwo weeks.\n\nIn writing.\n\na  b\nc"
    )
    assert [(h.title, page.text[h.start :][: len(h.title)]) for h in page.headings] == [
        ("Leave", "Leave"),
        ("Notice", "Notice"),
    ]
    assert (document.kind, document.title) == ("html", "Leave policy")


def test_numbered_items_keep_their_numbers() -> None:
    page = (
        b"<html><body><ol><li><p>Ask.</p><p>Early.</p></li><li>Tell:<ul><li>your team</li></ul></li></ol></body></html>"
    )
    assert load_bytes(page, "x.html").pages[0].text == "1. Ask.\n\nEarly.\n\n2. Tell:\n\n• your team"


@pytest.mark.parametrize(
    "source",
    [
        "<title>Cars</title><main><h1>Parking</h1><p>It closes at nine.</p></main>",
        "<!doctype html><title>Cars</title><article><h1>Parking</h1>It closes at nine.</article>",
        "<title>Cars</title><section><h1>Parking</h1></section><p>It closes at nine.</p>",
    ],
)
def test_a_page_need_not_write_its_body(source: str) -> None:
    document = load_bytes(source.encode(), "cars.html")
    assert (document.title, document.pages[0].text) == ("Cars", "Parking\n\nIt closes at nine.")


def test_html_in_a_stated_encoding_is_read_in_it() -> None:
    page = '<html><head><meta charset="gb2312"></head><body><p>年假为二十五天。</p></body></html>'
    assert load_bytes(page.encode("gb2312"), "x.html").pages[0].text == "年假为二十五天。"


def test_a_word_file_keeps_its_order_and_its_headings() -> None:
    def fill(document: Any) -> None:
        document.core_properties.title = "Staff handbook"
        document.add_heading("Leave", 1)
        document.add_paragraph("Everybody has 25 days.")
        table = document.add_table(2, 2)
        for row, cells in zip(table.rows, [("Years", "Days"), ("0–5", "25")], strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
        document.add_heading("Notice", 2)
        document.add_paragraph("Two weeks.")

    document = load_bytes(word(fill), "handbook.docx")
    page = document.pages[0]
    assert page.text == "Leave\n\nEverybody has 25 days.\n\nYears | Days\n0–5 | 25\n\nNotice\n\nTwo weeks."
    assert page.headings == (Heading(0, "Leave"), Heading(page.text.index("Notice"), "Notice", 2))
    assert (document.kind, document.title) == ("word", "Staff handbook")


def test_a_word_file_keeps_the_numbers_that_word_shows() -> None:
    def fill(document: Any) -> None:
        for style, text in [("Number", "Ask."), ("Number", "Wait."), ("Bullet", "Tell them."), ("Number", "Go.")]:
            document.add_paragraph(text, style=f"List {style}")

    assert load_bytes(word(fill), "x.docx").pages[0].text == "1. Ask.\n2. Wait.\n• Tell them.\n3. Go."


# Which kind it is


def test_the_content_decides_the_kind_not_the_name() -> None:
    data = pdf(body("Words."))
    for name in ("x.html", "x.docx", "x", "x.txt"):
        assert load_bytes(data, name).kind == "pdf"
    assert load_bytes(word(lambda d: d.add_paragraph("Words.")), "x.pdf.zip").kind == "word"
    assert load_bytes(b"<html><body><p>Words.</p></body></html>", "x.txt").kind == "html"
    assert load_bytes(b"Words.", "notes").kind == "text"


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (b"", "x.pdf", EmptyFile),
        (b" \r\n\t\0\0", "x.txt", EmptyFile),
        (b"Just words.", "x.pdf", DamagedFile),
        (b"%PDF-1.7\nand no more", "x.pdf", DamagedFile),
        (b"Just words.", "x.docx", DamagedFile),
        (b"PK\3\4 and no more", "x.docx", DamagedFile),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "x.png", DamagedFile),
        (b"GIF89a" + bytes(100), "x.txt", PictureOnly),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "x.doc", UnsupportedKind),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "x.docx", ProtectedFile),
        (b"<html><body><script>1</script></body></html>", "x.html", NoText),
    ],
)
def test_what_cannot_be_read_is_refused_by_what_is_wrong_with_it(
    data: bytes, name: str, error: type[UnreadableDocument]
) -> None:
    with pytest.raises(error) as caught:
        load_bytes(data, name)
    assert caught.value.fields["name"] == name


# Limits


def test_files_over_the_limits_are_refused() -> None:
    with pytest.raises(TooLarge):
        load_bytes(b"a" * (2**20 + 1), "x.txt", limits=Limits(file_megabytes=1))
    with pytest.raises(TooLarge):
        load_bytes(b"words " * 100, "x.txt", limits=Limits(characters=100))
    with pytest.raises(TooManyPages) as caught:
        load_bytes(pdf(body("a"), body("b"), body("c")), "x.pdf", limits=Limits(pages=2))
    assert caught.value.fields == {"name": "x.pdf", "pages": 3, "limit": 2}


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_archives_that_unpack_into_far_more_are_refused() -> None:
    with pytest.raises(TooLarge):
        load_bytes(packed({"word/document.xml": b" " * (101 * 2**20)}), "bomb.docx")
    with pytest.raises(TooLarge):
        load_bytes(packed({"word/document.xml": b" " * (5 * 2**20)}), "ratio.docx")
    with pytest.raises(TooLarge):
        load_bytes(packed({"word/document.xml": b"x"} | {f"{n}": b"" for n in range(1001)}), "many.docx")


def test_xml_entities_in_a_word_file_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("canary-7731")
    data = word(lambda document: document.add_paragraph("Words MARK"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    xml = files["word/document.xml"].decode().replace("MARK", "&x;")
    head, _, rest = xml.partition("?>")
    files["word/document.xml"] = f'{head}?><!DOCTYPE x [<!ENTITY x SYSTEM "file://{secret}">]>{rest}'.encode()
    try:
        text = load_bytes(packed(files), "x.docx").pages[0].text
    except UnreadableDocument:
        return
    assert "canary" not in text


# The child


def answer_of_child(monkeypatch: pytest.MonkeyPatch, code: str, **limits: int) -> None:
    """Read a file in a child that runs `code` in place of a reader."""
    sandbox.close()
    program = f"from rag.ingestion.loading import sandbox_child as child\ndef parse(*_):\n {code}\n"
    program += "child.parse = parse\nchild.serve()"
    started = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return started([*command[:2], "-c", program], **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    try:
        load_bytes(b"Words.", "x.txt", limits=Limits(**limits))
    finally:
        sandbox.close()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", DamagedFile),
        ("raise ZeroDivisionError", DamagedFile),
        ("b'a' * 10**10", TooLarge),
        ("import time; time.sleep(60)", TooSlow),
        ("while True: pass", TooSlow),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", DamagedFile),
        ("import subprocess; subprocess.run(['true'])", DamagedFile),
        ("open('harm.txt', 'w')", DamagedFile),
    ],
)
def test_whatever_a_parser_does_costs_one_error(
    monkeypatch: pytest.MonkeyPatch, code: str, error: type[RagError]
) -> None:
    with pytest.raises(error):
        ends(lambda: answer_of_child(monkeypatch, code, seconds=2))
    monkeypatch.undo()
    assert load_bytes(b"Words.", "x.txt").pages[0].text == "Words."


def test_a_child_that_died_while_waiting_is_replaced() -> None:
    load_bytes(b"Words.", "x.txt")
    os.kill(sandbox._idle[0]._process.pid, signal.SIGKILL)
    sandbox._idle[0]._process.wait()
    assert load_bytes(b"Words.", "x.txt").pages[0].text == "Words."


def test_the_child_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary")
    with pytest.raises(TooLarge):
        answer_of_child(monkeypatch, "import os\n if 'OPENAI_API_KEY' not in os.environ: raise MemoryError")


def test_several_threads_read_at_once() -> None:
    data = pdf(*[body(f"Page {n} of many.") for n in range(20)])
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(len(load_bytes(data, "x.pdf").pages))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [20] * 4


def test_loading_is_light_to_import() -> None:
    heavy = ("pypdf", "pypdfium2", "bs4", "httpcore", "langchain_core")
    code = f"import sys, rag.ingestion.loading; print(*(name for name in {heavy} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# Addresses


@pytest.fixture(scope="module")
def article() -> Iterator[str]:
    replies = {
        "/leave": Reply(HTML.encode()),
        "/gb": Reply(
            "<html><body><p>年假为二十五天。</p></body></html>".encode("gb18030"),
            headers={"Content-Type": "text/html; charset=gb18030"},
        ),
        "/moved": Reply(status=301, headers={"Location": "/leave"}),
        "/staff%20handbook.pdf": Reply(pdf(body("Words.")), headers={"Content-Type": "application/pdf"}),
    }
    with serving(lambda path: replies.get(path, Reply(b"Nothing here.", status=404))) as served:
        yield served.place


def test_a_web_page_remembers_its_final_address(article: str) -> None:
    document, data = load_address(f"http://{article}/moved", intranet=[article])
    assert (document.kind, document.title) == ("web", "Leave policy")
    assert document.name == document.address == f"http://{article}/leave"
    assert data == HTML.encode()


def test_the_encoding_that_a_server_states_is_used(article: str) -> None:
    document, _ = load_address(f"http://{article}/gb", intranet=[article])
    assert document.pages[0].text == "年假为二十五天。"


def test_a_pdf_at_an_address_is_read_as_one(article: str) -> None:
    document, _ = load_address(f"http://{article}/staff%20handbook.pdf", intranet=[article])
    assert (document.kind, document.name, document.title) == ("pdf", "staff handbook.pdf", "staff handbook")
    assert document.address == f"http://{article}/staff%20handbook.pdf"


def test_langchain_users_get_documents(article: str, tmp_path: Path) -> None:
    (path := tmp_path / "x.pdf").write_bytes(pdf(body("Words."), [], body("More."), title="A title"))
    documents = PyPDFLoader(path).load()
    assert [(d.page_content, d.metadata["page"], d.metadata["page_label"]) for d in documents] == [
        ("Words.", 0, "1"),
        ("", 1, "2"),
        ("More.", 2, "3"),
    ]
    whole = {"source": str(path), "title": "A title", "page": 0, "page_label": "1", "total_pages": 3}
    assert documents[0].metadata == whole
    web = WebBaseLoader(f"http://{article}/leave", intranet=[article]).load()
    assert web[0].metadata == {"source": f"http://{article}/leave", "title": "Leave policy"}
    with pytest.raises(AddressStatus):
        WebBaseLoader(f"http://{article}/none", intranet=[article]).load()
