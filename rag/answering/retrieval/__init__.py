"""From a question to the passages that may answer it, and to whether they do.

Words (BM25) and vectors are fused by rank; a follow-up is searched with the question before it; the
gate says whether the collection holds an answer at all.
"""

from rag.retrieval.followups import forms, stands_alone
from rag.retrieval.fusion import Ranking, fuse, join
from rag.retrieval.gate import Signals, gate
from rag.retrieval.intents import Intent, intent
from rag.retrieval.search import Found, Readable, Reranker, Retriever, Searchable

__all__ = [
    "Found",
    "Intent",
    "Ranking",
    "Readable",
    "Reranker",
    "Retriever",
    "Searchable",
    "Signals",
    "forms",
    "fuse",
    "gate",
    "intent",
    "join",
    "stands_alone",
]
