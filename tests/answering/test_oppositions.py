"""What a sentence says of the same thing and a claim cannot be true beside; and what is true beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering.evidence import CutPage, sentences_of
from rag.answering.verification import verify
from rag.core.types import Passage, Quote
from rag.models.judges import open_judge

JUDGE = open_judge()
POOL = (
    "Children under 8 may swim only with a parent. The slide is closed on Thursdays. The entrance fee is 7 euros for "
    "adults and 4 euros for pupils. Only the lifeguard may open the deep basin. A season ticket costs 90 euros a year. "
    "Glass bottles are prohibited on the lawn. The plan for a second slide was rejected in 2021. Chair: Nora Blum. "
    "Deputy chair: Emil Sand. The water is tested every night. The cleaner does not empty the lockers. "
    "Towels are lent in the morning and not lent in the evening. Runners must not enter the lawn. Swimmers come in "
    "through door B at the weekend. The pumps are checked each quarter."
)
GERMAN = (
    "Das Angeln ist im Hafen verboten. Der Steg darf nur mit Schuhen betreten werden. Die Liegegebühr beträgt 12 Euro "
    "pro Tag."
)
LEASES = {
    "Barn Oak": "Contract for barn Oak. The rent is 300 euros. The tenant may keep horses.",
    "Barn Elm": "Contract for barn Elm. The rent is 450 euros. The tenant may not keep horses.",
}


def said_in(text: str, document: str = "d") -> list[Quote]:
    passage = Passage(1, document, f"{document}.md", document, "text", None, 1, "1", "", text, 0, len(text))
    return sentences_of([passage], {(document, 1): CutPage.of(text)})


def verdict(said: str, evidence: list[Quote], question: str = "") -> str:
    (sentence,), _ = verify(said, question, [], evidence, judge=JUDGE)
    return sentence.verdict


@pytest.mark.parametrize(
    "said",
    [
        "Children under 8 may swim alone.",
        "The slide is open on Thursdays.",
        "The entrance fee is 7 euros for pupils.",
        "Anyone may open the deep basin.",
        "A season ticket costs 90 euros a month.",
        "Glass bottles are allowed on the lawn.",
        "The plan for a second slide was approved.",
        "The chair is Emil Sand.",
        "The water is tested every week.",
        "The lockers are emptied by the cleaner.",
        "Towels are lent in the evening.",
        "Swimmers come in through door A at the weekend.",
        "The pumps are checked each month.",
    ],
)
def test_what_another_sentence_shuts_out_is_unsupported(said: str) -> None:
    assert verdict(said, said_in(POOL)) == "unsupported"


@pytest.mark.parametrize(
    "said",
    [
        "Children under 8 may swim with a parent.",
        "The slide is not open on Thursdays.",
        "The entrance fee is 4 euros for pupils.",
        "The lifeguard may open the deep basin.",
        "A season ticket costs 90 euros a year.",
        "Glass bottles are not allowed on the lawn.",
        "The plan for a second slide was not approved.",
        "The deputy chair is Emil Sand.",
        "The chair is Nora Blum.",
        "The water is tested nightly.",
        "The cleaner does not empty lockers.",
        "Towels are lent in the morning.",
        "Runners may not enter the lawn.",
        "Swimmers come in through door B at the weekend.",
    ],
)
def test_what_is_true_beside_it_is_not_accused(said: str) -> None:
    assert verdict(said, said_in(POOL)) in ("supported", "partly")


KEPT = (
    "Swimming lessons are offered by our own teachers only. The first lesson is free; ten lessons cost 170 euros. "
    "The pool is open from 8 am to 8 pm at weekends. The fund held 4,318 euros in April, 402 less than in March. One "
    "guest in 10 people came twice."
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # An "only" says nothing against a price of the same thing.
        ("Ten swimming lessons cost 170 euros.", {"supported", "partly"}),
        ("Swimming lessons are offered by guests.", {"unsupported"}),
        # What is open until eight closes at eight.
        ("At weekends the pool closes at 8 pm.", {"supported", "partly"}),
        # A sentence that tells a difference tells what it is from.
        ("The fund held 4,720 euros in March.", {"supported"}),
        ("The fund held 4,700 euros in March.", {"unsupported"}),
        # Other people are counted there.
        ("The excursion was joined by 65 people.", {"partly", "unsupported"}),
    ],
)
def test_what_follows_from_a_sentence_is_not_accused(said: str, expected: set[str]) -> None:
    (sentence,), _ = verify(said, "", [], said_in(KEPT), judge=JUDGE)
    assert sentence.verdict in expected
    assert not (sentence.contradicted and "65" in said)


@pytest.mark.parametrize(
    ("said", "question", "expected"),
    [
        ("Ja, das Angeln ist im Hafen erlaubt.", "Ist das Angeln im Hafen erlaubt?", "unsupported"),
        ("Nein, das Angeln ist im Hafen verboten.", "Ist das Angeln im Hafen erlaubt?", "supported"),
        ("Der Steg darf barfuß betreten werden.", "", "unsupported"),
        ("Die Liegegebühr beträgt 12 Euro pro Monat.", "", "unsupported"),
        ("Ich helfe gerne weiter.", "", "no_claim"),
    ],
)
def test_the_same_in_german(said: str, question: str, expected: str) -> None:
    assert verdict(said, said_in(GERMAN), question) == expected


@pytest.mark.parametrize(
    ("said", "question", "expected"),
    [
        ("The rent of barn Oak is 450 euros.", "", "unsupported"),
        ("The rent of barn Oak is 300 euros.", "", "supported"),
        ("The rent is 450 euros.", "What is the rent of barn Oak?", "unsupported"),
        ("The rent is 450 euros.", "What is the rent of barn Elm?", "supported"),
        ("The tenant of barn Elm may keep horses.", "", "unsupported"),
        ("Together the rents of Oak and Elm are 750 euros.", "", "supported"),
    ],
)
def test_of_two_documents_of_a_kind_the_named_one_is_meant(said: str, question: str, expected: str) -> None:
    both = [quote for name, text in LEASES.items() for quote in said_in(text, name)]
    assert verdict(said, both, question) == expected
    assert verdict(said, [replace(quote, before="") for quote in reversed(both)], question) == expected


def test_they_are_none_of_what_stands_in_the_singular() -> None:
    evidence = said_in("The barge carries three rafts. The rafts are checked each spring.")
    sentences, _ = verify("The barge carries three rafts. They are checked each spring.", "", [], evidence, judge=JUDGE)
    assert [sentence.verdict for sentence in sentences] == ["supported", "supported"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Yes, the workshop may be sublet.", "partly"),
        ("The workshop may be sublet.", "partly"),
        ("The workshop may be sublet with the consent of the lessor.", "supported"),
        ("The yard may be used at night.", "supported"),
    ],
)
def test_what_is_permitted_under_a_condition_alone_is_not_permitted_outright(said: str, expected: str) -> None:
    lease = "The workshop may be sublet only with the consent of the lessor. The yard may be used at night."
    assert verdict(said, said_in(lease)) == expected
