"""Numbers asked of tables: a question becomes a checked operation on typed cells, its rows are the evidence."""

from rag.answering.computing.computed_answers import Computer

__all__ = ["Computer"]
