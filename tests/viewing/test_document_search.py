"""Words looked for inside one document."""

from __future__ import annotations

from rag.core.types import Page
from rag.viewing.document_search import MOST_HITS, find_words

PAGES = [
    Page(1, "i", "Leave early, leave late.\nLEAVE  a\nnote."),
    Page(2, "1", "请假须提前申请。İstanbul leaves."),
]


def found(words: str) -> list[tuple[int, str]]:
    """(page, the very text that stands there) of each hit."""
    texts = {page.number: page.text for page in PAGES}
    return [(hit.page, texts[hit.page][hit.start : hit.end]) for hit in find_words(PAGES, words)]


def test_every_place_is_found_in_reading_order_whatever_its_case() -> None:
    assert found("leave") == [(1, "Leave"), (1, "leave"), (1, "LEAVE"), (2, "leave")]
    assert found("提前申请") == [(2, "提前申请")]


def test_white_space_is_one_blank_over_lines() -> None:
    assert found(" late.  leave a NOTE ") == [(1, "late.\nLEAVE  a\nnote")]


def test_letters_that_change_their_length_move_nothing() -> None:
    assert found("stanbul leaves") == [(2, "stanbul leaves")]


def test_a_hit_shows_the_words_around_it_on_one_line() -> None:
    (hit,) = find_words(PAGES, "leave late")
    assert (hit.label, hit.before, hit.words, hit.after) == ("i", "Leave early, ", "leave late", ". LEAVE a note.")


def test_nothing_is_found_of_nothing_and_most_hits_is_the_most() -> None:
    assert (found(""), found("  "), found("holiday")) == ([], [], [])
    assert len(find_words([Page(1, "1", "a " * 1000)], "a")) == MOST_HITS


def test_in_markdown_words_are_found_as_they_are_drawn() -> None:
    page = Page(1, "1", "Every colleague gets a **mentor** and [a form](/forms/a.pdf) by mail.")
    hits = [find_words([page], words, "markdown") for words in ("a mentor and a form by", "/forms/a.pdf")]
    assert [page.text[hit.start : hit.end] for found in hits for hit in found] == [
        "a **mentor** and [a form](/forms/a.pdf) by",
        "/forms/a.pdf",
    ]
    assert find_words([page], "a mentor and", "text") == []
    around = find_words([page], "colleague", "markdown")[0]
    assert (around.before, around.after) == ("Every ", " gets a mentor and a form by mail.")
