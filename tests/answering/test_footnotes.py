"""Which sentences a verdict gets as its footnotes."""

from __future__ import annotations

from rag.answering.verification import verify
from rag.models.judges import open_judge
from tests.answering.test_oppositions import said_in

JUDGE = open_judge()


def test_a_sentence_that_only_shares_a_word_is_no_footnote() -> None:
    hotels = said_in("London hotels may cost 190 euros a night. Breakfast is included.", "travel")
    lease = said_in("The tenants bear the cost of small repairs. The rent is 900 euros.", "lease")
    for said in ("Hotels in London cost at most 190 euros.", "No, hotels in London cannot cost 250 euros."):
        (sentence,), quotes = verify(said, "", [], [*hotels, *lease], judge=JUDGE)
        assert {quotes[place].document for place in sentence.quotes} <= {"travel"}


def test_a_claim_that_two_documents_bear_out_has_a_footnote_in_each() -> None:
    evidence = [
        *said_in("The north office opens at 8 am and has parking.", "north"),
        *said_in("The south office opens at 9 am and has a canteen.", "south"),
    ]
    said = "The north office opens at 8 am and the south office opens at 9 am."
    (sentence,), quotes = verify(said, "", [], evidence, judge=JUDGE)
    assert sentence.verdict == "supported"
    assert {quotes[place].document for place in sentence.quotes} == {"north", "south"}
