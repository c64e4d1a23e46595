"""Models known by name: what they are, where they lie, what they need, how they come."""

from rag.catalogue.model_facts import (
    BUNDLED,
    EmbedderFacts,
    GateWeights,
    QuoteScores,
    QuoteWeights,
    embedder_facts,
    judge_facts,
)
from rag.catalogue.places import NOWHERE, Choice, choose, locate, served_embedder
from rag.catalogue.table import MODELS, Kind, Model, known

__all__ = [
    "BUNDLED",
    "MODELS",
    "NOWHERE",
    "Choice",
    "EmbedderFacts",
    "GateWeights",
    "Kind",
    "Model",
    "QuoteScores",
    "QuoteWeights",
    "choose",
    "embedder_facts",
    "judge_facts",
    "known",
    "locate",
    "served_embedder",
]
