"""Models known by name: what they are, where they lie, what they need, how they come."""

from rag.catalogue.places import Choice, choose, locate
from rag.catalogue.table import MODELS, Kind, Model, known

__all__ = ["MODELS", "Choice", "Kind", "Model", "choose", "known", "locate"]
