"""The sample documents: made again byte for byte, and each example question has one clear place."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import docx
import pypdf
import pypdfium2
import pytest

from rag.ingestion.loading import load_bytes
from rag.ingestion.loading.dates import iso_date
from rag.library.samples import example_questions

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "data" / "samples"
PDF, WEB, WORD = "employee-handbook.pdf", "remote-work-security-policy.html", "shanghai-office-move.docx"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
]
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def pages_of(name: str) -> list[str]:
    """The plain text of a sample, page by page, read without any of our rooms."""
    data = (SAMPLES / name).read_bytes()
    if name == PDF:
        pdf = pypdfium2.PdfDocument(data)
        texts = [squeezed(page.get_textpage().get_text_bounded()) for page in pdf]
        pdf.close()
        return texts
    if name == WEB:
        parser = _Text()
        parser.feed(data.decode("utf-8"))
        return [squeezed("".join(parser.parts))]
    document = docx.Document(io.BytesIO(data))
    return [squeezed(" ".join(paragraph.text for paragraph in document.paragraphs))]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, ROOT / "data" / "make_samples.py", folder], check=True, timeout=60)
    return folder


def test_the_handbook_is_made_again_byte_for_byte(made: Path) -> None:
    assert (made / PDF).read_bytes() == (SAMPLES / PDF).read_bytes()


def test_the_notice_is_made_again_part_for_part(made: Path) -> None:
    # Part for part, since another build of zlib may pack the same parts differently.
    def parts(path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            return {name: archive.read(name) for name in archive.namelist()}

    assert parts(made / WORD) == parts(SAMPLES / WORD)


def test_making_twice_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "data" / "make_samples.py", tmp_path], check=True, timeout=60)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in made.iterdir()
    }


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 300_000


def test_the_handbook_has_labels_and_an_outline() -> None:
    reader = pypdf.PdfReader(SAMPLES / PDF)
    assert reader.page_labels == ["i", "ii", "iii", *map(str, range(1, 13))]
    chapters = [entry for entry in reader.outline if not isinstance(entry, list)]
    assert [reader.get_destination_page_number(entry) for entry in chapters] == list(range(2, 15))
    assert chapters[4].title == "4 Annual leave"


def test_there_are_questions_in_both_languages_and_unanswerable_ones() -> None:
    assert [question["language"] for question in ANSWERABLE].count("en") == 6
    assert [question["language"] for question in ANSWERABLE].count("zh") == 3
    assert len(QUESTIONS) - len(ANSWERABLE) == 4


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_an_example_question_has_one_clear_place(question: dict[str, Any]) -> None:
    pages = pages_of(question["file"])
    holding = [number for number, text in enumerate(pages, 1) if question["quote"] in text]
    assert holding == question["gold_pages_best"]
    assert pages[holding[0] - 1].count(question["quote"]) == 1
    elsewhere = [name for name in (PDF, WEB, WORD) if name != question["file"]]
    assert not any(question["quote"] in text for name in elsewhere for text in pages_of(name))


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_the_readme_shows_the_question(question: dict[str, Any]) -> None:
    assert f"| {question['question']} |" in (SAMPLES / "README.md").read_text("utf-8")


def test_questions_are_suggested_in_the_language_of_the_page_or_in_english() -> None:
    english, chinese = example_questions("en"), example_questions("zh")
    assert (len(english), len(chinese)) == (4, 3)
    assert set(english).isdisjoint(chinese)
    assert example_questions("de") == english


@pytest.mark.parametrize(
    ("stated", "date"),
    [
        ("D:20000101000000+00'00'", ""),
        ("D:19700101000000Z", ""),
        ("D:20000101093000Z", "2000-01-01"),
        ("D:20260330090000Z", "2026-03-30"),
    ],
)
def test_a_stamp_that_stands_for_no_date_is_none(stated: str, date: str) -> None:
    assert iso_date(stated) == date


def test_the_handbook_says_no_date() -> None:
    assert str(pypdf.PdfReader(SAMPLES / PDF).metadata["/CreationDate"]).startswith("D:2000")  # type: ignore[index]
    assert load_bytes((SAMPLES / PDF).read_bytes(), PDF).date == ""
