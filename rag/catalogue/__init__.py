"""Models known by name: what they are, where they lie, what they need, how they come."""

from rag.catalogue.places import NOWHERE, Choice, choose, locate, served_embedder
from rag.catalogue.table import MODELS, Kind, Model, known

__all__ = ["MODELS", "NOWHERE", "Choice", "Kind", "Model", "choose", "known", "locate", "served_embedder"]
