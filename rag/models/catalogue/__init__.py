"""The model catalogue: rows, locations on the disk, calibration data, downloads."""

from rag.models.catalogue.known_models import MODELS, Kind, Model, known
from rag.models.catalogue.locations import (
    MULTILINGUAL,
    NOWHERE,
    Choice,
    at_hand,
    choose,
    locate,
    served_embedder,
    shown_model,
)
from rag.models.catalogue.model_facts import (
    BUNDLED,
    EmbedderFacts,
    GateWeights,
    JudgeCalibration,
    QuoteWeights,
    embedder_facts,
    judge_calibration,
    judge_facts,
)

__all__ = [
    "BUNDLED",
    "MODELS",
    "MULTILINGUAL",
    "NOWHERE",
    "Choice",
    "EmbedderFacts",
    "GateWeights",
    "JudgeCalibration",
    "Kind",
    "Model",
    "QuoteWeights",
    "at_hand",
    "choose",
    "embedder_facts",
    "judge_calibration",
    "judge_facts",
    "known",
    "locate",
    "served_embedder",
    "shown_model",
]
