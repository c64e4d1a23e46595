"""Words and sentences of English and Chinese."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.language import has_cjk, language_of, searchable, sentences, words


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Leave is 25 days. Ask early!  Why not?", ["Leave is 25 days.", "Ask early!", "Why not?"]),
        (
            "Dr. Hallam pays 3.5 % to J. Smith, e.g. by card. Then he rests.",
            ["Dr. Hallam pays 3.5 % to J. Smith, e.g. by card.", "Then he rests."],
        ),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("年假为二十五天。请提前申请！“好的。”他说。", ["年假为二十五天。", "请提前申请！", "“好的。”", "他说。"]),
        ("A heading\n\nA line without a stop\n\n- an item", ["A heading", "A line without a stop", "- an item"]),
        ("1. First of all. 2. Then.", ["1. First of all.", "2. Then."]),
        ("   \n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@given(st.text(alphabet=st.sampled_from(list("ab 1.!?。！\n“”AZ"))))
def test_sentences_leave_out_white_space_only(text: str) -> None:
    places = list(sentences(text))
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in places)
    kept = "".join("".join(text[start:end].split()) for start, end in places)
    assert kept == "".join(text.split())
    assert places == sorted(places)


@pytest.mark.parametrize("piece", ["e.g. ", "1. ", ".", "?!", "\n \n", " ", "a.'", "年"])
def test_a_text_of_nothing_but_traps_is_cut_in_a_moment(piece: str) -> None:
    started = time.monotonic()
    list(sentences(piece * (200_000 // len(piece)) + "x"))
    assert time.monotonic() - started < 5


def test_words_are_lower_case_and_chinese_goes_in_pairs() -> None:
    assert words("Annual LEAVE: 25 days, co-op, Müller’s ﬁle") == [
        "annual", "leave", "25", "days", "co-op", "müller’s", "file",
    ]  # fmt: skip
    assert words("员工年假25天") == ["员工", "工年", "年假", "25", "天"]
    assert searchable("查年假 now").split() == ["查年", "年假", "now"]


def test_the_language_is_told_by_the_letters() -> None:
    assert (language_of("Annual leave"), language_of("年假规定 PDF"), language_of("123")) == ("en", "zh", "en")
    assert has_cjk("on 年假")
    assert not has_cjk("leave")
