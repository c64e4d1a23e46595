"""Figures, times and negations written in another way are the same; bounds turned round and former values are not."""

from __future__ import annotations

import pytest

from tests.answering.test_oppositions import said_in, verdict

OFFICE = said_in(
    "The office opens at 08:30. Parcels are handed out until 18:00. A form needs at least twelve lines. The port "
    "has changed from 8080 to 9090. The grant was raised from 310,000 to 345,000 euros. Up to 20 people may use the "
    "hall. The old printer will be removed in May. The hall opens from 8 to 17."
)
HANDBOOK = said_in("正式员工每年享有十五天带薪年假。报销须在返回后十个工作日内提交。试用期内员工不享有年假。")
RULES = said_in(
    "Die Kaution beträgt drei Monatsmieten. Die Ruhezeiten gelten von 22 bis 6 Uhr. Der Vorstand besteht aus Frau "
    "Petersen und Herrn Yilmaz. Die Versammlung der Mitglieder findet im April statt."
)


@pytest.mark.parametrize("said", ["The office opens at 8:30 am.", "Parcels are handed out until 6 p.m."])
def test_a_time_of_day_is_the_same_in_halves_of_twelve_hours(said: str) -> None:
    assert verdict(said, OFFICE) != "unsupported"
    assert verdict(said.replace("8:30 am", "8:30 pm").replace("6 p.m.", "6 a.m."), OFFICE) == "unsupported"


@pytest.mark.parametrize(
    "said",
    [
        "A form may have at most twelve lines.",
        "The hall is for at least 20 people.",
        "The port is 8080.",
        "The grant is 310,000 euros.",
    ],
)
def test_a_bound_turned_round_and_a_former_value_are_unsupported(said: str) -> None:
    assert verdict(said, OFFICE) == "unsupported"


@pytest.mark.parametrize(
    "said",
    [
        "A form needs at least 12 lines.",
        "At most 20 people may use the hall.",
        "The port is 9090.",
        "The port was 8080 before.",
        "The grant rose by 35,000 euros to 345,000 euros.",
        "The hall opens at 8.",
        "After May there is no old printer any more.",
    ],
)
def test_what_says_the_same_is_not_accused(said: str) -> None:
    assert verdict(said, OFFICE) != "unsupported"


def test_at_once_is_no_figure() -> None:
    assert verdict("Up to 20 people may use the hall at once.", OFFICE, "How many may use the hall?") == "supported"


@pytest.mark.parametrize(
    "said", ["正式员工每年享有15天带薪年假。", "报销须在返回后10个工作日内提交。", "没有，试用期内员工没有年假。"]
)
def test_chinese_numerals_and_other_negations_say_the_same(said: str) -> None:
    assert verdict(said, HANDBOOK, "试用期员工有年假吗？") == "supported"


@pytest.mark.parametrize(
    "said", ["正式员工每年享有16天带薪年假。", "报销须在返回后12个工作日内提交。", "试用期内员工享有年假。"]
)
def test_other_chinese_figures_and_denials_left_away_are_unsupported(said: str) -> None:
    assert verdict(said, HANDBOOK) == "unsupported"


@pytest.mark.parametrize(
    "said",
    [
        "Die Kaution beträgt 3 Monatsmieten.",
        "Die Ruhezeit gilt von 22 bis 6 Uhr.",
    ],
)
def test_german_numerals_and_cases_say_the_same(said: str) -> None:
    assert verdict(said, RULES) == "supported"


@pytest.mark.parametrize(
    "said", ["Die Kaution beträgt 2 Monatsmieten.", "Der Vorstand besteht aus Frau Petersen und Herrn Kruse."]
)
def test_other_german_figures_and_names_are_unsupported(said: str) -> None:
    assert verdict(said, RULES) == "unsupported"


def test_another_case_of_a_title_is_no_other_name() -> None:
    assert verdict("Der Vorstand besteht aus Frau Petersen und Herr Yilmaz.", RULES) == "partly"


def test_a_german_noun_is_no_name() -> None:
    assert verdict("Die Mitgliederversammlung ist jährlich im April.", RULES, "Wann ist sie?") == "partly"
