"""Expected answer types (date, number, name …) and which entity of a sentence answers a question."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

from rag.core.text import CARDINAL, CHINESE_NUMERALS, MONTH, STOP_WORDS, language_of, script_of, stem, words

# Maximum length of the word before "century" that is part of the date.
_MAX_CENTURY_WORD: Final = 40
# Maximum characters of a percentage.
_LONGEST_FIGURE: Final = 30
_DATE: Final = re.compile(
    rf"\b(?:1\d|20)\d\ds?\b|\b\d+ (?:BC|AD)\b|\b(?:{MONTH})\.? \d+|\b\d+\.? (?:{MONTH})\b"
    rf"|\b(?:\d+|{CARDINAL}) (?:hour|day|week|month|year|stunde|tag|woche|monat|jahr)(?:s|en|e|n)?\b"
    rf"|\b\d\d?(?::\d\d)? ?[ap]\.?m\b|\b\d\d?:\d\d\b|\b\d\d?(?:\.\d\d)? Uhr\b"
    rf"|\b(?:[\w-]{{1,{_MAX_CENTURY_WORD}}}[ -])?centur\w*|\b\w*day\b|jahrhundert"
    r"|[年月日]|世纪",
    re.IGNORECASE,
)
_DAY: Final = re.compile(
    rf"\b(?:1\d|20)\d\d\b|\b(?:{MONTH})\.? \d+|\b\d+(?:st|nd|rd|th|\.)? (?:{MONTH})\b", re.IGNORECASE
)
_IN_A_DAY: Final = re.compile(rf"(?:st|nd|rd|th|\.)? (?:{MONTH})\b", re.IGNORECASE)
# No letter or digit before it; Chinese ones stand beside figures without a blank.
_NO_LETTER: Final = r"(?<![^\W\u3400-\u9fff])"
_FIGURE: Final = re.compile(
    rf"{_NO_LETTER}[$€£¥]?\d[\d,.]*[A-Za-z]*|\b(?:{CARDINAL}|(?:hundred|thousand|million|billion|dozen)s?|half|third|quarter"
    rf"|percent|hundert|tausend|million(?:en)?|milliarden?|prozent)\b|[{CHINESE_NUMERALS}万亿]+",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(
    rf"[$€£¥￥]\s?\d|{_NO_LETTER}(?<![.,])\d[\d,.]*+\s?(?:(?:hundred|thousand|million|billion|mio\.?|mrd\.?)\s)?"
    r"(?:dollars?|euros?|pounds?|cents?|pence|yuan|francs?|franken|usd|eur|gbp|chf|cny|rmb|€)\b"
    rf"|[\d{CHINESE_NUMERALS}万亿]\s?(?:[美欧]?元|块|英镑|日元|人民币)",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][\w'’-]+")
_PERCENT: Final = re.compile(
    rf"{_NO_LETTER}\d[\d.,]{{0,{_LONGEST_FIGURE - 1}}}+\s?(?:%|percent\b|per cent\b)|百分之", re.IGNORECASE
)
_WHAT: Final = r"\b(?:what|which) (?:(?:is|was|are|were) )?(?:the )?"
_ASKED: Final = (
    (_WHAT + r"(?:percent|percentage)\b|百分之几", _PERCENT),
    (
        r"\bhow (?:much|expensive) [^?]{0,60}\bcosts?\b|\bwhat (?:does|do|did|would) [^?]{1,60}\bcosts?\b"
        r"|多少钱|怎[么样]收费|[几多少][元块]",
        _MONEY,
    ),
    # A weekday alone is not a date.
    (_WHAT + r"(?:exact )?(?:\w+ )?date\b", _DAY),
    (
        r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:year|date|day|month|century|decade)\b"
        r"|how long ago|\bwann\b|何时|什么时候|哪.?年|几年",
        _DATE,
    ),
    (
        r"\bhow (?:many|much|long|old|far|high|tall|large|big|fast|often|wide|deep|heavy)\b"
        r"|\bwhat (?:is|was|are|were) the (?:\w+ ){0,2}(?:population|length|height|width|depth|size|weight|area"
        r"|distance|speed|price|costs?|fees?|rent|rate|charge|allowance|deposit|salary|budget|limit|capacity|duration)\b"
        r"|\bwhat (?:amount|number|proportion|fraction|age)\b"
        r"|\bwie ?(?:viele?|lange|hoch|oft|weit|gro(?:ß|ss)|alt|teuer)\b|多少|几|多[大长高远重]",
        _FIGURE,
    ),
    (
        r"\b(?:who|whom|whose|where)\b|\b(?:what|which) (?:\w+ )?(?:person|man|woman|king|queen|president|author|"
        r"artist|scientist|company|organi[sz]ation|team|actor|actress|singer|player|coach|city|country|state|place|town|county|"
        r"region|river|sea|ocean|lake|mountain|island|area|continent|university|school|street|building|museum|nation|"
        r"location|district|movie|film|book|novel|song|album|band|show|sitcom|channel|network|newspaper|magazine)\b",
        _NAME,
    ),
)
_EXPECTED: Final = tuple((re.compile(asked, re.IGNORECASE), answer) for asked, answer in _ASKED)
# A place may be described without a name: "in the shed".
_PLACE: Final = re.compile(r"\bwhere\b", re.IGNORECASE)
_PERSON: Final = re.compile(r"\bwho\b", re.IGNORECASE)
_NAME_RUN: Final = re.compile(r"\b[A-Z][\w’'.-]*(?:\s(?:of |the |and |de |van |von )?[A-Z][\w’'.-]*)*")
# "The Austrian author" is not a name.
_NATIONALITY: Final = re.compile(r"(?:[A-Z][a-z]+(?:ian|ean|ese|ish)|American|African|German|French|Dutch) [a-z]")
_DIGITS: Final = re.compile(r"\d+(?:[.,]\d+)*")
_WORD: Final = re.compile(r"\w+")
_PART: Final = re.compile(r"[-.']s?\b|-")
# How near to the question's terms the claimed entity must be, beside the nearest other one. Of 300 questions of SQuAD's
# fitted half 85 of 137 right names and figures pass and 9 of 136 wrong ones; with 1.0, 81 and 8.
_NEAR: Final = 0.8
# Decay length of proximity, in words.
_PROXIMITY: Final = 6.0


def answer_kind(question: str) -> re.Pattern[str] | None:
    """The pattern of the expected answer type; None where the question does not tell."""
    return next((answer for asked, answer in _EXPECTED if asked.search(question)), None)


def holds_new(kind: re.Pattern[str], text: str, asked: frozenset[str]) -> bool:
    """Whether the text has a match of `kind` that is not among the question's words `asked`."""
    return any(not asked.issuperset(words(match.group())) for match in kind.finditer(text))


def nearest_of_its_kind(claim: str, source: str, question: str, weights: Mapping[str, float]) -> bool:
    """Whether a claim names that entity of the source sentence which the question asks for.

    "Ada Brandt (founder) and Eva Keller (treasurer)" has two names; asked for the founder, the one nearer to the
    question's terms is expected. True where the expected answer type is unknown.

    Args:
        weights: of the question's terms.
    """
    expected = answer_kind(question)
    if script_of(source) == "cjk":
        # Names cannot be told from other words.
        return expected in (None, _NAME) or holds_new(expected, claim, frozenset(words(question)))
    kind, language = expected or _NAME, language_of(question)
    # Of "Apple CEO Steve Jobs" an answer to a question for Apple's CEO has the name alone.
    asked = frozenset(stem(part, language) for part in _plain(question))
    found = [
        (start, {part for part in _plain(text) if stem(part, language) not in asked})
        for start, text in _entities(kind, source, question)
    ]
    claimed = frozenset(_plain(claim))
    mine = [start for start, parts in found if parts <= claimed]
    others = [start for start, parts in found if not parts <= claimed]
    if not mine:
        return expected is None or (not found and _PLACE.search(question) is not None)
    terms_at = [
        (match.start(), term)
        for match in _WORD.finditer(source)
        if (term := stem(match.group().lower(), language)) in weights
    ]

    def proximity(place: int) -> float:
        best: dict[str, float] = {}
        for at, term in terms_at:
            distance = len(_WORD.findall(source[min(at, place) : max(at, place)]))
            best[term] = max(best.get(term, 0.0), math.exp(-distance / _PROXIMITY))
        return sum(weights[term] * value for term, value in best.items())

    return max(map(proximity, mine)) >= _NEAR * max(map(proximity, others), default=0.0)


def answer_things(question: str, text: str) -> list[str]:
    """The things of the kind that a question asks for which a text names and the question does not."""
    kind = answer_kind(question)
    return [] if kind is None else list(dict.fromkeys(thing for _, thing in _entities(kind, text, question)))


def _entities(kind: re.Pattern[str], text: str, question: str) -> Iterator[tuple[int, str]]:
    """The entities of a kind in a text that the question does not name: (start, words)."""
    language = language_of(question)
    asked = frozenset(stem(part, language) for part in _plain(question))
    named = frozenset(part for match in _NAME_RUN.finditer(question) for part in _plain(match.group()))
    for match in (_NAME_RUN if kind is _NAME else kind).finditer(text):
        # "30 June" is no number of days.
        if kind is _FIGURE and _IN_A_DAY.match(text, match.end()):
            continue
        parts = _plain(match.group())
        if kind is _NAME:
            parts = [part for part in parts if part not in STOP_WORDS[language]]
            # "Super Bowl V" does not answer a question about Super Bowl I.
            known = sum(stem(part, language) in asked for part in parts)
            # "FIFA Council Vice-Presidents" does not name the president.
            same = parts and (parts[-1] in named or (_PERSON.search(question) and stem(parts[-1], language) in asked))
            if not parts or same or 2 * known > len(parts):
                continue
            if _NATIONALITY.fullmatch(text, match.start(), match.end() + 2):
                continue
        if parts and not asked.issuperset(stem(part, language) for part in parts):
            yield match.start(), match.group() if ":" in match.group() else " ".join(parts)


def _plain(text: str) -> list[str]:
    """The words of a text without possessives, split at hyphens, numbers kept whole."""
    return [
        part.removesuffix("'s").rstrip(".")
        for word in words(text.replace("’", "'"))
        for part in ([word] if _DIGITS.fullmatch(word) else _PART.split(word))
        if part
    ]
