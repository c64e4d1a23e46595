"""Markdown and plain text: code, front matter, struck words, headings, encodings, files with a wrong ending."""

from __future__ import annotations

import codecs
import zipfile
from io import BytesIO

import pytest

from rag.core.errors import (
    DamagedFile,
    NoText,
    NoWords,
    OldFormat,
    OtherFormat,
    PictureOnly,
    ProtectedFile,
    SoundOnly,
    UnreadableDocument,
)
from rag.core.types import LoadedDocument
from rag.ingestion.loading import load_bytes
from tests.support.word_files import docx, p, packed


def load(text: str, name: str = "staff_rules.md") -> LoadedDocument:
    return load_bytes(text.encode(), name)


def headings(text: str, name: str = "x.md") -> list[tuple[int, str]]:
    (page,) = load(text, name).pages
    return [(heading.level, heading.title) for heading in page.headings]


def text_of(source: str) -> str:
    (page,) = load(source).pages
    return page.text


# Code


@pytest.mark.parametrize(
    "code",
    [
        "````md\n```\n# no\n```\n# no\n````",
        "~~~\n```\n# no\n~~~",
        "```sh\n# no\n~~~\n# no\n```",
        "```\n# no\n   ```   ",
        "- item\n\n  ```\n  # no\n  ```",
        "1. item\n   ~~~~\n   # no\n   ~~~~~",
        "> ```\n> # no\n> ```",
        "    # no\n    # no",
        "<pre>\n# no\n\n# no\n</pre>",
        "\t# no",
        "```\n# no, to the end",
    ],
)
def test_what_stands_in_code_is_no_heading(code: str) -> None:
    source = f"# One\n\n{code}\n"
    if not code.endswith("end"):
        source += "\n## Two\n"
    assert [title for _, title in headings(source)] == (["One", "Two"] if "## Two" in source else ["One"])
    assert text_of(source) == source


def test_what_ends_with_its_quotation_or_item_is_no_code_behind_it() -> None:
    assert headings("> ```\n> code\n\n# One\n\n- ```\n  code\n\n# Two") == [(1, "One"), (1, "Two")]
    assert headings("- item\n\n      deep in an item\n\n# One\n`` a ``` b ``\n# Two") == [(1, "One"), (1, "Two")]


def test_struck_words_in_code_stay() -> None:
    source = "Type `~~x~~` or ``a ` ~~y~~``:\n\n```\n~~z~~ <!-- a b -->\n```\n\n    ~~w~~\n"
    (page,) = load(source).pages
    assert (page.text, page.left_out) == (source, ())


# Text that is left out


def test_hidden_tags_are_no_text_and_are_listed() -> None:
    source = (
        "Quiet begins at 20:00.\n\n<div hidden>\n\nThe *old* hour <div>was</div> 22:00.\n\n</div>\n\n"
        'Pets <b style="display: none">never</b> come in. <p style="visibility:hidden">Ask Bo.</p>\n'
    )
    (page,) = load(source).pages
    assert page.text == "Quiet begins at 20:00.\n\n\n\n\n\n\n\nPets come in. \n"
    assert [(one.why, one.text) for one in page.left_out] == [
        ("hidden", "The *old* hour was 22:00."), ("hidden", "never"), ("hidden", "Ask Bo."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        "`<div hidden>` hides </div>.",
        '<div title="a hidden door">Seen.</div>',
        "<div hidden>never closed\n\nSeen.",
        '<p style="border:none">Seen.</p>',
        "<div hidden=until-found>Seen.</div>",
        "```\n<div hidden>Seen.</div>\n```",
    ],
)
def test_what_only_looks_hidden_is_text(source: str) -> None:
    (page,) = load(source + "\n").pages
    assert (page.text, page.left_out) == (source + "\n", ())


def test_struck_and_deleted_words_and_comments_are_no_text_and_are_listed() -> None:
    source = "Quiet begins at ~~22:00~~ 20:00. A wash is <del>2 euros</del> <ins>3</ins>.\n\n"
    source += "- ~~Old item~~\n<!-- Ask\nBo first -->End."
    (page,) = load(source).pages
    assert page.text == "Quiet begins at 20:00. A wash is <ins>3</ins>.\n\n- \n\nEnd."
    assert [(part.why, part.text, page.text[: part.start][-4:]) for part in page.left_out] == [
        ("struck", "22:00", " at "),
        ("deleted", "2 euros", " is "),
        ("struck", "Old item", "\n\n- "),
        ("hidden", "Ask Bo first", "\n- \n"),
    ]


@pytest.mark.parametrize(
    "source", ["a ~~ b ~~ c", "about ~5 or ~6", "a ~~b\n\nc~~ d", r"a \~~b~~ c", "~~~a", "x <!-- y"]
)
def test_what_strikes_nothing_stays(source: str) -> None:
    (page,) = load(f"Text {source}").pages
    assert (page.text, page.left_out) == (f"Text {source}", ())


def test_raised_and_lowered_figures_are_told_apart() -> None:
    assert (
        text_of("It costs $320<sup>1</sup> for 10<sup>2</sup> l of H<sub>2</sub>O.")
        == "It costs $320 [1] for 10^2 l of H2O."
    )


def test_lines_keep_the_numbers_that_they_have_in_the_file() -> None:
    source = "---\ntitle: Rules\n---\nimport x from 'y'\n\nOne.\n<!-- a\nb c -->\n# Two\n"
    (page,) = load(source).pages
    assert page.line(page.text.index("One.")) == 6
    assert page.line(page.headings[0].start) == 9


# Front matter and MDX


@pytest.mark.parametrize(
    ("front", "title", "date"),
    [
        ('---\ntitle: "Leave: the rules"\ndate: 2026-03-05\ntags: [a, b]\n---\n', "Leave: the rules", "2026-03-05"),
        (
            "---\r\nlayout: page\r\ntitle: Leave # short\r\nlast_updated: 2026/3/5\r\nauthors:\r\n  - Ada\r\n---\r\n",
            "Leave",
            "2026-03-05",
        ),
        ("+++\ntitle = 'Leave'\ndate = 2026-03-05T10:00:00Z\n[extra]\nx = 1\n+++\n", "Leave", "2026-03-05"),
        ("---\nlayout: page\n...\n", "Heading", ""),
        ("---\ntitle: >-\n  Leave and\n  holidays\ndate: 2026-03-05\n---\n", "Leave and holidays", "2026-03-05"),
    ],
)
def test_front_matter_gives_title_and_day_and_is_no_text(front: str, title: str, date: str) -> None:
    document = load(f"{front}# Heading\n\nText.\n")
    assert (document.title, document.date, document.pages[0].text) == (title, date, "# Heading\n\nText.\n")


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    source = "---\n\nText with: a colon.\nMore text\n\n---\n"
    assert text_of(source) == source
    with pytest.raises(NoText):
        load("---\ntitle: Only this\n---\n")


def test_instructions_of_mdx_are_no_text() -> None:
    source = """import Tabs from '@theme/Tabs';
import {
  Aside,
  Steps } from "lib";
export const year = {
  now: 2026,
};

# Import rules

import duty is paid from 'May'; export is free.

{/* ask Bo first */}

```js
import a from 'b';
```
"""
    document = load(source, "rules.mdx")
    (page,) = document.pages
    assert document.kind == "markdown"
    assert " ".join(page.text.split()) == (
        "# Import rules import duty is paid from 'May'; export is free. ```js import a from 'b'; ```"
    )
    assert [(part.why, part.text) for part in page.left_out] == [("hidden", "ask Bo first")]


# Headings


def test_headings_have_levels_and_plain_words() -> None:
    source = """Handbook
===

Leave and [pay](x.md)
---
### **Part-time** `staff` ###
#### C# and F# {#langs}
##not one
| a |
---
<h2 align="center">Notice <b>period</b></h2>
"""
    assert headings(source) == [
        (1, "Handbook"), (2, "Leave and pay"), (3, "Part-time staff"), (4, "C# and F#"), (2, "Notice period"),
    ]  # fmt: skip
    assert load("## Intro\n\n# Handbook\n").title == "Handbook"


# Encodings


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text",
    [
        "Leave: 25 days.\r\nAsk early.",
        "Отпуск составляет 25 дней в году.\nСпросите заранее.",
        "Η άδεια είναι 25 ημέρες.\nΡωτήστε νωρίς.",
        "الإجازة خمسة وعشرون يوما في السنة.\nاسأل مبكرا.",
        "年假为二十五天。\n请提前申请。",
        "休暇は二十五日です。\n早めに申請してください。",
        "휴가는 1년에 25일입니다.\n미리 신청하십시오.",
        "ปีหนึ่งลาได้ 25 วัน\nโปรดแจ้งล่วงหน้า",
        "छुट्टी साल में 25 दिन है।\nपहले पूछें।",
    ],
)
def test_text_of_two_or_four_bytes_needs_no_mark(text: str, encoding: str) -> None:
    shown = text.replace("\r\n", "\n")
    for mark in (b"", codecs.lookup(encoding).incrementalencoder().encode("\ufeff")):
        assert load_bytes(mark + text.encode(encoding), "x.txt").pages[0].text == shown


def test_a_page_in_utf_16_without_a_mark_is_read() -> None:
    page = '<html><head><meta charset="utf-16"></head><body><p>Leave – 25 days.</p></body></html>'
    assert load_bytes(page.encode("utf-16-le"), "x.html").pages[0].text == "Leave – 25 days."


# Wrong endings

PAGE = "<!DOCTYPE html><html><body><p>Words.</p></body></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
SAVED = (
    "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html; charset=utf-8\n"
    "Content-Transfer-Encoding: quoted-printable\n\n<html><body><p>W=C3=B6rds.</p></body></html>\n--x--\n"
)


@pytest.mark.parametrize(
    ("data", "name", "kind", "text"),
    [
        (docx(p("Words.")), "x.doc", "word", "Words."),
        (docx(p("Words.")), "x.pdf", "word", "Words."),
        (docx(p("Words.")), "x.txt", "word", "Words."),
        (PAGE.encode(), "x.doc", "html", "Words."),
        (PAGE.encode(), "x.docx", "html", "Words."),
        (PAGE.encode(), "x.pdf", "html", "Words."),
        (PAGE.encode(), "x.md", "html", "Words."),
        (SAVED.encode(), "x.doc", "html", "Wörds."),
        (SAVED.replace("\n", "\r\n").encode(), "x.mht", "html", "Wörds."),
        (b"Words.", "x.doc", "text", "Words."),
        (b"The mark of a file is %PDF-1.7 there.", "x.md", "markdown", "The mark of a file is %PDF-1.7 there."),
    ],
)
def test_a_file_with_a_wrong_ending_is_read_as_what_it_is(data: bytes, name: str, kind: str, text: str) -> None:
    document = load_bytes(data, name)
    assert (document.kind, document.pages[0].text) == (kind, text)


def test_a_letter_is_not_taken_for_a_saved_page() -> None:
    letter = "From: a@example.com\nTo: b@example.com\nSubject: Leave\n" + SAVED
    assert load_bytes(letter.encode(), "x.txt").kind == "text"


def archive(*names: str) -> bytes:
    return packed(dict.fromkeys(names, "<x/>"))


@pytest.mark.parametrize(
    ("data", "name", "error", "format_"),
    [
        (archive("content.xml"), "x.docx", OtherFormat, "OpenDocument"),
        (b"GIF89a" + bytes(100), "x.pdf", PictureOnly, "GIF"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "x.heic", PictureOnly, "HEIC"),
        (b"ID3\4" + bytes(100), "talk.mp3", SoundOnly, "MP3"),
        (b"\0\0\0\x20ftypisom" + bytes(100), "talk.mp4", SoundOnly, "MP4"),
        (b"AC1032" + bytes(100), "plan.dwg", OtherFormat, "AutoCAD"),
        (OLE + "WordDocument".encode("utf-16-le"), "x.docx", OldFormat, "Word 97–2003"),
        (OLE + "WordDocument".encode("utf-16-le"), "x.pdf", OldFormat, "Word 97–2003"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "x.ppt", OldFormat, "PowerPoint 97–2003"),
    ],
)
def test_a_format_that_is_not_read_is_named_whatever_the_ending_says(
    data: bytes, name: str, error: type[UnreadableDocument], format_: str
) -> None:
    with pytest.raises(error) as caught:
        load_bytes(data, name)
    assert caught.value.fields | {"name": name, "format": format_} == caught.value.fields


@pytest.mark.parametrize(
    ("data", "name", "error"),
    [
        (OLE + "WordDocument".encode("utf-16-le"), "x.doc", OldFormat),
        (archive("xl/workbook.xml"), "x.xlsx", NoWords),
        (archive("notes.txt"), "x.docx", DamagedFile),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "x.doc", ProtectedFile),
        (b"Just words.", "x.docx", DamagedFile),
    ],
)
def test_a_file_that_is_what_it_says_is_refused_as_that(
    data: bytes, name: str, error: type[UnreadableDocument]
) -> None:
    with pytest.raises(error):
        load_bytes(data, name)


def test_an_archive_without_a_word_file_is_told_from_one() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("word/other.xml", "<x/>")
    with pytest.raises(DamagedFile):
        load_bytes(buffer.getvalue(), "x.docx")


def test_an_anchor_behind_a_heading_is_no_part_of_it() -> None:
    assert headings('# Install {#install .wide}\n\nx\n\n## Set up <a name="y"></a>\n') == [
        (1, "Install"),
        (2, "Set up"),
    ]
