"""From a question to the passages that may answer it, and to whether they do.

Words (BM25) and vectors are fused by rank; a follow-up is searched with the question before it; the
gate says whether the collection holds an answer at all.
"""

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
