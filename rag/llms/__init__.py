"""Chat models by name."""

from rag.llms.build import ServerRow, TransformersRow, open_model
from rag.llms.news import News

__all__ = ["News", "ServerRow", "TransformersRow", "open_model"]
