"""Who wrote a document, what changed in a version, what a meeting decided: asked by the door of a conversation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag.answering.document_dates import asked_date, asked_day
from rag.answering.retrieval import asked_author, asked_change, brings_something, named_things, says_author
from rag.answering.retrieval.question_kinds import searched
from rag.services import Services
from tests.support.asking import ask, library_of

DOCUMENTS = {
    "Changes.md": """# Changes of Ferry Desk

## 2.10.0 (3 June 2024)

- Tickets are sent by e-mail.
- Bicycles can be booked.

## 2.9.1 (8 May 2024)

- Fixed: the timetable showed the wrong pier.
""",
    "Berth_lease_v1.md": "# Berth lease, version 1\n\n10 January 2022.\n\n## Rent\n\n"
    "The rent of berth 4 is 310 euros.\n\n"
    "## Term\n\nThe lease ends after five years.\n",
    "Berth_lease_v2.md": "# Berth lease, version 2\n\n4 March 2024.\n\n## Rent\n\n"
    "The rent of berth 4 is 355 euros.\n\n"
    "## Term\n\nThe lease ends after five years.\n",
    "Notes_2024-04-09.txt": "Harbour meeting of 9 April 2024\n\nMinutes taken by Ilse Brandt.\n\n"
    "The crane is painted in "
    "June. The kiosk opens on 1 May and closes in October. The new buoy costs 640 euros.\n",
    "Deck_rules.md": "# Deck rules\n\nPrepared by Tom Adeyemi, harbour office.\n\n"
    "## 2.10 Shoes\n\nShoes with dark soles are "
    "left on the pier.\n",
    "码头手册.md": "# 码头手册\n\n编制：周立群。\n\n## 第一章 开放时间\n\n码头每天六点开放。\n\n"
    "## 第二章 停船\n\n停船费为每天四十元。船须在中午前离开。\n",
    "2024-06-11.eml": "From: Runa Solberg <runa@pier.example>\nSubject: Closing of the north pier\n"
    "Date: Tue, 11 Jun 2024 "
    "08:00:00 +0200\n\nThe north pier is closed on Friday.\n",
    "Hafenordnung.md": "# Hafenordnung\n\nVerfasst von Greta Lohmann.\n\nBoote legen bis 12 Uhr ab.\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with library_of(tmp_path_factory.mktemp("harbour"), {"harbour": DOCUMENTS}) as services:
        yield services


@pytest.mark.parametrize(
    ("question", "author"),
    [
        ("Who wrote the deck rules?", "Prepared by Tom Adeyemi, harbour office."),
        ("Which documents were written by Tom Adeyemi?", "Prepared by Tom Adeyemi, harbour office."),
        ("What did Tom Adeyemi write?", "Prepared by Tom Adeyemi, harbour office."),
        ("Who took the minutes of 9 April?", "Minutes taken by Ilse Brandt."),
        ("Who wrote the mail about the closing of the pier?", "From: Runa Solberg <runa@pier.example>"),
        ("Wer hat die Hafenordnung geschrieben?", "Verfasst von Greta Lohmann."),
        ("码头手册是谁编写的？", "编制：周立群。"),
        ("周立群写了什么？", "编制：周立群。"),
    ],
)
def test_who_wrote_a_document_is_where_it_says_so(library: Services, question: str, author: str) -> None:
    answer = ask(library, "harbour", question)
    assert (answer.outcome, [quote.text for quote in answer.quotes]) == ("answered", [author])


def test_who_wrote_something_else_is_searched_for() -> None:
    found = asked_author("Who wrote the song about the ferry?")
    assert found is not None
    assert found.names == ("song", "ferry")
    assert asked_author("What is written in the deck rules?") is None
    assert asked_author("What did he write?") is None
    assert asked_author("What came of the report by Ferry Lines on noise?") is None
    assert asked_author("What did the harbour authorities write down because of the storm?") is None


@pytest.mark.parametrize(
    ("question", "sections"),
    [
        ("What changed in the latest version of Ferry Desk?", ["Tickets are sent", "Bicycles can be"]),
        ("What is new in the newest release?", ["Tickets are sent", "Bicycles can be"]),
        ("What was fixed in 2.9.1?", ["Fixed: the timetable"]),
    ],
)
def test_what_changed_is_what_stands_under_the_version(library: Services, question: str, sections: list[str]) -> None:
    answer = ask(library, "harbour", question)
    assert answer.outcome == "answered"
    assert [" ".join(quote.text.strip("- ").split()[:3]) for quote in answer.quotes] == sections


def test_what_changed_in_the_newest_version_of_a_document_is_shown_beside_the_one_before(library: Services) -> None:
    answer = ask(library, "harbour", "What changed in the latest version of the berth lease?")
    assert [(quote.name, quote.text) for quote in answer.quotes[:2]] == [
        ("Berth_lease_v2.md", "The rent of berth 4 is 355 euros."),
        ("Berth_lease_v1.md", "The rent of berth 4 is 310 euros."),
    ]
    assert "five years" not in " ".join(quote.text for quote in answer.quotes[:2])


def test_a_version_is_asked_for_only_by_its_number_or_age() -> None:
    assert asked_change("What is new in the kitchen?") is None
    assert asked_change("What is in version 2.1?") is None


def test_what_a_meeting_decided_is_all_that_its_minutes_say(library: Services) -> None:
    answer = ask(library, "harbour", "What was decided at the meeting of 9 April 2024?")
    assert (answer.outcome, answer.kind, {quote.name for quote in answer.quotes}) == (
        "overview",
        "summary",
        {"Notes_2024-04-09.txt"},
    )
    assert "The new buoy costs 640 euros." in [quote.text for quote in answer.quotes]


def test_a_day_is_read_with_its_year_and_without() -> None:
    found = [
        asked_day(question) for question in ("The notes of 9 April?", "Notes of 2024-04-09", "4月9日的会议", "May I?")
    ]
    assert [day.date if day else None for day in found] == ["-04-09", "2024-04-09", "-04-09", None]


def test_a_chinese_chapter_is_found_by_its_number_in_the_document_named(library: Services) -> None:
    answer = ask(library, "harbour", "码头手册第二章讲了什么？")
    assert [quote.text for quote in answer.quotes] == ["停船费为每天四十元。", "船须在中午前离开。"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("When was version 1 of the berth lease written?", "10 January 2022."),
        ("When were the notes of the harbour meeting published?", "Harbour meeting of 9 April 2024"),
    ],
)
def test_the_date_of_a_document_is_where_it_says_so(library: Services, question: str, said: str) -> None:
    answer = ask(library, "harbour", question)
    assert (answer.outcome, answer.quotes[0].text) == ("answered", said)


def test_the_date_of_something_else_is_searched_for() -> None:
    assert asked_date("When was the north pier closed?") == ()
    assert asked_date("What does the handbook say of dates?") == ()


def test_a_letters_last_line_says_who_wrote_it() -> None:
    assert says_author("Kind regards, Ida Berg", ("Berg",))
    assert not says_author("Kind regards to your family", ())


def test_what_capitals_mean_and_what_is_asked_for_again() -> None:
    assert searched("What does RCD mean?") == "What does RCD?"
    assert named_things("What's the title of the letter?") == ["letter"]
    assert not any(
        map(brings_something, ["Can you explain that in more detail?", "Give me an example", "Simpler, please"])
    )
