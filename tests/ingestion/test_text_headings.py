"""The headings of plain text files: what is one, what is an item of a list, and what they are good for."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.ingestion.loading import load_bytes
from tests.support.asking import ask, library_of

MINUTES = """Minutes of the Harbour Club, 4 March 2024

1. Jetty
Ms Lund reported that three planks are loose. Repairs cost 640 euros.
2. Clubhouse
Mr Adler asked for a new stove. The decision was put off until the meeting in May.
3. Any other business
The summer party takes place on 22 June.
"""


def titles(text: str) -> list[tuple[str, int]]:
    return [(one.title, one.level) for one in load_bytes(text.encode(), "notes.txt").pages[0].headings]


def test_numbered_lines_before_running_text_are_headings() -> None:
    assert titles(MINUTES) == [("1. Jetty", 1), ("2. Clubhouse", 1), ("3. Any other business", 1)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Rules\n=====\nBoats are washed.\n\nKeys\n----\nKeys stay here.\n", [("Rules", 1), ("Keys", 1)]),
        (
            "THE LEASE\n\n§ 1 Berth\nThe berth is let.\n\n§ 2 Rent\nIt is 300 euros.\n",
            ["THE LEASE", "§ 1 Berth", "§ 2 Rent"],
        ),
        ("1.1 Scope\n\nThis is for all.\n\n1.2 Terms\n\nA boat is a boat.\n", [("1.1 Scope", 2), ("1.2 Terms", 2)]),
        (
            "第一章 总则\n本规定适用于全体会员。\n第二章 停船\n船须在中午前离开。\n",
            [("第一章 总则", 1), ("第二章 停船", 1)],
        ),
    ],
)
def test_the_usual_looks_of_headings(text: str, found: list[str | tuple[str, int]]) -> None:
    assert titles(text) == [one if isinstance(one, tuple) else (one, 1) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "Please bring:\n1. a towel\n2. a lock\nThe desk is open until ten.\n",
        "1. Switch off the pump.\n2. Close the tap.\n",
        # A sentence that goes on in the next line.
        "1. The tenant pays the rent on the first working day of each and every\nmonth without delay.\n"
        "2. The landlord keeps the roof and the walls of the house in good\nrepair at all times.\n",
        "It rained.\n\nWe stayed in the boathouse.\n",
    ],
)
def test_lists_and_sentences_are_no_headings(text: str) -> None:
    assert titles(text) == []


def test_what_stands_under_a_heading_is_found_by_it_and_the_heading_is_no_quote(tmp_path: Path) -> None:
    with library_of(tmp_path, {"club": {"minutes.txt": MINUTES}}) as library:
        answer = ask(library, "club", "What was decided about the clubhouse?")
    assert "The decision was put off until the meeting in May." in [quote.text for quote in answer.quotes]
    assert {quote.section for quote in answer.quotes if "stove" in quote.text} == {"2. Clubhouse"}
    assert not [quote.text for quote in answer.quotes if quote.text.startswith(("1.", "2.", "3."))]
