"""Abstention: the probability that the documents answer a question, from retrieval features, before generation."""

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

# Default number of chunks, for tests.
_MANY: Final = 1000
_PASSAGES: Final = 4
# The evidence of a chance of 0 or 1.
_SURE: Final = 20.0

# A capitalized word inside a sentence.
_NAME: Final = re.compile(r"(?<![.!?:] )(?<!^)\b[A-Z][\w'’-]*\w")
# Rank distance where no chunk is in both rankings.
_FARTHEST: Final = 100


@dataclass(frozen=True, slots=True)
class Signals:
    """Features of the gate.

    `similarity` is the best cosine similarity; `cover` the weighted share of the question's terms in the best
    passage, `sentence` that in the best single sentence with its title; `words` the number of terms, `chunks` of
    chunks searched; `named` whether the question has a proper name; `apart` the sum of the ranks of the best chunk
    in the BM25 and the vector ranking; `by_words` whether the similarity is uncalibrated and left out; `across` whether
    none of the passages is in the question's language.
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
    across: bool = False


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
    calibrated: bool,
) -> Signals:
    """Compute the features from the passages (best first) and the weighted terms of the query.

    Args:
        calibrated: whether the similarities are calibrated.
    """
    cover, sentence, language = 0.0, 0.0, language_of(query)
    for passage in passages[:_PASSAGES]:
        topic = set(terms(f"{passage.title} {passage.section}", language))
        sentence_terms = [
            topic.union(terms(passage.text[start:end], language)) for start, end in sentences(passage.text)
        ]
        cover = max(cover, coverage(wanted, topic.union(*sentence_terms)))
        sentence = max([sentence, *(coverage(wanted, one) for one in sentence_terms)])
    named = calibrated and any(
        stem(name.lower().removesuffix("'s"), language) in wanted for name in _NAME.findall(query)
    )
    apart = _apart(by_words, by_meaning) if calibrated else 0
    across = all(language_of(passage.text) != language for passage in passages[:_PASSAGES])
    return Signals(similarity, cover, sentence, len(wanted), chunks, not calibrated, follow_up, named, apart, across)


def _apart(one: Ranking, other: Ranking) -> int:
    """The smallest sum of an item's ranks in both rankings."""
    places = {item: place for place, item in enumerate(other.items)}
    found = (place + places[item] for place, item in enumerate(one.items) if item in places)
    return min(_FARTHEST, min(found, default=_FARTHEST))


def gate(seen: Signals, weights: GateWeights) -> float:
    """The probability, 0 to 1, that the passages answer the question (logistic regression)."""
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
        + _small_corpus_bonus(seen.chunks, weights)
        + weights.constant
    )
    return _chance(evidence)


def raised(score: float, doubt: float, weights: GateWeights) -> float:
    """The chance for a question that leans on the one before it, by a doubt (0 to 1) that it stands alone."""
    return _chance(_evidence(score) + weights.leaning * doubt)


def with_quote(score: float, quote: float, weights: GateWeights) -> float:
    """The chance once quotes are chosen: the passages may be about much else besides the sentence that answers, and
    passages about the same may hold none that does. `quote` is the score of the best one."""
    return _chance(_evidence(score) + weights.quote * (quote - weights.quote_even))


def _evidence(chance: float) -> float:
    return math.log(chance / (1.0 - chance)) if 0.0 < chance < 1.0 else math.copysign(_SURE, chance - 0.5)


def _chance(evidence: float) -> float:
    return 1.0 / (1.0 + math.exp(-evidence))


def _small_corpus_bonus(chunks: int, weights: GateWeights) -> float:
    few = max(0.0, math.log10(weights.many / max(chunks, 1)))
    return min(weights.fewer_at_most, weights.fewer * few)
