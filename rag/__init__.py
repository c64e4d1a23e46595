"""Footnote: chat with documents; every sentence is footnoted, every footnote opens its place.

The public names, imported when they are first used: `import rag` itself is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.3.0"

_WHERE = {
    "Answer": "rag.core.types",
    "ChatLlamaCpp": "rag.langchain",
    "Conversation": "rag.answering.conversation",
    "ConversationalRetrievalChain": "rag.langchain",
    "Passage": "rag.core.types",
    "PyPDFLoader": "rag.langchain",
    "Quote": "rag.core.types",
    "RagError": "rag.core.errors",
    "Settings": "rag.core.settings",
    "Store": "rag.library.store",
    "WebBaseLoader": "rag.langchain",
    "open_services": "rag.services",
}
__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
