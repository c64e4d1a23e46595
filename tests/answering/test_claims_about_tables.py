"""What is written about the rows of a table and what stands below a heading, held against the whole document."""

from __future__ import annotations

import pytest

from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.core.types import Sentence
from rag.ingestion.loading import load_bytes
from rag.models.judges import open_judge

TARIFFS = """# Berth tariffs

## Berths

| Berth | Fee a week | Entry fee | Notice period | Keys |
|---|---|---|---|---|
| River | 40 euros | 15 euros | 2 weeks | 1 |
| Basin | 75 euros | none | 6 weeks | 2 |
| Pontoon | 30 euros | none | 1 week | 1 |

## Accounts of 2021

The surplus of 8,150 euros is kept for the new crane. Lost keys cost 12 euros.

## Guarantee

The guarantee lasts two years. It does not cover wear of ropes and damage by ice.
"""
JUDGE = open_judge()


def judged(text: str) -> Sentence:
    said = said_in_documents([load_bytes(TARIFFS.encode(), "tariffs.md")])
    (sentence,), _ = verify(text, "What is said?", [], said, judge=JUDGE)
    return sentence


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The Basin berth has no entry fee.", "supported"),
        ("The Basin berth has no entry fee and a notice period of six weeks.", "supported"),
        ("The River berth has no entry fee.", "unsupported"),
        ("The River berth has a notice period of six weeks.", "unsupported"),
        ("The Pontoon berth has an entry fee of 15 euros.", "unsupported"),
        ("The surplus in 2021 was 8,150 euros.", "supported"),
        ("The surplus in 2022 was 8,150 euros.", "unsupported"),
        # What is joined by an "and" is denied with what stands before it.
        ("The guarantee covers damage by ice.", "unsupported"),
        ("The guarantee does not cover damage by ice.", "supported"),
    ],
)
def test_cells_that_say_none_and_headings_are_read_with_what_they_stand_by(said: str, expected: str) -> None:
    assert judged(said).verdict == expected


LIMITS = """# Trips

| City | Limit in euros | During fairs |
|---|---|---|
| Oslo | 150 | 210 |
| Riga | 90 | 120 |
"""


def test_a_cells_unit_stands_above_it_whatever_its_figure_is_of_elsewhere() -> None:
    files = {"trips.md": LIMITS, "pay.md": "# Pay\n\nWork at night is paid at 120 %, on Sundays at 150 %.\n"}
    said = said_in_documents([load_bytes(text.encode(), name) for name, text in files.items()])
    (sentence,), _ = verify("Riga's limit during fairs is 120 euros.", "What is Riga's limit?", [], said, judge=JUDGE)
    assert sentence.verdict == "supported"


def test_lines_of_labels_are_each_held_against_the_row_of_their_article() -> None:
    ropes = "| Article | Name | Length |\n|---|---|---|\n| R-1 | Rope blue | 20 m |\n| R-2 | Rope deep red | 35 m |\n"
    said = said_in_documents([load_bytes(text.encode(), name) for name, text in (("r.md", ropes), ("t.md", TARIFFS))])
    sentences, _ = verify("Rope blue: 20 m\nRope deep red: 20 m", "Compare the ropes.", [], said, judge=JUDGE)
    assert [sentence.verdict for sentence in sentences] == ["supported", "unsupported"]


def test_the_heads_of_a_table_alone_speak_against_nothing() -> None:
    sentence = judged("The River berth has no entry fee.")
    said = [reason.fields["document"] for reason in sentence.reasons if reason.fields.get("document")]
    # What a reason quotes stands in the document.
    assert said == ["River | 40 euros | 15 euros | 2 weeks | 1"]


def test_what_supports_a_claim_together_stands_in_one_document() -> None:
    files = {"tariffs.md": TARIFFS, "cranes.md": "# Cranes\n\nThe crane of 2021 was sold.\n"}
    said = said_in_documents([load_bytes(text.encode(), name) for name, text in files.items()])
    (sentence,), cited = verify("The surplus in 2021 was 8,150 euros.", "What is said?", [], said, judge=JUDGE)
    assert sentence.verdict == "supported"
    assert {cited[place].name for place in sentence.quotes} == {"tariffs.md"}


def test_a_supported_claim_is_footnoted_with_the_row_that_says_it_alone() -> None:
    said = judged("A River berth costs 40 euros a week.")
    assert said.verdict == "supported"
    assert len(said.quotes) == 1


@pytest.mark.parametrize(
    ("said", "supported"), [("half a tablet (10 mg)", True), ("1 tablet (20 mg)", False), ("2 tablets (40 mg)", False)]
)
def test_the_cell_of_another_age_is_no_answer_though_it_stands_there(said: str, supported: bool) -> None:
    doses = (
        "| Age | Dose |\n|---|---|\n| Adults and from 12 years | 1 tablet (20 mg) |\n"
        "| 6 to 11 years | half a tablet (10 mg) |\n"
    )
    evidence = said_in_documents([load_bytes(doses.encode(), "doses.md")])
    (sentence,), _ = verify(said, "What dose does a 7-year-old get?", [], evidence, judge=JUDGE)
    assert (sentence.verdict == "supported") == supported
