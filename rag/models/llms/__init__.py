"""Chat models by name."""

from rag.models.llms.open_model import ServerRow, TransformersRow, open_model

__all__ = ["ServerRow", "TransformersRow", "open_model"]
