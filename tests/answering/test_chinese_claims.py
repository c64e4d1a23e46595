"""Claims in Chinese, said in other words than the documents' or with one thing changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering.verification import verify
from rag.models.judges import open_judge
from tests.answering.test_verification import said_in

RULES = """借阅：每人最多可借八册，借期三十天，可续借一次，续借期为十五天。
逾期：每册每天罚款两角。
阅览室内禁止饮食和接打电话，可以使用笔记本电脑。
开放时间：周二至周日上午九时至下午五时，周一闭馆。
"""
JUDGE = open_judge()


def verdict(said: str) -> str:
    evidence = [replace(quote, title="图书馆使用规定") for quote in said_in(RULES)]
    (sentence,), _ = verify(said, "图书馆怎么规定的？", [], evidence, judge=JUDGE)
    return sentence.verdict


@pytest.mark.parametrize(
    "said",
    [
        "每人最多可以借八册书。",
        "每人可以借8册，借期为30天。",
        "可以续借一次。",
        "图书馆周一闭馆。",
        "逾期每册每天罚款两角。",
        "阅览室里不能打电话。",
        "阅览室内可以使用笔记本电脑。",
    ],
)
def test_the_same_in_other_little_words_is_supported(said: str) -> None:
    assert verdict(said) == "supported"


@pytest.mark.parametrize(
    "said",
    [
        "每人最多可以借十册书。",
        "借期为二十天。",
        "可以续借两次。",
        "逾期每册每天罚款五角。",
        "阅览室里可以打电话。",
        "阅览室内禁止使用笔记本电脑。",
    ],
)
def test_another_figure_or_the_opposite_is_unsupported(said: str) -> None:
    assert verdict(said) == "unsupported"


@pytest.mark.parametrize("said", ["图书馆周一开放。", "续借期满后每天罚款两角。"])
def test_words_from_several_clauses_do_not_make_a_claim(said: str) -> None:
    assert verdict(said) != "supported"


PRICES = (
    "地下车位租金每月450元，地面车位每月280元。成人票可以退，儿童票不可以退。"
    "高层住宅每平方米每月2.60元，别墅每平方米每月4.80元。"
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("地下车位每月450元。", "supported"),
        ("地面车位每月280元。", "supported"),
        ("别墅每平方米每月4.80元。", "supported"),
        ("成人票可以退。", "supported"),
        ("儿童票不可以退。", "supported"),
        # The subject of one clause with what the next says of another.
        ("地下车位每月280元。", "unsupported"),
        ("地面车位每月450元。", "unsupported"),
        ("高层住宅每平方米每月4.80元。", "unsupported"),
        ("成人票不可以退。", "unsupported"),
    ],
)
def test_clauses_side_by_side_say_each_their_own(said: str, expected: str) -> None:
    (sentence,), _ = verify(said, "怎么收费？", [], said_in(PRICES), judge=JUDGE)
    assert sentence.verdict == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("访客停车前两小时不收费。", "supported"),
        ("访客停车前两小时收费。", "partly"),
        ("访客停车前三小时不收费。", "unsupported"),
    ],
)
def test_what_is_free_is_not_charged_for(said: str, expected: str) -> None:
    (sentence,), _ = verify(said, "", [], said_in("访客停车前两小时免费，之后每小时四元。"), judge=JUDGE)
    assert sentence.verdict == expected


@pytest.mark.parametrize("written", ["2024.01.15", "192.168.0.1", "1,000.5.6", "2.4.1个月"])
def test_figures_with_several_points_are_compared_as_they_are_written(written: str) -> None:
    evidence = said_in(f"合同自{written}起生效，期限为两年。")
    (sentence,), _ = verify(f"合同自{written}起生效。", "合同何时生效？", [], evidence, judge=JUDGE)
    assert sentence.verdict == "supported"
    (sentence,), _ = verify("合同自3.7.9起生效。", "合同何时生效？", [], evidence, judge=JUDGE)
    assert sentence.verdict != "supported"
