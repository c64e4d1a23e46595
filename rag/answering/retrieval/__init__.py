"""Retrieval: hybrid search (BM25 and vectors), follow-up questions, and abstention."""

from rag.answering.retrieval.abstention import Signals, gate, with_quote
from rag.answering.retrieval.author_questions import asked_author, says_author
from rag.answering.retrieval.change_questions import AskedChange, asked_change, released
from rag.answering.retrieval.follow_ups import asks_something, brings_something, forms, stands_alone
from rag.answering.retrieval.hybrid_search import Retriever
from rag.answering.retrieval.identifier_search import Missing, missing_identifiers
from rag.answering.retrieval.interfaces import Found, Readable, Reranker, Searchable
from rag.answering.retrieval.place_questions import AskedPlace, asked_place, headings_of, is_section, is_titled
from rag.answering.retrieval.question_kinds import (
    asked_age,
    asked_of_documents,
    asks_for_members,
    named_things,
    question_kind,
    tells_to_list,
)
from rag.answering.retrieval.question_parts import Part, lacking, several_questions, sides
from rag.answering.retrieval.rank_fusion import Ranking, join, reciprocal_rank_fusion

__all__ = [
    "AskedChange",
    "AskedPlace",
    "Found",
    "Missing",
    "Part",
    "Ranking",
    "Readable",
    "Reranker",
    "Retriever",
    "Searchable",
    "Signals",
    "asked_age",
    "asked_author",
    "asked_change",
    "asked_of_documents",
    "asked_place",
    "asks_for_members",
    "asks_something",
    "brings_something",
    "forms",
    "gate",
    "headings_of",
    "is_section",
    "is_titled",
    "join",
    "lacking",
    "missing_identifiers",
    "named_things",
    "question_kind",
    "reciprocal_rank_fusion",
    "released",
    "says_author",
    "several_questions",
    "sides",
    "stands_alone",
    "tells_to_list",
    "with_quote",
]
