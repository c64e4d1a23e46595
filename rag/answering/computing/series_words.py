"""The words by which something is asked of a report table's lines, and those that name none of them."""

from __future__ import annotations

import re
from typing import Final, Literal

SeriesOperation = Literal[
    "share", "change", "average", "sum", "ratio", "part", "exceeding", "difference", "which", "maximum", "minimum"
]

SERIES_OPERATIONS: Final[tuple[tuple[re.Pattern[str], SeriesOperation], ...]] = (
    (re.compile(r"\bhow many (?:\w+ )?(?:years?|quarters?|months?|periods?) (?:did|was|were|had|have|do"
r"|does|has)\b"), "exceeding"),
    (re.compile(r"\b(?:which|what) (?:fiscal |financial )?(?:years?|quarters?|periods?|fy)\b"
r"|\bwelche\w{1,2} (?:geschäfts)?(?:jahr|quartal)\w{0,3}\b|哪一?[个几]?(?:财?年|季度?)"), "which"),
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
# Which of several stretches of time is meant, and whether of two alone.
EXTREMES: Final[tuple[tuple[re.Pattern[str], SeriesOperation, bool], ...]] = (
    (re.compile(r"\b(?:highest|largest|biggest|greatest|most|höchste\w*|größte\w*|meisten?)\b|最高|最大|最多"),
     "maximum", False),
    (re.compile(r"\b(?:higher|larger|bigger|greater|more|höher\w*|größer\w*|mehr)\b|[更较](?:高|大|多)"),
     "maximum", True),
    (re.compile(r"\b(?:lowest|smallest|least|fewest|niedrigste\w*|kleinste\w*|wenigsten?)\b|最低|最小|最少"),
     "minimum", False),
    (re.compile(r"\b(?:lower|smaller|less|fewer|niedriger\w*|kleiner\w*|weniger)\b|[更较](?:低|小|少)"),
     "minimum", True),
)  # fmt: skip
# Each of several values is asked for, and not what they make together.
EACH: Final = re.compile(r"\brespective(?:ly)?\b|\bjeweils\b|分别")
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
