"""A "yes" or "no" that the words behind it speak against."""

from __future__ import annotations

import pytest

from rag.answering.verification import verify
from rag.models.judges import open_judge
from rag.ui.texts import Texts
from rag.viewing.verdict_texts import why
from tests.answering.test_oppositions import said_in

JUDGE = open_judge()
RULES = (
    "The pool is closed on 25 December. Smoking is not allowed in the hall. Children may swim in the lake with a "
    "parent. Guests may park in the yard."
)


@pytest.mark.parametrize(
    ("question", "said", "marked"),
    [
        ("Is the pool open on 25 December?", "Yes, the pool is closed on 25 December.", "Yes"),
        ("Is the pool open on 25 December?", "No, the pool is closed on 25 December.", ""),
        ("Is the pool closed on 25 December?", "Yes, the pool is closed on 25 December.", ""),
        ("May guests park in the yard?", "No, guests may park in the yard.", "No"),
        ("May guests park in the yard?", "Yes, guests may park in the yard.", ""),
        # What follows the clause is an exception, no contradiction.
        ("May children swim in the lake?", "Yes, children may swim in the lake, but not without a parent.", ""),
        ("Is smoking prohibited in the hall?", "Yes, smoking is not allowed in the hall.", ""),
    ],
)
def test_a_reply_is_held_to_its_own_words(question: str, said: str, marked: str) -> None:
    (sentence,), _ = verify(said, question, [], said_in(RULES), judge=JUDGE)
    told = [reason.key for claim in sentence.claims for reason in claim.reasons]
    assert ("own_words" in told) == bool(marked)
    if marked:
        assert (sentence.verdict, sentence.answers) == ("partly", False)
        assert [said[slice(*span)] for span in sentence.words] == [marked]


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "The answer begins with “Yes”, but what follows says the opposite."),
        ("de", "Die Antwort beginnt mit „Yes“, sagt dann aber das Gegenteil."),
        ("zh", "回答以“Yes”开头，后面说的却相反。"),
    ],
)
def test_the_page_says_that_a_reply_is_at_odds_with_its_words(language: str, shown: str) -> None:
    (sentence,), _ = verify(
        "Yes, the pool is closed on 25 December.",
        "Is the pool open on 25 December?",
        [],
        said_in(RULES),
        judge=JUDGE,
    )
    assert why(sentence, Texts(language)).startswith(shown)
