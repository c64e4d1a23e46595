"""Chat models by name."""

from rag.llms.build import TransformersRow, open_model
from rag.llms.process import News

__all__ = ["News", "TransformersRow", "open_model"]
