"""What the documents do not say is refused; what one sentence or row of them says is not, whatever stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from rag.answering.retrieval import with_quote
from rag.models.catalogue import BUNDLED, embedder_facts
from rag.services import Services
from tests.support.asking import ask, library_of

RULES: Final = """# Rules of the town library

## Loans

| Item | Loan period | Renewals | Fee when late |
|---|---|---|---|
| Books | 4 weeks | 2 | 0.20 euros a day |
| Films | 1 week | none | 1.00 euro a day |
| Drills | 3 days | none | 2.00 euros a day |

A member may have fifteen items at a time. Reference works stay in the house.

## Membership

It costs 24 euros a year. A lost card is replaced for 3 euros.
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with library_of(tmp_path_factory.mktemp("rules"), {"rules": {"rules.md": RULES}}) as services:
        yield services


@pytest.mark.parametrize(
    ("question", "outcome"),
    [
        # "Keep" stands nowhere; the row says it.
        ("How long can I keep a film?", "answered"),
        ("I lost my card, what now?", "answered"),
        ("What is the wifi password?", "refused"),
        ("How do I reset the printer?", "refused"),
        ("What is the capital of France?", "refused"),
    ],
)
def test_a_row_or_sentence_that_answers_is_enough(library: Services, question: str, outcome: str) -> None:
    assert ask(library, "rules", question).outcome == outcome


def test_the_best_quote_speaks_for_an_answer_or_against_it() -> None:
    weights = embedder_facts(BUNDLED).gate
    chances = [with_quote(0.4, quote, weights) for quote in (0.1, weights.quote_even, 0.6)]
    assert chances[1] == pytest.approx(0.4)
    assert chances[0] < 0.4 < 0.5 < chances[2]
    # A question without words of the documents stays refused.
    assert with_quote(0.0, 1.0, weights) < 0.001
