"""What a question asks to be computed, by its words: the operation, and sizes that are compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rag.answering.computing.operations import Comparison, Operation
from rag.answering.computing.spans import Question
from rag.core.text import numbers

_OPERATIONS: Final[tuple[tuple[re.Pattern[str], Operation], ...]] = (
    (re.compile(r"\b(?<!weighted[- ])(?:on average|averages?|avg|mean|durchschnitt\w*|mittelwert"
r"|im mittel)\b|平均"), "average"),
    (re.compile(r"\bmedian\b|中位数"), "median"),
    (re.compile(
            r"\b(?:(?:the )?most expensive|highest|largest|biggest|greatest|maximum|max|the most|most|top|latest|newest"
            r"|most recent|longest|heaviest|tallest|deepest|widest|farthest|fastest|strongest"
            r"|dearest|priciest|costliest|teuerste\w*|höchste\w*|längste\w*|schwerste\w*"
            r"|größte\w*|maximal\w*|maximum|meisten?|späteste\w*|neueste\w*)\b|最高|最大|最多|最晚|最新|最长|最贵"
        ), "maximum"),
    (re.compile(
            r"\b(?:(?:the )?least expensive|lowest|smallest|minimum|min|the least|least|fewest|earliest|oldest"
            r"|shortest|lightest|slowest|narrowest|nearest|weakest"
            r"|cheapest|billigste\w*|günstigste\w*|niedrigste\w*|kürzeste\w*|leichteste\w*"
r"|kleinste\w*|geringste\w*"
            r"|minimal\w*|wenigsten?|früheste\w*|älteste\w*)\b|最低|最小|最少|最早|最短|最便宜"
        ), "minimum"),
    (re.compile(r"\b(?:how many|(?:what is )?the number of|number of|count|wie viele|anzahl)\b"
r"|多少[个条行笔位名项次份件台家人间种]|有几[个条行笔位名项次份件台家人间种]"
r"|几[个条行笔位名项次份件台家人间种]|数量|个数"), "count"),
    (re.compile(
            r"\b(?:in total|totals?|sums?|altogether|in all|combined|add up|overall|how much|insgesamt|gesamt\w*"
            r"|summen?|zusammen|wie viel)\b|总和|总计|合计|总共|一共|总额|加起来|共计|总数|总"
        ), "sum"),
    (re.compile(r"^\W*+(?:please )?(?:which|what|list|show|find|give me|who|welche\w*|zeige?|liste|nenne"
r"|wer)\b|哪些|哪[个条行笔位名项家]|列出|列举|显示|找出"), "rows"),
)  # fmt: skip
# Whoever asks for a reason is not told a number.
REASONS: Final = re.compile(
    r"\b(?:why|how come|reasons?|causes?|caused|contributed|warum|wieso|weshalb|grund|gründe)\b|为什么|为何|原因"
)
# Extremes of days, and of prices.
DATED: Final = re.compile(
    r"\b(?:latest|newest|most recent|earliest|oldest|späteste|neueste|früheste|älteste)|最晚|最新|最早"
)
PRICED: Final = re.compile(
    r"\b(?:cheapest|most expensive|least expensive|dearest|priciest|costliest|teuerste|billigste|günstigste)"
    r"|最贵|最便宜"
)
_DISTINCT: Final = re.compile(r"\b(?:different|distinct|unique|verschiedene\w*|unterschiedliche\w*)\b|不同")
_LIMIT: Final = re.compile(
    r"\btop (\d{1,2})\b|\b(\d{1,2}|two|three|four|five|ten) (?=(?:highest|largest|biggest|lowest"
    r"|smallest|latest|earliest)\b)|前(\d{1,2})[个名条]?"
    r"|最[高低大小多少]的?(\d{1,2})[个条笔名项]"
)
_COUNTS: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
# What stands before the size that is compared, the longest first.
BEFORE_SIZES: Final[tuple[tuple[re.Pattern[str], Comparison], ...]] = (
    (
        re.compile(
            r"(?:at least|no less than|not less than|not under|minimum of|>=|≥|mindestens|不少于|不低于"
            r"|至少|大于等于)\s*+$"
        ),
        ">=",
    ),
    (
        re.compile(
            r"(?:at most|no more than|not more than|not over|up to|maximum of|<=|≤|höchstens|不超过"
            r"|不多于|不高于|最多|至多|小于等于)\s*+$"
        ),
        "<=",
    ),
    (
        re.compile(
            r"(?:(?:more|greater|higher|larger|bigger|longer|older) than|over|above|exceeds?|exceeding|exceeded|>"
            r"|(?:mehr|größer|höher|länger) als|über|大于|超过|高于|多于|超出)\s*+$"
        ),
        ">",
    ),
    (
        re.compile(
            r"(?:(?:less|fewer|lower|smaller|shorter|cheaper) than|under|below|<|(?:weniger|kleiner"
            r"|niedriger|kürzer) als|unter"
            r"|小于|低于|少于|不足|不到)\s*+$"
        ),
        "<",
    ),
    (re.compile(r"(?:between|from|zwischen|von|介于|在)\s*+$"), "between"),
)
AND: Final = re.compile(r"\s*+(?:and|to|und|bis|-|–|到|至|和)\s*+")
_BEHIND: Final[tuple[tuple[re.Pattern[str], Comparison], ...]] = (
    (re.compile(r"\s?(?:or (?:more|higher|above|over)|oder mehr|及以上|以上)"), ">="),
    (re.compile(r"\s?(?:or (?:less|fewer|lower|below)|oder weniger|及以下|以下|以内)"), "<="),
)  # fmt: skip
BETWEEN_ENDS: Final = re.compile(r"\s?之间")


@dataclass(frozen=True, slots=True)
class Size:
    """A size that is compared: where it stands, with the words around it."""

    comparison: Comparison
    low: float
    high: float
    unit: str
    start: int
    end: int


def operation_of(question: Question) -> tuple[Operation, list[tuple[int, int]]] | None:
    """What is asked to be computed, and the words that say so, in what is not taken; the first of the list above."""
    for pattern, operation in _OPERATIONS:
        found = [match.span() for match in pattern.finditer(question.text) if question.is_free(*match.span())]
        if found:
            if operation == "count" and (match := _DISTINCT.search(question.text)):
                return "distinct", [*found, match.span()]
            return operation, found
    return None


def says_total(question: Question) -> list[tuple[int, int]]:
    """Where a question says that it asks for a sum, whatever else it asks for."""
    pattern = next(pattern for pattern, operation in _OPERATIONS if operation == "sum")
    return [match.span() for match in pattern.finditer(question.text)]


def limit_of(question: Question) -> tuple[int, tuple[int, int]] | None:
    """How many of the first ones are asked for, and the words that say so."""
    match = _LIMIT.search(question.text)
    if match is None:
        return None
    said = next(filter(None, match.groups()))
    return _COUNTS.get(said, int(said) if said.isdecimal() else 0), match.span()


def sizes(question: Question) -> Iterator[Size]:
    """The sizes that are compared in what is not taken."""
    text = question.text
    found = [n for n in numbers(text, question.language) if question.is_free(n.start, n.end)]
    for place, number in enumerate(found):
        # A number that is the second of "between 5 and 9" was taken with the first.
        if not question.is_free(number.start, number.end):
            continue
        start = number.start
        before = text[max(0, start - 24) : start]
        for pattern, comparison in BEFORE_SIZES:
            match = pattern.search(before)
            if match is None:
                continue
            first = start - len(before) + match.start()
            if comparison != "between":
                yield Size(comparison, number.value, 0.0, number.unit, first, number.end)
                break
            second = found[place + 1] if place + 1 < len(found) else None
            if second is not None and AND.fullmatch(text[number.end : second.start]):
                end = second.end
                if closes := BETWEEN_ENDS.match(text, end):
                    end = closes.end()
                yield Size("between", number.value, second.value, number.unit or second.unit, first, end)
                break
        else:
            for pattern, comparison in _BEHIND:
                if match := pattern.match(text, number.end):
                    yield Size(comparison, number.value, 0.0, number.unit, start, match.end())
                    break
