"""The bundled judge, by its door: probabilities in order, words marked, evidence chosen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.core.errors import ModelUnknown
from rag.models.judges import open_judge, select_evidence

HANDBOOK = (
    "Annual leave is 25 days for employees with five to nine years of service.",
    "Leave that is not taken by 31 March lapses.",
    "Expense claims are sent to the finance team within 30 days.",
    "Laptops that are stolen must be reported to the security desk within 24 hours.",
)


def test_a_copy_is_supported_an_addition_and_another_subject_are_not() -> None:
    judge = open_judge()
    copy, addition, other = judge.judge(
        [
            ("Expense claims are sent to the finance team within 30 days.", HANDBOOK),
            ("Expense claims are sent to the finance team and approved by the regional director in Hamburg.", HANDBOOK),
            ("The canteen in Hamburg serves vegetarian dishes on Fridays.", HANDBOOK),
        ]
    )
    assert 1 >= copy.probability >= judge.supported > 0.5
    assert 0 <= addition.probability < 0.5
    assert 0 <= other.probability < 0.5
    assert copy.unsupported == ()


def test_marks_the_words_that_nothing_carries() -> None:
    claim = "Stolen laptops must be reported to the police in Hamburg within 24 hours."
    (judged,) = open_judge().judge([(claim, HANDBOOK)])
    assert [claim[start:end] for start, end in judged.unsupported] == ["police", "Hamburg"]


def test_without_evidence_nothing_is_supported() -> None:
    claim = "Leave lapses."
    (judged,) = open_judge().judge([(claim, ())])
    assert judged.probability == 0
    assert judged.unsupported == ((0, 12),)


def test_reads_the_language_it_was_calibrated_on() -> None:
    judge = open_judge()
    assert judge.reads("Annual leave is 25 days.")
    assert not judge.reads("年假为25天。")
    assert not judge.reads("Der Urlaub beträgt 25 Tage.")


def test_an_unknown_judge_is_refused() -> None:
    with pytest.raises(ModelUnknown):
        open_judge("no-such-judge")


def test_selects_what_together_holds_most_of_the_claim() -> None:
    claim = "Stolen laptops are reported within 24 hours and leave lapses on 31 March."
    assert select_evidence(claim, HANDBOOK, 2) == [1, 3]
    assert select_evidence(claim, HANDBOOK, 9) == [0, 1, 2, 3]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80), st.lists(st.text(max_size=60), max_size=5))
def test_any_text_has_a_probability_and_spans_in_it(claim: str, evidence: list[str]) -> None:
    (judged,) = open_judge().judge([(claim, evidence)])
    assert 0 <= judged.probability <= 1
    ends = [place for span in judged.unsupported for place in span]
    assert ends == sorted(ends)
    assert all(0 <= start < end <= len(claim) for start, end in judged.unsupported)
