"""Models known by name: what they are, where they lie, what they need."""

from rag.catalogue.places import Choice, choose, known, locate
from rag.catalogue.table import MODELS, Kind, Model

__all__ = ["MODELS", "Choice", "Kind", "Model", "choose", "known", "locate"]
