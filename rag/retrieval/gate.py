"""Is it in the documents at all? One number from what was found, before any model is asked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rag.retrieval.fusion import Ranking
from rag.text import coverage, language_of, script_of, sentences, stem, terms
from rag.types import Passage

# A question whose score lies below this is not answered from the documents. One value for all collections.
THRESHOLD: Final = 0.5

# What each sign is worth, in a logistic formula fitted on the developers' questions by `bench/fit_gate.py`.
_SIMILARITY: Final = 13.8
_COVER: Final = 5.7
_SENTENCE: Final = 7.5
_WORDS: Final = 5.5  # of ten words: a long question is never covered whole
_NAMED: Final = 1.45
_APART: Final = 0.67  # in logarithms
_CHINESE: Final = 5.5  # stands in for the similarity, which the bundled embedder does not have in Chinese
_FOLLOW_UP: Final = 4.0  # in a running conversation, much is left unsaid
_CONSTANT: Final = -12.93
# The best of many chunks lies nearer to any question, by chance, than the best of few: the fewer there are, the
# more easily they are believed. For each power of ten below a thousand, and at most.
_FEWER: Final = 1.2
_FEWER_AT_MOST: Final = 3.0
_MANY: Final = 1000

_PASSAGES: Final = 4

# A capital inside a sentence.
_NAME: Final = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][\w'’-]*\w")
# Where no chunk is found by words and by meaning: as far apart as this.
_FARTHEST: Final = 100


@dataclass(frozen=True, slots=True)
class Signals:
    """What the search saw.

    `similarity` is the best cosine, `cover` the share by weight of the question's words that the best passage
    holds, `sentence` the same for the best single sentence with its title; `words` counts the question's words,
    `chunks` what was searched. `named`: the question names something, which passages on other things of its kind
    do not bear out; `apart`: how far from the top of both lists, by words and by meaning, the best chunk stands.
    """

    similarity: float = 0.0
    cover: float = 0.0
    sentence: float = 0.0
    words: int = 0
    chunks: int = _MANY
    chinese: bool = False
    follow_up: bool = False
    named: bool = False
    apart: int = 0


def signals(
    query: str,
    wanted: Mapping[str, float],
    passages: Sequence[Passage],
    similarity: float,
    *,
    by_words: Ranking,
    by_meaning: Ranking,
    chunks: int,
    follow_up: bool,
) -> Signals:
    """Measure the passages (best first) against the weighted terms of the query."""
    cover, sentence, language = 0.0, 0.0, language_of(query)
    for passage in passages[:_PASSAGES]:
        topic = set(terms(f"{passage.title} {passage.section}", language))
        held = [topic.union(terms(passage.text[start:end], language)) for start, end in sentences(passage.text)]
        cover = max(cover, coverage(wanted, topic.union(*held)))
        sentence = max([sentence, *(coverage(wanted, one) for one in held)])
    chinese = script_of(query) == "cjk"
    named = not chinese and any(
        stem(name.lower().removesuffix("'s"), language) in wanted for name in _NAME.findall(query)
    )
    apart = 0 if chinese else _apart(by_words, by_meaning)
    return Signals(similarity, cover, sentence, len(wanted), chunks, chinese, follow_up, named, apart)


def _apart(one: Ranking, other: Ranking) -> int:
    """The places before the thing that stands highest in both rankings, counted in both."""
    places = {item: place for place, item in enumerate(other.items)}
    found = (place + places[item] for place, item in enumerate(one.items) if item in places)
    return min(_FARTHEST, min(found, default=_FARTHEST))


def gate(seen: Signals) -> float:
    """The chance, 0 to 1, that the passages answer the question."""
    if not seen.words or not seen.cover + seen.similarity:
        return 0.0
    evidence = (
        (_CHINESE if seen.chinese else _SIMILARITY * seen.similarity)
        + _COVER * seen.cover
        + _SENTENCE * seen.sentence
        + _WORDS * min(seen.words, 10) / 10
        - _NAMED * seen.named
        - _APART * math.log1p(seen.apart)
        + _FOLLOW_UP * seen.follow_up
        + _belief_in_few(seen.chunks)
        + _CONSTANT
    )
    return 1.0 / (1.0 + math.exp(-evidence))


def _belief_in_few(chunks: int) -> float:
    return min(_FEWER_AT_MOST, _FEWER * max(0.0, math.log10(_MANY / max(chunks, 1))))
