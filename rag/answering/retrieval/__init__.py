"""Retrieval: hybrid search (BM25 and vectors), follow-up questions, and abstention."""

from rag.answering.retrieval.abstention import Signals, gate
from rag.answering.retrieval.follow_ups import forms, stands_alone
from rag.answering.retrieval.hybrid_search import Found, Readable, Reranker, Retriever, Searchable
from rag.answering.retrieval.intents import Intent, intent
from rag.answering.retrieval.rank_fusion import Ranking, join, reciprocal_rank_fusion

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
    "gate",
    "intent",
    "join",
    "reciprocal_rank_fusion",
    "stands_alone",
]
