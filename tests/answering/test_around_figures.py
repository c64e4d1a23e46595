"""Verdicts on what stands around a figure: the most, the ends of a span, what was before, and what is excepted."""

from __future__ import annotations

import pytest

from tests.answering.test_oppositions import said_in, verdict

RULES = (
    "A bonus of up to 6 per cent of the salary may be paid by the board. The winter break is from 20 December to 7 "
    "January. The workshop is open from 7 am to 4 pm. Uploads are limited to 300 MB (before: 80 MB). Guests must not "
    "use the crane, except trained drivers. Unworn shoes are not taken back, unless they are faulty."
)
GERMAN = "Die Werkstatt ist von 7 bis 16 Uhr geöffnet. Das Übernachten in der Halle ist nicht gestattet."


@pytest.mark.parametrize(
    "said",
    [
        "A bonus of 6 per cent is paid.",
        "The winter break begins on 7 January.",
        "The winter break ends on 20 December.",
        "The workshop opens at 4 pm.",
        "The winter break is from 7 January.",
        "Uploads are limited to 80 MB.",
        "Guests may use the crane.",
        "Unworn shoes are taken back.",
    ],
)
def test_the_most_the_other_end_and_what_was_before_are_not_what_is(said: str) -> None:
    assert verdict(said, said_in(RULES)) in ("partly", "unsupported")


@pytest.mark.parametrize(
    "said",
    [
        "A bonus of up to 6 per cent may be paid.",
        "The winter break begins on 20 December.",
        "The workshop opens at 7 am.",
        "Uploads are limited to 300 MB.",
        "Guests must not use the crane.",
        "Unworn shoes are not taken back.",
    ],
)
def test_what_is_said_so_is_supported(said: str) -> None:
    assert verdict(said, said_in(RULES)) == "supported"


def test_a_change_is_no_span_and_weekends_are_no_weekdays() -> None:
    evidence = said_in(
        "The fee rises from 150 to 165 euros on 1 May. Guides get a discount of 10 per cent on weekdays."
    )
    assert verdict("The fee is 165 euros from 1 May.", evidence) != "unsupported"
    assert verdict("Guides get a discount of 10 per cent at weekends.", evidence) == "unsupported"


def test_german_spans_and_what_is_not_allowed() -> None:
    assert verdict("Die Werkstatt öffnet um 16 Uhr.", said_in(GERMAN)) == "unsupported"
    assert verdict("In der Halle darf man übernachten.", said_in(GERMAN)) != "supported"
    assert verdict("Die Werkstatt öffnet um 7 Uhr.", said_in(GERMAN)) != "unsupported"


def test_what_is_true_of_an_exception_is_not_accused() -> None:
    evidence = said_in("The boathouse stays open in spring, except on 3 May.")
    assert verdict("The boathouse is closed on 3 May.", evidence) != "unsupported"
    assert verdict("The boathouse is closed in spring.", evidence) == "unsupported"


def test_a_chinese_clause_that_leaves_out_what_was_said_is_not_accused() -> None:
    evidence = said_in("住宅停车费为每月300元，商铺为每月450元。电梯保修期为二十四个月。")
    assert verdict("商铺停车费每月450元。", evidence) != "unsupported"
    assert verdict("住宅停车费每月450元。", evidence) == "unsupported"
    assert verdict("电梯保修期为两年。", evidence) == "supported"
    assert verdict("电梯保修期为三年。", evidence) == "unsupported"


def test_what_is_said_of_all_or_denied_in_another_clause_is_not_doubted() -> None:
    evidence = said_in(
        "Report a leak within 14 days after you noticed it, by letter; leaks cannot be reported by phone. Every member "
        "works eight hours a year. Members are adults."
    )
    assert verdict("A leak has to be reported within 14 days.", evidence) == "supported"
    assert verdict("Every member works eight hours a year.", evidence) == "supported"
    assert verdict("Leaks can be reported by phone.", evidence) == "unsupported"


def test_an_opposite_may_be_a_part_of_a_word() -> None:
    evidence = said_in("The mill had a deficit-ridden year in 2020.")
    assert verdict("The mill had a surplus year in 2020.", evidence) == "unsupported"
