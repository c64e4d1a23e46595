"""What holds under a condition, of some alone, in another number or nowhere: claims that say it outright."""

from __future__ import annotations

import pytest

from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.ingestion.loading import load_bytes
from rag.models.judges import open_judge

RULES = """# Harbour rules

Rowing is allowed in the outer basin but not in the lock or the
channel. Guests may moor only with a day ticket. Barbecues need the written consent of the harbour master.
Night entry is allowed for boats longer than ten metres. The deposit is four weekly rents.
The crane stopped because a cable had worn through. It was not sabotage, and the crew was not at fault.
Mooring costs 9 euros in summer, all other months 5 euros. The repair lasted from 08:10 to 09:20.

Norton Boats can begin in May and gives a guarantee of six years; Hill Yards gives two. Berths are booked by telephone
or at the gate. Late returns are charged in full, unless the sea was too rough.

In attendance: Cy Rand (diver)

Members of the board: Ada Berg (chair), Bo Lind (clerk)
"""
JUDGE = open_judge()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Rowing is allowed in the outer basin.", "supported"),
        ("Rowing is allowed in the channel.", "unsupported"),
        ("Guests may moor with a day ticket.", "supported"),
        ("Guests may moor.", "partly"),
        ("Barbecues are allowed.", "partly"),
        ("Barbecues need the consent of the harbour master.", "supported"),
        ("Night entry is allowed for all boats.", "partly"),
        ("The deposit is two weekly rents.", "unsupported"),
        ("The deposit is four weekly rents.", "supported"),
        ("The crane stopped because of sabotage.", "partly"),
        ("The crew was not at fault.", "supported"),
        ("In all other months mooring costs 9 euros.", "unsupported"),
        ("In all other months mooring costs 5 euros.", "supported"),
        ("Hill Yards gives a guarantee of six years.", "unsupported"),
        ("Norton Boats gives a guarantee of six years.", "supported"),
        ("Berths are booked only at the gate.", "unsupported"),
        ("Late returns are always charged in full.", "unsupported"),
        ("Cy Rand is the clerk.", "partly"),
        ("The repair lasted from 08:10 to 09:20.", "supported"),
    ],
)
def test_a_claim_is_held_to_the_condition_the_number_and_the_others(said: str, expected: str) -> None:
    evidence = said_in_documents([load_bytes(RULES.encode(), "harbour.md")])
    (sentence,), _ = verify(said, "What is said?", [], evidence, judge=JUDGE)
    assert sentence.verdict == expected
