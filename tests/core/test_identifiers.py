"""Codes, part numbers, addresses and years in a text."""

from __future__ import annotations

import pytest

from rag.core.text import bare_numbers, holds_identifier, identifiers, years


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What does E-4512 mean?", ["E-4512"]),
        ("Alarm e4512", ["e4512"]),
        ("Is ISO 9001 asked for, or RFC 2616?", ["ISO 9001", "RFC 2616"]),
        ("Who is jo.ann+x@mail.example.org?", ["jo.ann+x@mail.example.org"]),
        ("Revenue of FY2023, Q3 2022, 2023Q1, the 1990s, in Jun-2018", []),
        ("250mg twice, the 21st time, 16GB, IN 2023", []),
    ],
)
def test_what_is_a_code_and_what_is_a_period_or_a_measure(text: str, found: list[str]) -> None:
    assert identifiers(text) == found


@pytest.mark.parametrize(
    ("text", "code", "held"),
    [
        ("E-4512 The conveyor is blocked.", "e4512", True),
        ("Alarm E4512", "E-4512", True),
        ("Alarm E 4512.", "E-4512", True),
        ("PE-4512", "E-4512", False),
        ("E-45123", "E-4512", False),
        ("E-4513", "E-4512", False),
    ],
)
def test_a_code_is_found_in_each_spelling_and_never_as_a_part(text: str, code: str, held: bool) -> None:
    assert holds_identifier(text, code) is held


def test_bare_numbers_are_no_years_and_no_amounts() -> None:
    assert bare_numbers("error 4512 of 2019 costs 1,200.50 or 4500.25") == ["4512"]
    assert years("from 1,950 in 2022 to FY2023, model 2024-X") == ["2022", "2023"]
