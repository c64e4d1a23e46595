"""Follow-up questions without a model: query variants and their fusion weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.retrieval.question_kinds import question_kind
from rag.core.text import content, is_empty, language_of, script_of, terms
from rag.core.text.numbers import CARDINALS, ORDINALS

# Anaphora: words that refer to earlier turns.
_POINTS_BACK: Final = re.compile(
    r"\b(it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|one|ones|there|former|latter|"
    r"same|such|else|other|others|another|more|instead|both|each|above|previous)\b",
    re.IGNORECASE,
)
_POINTS_BACK_GERMAN: Final = re.compile(
    r"\b(er|sie|es|ihn|ihm|ihnen|ihre?[mnrs]?|seine?[mnrs]?|dies|diese[mnrs]?|jene[mnrs]?|derselben?|dieselben?|"
    r"dasselbe|solche[mnrs]?|deren|dessen|dafür|davon|damit|dabei|daran|dazu|darüber|dort|sonst|andere[mnrs]?|"
    r"weitere[mnrs]?|beide[mnrs]?|letztere[mnrs]?)\b",
    re.IGNORECASE,
)
_POINTS_BACK_CHINESE: Final = re.compile("[他她它其该此这那]|前者|后者|上述|还有|另外|其他|别的|同样|前面|刚才")
_GOES_ON: Final = re.compile(
    r"^\W*(and|but|or|so|also|then|what about|how about|what else|why|why not|how so|really|ok|okay|yes|no|"
    r"tell me more|more|any|anything|explain|elaborate|und|aber|oder|dann|auch|was ist mit|was noch|wie ist es|warum|"
    r"wieso|weshalb|wirklich|ja|nein|mehr dazu|erkläre?|那|那么|还有|为什么|然后|另外|所以)\b",
    re.IGNORECASE,
)

# Figures, and what only says how something is asked, or asks for more of the same.
_ASKS_MORE: Final = (
    "since exactly precisely explain elaborate detail details example examples clarify mean repeat again please "
    "give tell simpler shorter longer seit genau erklären erkläre beispiel beispiele nochmal einfacher kürzer bitte"
)
_SAYS_NOTHING: Final = frozenset([*CARDINALS, *ORDINALS, "one", "ones", *_ASKS_MORE.split()])

# Earlier questions taken into account.
_LATEST: Final = 4


@dataclass(frozen=True, slots=True)
class Form:
    """A query variant and its weight in the fusion."""

    query: str
    weight: float


def stands_alone(question: str) -> float:
    """How likely the question is self-contained, 0 to 1; a heuristic over anaphora, openings and length."""
    if not brings_something(question):
        return 0.0
    chinese = script_of(question) == "cjk"
    meaning = len(content(question)) if not chinese else len(terms(question)) / 1.5
    german = not chinese and language_of(question) == "de"
    pointing = _POINTS_BACK_CHINESE if chinese else _POINTS_BACK_GERMAN if german else _POINTS_BACK
    doubt = 0.0
    if pointing.search(question):
        doubt += 0.5
    if _GOES_ON.search(question):
        doubt += 0.3
    if meaning <= 2:
        doubt += 0.4
    elif meaning <= 3:
        doubt += 0.2
    return max(0.0, 1.0 - doubt)


def brings_something(question: str) -> bool:
    """Whether a follow-up says anything itself: "Why?", "Since when?" and "Tell me more" only ask again.

    >>> brings_something("Since when?"), brings_something("And in 2021?"), brings_something("Why is the sky blue?")
    (False, False, True)
    """
    rest = _GOES_ON.sub(" ", question)
    # "And in 2021?", "the third one?": the same is asked of another.
    return not is_empty(rest) and any(not (word.isdecimal() or word in _SAYS_NOTHING) for word in content(rest))


def asks_something(text: str) -> bool:
    """Whether an earlier question asked for something: "thanks" and "why?" say nothing of what is talked about."""
    return brings_something(text) and question_kind(text) != "small_talk"


def forms(question: str, previous: Sequence[str] = ()) -> list[Form]:
    """The query variants of a question that follows others (oldest first), the main one first.

    The joined variant is the previous question followed by this one. The more self-contained the question, the more
    its own variant weighs; otherwise the latest questions together are a third variant of small weight.
    """
    before = [text.strip() for text in previous if asks_something(text)][-_LATEST:]
    if not before:
        return [Form(question, 1.0)]
    alone = stands_alone(question)
    joined = Form(f"{before[-1]} {question}", 1.0 - 0.7 * alone)
    itself = Form(question, 0.3 + 0.7 * alone)
    found = [joined, itself] if joined.weight >= itself.weight else [itself, joined]
    thread = [text for text in before[:-1] if not is_empty(text)]
    if thread and alone < 1.0:
        found.append(Form(" ".join([*thread, before[-1], question]), 0.5 * (1.0 - alone)))
    return found
