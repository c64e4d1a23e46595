"""Chat models by name."""

from rag.llms.build import ServerRow, TransformersRow, open_model

__all__ = ["ServerRow", "TransformersRow", "open_model"]
