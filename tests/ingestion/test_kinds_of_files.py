"""One small file of every kind that people have: it is read, or refused with a reason, and no other way."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from docx import Document as WordDocument
from PIL import Image
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from bench.articles import overlap
from rag.core.errors import AddressNotReadable, AddressStatus, AddressUnreachable, NoText, UnreadableDocument
from rag.ingestion.loading import load_bytes
from rag.ingestion.loading.pdf import LOCK
from rag.langchain import WebBaseLoader
from tests.ingestion.test_loading import body, encrypted, packed, pdf, word
from tests.support.serving import Reply, serving

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
PLAIN = pdf(body("The harbour opens at six."), body("The lock closes at nine."))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def became(data: bytes, name: str, password: str | None = None) -> str:
    """The kind as which a file is read, or the key of its refusal."""
    try:
        return load_bytes(data, name, password=password).kind
    except UnreadableDocument as error:
        return error.key()


# PDFs


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def drawn(draw: Any) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    draw(canvas)
    canvas.save()
    return out.getvalue()


def changed(change: Any) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(PLAIN)))
    change(writer)
    return written(writer)


def misplaced_table() -> bytes:
    """Its end says that the table of its objects stands elsewhere than it does."""
    start, _, _ = PLAIN.rpartition(b"startxref")
    return start + b"startxref\n7\n%%EOF\n"


def picture(canvas: Canvas) -> None:
    canvas.drawImage(ImageReader(Image.new("RGB", (80, 40), "navy")), 100, 500)


def form(canvas: Canvas) -> None:
    canvas.drawString(72, 780, "Name of the boat:")
    canvas.acroForm.textfield(name="boat", x=180, y=770, width=200, height=20)


NASTY: dict[str, tuple[bytes, str | None, str]] = {
    "plain": (PLAIN, None, "pdf"),
    "turned": (changed(lambda writer: writer.pages[0].rotate(90)), None, "pdf"),
    "with a password": (encrypted(PLAIN, "tide"), "tide", "pdf"),
    "with a password that is not told": (encrypted(PLAIN, "tide"), None, "password_needed"),
    "with another password": (encrypted(PLAIN, "tide"), "ebb", "wrong_password"),
    "with an empty password": (changed(lambda w: w.encrypt("", "boss", algorithm="AES-128")), None, "pdf"),
    "with a file inside": (changed(lambda writer: writer.add_attachment("a.txt", b"Inside.")), None, "pdf"),
    "a form": (drawn(form), None, "pdf"),
    "with letters before its head": (b"HTTP/1.1 200 OK\r\n\r\n" + PLAIN, None, "pdf"),
    "with letters behind its end": (PLAIN + b"\0" * 500, None, "pdf"),
    "with its table elsewhere": (misplaced_table(), None, "pdf"),
    "with other line ends": (PLAIN.replace(b"\n", b"\r\n"), None, "pdf"),
    "without its end": (PLAIN[: len(PLAIN) * 4 // 5], None, "damaged_file"),
    "cut off at its head": (PLAIN[:60], None, "damaged_file"),
    "without pages": (written(PdfWriter()), None, "damaged_file"),
    "with empty pages": (pdf([], []), None, "no_text"),
    "a picture": (drawn(picture), None, "no_text"),
    "no PDF": (b"Just text, no PDF.", None, "damaged_file"),
}


def seen_by_a_library(data: bytes, password: str | None) -> bool:
    """Whether pdfium or pypdf by itself finds text in a PDF."""
    with LOCK:
        try:
            document = pdfium.PdfDocument(data, password=password)
            if any(page.get_textpage().get_text_range().strip() for page in document):
                return True
        except pdfium.PdfiumError:
            pass
    try:
        reader = PdfReader(io.BytesIO(data), password=password)
        return any(page.extract_text().strip() for page in reader.pages)
    except Exception:  # noqa: BLE001 - pypdf raises anything on such files
        return False


@pytest.mark.parametrize(("data", "password", "expected"), NASTY.values(), ids=NASTY)
def test_a_nasty_pdf_is_read_where_a_library_can_and_else_refused_with_a_reason(
    data: bytes, password: str | None, expected: str
) -> None:
    assert became(data, "x.pdf", password) == expected
    assert seen_by_a_library(data, password) == (expected == "pdf")


def test_a_whole_report_is_read() -> None:
    report = load_bytes((SAMPLES / "employee-handbook.pdf").read_bytes(), "employee-handbook.pdf")
    assert [page.number for page in report.pages] == list(range(1, 16))
    assert all(page.text.strip() for page in report.pages)


# Office files


def with_a_picture(document: Any) -> None:
    document.add_paragraph("The pier is drawn below.")
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "navy").save(out, "PNG")
    document.add_picture(out)


def in_a_footer(document: Any) -> None:
    document.sections[0].footer.paragraphs[0].text = "Page of the harbour office"
    document.add_paragraph("Boats are moored by size.")


def archive(kind: str, inside: str) -> bytes:
    """An office file of the kind that its listing names."""
    listing = f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><x>{kind}</x></Types>'
    return packed({"[Content_Types].xml": listing.encode(), inside: b"<x/>"})


def open_document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        made.writestr("content.xml", "<x/>")
    return out.getvalue()


OFFICE: dict[str, tuple[bytes, str]] = {
    "letter.docx": (word(lambda document: document.add_paragraph("Boats are moored by size.")), "word"),
    "picture.docx": (word(with_a_picture), "word"),
    "footer.docx": (word(in_a_footer), "word"),
    "empty.docx": (word(lambda document: None), "no_text"),
    "protected.docx": (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600), "protected_file"),
    "page.html": (b"<html><body><p>Boats are moored by size.</p></body></html>", "html"),
    "frames.html": (b"<!doctype html><title>Pier</title><p>Moor here.<iframe srcdoc='<p>x'></iframe>", "html"),
    "sums.xlsx": (archive("spreadsheetml", "xl/workbook.xml"), "no_words"),
    "slides.pptx": (archive("presentationml", "ppt/presentation.xml"), "no_words"),
    "old.doc": (OLE + bytes(600), "unsupported_kind"),
    "old.xls": (OLE + bytes(600), "damaged_file"),
    "letter.rtf": (b"{\\rtf1 Boats}", "rtf"),
    "letter.odt": (open_document(), "no_words"),
    "files.zip": (packed({"a.txt": b"Boats"}), "zip"),
    "notes.txt": (b"Boats are moored by size.\n", "text"),
    "notes.md": (b"# Boats\n\nThey are moored by size.\n", "markdown"),
}


@pytest.mark.parametrize("name", OFFICE)
def test_an_office_file_is_read_or_refused_with_a_reason(name: str) -> None:
    data, expected = OFFICE[name]
    assert became(data, name) == expected


def test_the_word_file_of_the_samples_is_read() -> None:
    data = (SAMPLES / "shanghai-office-move.docx").read_bytes()
    paragraphs = [each.text.strip() for each in WordDocument(io.BytesIO(data)).paragraphs]
    text = load_bytes(data, "move.docx").pages[0].text
    assert [each for each in paragraphs if each and each not in text] == []


# Addresses


def article(number: int) -> tuple[bytes, str]:
    """A page with what surrounds an article, and the article alone."""
    said = [
        f"Boat {number} lies at pier {word} and pays {number * 7 + 3} euros a night, which is due on the day it comes."
        for word in ("north", "south", "east")
    ]
    around = '<nav><a href="/">Home</a> <a href="/all">All boats</a></nav><aside><a href="/ad">Buy a sail</a></aside>'
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in said)
    page = f"<!doctype html><html><head><title>Boat {number}</title></head><body>{around}"
    page += f"<article><h1>Boat {number}</h1>{paragraphs}</article><footer><a href='/legal'>Imprint</a></footer>"
    return f"{page}</body></html>".encode(), "\n".join([f"Boat {number}", *said])


def test_of_many_addresses_those_that_fail_are_named_and_the_others_read() -> None:
    articles = [article(number) for number in range(12)]
    replies = {f"/{number}": Reply(page) for number, (page, _) in enumerate(articles)}
    replies |= {
        "/2": Reply(articles[2][0], status=404),
        "/4": Reply(articles[4][0], status=503),
        "/6": Reply(b"GIF89a", headers={"Content-Type": "image/gif"}),
        "/9": Reply(b"<html><body></body></html>"),
    }
    with serving(lambda path: replies[path]) as served:
        addresses = [served.at(f"/{number}") for number in range(12)]
        addresses[11] = "http://127.0.0.1:9/11"
        loader = WebBaseLoader(addresses, intranet=[served.place, "127.0.0.1:9"], continue_on_failure=True)
        documents = loader.load()
    assert [d.metadata["source"] for d in documents] == [a for a in addresses if a not in loader.failures]
    assert len(documents) == 7
    assert {address.rpartition("/")[2]: type(error) for address, error in loader.failures.items()} == {
        "2": AddressStatus,
        "4": AddressStatus,
        "6": AddressNotReadable,
        "9": NoText,
        "11": AddressUnreachable,
    }
    scores = [overlap(d.page_content, articles[addresses.index(d.metadata["source"])][1]) for d in documents]
    assert min(scores) > 0.9
