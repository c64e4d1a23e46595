"""An answer taken along: complete, checkable by hand, and harmless whatever its words are."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rag.core.types import Answer, Notice, Quote, Sentence
from rag.viewing.export import Exported, as_markdown, chat_as_html, chat_as_markdown
from rag.viewing.highlighting import crop, page_picture
from rag.viewing.word_export import as_docx
from tests.support.exports import as_html

HANDBOOK = Path(__file__).resolve().parents[2] / "data" / "samples" / "employee-handbook.pdf"
NASTY = "<script>alert(1)</script> [x](javascript:y) ![i](http://e.example/i.png) `c` *b* & \"q\" 'a' | www.e.example"


def t(key: str, **fields: object) -> str:
    """A stand-in for the texts: the key and what fills it in."""
    return key + "".join(f" {value}" for value in fields.values())


def quote(text: str = "5 to 9 years 28 days 5 days", **changes: Any) -> Quote:
    known: dict[str, Any] = {
        "document": "d1",
        "name": "handbook.pdf",
        "title": "Handbook",
        "kind": "pdf",
        "address": None,
        "page": 7,
        "label": "4",
        "section": "4.1 How much leave you have",
        "text": text,
        "start": 0,
        "end": len(text),
        "score": 0.9,
    }
    return Quote(**{**known, **changes})


def answer(**changes: Any) -> Answer:
    known: dict[str, Any] = {
        "question": "How much leave after six years?",
        "generated_question": "How much leave after six years?",
        "text": "You have 28 days. You also get a car.",
        "outcome": "answered",
        "model": "llama-2-7b-chat",
        "quotes": (quote(), quote("Public holidays come on top.")),
        "sentences": (
            Sentence("You have 28 days.", "supported", (0,)),
            Sentence("You also get a car.", "unsupported"),
        ),
    }
    return Answer(**{**known, **changes})


class Outline(HTMLParser):
    """The elements of a page with their attributes, and its visible text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_markdown_carries_footnotes_with_places() -> None:
    assert as_markdown(answer(), t) == (
        "**How much leave after six years?**\n\n"
        "You have 28 days.[^1]\n\n"
        "answer.folded\\_one\n\n"
        "> - You also get a car.\n\n"
        "*answer.written llama-2-7b-chat*\n\n"
        "answer.quotes [^2]\n\n"
        "[^1]: handbook.pdf · answer.page 4 · 4.1 How much leave you have: “5 to 9 years 28 days 5 days”\n"
        "[^2]: handbook.pdf · answer.page 4 · 4.1 How much leave you have: “Public holidays come on top.”\n"
    )


def test_markdown_of_a_table_row_names_its_column_heads() -> None:
    row = quote("Zurich 72 euros", head="City | Meal allowance", kind="html", section="", address="https://a.example/x")
    assert as_markdown(answer(quotes=(row,), sentences=()), t).endswith(
        "[^1]: handbook.pdf · https\\://a.example/x: City \\| Meal allowance: “Zurich 72 euros”\n"
    )


@pytest.mark.parametrize(
    ("changes", "remark"),
    [
        ({"outcome": "refused", "text": "", "sentences": (), "quotes": ()}, "answer.refused"),
        ({"outcome": "asked_anyway"}, "answer.asked_anyway"),
        ({"stopped": True}, "answer.stopped"),
        ({"sentences": (Sentence("A car.", "unsupported"),)}, "answer.nothing_left"),
        ({"text": "", "sentences": (), "model": None}, "answer.no_model"),
        ({"text": "", "sentences": (), "notices": (Notice("only_reasoning"),)}, "answer.only_reasoning"),
        ({"notices": (Notice("cut_off"),)}, "answer.cut_off"),
    ],
)
def test_what_has_to_be_known_is_said_in_both_forms(changes: dict[str, Any], remark: str) -> None:
    assert remark in Outline(as_html(answer(**changes), t, language="en")).text
    assert remark.replace("_", "\\_") in as_markdown(answer(**changes), t)


def test_the_page_shows_everything_needed_to_check_it() -> None:
    whole = page_picture(HANDBOOK.read_bytes(), 7, [(300, 330)])
    page = as_html(
        answer(generated_question="annual leave six years"),
        t,
        language="zh",
        checksums={"d1": "ab" * 32},
        crops={0: crop(whole)},
        settings={"quotes": "3"},
    )
    outline = Outline(page)
    for words in ("You have 28 days.", "export.supported", "You also get a car.", "export.unsupported"):
        assert words in outline.text
    for words in ("5 to 9 years 28 days 5 days", "answer.page 4", "ab" * 32, "llama-2-7b-chat", "annual leave six"):
        assert words in outline.text
    assert outline.of("html") == [{"lang": "zh"}]
    [image] = outline.of("img")
    data = str(image["src"]).removeprefix("data:image/png;base64,")
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        assert picture.width == whole.width


def test_a_note_leads_to_its_quote() -> None:
    outline = Outline(as_html(answer(), t, language="en"))
    targets = {attributes["id"] for _, attributes in outline.elements if "id" in attributes}
    assert [link["href"] for link in outline.of("a")] == ["#note-1"]
    assert targets == {"note-1", "note-2"}


def test_unsupported_sentences_are_folded_away() -> None:
    page = as_html(answer(), t, language="en")
    folded = page[page.index("<details>") : page.index("</details>")]
    assert "You also get a car." in folded
    assert "You have 28 days." not in folded


def hostile() -> Answer:
    return answer(
        question=NASTY,
        generated_question=NASTY + "!",
        model=NASTY,
        text=NASTY,
        quotes=(quote(NASTY, name=NASTY, label=NASTY, section=NASTY, head=NASTY, address='https://e.example/"><img>'),),
        sentences=(Sentence(NASTY, "supported", (0,)), Sentence(NASTY, "unsupported")),
    )


def active(outline: Outline) -> Iterator[tuple[str, str]]:
    """Everything on a page that could run or fetch."""
    for tag, attributes in outline.elements:
        if tag in ("script", "iframe", "object", "embed", "link", "form", "base", "svg", "video", "audio"):
            yield tag, ""
        for name, value in attributes.items():
            if name.startswith("on") or (
                name in ("src", "href", "action") and not (value or "").startswith(("#", "data:image/png;base64,"))
            ):
                yield tag, name


def test_hostile_words_do_nothing_on_the_page() -> None:
    page = as_html(hostile(), t, language='en"><script>', checksums={"d1": NASTY}, settings={NASTY: NASTY})
    outline = Outline(page)
    assert list(active(outline)) == []
    assert outline.text.count(NASTY) >= 8
    policy = [meta["content"] for meta in outline.of("meta") if "http-equiv" in meta]
    assert policy == [
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ]


def test_hostile_words_do_nothing_in_markdown() -> None:
    written = as_markdown(hostile(), t)
    assert not re.search(r"(?<!\\)[<`|]|(?<!\\)\](?=\()|(?<!\\)!\[(?!\^)|(?<!\\)://|www\.", written)


def test_signs_that_turn_or_hide_words_are_left_out() -> None:
    turned = answer(question="pay \u202e000,1\u202c euros\u200b\x00", sentences=())
    assert "**pay 000,1 euros**" in as_markdown(turned, t)
    assert "<h1>pay 000,1 euros</h1>" in as_html(turned, t, language="en")


@pytest.mark.parametrize(
    ("words", "written"),
    [("# Not a heading", "\\# Not a heading"), ("- no list", "\\- no list"), ("1. no list", "1\\. no list")],
)
def test_words_do_not_become_a_block_of_markdown(words: str, written: str) -> None:
    assert as_markdown(answer(text=words, sentences=(), quotes=()), t).splitlines()[2] == written


@given(st.text(max_size=60))
def test_any_words_keep_the_page_whole(words: str) -> None:
    outline = Outline(as_html(answer(question=words, quotes=(quote(words),)), t, language="en"))
    assert [tag for tag, _ in outline.elements].count("blockquote") == 1
    assert list(active(outline)) == []


def test_a_chat_has_all_its_answers_and_its_notes_do_not_mix() -> None:
    second = answer(question="And holidays?", sentences=(Sentence("On top.", "supported", (1,)),))
    items = [Exported(answer()), Exported(second, {"d1": "ab" * 32})]
    page = chat_as_html("Leave <b>", items, t, language="en")
    assert "<h1>Leave &lt;b&gt;</h1>" in page
    assert page.index("<h2>How much leave") < page.index("<h2>And holidays?")
    # Every note that is referred to is there, once.
    referred = re.findall(r'href="#(note-[0-9-]+)"', page)
    assert referred == ["note-1-1", "note-2-2"]
    assert [page.count(f'id="{note}"') for note in referred] == [1, 1]
    assert "@media print" in page
    text = chat_as_markdown("Leave", [answer(), second], t)
    assert "You have 28 days.[^1-1]" in text
    assert "On top.[^2-2]" in text
    assert text.count("[^2-2]: ") == 1


def test_a_word_file_says_what_the_page_says_as_plain_text() -> None:
    picture = crop(page_picture(HANDBOOK.read_bytes(), 7, [(0, 20)]))
    item = Exported(answer(question=NASTY + "\x0b"), {"d1": "ab" * 32}, {0: picture}, {"Date": "2026-01-01"})
    document = docx.Document(io.BytesIO(as_docx("My chat", [item], t)))
    said = [paragraph.text for paragraph in document.paragraphs]
    assert said[:2] == ["My chat", NASTY]
    assert "You have 28 days.[1] (export.supported)" in said
    assert "You also get a car. (export.unsupported)" in said
    assert "[2] “Public holidays come on top.”" in said
    assert f"SHA-256 {'ab' * 32}" in said
    assert "export.model: llama-2-7b-chat" in said
    assert len(document.inline_shapes) == 1
    assert not [part for part in document.part.rels.values() if part.is_external]
