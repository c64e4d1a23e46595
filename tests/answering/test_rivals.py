"""Who does a thing, what is put aside or excepted, and how much a figure bounds: said otherwise than the document."""

from __future__ import annotations

import pytest

from tests.answering.test_oppositions import said_in, verdict

DEPOT = (
    "The storekeeper hands out the safety shoes. The shift leader signs the delivery notes. Nadia Brok manages the "
    "depot; Tomas Grau is her deputy. The deputy fire warden, Lena Fisk, tests the alarm. At the last drill Omar Said "
    "and Pia Lund were present; Rolf Hahn was excused. Gloves are free unless they are lost. Badges are shown to all "
    "guards. Ladders are lent out, except for roof ladders. Lorries are unloaded in hall 4 instead of the yard since "
    "2021. The lamps are checked weekly instead of daily. Loads of more than 25 kg are lifted by two people. The gate "
    "is locked three hours later than the office. Dogs may only enter with a muzzle. Photographs are allowed only if "
    "the press office agrees. The canteen opens on Mondays. Parcels are weighed on Fridays."
)
GERMAN = "Der Aufzug wird täglich statt wöchentlich geprüft. Besucher zahlen nichts, ausgenommen Gruppen."


@pytest.mark.parametrize(
    "said",
    [
        "The depot is managed by Tomas Grau.",
        "The fire warden tests the alarm.",
        "Omar Said, Pia Lund and Rolf Hahn were present at the last drill.",
        "All gloves are free.",
        "Roof ladders are lent out.",
        "Lorries are unloaded in the yard.",
        "The lamps are checked daily.",
        "Loads of less than 25 kg are lifted by two people.",
        "The gate is locked three hours before the office.",
        "Photographs are always allowed.",
    ],
)
def test_what_the_document_says_of_another_or_excepts_is_unsupported(said: str) -> None:
    assert verdict(said, said_in(DEPOT)) == "unsupported"


@pytest.mark.parametrize(
    "said",
    [
        "The shift leader hands out the safety shoes.",
        "The delivery notes are signed by the storekeeper.",
        "Parcels are weighed on Mondays.",
    ],
)
def test_a_subject_or_a_day_that_stands_elsewhere_is_a_doubt(said: str) -> None:
    assert verdict(said, said_in(DEPOT)) in ("partly", "unsupported")


@pytest.mark.parametrize(
    "said",
    [
        "The storekeeper hands out the safety shoes.",
        "The deputy fire warden tests the alarm.",
        "Tomas Grau is the deputy of Nadia Brok.",
        "Rolf Hahn was excused at the last drill.",
        "Ladders are lent out.",
        "Lorries are unloaded in hall 4.",
        "Loads of more than 25 kg are lifted by two people.",
        "Dogs must enter with a muzzle.",
        "Parcels are weighed on Fridays.",
    ],
)
def test_what_it_says_of_the_same_is_not_accused(said: str) -> None:
    assert verdict(said, said_in(DEPOT)) == "supported"


def test_what_is_put_aside_or_excepted_in_german() -> None:
    assert verdict("Der Aufzug wird wöchentlich geprüft.", said_in(GERMAN)) == "unsupported"
    assert verdict("Besucher in Gruppen zahlen nichts.", said_in(GERMAN)) == "unsupported"
    assert verdict("Der Aufzug wird täglich geprüft.", said_in(GERMAN)) == "supported"


@pytest.mark.parametrize("said", ["A switch takes the value 'on' or 'no'.", "The fees of 2018–19 are 40 euros."])
def test_a_quoted_no_denies_nothing_and_a_year_of_two_digits_is_one(said: str) -> None:
    evidence = said_in("A switch takes the value on or no. Fees of the year 2018–2019 are 40 euros.")
    assert verdict(said, evidence) != "unsupported"


def test_words_out_of_a_sentence_answer_only_what_it_is_about() -> None:
    evidence = said_in("The mill was bought by the Harrow family. Its flour was sold to bakers in the old port town.")
    assert verdict("bakers in the old port", evidence, "Why was the mill bought by the family?") != "supported"
    assert verdict("the Harrow family", evidence, "Who bought the mill?") == "supported"


BATHS = (
    "Adults pay £6 for a swim. If a towel is lost, we charge £9. Swimming lessons are free for pupils. The sauna opens "
    "at 10 am on weekdays and at noon at weekends. On Fridays the sauna closes at 8 pm. The kiosk closes at 6 pm. "
    "Lockers are cleaned daily. Water samples are taken hourly. Ines Kohl teaches the beginners. The café was opened "
    "by Marta Lind. The limit is 40 visitors an hour for the pool and 15 for the sauna."
)


@pytest.mark.parametrize(
    "said",
    [
        "A lost towel costs £6.",
        "A swim is free for adults.",
        "On Fridays the sauna closes at 6 pm.",
        "The sauna opens at noon on weekdays.",
        "Lockers are cleaned hourly.",
        "Marta Lind teaches the beginners.",
        "The pool takes 15 visitors an hour.",
    ],
)
def test_a_value_that_is_said_of_something_else_is_never_supported(said: str) -> None:
    assert verdict(said, said_in(BATHS)) in ("partly", "unsupported")


@pytest.mark.parametrize(
    "said",
    [
        "Adults pay £6 for a swim.",
        "Swimming lessons are free for pupils.",
        "The sauna opens at noon at weekends.",
        "On Fridays the sauna closes at 8 pm.",
        "Lockers are cleaned daily.",
        "Ines Kohl teaches the beginners.",
        "The limit is 40 visitors an hour for the pool.",
    ],
)
def test_a_value_of_what_it_is_said_of_is_supported(said: str) -> None:
    assert verdict(said, said_in(BATHS)) == "supported"


NOTICE = (
    "# Probation\n\nThe probation period is six months.\n\n# Notice periods\n\nDuring probation either side may end "
    "the employment with two weeks' notice. After probation the notice period is the same for both sides.\n"
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The notice period in probation is six months.", "partly"),
        ("The notice period in probation is six months, and it is the same for both sides.", "partly"),
        ("The notice period in probation is two weeks.", "supported"),
        ("The probation period is six months.", "supported"),
    ],
)
def test_a_length_of_time_is_not_that_of_what_is_measured_beside_it(said: str, expected: str) -> None:
    """What the sentence with the figure says less than the claim, another one says of weeks in place of months."""
    assert verdict(said, said_in(NOTICE)) == expected
