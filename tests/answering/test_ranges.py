"""A row for "5 to 9 years" is found by somebody who asks after six."""

from __future__ import annotations

import pytest

from rag.answering.evidence.ranges import in_range


@pytest.mark.parametrize(
    ("question", "text", "held"),
    [
        ("How much leave after six years of service?", "5 to 9 years 28 days", True),
        ("How much leave after 6 years of service?", "5–9 years: 28 days", True),
        ("How much leave after six years of service?", "10 to 14 years 30 days", False),
        ("How much leave after one year?", "Less than 2 years 25 days", True),
        ("How much leave after two years?", "Less than 2 years 25 days", False),
        ("What do I get after 20 years?", "15 years or more: 32 days", True),
        ("What do I get after 6 years?", "more than 20 working days", False),
        ("What do I get after 6 years?", "5 to 9 kilometres", False),
        ("工作6年有几天年假？", "5至9年 28天", True),
        ("工作六年有几天年假？", "满5年以上：28天", True),
        ("工作6年有几天年假？", "不满2年 25天", False),
        ("Wie viel Urlaub nach sechs Jahren?", "5 bis 9 Jahre 28 Tage", True),
        ("Wie viel Urlaub nach sechs Jahren?", "weniger als 2 Jahre 25 Tage", False),
        ("Wie viel Urlaub nach 20 Jahren?", "ab 15 Jahren 32 Tage", True),
        ("How long is the probation period?", "5 to 9 years 28 days", False),
    ],
)
def test_a_number_lies_in_a_range_of_the_same_thing(question: str, text: str, held: bool) -> None:
    assert in_range(question, text) is held
