"""Quote selection: the sentences, list items and table rows of passages that answer, verbatim."""

from rag.answering.evidence.answer_types import nearest_of_its_kind
from rag.answering.evidence.coming_dates import only_past
from rag.answering.evidence.disagreement import (
    decisive,
    denies,
    disagreements,
    newest_first,
    of_age,
    of_version,
    of_years,
)
from rag.answering.evidence.list_members import are_of_each
from rag.answering.evidence.outline import edge_quotes, lead_quote, outline_quotes, section_quotes
from rag.answering.evidence.pages import CutPage, cut_pages, sentences_of
from rag.answering.evidence.quote_selection import AnswerScorer, find_quotes
from rag.answering.evidence.units import LONGEST, LONGEST_CHINESE, Unit, units

__all__ = [
    "LONGEST",
    "LONGEST_CHINESE",
    "AnswerScorer",
    "CutPage",
    "Unit",
    "are_of_each",
    "cut_pages",
    "decisive",
    "denies",
    "disagreements",
    "edge_quotes",
    "find_quotes",
    "lead_quote",
    "nearest_of_its_kind",
    "newest_first",
    "of_age",
    "of_version",
    "of_years",
    "only_past",
    "outline_quotes",
    "section_quotes",
    "sentences_of",
    "units",
]
