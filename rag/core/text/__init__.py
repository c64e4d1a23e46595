"""Text analysis shared by search, evidence, abstention and verification: sentences, words, stems, numbers, dates and
stop words in English, German and Chinese."""

from rag.core.text.dates import MONTH, MONTHS, months
from rag.core.text.identifiers import (
    bare_numbers,
    find_identifier,
    holds_identifier,
    holds_number,
    identifiers,
    named_numbers,
    short_codes,
    spellings,
    years,
)
from rag.core.text.languages import covers, language_of, reads
from rag.core.text.numbers import CARDINAL, CHINESE_NUMERALS, Number, measure, number_value, numbers, without_figures
from rag.core.text.scripts import CJK, Language, Script, estimated_tokens, script_of
from rag.core.text.sentences import sentences
from rag.core.text.spans import find_letters, find_words, from_a_word, letters, to_a_word
from rag.core.text.stems import stem
from rag.core.text.stop_words import STOP_WORDS
from rag.core.text.terms import ANALYSIS, content, coverage, index_terms, is_empty, pieces, terms
from rag.core.text.words import file_words, normalized, words

__all__ = [
    "ANALYSIS",
    "CARDINAL",
    "CHINESE_NUMERALS",
    "CJK",
    "MONTH",
    "MONTHS",
    "STOP_WORDS",
    "Language",
    "Number",
    "Script",
    "bare_numbers",
    "content",
    "coverage",
    "covers",
    "estimated_tokens",
    "file_words",
    "find_identifier",
    "find_letters",
    "find_words",
    "from_a_word",
    "holds_identifier",
    "holds_number",
    "identifiers",
    "index_terms",
    "is_empty",
    "language_of",
    "letters",
    "measure",
    "months",
    "named_numbers",
    "normalized",
    "number_value",
    "numbers",
    "pieces",
    "reads",
    "script_of",
    "sentences",
    "short_codes",
    "spellings",
    "stem",
    "terms",
    "to_a_word",
    "without_figures",
    "words",
    "years",
]
