"""The signs of a Chinese sentence: figures as values, and one sign for what says the same in several ways."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from rag.core.text import CHINESE_NUMERALS, number_value

# What says the same, by one sign; little words by none.
_ALIKE: Final = (
    ("免费|不收费|不收取?费用|不(?:用|必|需要?)(?:付|交)?费|不要钱", "免费"),
    ("收费|付费|要钱", "收费"),
    ("不得超过|不超过|不多于|至多|最多|最高|不高于|上限为|上限是", "≤"),
    ("不得少于|不少于|不低于|至少|最少|最低|下限为|下限是", "≥"),
    ("必须|应当|需要|须|应|需", "须"),
    ("禁止|不准|不许|不得|不可以|不可|不能|严禁|请勿|不用|不必|无须|无需|不须|不会|不是|没有|免|不|未|无|勿|没", "¬"),
    ("可以|能够|允许|可|能", "可"),
    ("第二年|下一年|翌年", "次年"),
    (
        "的|了|吗|呢|是|为|在|和|与|及|或|被|把|从|向|对|于|而|也|都|就|又|还|很|其|该|此|这|那|里|中|内|以|将|会|要|共|到|至|个",
        "",
    ),
)
_WORDS: Final = re.compile("|".join(f"(?P<g{i}>{forms})" for i, (forms, _) in enumerate(_ALIKE)))
_NUMBER: Final = re.compile(rf"\d++(?:[.,]\d++)*+|[{CHINESE_NUMERALS}]++")
# Days of the week and numbered paragraphs are names.
_NAMED: Final = re.compile(rf"(?:周|星期|礼拜)[一二三四五六日天末](?![{CHINESE_NUMERALS}])|第[{CHINESE_NUMERALS}\d]++")
_PERCENT: Final = re.compile(rf"百分之({_NUMBER.pattern})|({_NUMBER.pattern})\s?[%％]")
_MONTHS: Final = "个月"
_SIGN: Final = re.compile(r"[\u3400-\u9fff]|[A-Za-z]++")
END: Final = re.compile("[，。；！？：;!?]|\n|,\\s")
DENIAL: Final = "¬"
# A sign before a "not" that denies nothing: "不同" is "different".
_NOT_DENIED: Final = re.compile("不(?:同|仅|但|只|断|久|少|过|动产)|无(?:论|数)|非常|未(?:来|满)|没收")


@dataclass(frozen=True, slots=True)
class Sign:
    text: str
    start: int
    end: int
    clause: int
    figure: bool = False


@functools.lru_cache(maxsize=4096)
def signs_of(text: str) -> tuple[Sign, ...]:
    found, at, clause = list[Sign](), 0, 0
    while at < len(text):
        if end := END.match(text, at):
            clause, at = clause + 1, end.end()
        elif plain := _NOT_DENIED.match(text, at):
            found += [Sign(text[i], i, i + 1, clause) for i in range(at, plain.end())]
            at = plain.end()
        elif percent := _PERCENT.match(text, at):
            found.append(Sign(f"{_value(percent[1] or percent[2])}%", at, percent.end(), clause, figure=True))
            at = percent.end()
        elif named := _NAMED.match(text, at):
            found.append(Sign(named[0].replace("星期", "周").replace("礼拜", "周"), at, named.end(), clause))
            at = named.end()
        elif number := _NUMBER.match(text, at):
            value, at_unit = _value(number[0]), number.end()
            if value.count(".") < 2 and text.startswith(_MONTHS, at_unit) and float(value) % 12 == 0:
                # Twelve months are a year, which is told by the same signs.
                found += [Sign(f"{float(value) / 12:g}", at, at_unit, clause, figure=True)]
                at = at_unit + len(_MONTHS)
                found += [Sign("年", at_unit, at, clause)]
                continue
            found.append(Sign(value, at, at_unit, clause, figure=True))
            at = at_unit
        elif words := _WORDS.match(text, at):
            sign = _ALIKE[int(str(words.lastgroup)[1:])][1]
            found += [Sign(sign, at, words.end(), clause)] if sign else []
            at = words.end()
        elif sign_ := _SIGN.match(text, at):
            found.append(Sign(sign_[0].lower(), at, sign_.end(), clause))
            at = sign_.end()
        else:
            at += 1
    return tuple(found)


def _value(written: str) -> str:
    """The value of a figure; a day, a version or an address of a machine ("1999.02.28") as it is written."""
    return written if written.count(".") > 1 else f"{number_value(written.replace(',', '')):g}"
