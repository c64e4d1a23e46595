"""Books, OpenDocument texts and slides, RTF, Org, data and source code."""

from __future__ import annotations

import pytest

from rag.core.errors import DamagedFile, NoWords, ProtectedFile, UnreadableDocument
from rag.core.places import Place
from rag.ingestion.loading import load_bytes
from rag.ui.texts import Texts
from tests.support.mail_files import packed
from tests.support.text_files import HIDING, RTF, SLIDES, TEXT, book, open_document

CHAPTERS = {
    "two": "<h1>Fees</h1><p>A dory pays twenty.<a href='#n1'>1</a></p><p id='n1'>1 In summer.</p>",
    "one": "<h1>Hours</h1><p>The lock closes at nine.</p>",
    "apart": "<p>Not in the line.</p>",
}


def test_the_chapters_of_a_book_are_read_in_their_order() -> None:
    document = load_bytes(book(CHAPTERS, ["one", "two"]), "harbour.epub")
    text = document.pages[0].text
    assert text.startswith("Hours\n\nThe lock closes at nine.\n\nFees\n\nA dory pays twenty.")
    assert text.endswith("1 In summer.")
    assert "Not in the line." not in text
    assert [heading.title for heading in document.pages[0].headings] == ["Hours", "Fees"]
    assert (document.kind, document.title, document.date) == ("epub", "The harbour", "2024-03-13")


def test_an_open_document_text_is_read_with_its_notes_lists_and_tables() -> None:
    document = load_bytes(open_document("text", TEXT), "hours.odt")
    page = document.pages[0]
    assert page.text == (
        "Hours\n\nThe lock closes at nine. [1] From May on.\n\n• Bring a lamp.\n• Bring a rope.\n\n"
        "Boat | Fee\nDory | 20\n\n[1] Not on Sundays."
    )
    assert page.tables[0].heads == ("Boat", "Fee")
    assert [(part.why, part.text) for part in page.left_out] == [("deleted", "It closes at eight.")]


def test_open_document_slides_are_pages() -> None:
    first, second = load_bytes(open_document("presentation", SLIDES, HIDING), "hours.odp").pages
    assert first.text == "Hours\n\nAbove.\n\nBelow.\n\nNotes\n\nSay it slowly."
    assert (second.text, [part.text for part in second.left_out]) == ("", ["Not shown."])
    assert Place("odp", 1, "1", "Hours").shown(Texts("en")) == "slide 1 · Hours"


def test_rich_text_is_read_with_its_tables() -> None:
    document = load_bytes(RTF, "hours.rtf")
    page = document.pages[0]
    assert page.text == "The lock closes at nine, über Nacht.\n\nBoat | Fee\nDory | 20\n\nBold words."
    assert [page.text[a:b] for a, b in page.tables[0].rows] == ["Boat | Fee", "Dory | 20"]
    assert document.title == "The harbour"


def test_an_org_file_keeps_its_lines() -> None:
    text = "#+TITLE: The harbour\n* TODO Hours :work:\n:PROPERTIES:\n:ID: 1\n:END:\nThe lock closes at nine.\n"
    text += "** Fees\n# no\n"
    document = load_bytes(text.encode(), "hours.org")
    page = document.pages[0]
    assert page.text.split("\n") == ["", "Hours", "", "", "", "The lock closes at nine.", "Fees", "", ""]
    assert [(heading.title, heading.level) for heading in page.headings] == [("Hours", 1), ("Fees", 2)]
    assert page.line(page.text.index("The lock")) == 6


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b'{\n  "closes": "nine"\n}\n', "hours.json", "json"),
        (b'{"closes": "nine"}\n{"closes": "ten"}\n', "hours.jsonl", "json"),
        ("<?xml version='1.0' encoding='iso-8859-1'?>\n<hours>für</hours>".encode("latin-1"), "hours.xml", "xml"),
        (b"def closes():\n    return 9\n", "hours.py", "code"),
        (b"closes: nine\n", "hours.yaml", "code"),
        (b"# Hours\n\n<Chart />\n", "hours.mdx", "markdown"),
    ],
)
def test_data_and_source_code_stand_as_they_are(data: bytes, name: str, kind: str) -> None:
    document = load_bytes(data, name)
    assert document.kind == kind
    assert kind == "markdown" or document.pages[0].text.encode("latin-1") == data
    assert Place(kind, 1, "1", "", 2).shown(Texts("en")) == "line 2"


LOCK = {"META-INF__encryption": b"<e><EncryptionMethod Algorithm='x'/></e>"}


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (book({"one": ""}, ["one"]), "a.epub", NoWords),
        (book(CHAPTERS, ["one"], **LOCK), "a.epub", ProtectedFile),
        (packed({"mimetype": b"application/epub+zip"}), "a.epub", DamagedFile),
        (open_document("text", "<text:p/>"), "a.odt", NoWords),
        (open_document("text", "<text:p"), "a.odt", DamagedFile),
        (b"{\\rtf1{\\fonttbl{\\f0 Arial;}}}", "a.rtf", NoWords),
        (b"# only\n#+TITLE: this\n", "a.org", NoWords),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(data: bytes, name: str, error: type[UnreadableDocument]) -> None:
    with pytest.raises(error):
        load_bytes(data, name)


def test_entities_are_not_put_in() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "&a;&a;">]>'
    body = open_document("text", "<text:p>Words &b; here.</text:p>")
    data = packed(
        {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": laughs.encode() + b"<x>&b;</x>"}
    )
    with pytest.raises((NoWords, DamagedFile)):
        load_bytes(data, "a.odt")
    with pytest.raises(DamagedFile):
        load_bytes(body, "a.odt")


def test_what_a_rich_text_strikes_hides_or_raises_is_told_apart() -> None:
    source = (
        rb"{\rtf1\ansi The fee is {\strike 20} 30 euros{\super 1}."
        rb"\par Ask {\v the secret }the{\deleted\i  old} warden.\par"
        rb"\striked1 Gone.\striked0\par It is $45\up6 2\up0  a month, {\strike\strike0 paid} at once.\par"
        rb"\trowd\cellx1\cellx2 Boat\cell Fee\cell\row"
        rb"\trowd\cellx1\cellx2 Dory\cell {\strike 20}30\super 2\nosupersub\cell\row}"
    )
    (page,) = load_bytes(source, "fees.rtf").pages
    assert page.text.split("\n") == [
        "The fee is 30 euros [1].",
        "Ask the warden.",
        "",
        "It is $45 [2] a month, paid at once.",
        "",
        "Boat | Fee",
        "Dory | 30 [2]",
    ]
    assert [(one.why, one.text) for one in page.left_out] == [
        ("struck", "20"),
        ("hidden", "the secret"),
        ("deleted", "old"),
        ("struck", "Gone."),
        ("struck", "20"),
    ]
    assert page.text[: page.left_out[1].start].endswith("Ask ")


def test_the_footnotes_and_the_numbers_of_a_rich_text_are_read() -> None:
    source = (
        rb"{\rtf1\ansi A berth is 40 euros{\super\chftn}{\footnote\pard\plain {\super\chftn} Without tax.} a year.\par "
        rb"{\pntext 1.\tab}Pay.\par {\listtext\pard\plain\f3 \'b7\tab}Moor.\par {\listtext (a)\tab}Leave.\par}"
    )
    (page,) = load_bytes(source, "berths.rtf").pages
    assert page.text == "A berth is 40 euros [Without tax.] a year.\n1. Pay.\n• Moor.\n(a) Leave."


@pytest.mark.parametrize(
    ("name", "data", "read"),
    [
        ("a.json", rb'{"name": "Gr\u00fcn", "zh": "\u4f60\u597d", "face": "\ud83d\ude00"}', "Grün|你好|😀"),
        # Signs of the data's own, escaped backslashes and halves of letters stay.
        ("b.json", rb'{"sign": "\u0022", "path": "C:\\u4f60", "half": "\ud83d"}', r"\u0022|C:\\u4f60|\ud83d"),
        ("c.xml", b"<a>K&#228;se &#x4f60;&#22909; &#60;</a>", "Käse 你好 &#60;"),
    ],
)
def test_letters_that_data_spell_out_are_letters(name: str, data: bytes, read: str) -> None:
    text = load_bytes(data, name).pages[0].text
    assert all(part in text for part in read.split("|"))
