"""Names, kinds and words that no document holds: refused by name, told, or read as the documents say it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.core.text.synonyms import synonyms
from rag.services import Services
from tests.support.asking import ask, library_of

DOCUMENTS = {
    "Ferry_fares_2022.md": "# Ferry fares\n\nThe day pass costs 14 euros. Dogs travel free of charge.\n\n"
    "The pier is open from Tuesday to Sunday.\n",
    "Ferry_fares_2025.md": "# Ferry fares\n\nThe day pass costs 17 euros. Dogs travel free of charge.\n\n"
    "The ticket machine by Holmgren has the serial no. HG-30871 on its back. Accommodation is up to 95 euros.\n",
    "Minutes_2025-02-11.md": "# Minutes of the pier committee, 11 February 2025\n\nThe lamp is mended in March.\n",
    "Minutes_2025-06-03.md": "# Minutes of the pier committee, 3 June 2025\n\nThe bench is painted green.\n",
    "Lamp_signals.txt": "Lamp signals\n\nL.11 Fog over the pier. Wait at the buoy.\nL.12 The berth is taken. "
    "Use the next one.\nL.15 The bridge is closed. Turn back.\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with library_of(tmp_path_factory.mktemp("library"), {"pier": DOCUMENTS}) as services:
        yield services


def named(library: Services, question: str) -> tuple[str, list[object]]:
    answer = ask(library, "pier", question)
    return answer.outcome, [n.fields["identifier"] for n in answer.notices if "identifier" in n.fields]


def test_a_name_that_no_document_holds_is_refused_by_name(library: Services) -> None:
    assert named(library, "What does the pass of Norrviken cost?") == ("refused", ["Norrviken"])
    assert named(library, "What does the Premium pass cost?") == ("refused", ["Premium"])


@pytest.mark.parametrize(
    "question",
    [
        "What does the machine by Holmgern have on its back?",  # a slip
        "When is the pier open on Christmas?",  # when
        "Does my Labrador travel free of charge?",  # an example of what is allowed
    ],
)
def test_what_documents_need_not_name_is_no_missing_name(library: Services, question: str) -> None:
    assert named(library, question)[1] == []


def test_a_kind_that_no_document_holds_is_told_beside_the_quotes(library: Services) -> None:
    assert named(library, "What does the gold pass cost?") == ("answered", ["gold"])
    assert named(library, "What does the new pass cost?")[1] == []


def test_a_code_of_two_figures_is_one_where_documents_have_others_of_its_kind(library: Services) -> None:
    answer = ask(library, "pier", "What does L.13 mean?")
    assert (answer.outcome, [(n.fields["identifier"], n.fields["nearest"]) for n in answer.notices]) == (
        "refused",
        [("L.13", "L.12, L.15")],
    )
    assert ask(library, "pier", "What does signal L15 mean?").quotes[0].text.startswith("L.15")
    assert named(library, "Does the pier open in Q3?")[1] == []
    assert named(library, "Which bus goes to the pier, the B7?")[1] == []


def test_a_code_within_a_range_is_not_missing(tmp_path: Path) -> None:
    screws = "# Screws\n\nScrews M6 to M10 are tightened with 40 Nm. Screws M12 take 80 Nm. Screws M4 take 3 Nm.\n"
    with library_of(tmp_path, {"screws": {"Screws.md": screws}}) as services:
        assert ask(services, "screws", "How tight are M8 screws?").outcome == "answered"
        answer = ask(services, "screws", "How tight are M14 screws?")
        assert [(n.fields["identifier"], n.fields["nearest"]) for n in answer.notices] == [("M14", "M12")]


@pytest.mark.parametrize("name", ["Ferry_fares_2022.md", "ferry_fares_2022"])
def test_a_question_that_names_a_file_is_answered_from_it(library: Services, name: str) -> None:
    answer = ask(library, "pier", f"According to {name}, what does the day pass cost?")
    assert answer.outcome == "answered"
    assert "14 euros" in answer.quotes[0].text
    assert {quote.name for quote in answer.quotes} == {"Ferry_fares_2022.md"}


def test_minutes_are_asked_for_by_their_meeting(library: Services) -> None:
    answer = ask(library, "pier", "What was decided at the last meeting?")
    assert {quote.name for quote in answer.quotes} == {"Minutes_2025-06-03.md"}


def test_lines_that_begin_with_codes_are_a_list(library: Services) -> None:
    answer = ask(library, "pier", "List all lamp signals")
    assert {quote.text[:4] for quote in answer.quotes} >= {"L.11", "L.12", "L.15"}


def test_another_word_for_the_same_is_found(library: Services) -> None:
    answer = ask(library, "pier", "Up to how much is a hotel?")
    assert answer.outcome == "answered"
    assert "95 euros" in answer.quotes[0].text


def test_synonyms_are_found_in_both_languages() -> None:
    assert dict(synonyms("谁没来开会？"))["没来"][-2:] == ("请假", "未出席")
    assert dict(synonyms("Two sick notes"))["sick notes"] == ("medical certificate", "doctor's note")


def test_a_wrong_figure_in_a_question_for_yes_or_no_leads_to_no_other_matter(library: Services) -> None:
    answer = ask(library, "pier", "Does the day pass cost 95 euros?")
    assert "day pass" in answer.quotes[0].text


def test_each_document_says_one_thing_where_they_disagree(library: Services) -> None:
    answer = ask(library, "pier", "What does the day pass cost?")
    assert [s.value for each in answer.disagreements for s in each.statements] == ["17 euros", "14 euros"]


def test_members_of_a_list_are_in_no_dispute(library: Services) -> None:
    answer = ask(library, "pier", "How many of the fares have a day pass of 14 euros?")
    assert (answer.kind, answer.disagreements) == ("list", ())
