"""Documents that do not say the same, and which of them is the newest, asked by the door of a conversation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag.core.types import Answer
from rag.services import Services
from tests.support.asking import ask, library_of

RULES = {
    "Museum_rules_2018.md": "# Museum rules\n\nIssued on 2 May 2018.\n\nGuests may enter the halls from 9:00 to 16:00. "
    "Dogs may not enter the sculpture garden. The cloakroom keeps bags for 12 hours at 15 °C.\n",
    "Museum_rules_2024.md": "# Museum rules\n\nIssued on 1 March 2024.\n\nGuests may enter the halls from 11:00 to "
    "19:00. Dogs may enter the sculpture garden. The cloakroom keeps bags for 12 hours at 15 °C.\n",
}
CHARTERS = {
    f"Charter_{name}.md": f"# Charter of the {name}\n\nThe charter of {person} for the {name}. The daily fee is {fee} "
    "euros. The skipper may not leave the bay.\n"
    for name, person, fee in (("Heron", "Ida Brook", 310), ("Egret", "Lew Marsh", 270), ("Plover", "Ann Cole", 450))
}
VERSIONS = {
    "Yard_v1.md": "# Yard, version 1\n\nThe fee of a key is 5 euros. The yard may be used without a key.\n",
    "Yard_v2.md": "# Yard, version 2\n\nThe fee of a key is 6 euros. The yard may not be used without a key. "
    "This replaces version 1.\n",
}
MILLS = {
    "Mill_1.txt": "The Corner Mill of Aldby. The Corner Mill of Aldby was built in 1790 by the guild of bakers. It "
    "grinds rye. The miller lives next door. A bridge leads to it.\n",
    "Mill_2.txt": "The Corner Mill of Brede. The Corner Mill of Brede was built in 1834. It has four sails. The mill "
    "stood still for years and was mended by its neighbours. It grinds oats.\n",
    "Mill_3.txt": "The Corner Mill of Castor. The Corner Mill stands by a weir, and a flood took its dam away. The "
    "mill was put up by the village in 1902. The roof is of slate. The Corner Mill of Castor is open to guests on "
    "Sundays. Guests of the Corner Mill get bread. The Corner Mill was visited by the Queen.\n",
}
SCHEDULE = (
    "# Garden schedule\n\n## § 4 Watering\n\n(1) Roses are watered daily.\n\n(2) Ferns are watered twice a week.\n"
)

LOANS = {
    "Loan_rules_2019.md": "# Loan rules\n\nValid from 3 May 2019.\n\n## Loans\n\nEvery reader has 5 discs on loan. "
    "Loans are renewed until 20 June. A card is needed from the second visit. Phones are not allowed in the hall.\n",
    "Loan_rules_2023.md": "# Loan rules\n\nValid from 2 March 2023.\n\n## Loans\n\nEvery reader has 8 discs on loan. "
    "Loans are renewed until 31 July. A card is needed from the first visit. Phones are allowed in the hall on "
    "silent.\n",
    "Fees.md": "# Fees\n\n| Item | Euros |\n|---|---|\n| Locker | 4 |\n| Copy | 1 |\n",
    "Hall.md": "# Hall\n\nChildren under 12 use a locker only with their parents.\n",
    "Leaflet.md": "# Welcome\n\nYou have 6 discs on loan, a desk by the window and tea at four.\n",
    "Junior_card.md": "# Junior card\n\nThe Junior card costs 4 euros a year.\n",
    "Senior_card.md": "# Senior card\n\nThe Senior card costs 9 euros a year.\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with library_of(
        tmp_path_factory.mktemp("rules"),
        {
            "rules": RULES,
            "charters": CHARTERS,
            "garden": {"Schedule.md": SCHEDULE},
            "versions": VERSIONS,
            "mills": MILLS,
            "loans": LOANS,
        },
    ) as services:
        yield services


def values(answer: Answer) -> list[tuple[str, str]]:
    return [(one.value, one.date) for each in answer.disagreements for one in each.statements]


def test_times_that_differ_stand_side_by_side_the_newest_first(library: Services) -> None:
    answer = ask(library, "rules", "When may guests enter the halls?")
    assert values(answer) == [("11:00, 19:00", "2024-03-01"), ("9:00, 16:00", "2018-05-02")]
    assert [quote.name for quote in answer.quotes[:2]] == ["Museum_rules_2024.md", "Museum_rules_2018.md"]


def test_a_not_that_one_document_lacks_is_a_difference(library: Services) -> None:
    found = values(ask(library, "rules", "May dogs enter the sculpture garden?"))
    assert [value for value, _ in found] == [
        "Dogs may enter the sculpture garden.",
        "Dogs may not enter the sculpture garden.",
    ]


def test_what_documents_say_alike_is_no_difference(library: Services) -> None:
    assert values(ask(library, "rules", "How long does the cloakroom keep bags?")) == []


@pytest.mark.parametrize(
    "question",
    [
        "How do the museum rules of 2018 and 2024 differ?",
        "What is the difference between the museum rules of 2018 and 2024?",
        "Compare the museum rules 2018 with the museum rules 2024",
    ],
)
def test_documents_that_are_compared_are_quoted_where_they_differ(library: Services, question: str) -> None:
    answer = ask(library, "rules", question)
    said = [quote.text for quote in answer.quotes]
    assert answer.outcome == "answered"
    assert {"Dogs may enter the sculpture garden.", "Dogs may not enter the sculpture garden."} <= set(said)
    assert any("9:00 to 16:00" in text for text in said)
    assert any("11:00 to 19:00" in text for text in said)
    assert not any("cloakroom" in text for text in said)


def test_documents_about_something_else_are_in_no_dispute(library: Services) -> None:
    answer = ask(library, "charters", "How high is the daily fee in the charter of Lew Marsh?")
    assert "270 euros" in answer.quotes[0].text
    assert values(answer) == []
    assert len(values(ask(library, "charters", "How high is the daily fee?"))) == 3


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What are the current hours in which guests may enter the halls?", "Museum_rules_2024.md"),
        ("When may guests enter the halls now?", "Museum_rules_2024.md"),
        ("When could guests enter the halls under the old rules?", "Museum_rules_2018.md"),
        ("When could guests previously enter the halls?", "Museum_rules_2018.md"),
    ],
)
def test_the_age_that_is_asked_for_decides_which_document_leads(library: Services, question: str, name: str) -> None:
    assert ask(library, "rules", question).quotes[0].name == name


@pytest.mark.parametrize(("version", "fee"), [("version 1", "5 euros"), ("v2", "6 euros"), ("revision 2", "6 euros")])
def test_the_version_that_is_named_leads(library: Services, version: str, fee: str) -> None:
    assert fee in ask(library, "versions", f"What does {version} say about the fee of a key?").quotes[0].text


def test_a_not_beside_another_denial_is_a_difference(library: Services) -> None:
    found = values(ask(library, "versions", "May the yard be used without a key?"))
    assert [value for value, _ in found] == [
        "The yard may be used without a key.",
        "The yard may not be used without a key.",
    ]


@pytest.mark.parametrize("question", ["§ 4 (2)", "§ 4 Abs. 2", "What does § 4 para 2 say?", "section 4(2)"])
def test_a_paragraph_of_a_section_leads_however_it_is_written(library: Services, question: str) -> None:
    answer = ask(library, "garden", question)
    assert (answer.outcome, answer.quotes[0].text) == ("answered", "(2) Ferns are watered twice a week.")


def test_a_paragraph_that_a_section_lacks_is_not_answered_by_its_neighbours(library: Services) -> None:
    answer = ask(library, "garden", "§ 4 (7)")
    assert (answer.outcome, [notice.key for notice in answer.notices]) == ("refused", ["identifier_missing"])


@pytest.mark.parametrize("question", ["What is said under the heading Watering?", "What stands in section 4?"])
def test_a_heading_is_asked_for_in_other_words(library: Services, question: str) -> None:
    answer = ask(library, "garden", question)
    assert (answer.outcome, len(answer.quotes)) == ("answered", 2)


def test_how_many_there_are_asks_for_what_was_talked_about(library: Services) -> None:
    assert ask(library, "rules", "How many are there?").outcome == "overview"
    assert ask(library, "rules", "How many are there?", before=["Tell me about dogs"]).kind == "question"


def test_each_thing_of_one_name_is_quoted_in_whatever_words_its_document_says_it(library: Services) -> None:
    answer = ask(library, "mills", "When was the Corner Mill built?")
    said = " ".join(quote.text for quote in answer.quotes)
    assert all(year in said for year in ("1790", "1834", "1902"))
    assert "1902" not in answer.quotes[0].text


def test_every_document_that_says_another_number_of_what_is_asked_is_in_the_dispute(library: Services) -> None:
    # The days of June and July are no numbers of discs.
    found = values(ask(library, "loans", "How many discs on loan do I have?"))
    assert {value for value, _ in found} == {"8", "5", "6"}


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("Are phones allowed in the hall?", {"not allowed in the hall", "allowed in the hall on silent"}),
        ("From which visit is a card needed?", {"second visit", "first visit"}),
    ],
)
def test_what_is_allowed_here_and_not_there_is_in_dispute(library: Services, question: str, sides: set[str]) -> None:
    found = values(ask(library, "loans", question))
    assert len(found) == 2
    assert all(any(value.endswith(f"{side}.") for value, _ in found) for side in sides)


def test_what_another_years_document_says_is_no_dispute(library: Services) -> None:
    answer = ask(library, "loans", "How many discs on loan did a reader have in 2019?")
    assert (answer.quotes[0].text, answer.disagreements) == ("Every reader has 5 discs on loan.", ())


def test_what_is_said_of_two_things_is_no_dispute(library: Services) -> None:
    for question in ("How much does a card cost?", "Compare the costs of the Junior card and the Senior card"):
        answer = ask(library, "loans", question)
        assert {"The Junior card costs 4 euros a year.", "The Senior card costs 9 euros a year."} <= {
            quote.text for quote in answer.quotes
        }
        assert answer.disagreements == ()


def test_a_row_of_one_word_disputes_no_sentence_that_has_it(library: Services) -> None:
    assert ask(library, "loans", "How much is a locker?").disagreements == ()
