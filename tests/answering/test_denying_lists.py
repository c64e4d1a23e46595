"""Lists whose first line denies what stands in them: what an item says is what it says behind that line."""

from __future__ import annotations

import pytest

from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.core.types import Sentence
from rag.ingestion.loading import load_bytes
from rag.models.judges import open_judge

LEAFLET = """# Boat heater

## Do not start the heater

- while the boat is being refuelled,
- if the exhaust hose is cracked.

## Do not open the fuel tank

ii) near an open fire

## Guarantee

We repair free of charge:

- a motor that fails in the first two years,
- a display without light.

We do not repair:

- scratches on the housing,
- damage by salt water.

## Exclusions

- Batteries of other makers
"""
JUDGE = open_judge()


def judged(text: str, name: str = "heater.md", document: str = LEAFLET) -> Sentence:
    said = said_in_documents([load_bytes(document.encode(), name)])
    (sentence,), _ = verify(text, "What is said?", [], said, judge=JUDGE)
    return sentence


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Start the heater if the exhaust hose is cracked.", "unsupported"),
        ("Do not start the heater if the exhaust hose is cracked.", "supported"),
        ("Open the fuel tank near an open fire.", "unsupported"),
        ("The heater may be started while the boat is being refuelled.", "unsupported"),
        ("Damage by salt water is repaired free of charge.", "unsupported"),
        ("Damage by salt water is not repaired.", "supported"),
        # The list before is not denied.
        ("A display without light is repaired free of charge.", "supported"),
    ],
)
def test_items_are_read_behind_the_line_that_denies_them(said: str, expected: str) -> None:
    assert judged(said).verdict == expected


def test_the_reason_quotes_the_line_with_its_item() -> None:
    (reason,) = judged("Start the heater if the exhaust hose is cracked.").reasons
    assert reason.fields["document"] == "Do not start the heater … - if the exhaust hose is cracked."


def test_a_heading_is_a_source_only_above_what_stands_under_it() -> None:
    sentence = judged("The heater may be started when the boat lies in the harbour.")
    assert sentence.verdict != "supported"


def test_what_one_sentence_denies_and_another_says_under_a_condition_is_not_supported_outright() -> None:
    document = """# Boat stove

## Do not light the stove

- under sail in the first year.

## Under sail

In later years light it under sail only if the mast has a stay.
"""
    assert judged("You may light the stove under sail.", document=document).verdict == "partly"
