"""The words by which something is asked of a report table's lines, and those that name none of them."""

from __future__ import annotations

import re
from typing import Final, Literal

SeriesOperation = Literal["share", "change", "average", "sum", "ratio", "part", "exceeding", "difference"]

SERIES_OPERATIONS: Final[tuple[tuple[re.Pattern[str], SeriesOperation], ...]] = (
    (re.compile(r"\bhow many (?:\w+ )?(?:years?|quarters?|months?|periods?) (?:did|was|were|had|have|do"
r"|does|has)\b"), "exceeding"),
    (re.compile(r"\bas a (?:percentage|percent|share|proportion) of\b|\bexpressed as a percentage (?:of"
r"|to)\b|\b(?:percentage|proportion|share) of(?= .{3,80} (?:over|in|to|out of"
r"|among) (?:the )?total\b)|占.{0,30}的(?:百分比|比例|比重)"), "part"),
    (re.compile(r"(?:\bpercentage|\bpercent|%) ?(?:change|increase|decrease|growth)(?: ?/ ?\(?(?:decrease"
r"|increase)\)?)?|\bgrowth rate|\bprozentuale \w+|增长率|增长了?百分之几|变化率"), "share"),
    (re.compile(r"\b(?<!weighted[- ])averages?\b|\bmean\b|\bdurchschnitt\w*|平均"), "average"),
    (re.compile(r"\bratio of\b|\bverhältnis\b"), "ratio"),
    (re.compile(r"\b(?:changes?|changed|increased?|decreased?|rise|rose|fall|fell|grow"
r"|grew)(?: ?/ ?\(?(?:decrease|increase)\)?)?\b|\bdifferences?\b|änderung|unterschied|变化"
r"|差额|增加了?|减少了?|增长了?"), "change"),
    (re.compile(r"\b(?:totals?|sums?|combined|altogether|in total|insgesamt|summe)\b|总和|合计|总计|一共|总共"), "sum"),
)  # fmt: skip
# Words of such questions that name no line of a table.
_WEAK_WORDS: Final = """
    amount amounts company company's
    group value values number balance fiscal financial year years ended end ending annual
    respective respectively period periods december november october september august july june may april march february
    january quarter during across total average percentage percent change changes increase decrease difference much
    many compared comparing exceed exceeded million thousand billion both figure figures reported recorded according
    ratio sum proportion share expressed jahr jahre betrag fy as at time different table calculate
"""
WEAK: Final = frozenset(_WEAK_WORDS.split())
NOTE_MARK: Final = re.compile(r"(?<!\s)\s*+\((?:\w{1,2}|in [^()]{1,30}|unaudited|[$€£%])\)|[*†‡¹²³⁴]|:\s*+$")
