"""What a question asks for by name, number or year that no document holds: then nothing in them answers it."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.retrieval.identifier_search import Missing, WordSearch, missing_identifiers, missing_years
from rag.answering.retrieval.name_questions import missing_names
from rag.answering.retrieval.office_questions import missing_offices
from rag.answering.retrieval.short_codes import missing_short_codes
from rag.core.types import Passage


def missing_things(question: str, query: str, passages: Sequence[Passage], search: WordSearch) -> list[Missing]:
    """The codes, years, offices and names of a question that no document holds.

    Args:
        query: the question as the documents spell it. What was a slip of the keyboard is in it no more.
        passages: what was found for the question; looked through first.
        search: finds passages by words, in all that may be read.
    """
    found = [
        each
        for find in (missing_identifiers, missing_short_codes, missing_years, missing_offices)
        for each in find(question, passages, search)
    ]
    named = [each for each in missing_names(question, passages, search) if each.identifier in query]
    return found or named
