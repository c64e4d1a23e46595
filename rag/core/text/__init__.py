"""What sentences, words, stems, numbers, dates and stop words are: one analysis of text, for search, evidence,
gate and verification, in English, German and Chinese."""

from rag.text.dates import MONTH, MONTHS, months
from rag.text.languages import language_of, reads
from rag.text.numbers import CARDINAL, CHINESE_NUMERALS, Number, measure, number_value, numbers, without_figures
from rag.text.scripts import CJK, Language, Script, estimated_tokens, script_of
from rag.text.sentences import sentences
from rag.text.spans import find_words, from_a_word, to_a_word
from rag.text.stems import stem
from rag.text.stop_words import STOP_WORDS
from rag.text.terms import ANALYSIS, content, coverage, index_terms, is_empty, pieces, terms
from rag.text.words import words

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
    "content",
    "coverage",
    "estimated_tokens",
    "find_words",
    "from_a_word",
    "index_terms",
    "is_empty",
    "language_of",
    "measure",
    "months",
    "number_value",
    "numbers",
    "pieces",
    "reads",
    "script_of",
    "sentences",
    "stem",
    "terms",
    "to_a_word",
    "without_figures",
    "words",
]
