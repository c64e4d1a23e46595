"""Is it in the documents at all? One number from what was found, before any model is asked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.retrieval.rank_fusion import Ranking
from rag.core.text import coverage, language_of, sentences, stem, terms
from rag.core.types import Passage
from rag.models.catalogue import GateWeights

# So many chunks are searched, where a test does not say otherwise.
_MANY: Final = 1000
_PASSAGES: Final = 4
# The evidence of a chance of 0 or 1.
_SURE: Final = 20.0

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
    `by_words`: what the similarity means is not known, and it is left out.
    """

    similarity: float = 0.0
    cover: float = 0.0
    sentence: float = 0.0
    words: int = 0
    chunks: int = _MANY
    by_words: bool = False
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
    tells: bool,
) -> Signals:
    """Measure the passages (best first) against the weighted terms of the query.

    Args:
        tells: whether it is known what the similarities mean.
    """
    cover, sentence, language = 0.0, 0.0, language_of(query)
    for passage in passages[:_PASSAGES]:
        topic = set(terms(f"{passage.title} {passage.section}", language))
        held = [topic.union(terms(passage.text[start:end], language)) for start, end in sentences(passage.text)]
        cover = max(cover, coverage(wanted, topic.union(*held)))
        sentence = max([sentence, *(coverage(wanted, one) for one in held)])
    named = tells and any(stem(name.lower().removesuffix("'s"), language) in wanted for name in _NAME.findall(query))
    apart = _apart(by_words, by_meaning) if tells else 0
    return Signals(similarity, cover, sentence, len(wanted), chunks, not tells, follow_up, named, apart)


def _apart(one: Ranking, other: Ranking) -> int:
    """The places before the thing that stands highest in both rankings, counted in both."""
    places = {item: place for place, item in enumerate(other.items)}
    found = (place + places[item] for place, item in enumerate(one.items) if item in places)
    return min(_FARTHEST, min(found, default=_FARTHEST))


def gate(seen: Signals, weights: GateWeights) -> float:
    """The chance, 0 to 1, that the passages answer the question."""
    if not seen.words or not seen.cover + seen.similarity:
        return 0.0
    evidence = (
        (weights.by_words if seen.by_words else weights.similarity * seen.similarity)
        + weights.cover * seen.cover
        + weights.sentence * seen.sentence
        + weights.words * min(seen.words, 10) / 10
        - weights.named * seen.named
        - weights.apart * math.log1p(seen.apart)
        + weights.follow_up * seen.follow_up
        + _belief_in_few(seen.chunks, weights)
        + weights.constant
    )
    return 1.0 / (1.0 + math.exp(-evidence))


def raised(score: float, doubt: float, weights: GateWeights) -> float:
    """The chance for a question that leans on the one before it, by a doubt (0 to 1) that it stands alone."""
    evidence = math.log(score / (1.0 - score)) if 0.0 < score < 1.0 else math.copysign(_SURE, score - 0.5)
    return 1.0 / (1.0 + math.exp(-(evidence + weights.leaning * doubt)))


def _belief_in_few(chunks: int, weights: GateWeights) -> float:
    few = max(0.0, math.log10(weights.many / max(chunks, 1)))
    return min(weights.fewer_at_most, weights.fewer * few)
