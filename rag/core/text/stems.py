"""Stemming: the Snowball stemmers for English and German, with irregular forms, families of words and exceptions."""

from __future__ import annotations

import functools
import re
import threading
import unicodedata
from typing import Final

import Stemmer

from rag.core.text.irregular_forms import base_form
from rag.core.text.numbers import NUMERALS
from rag.core.text.scripts import Language
from rag.core.text.word_families import american, family_head

# Words of different meanings to which Snowball gives one stem, each line a word with its forms. Chosen by hand among
# the words of the question sets with equal stems and the lowest similarity by the bundled embedder.
_APART: Final = """
    experiment experiments experimental experimentally experimented experimenting
    operative operatives
    definition definitions
    integrity
    conversion conversions
    incoming
    several
    severity
    authority authorities
    authorized authorizes authorize authorizing authorization authorised authorise authorisation
    important importantly importance
    minority minorities
    majority majorities
    positive positively
    formation formations
    directive directives
    informal informally
    personality personalities
    customer customers
    customs
    animation animations animated
    executive executives
    objective objectives
    officer officers
    reporter reporters
    publication publications
    succession successions successor successors
    successive successively
    responsible responsibly responsibility responsibilities
    protestant protestants
    memorial memorials
    celebrity celebrities
    apartment apartments
    container containers
    conservation
    cooperation cooperate cooperates cooperative cooperating
    engineer engineers engineering
    capitalism capitalist capitalists
    premiere premieres premiered
    electronic electronics electronically
    utility utilities
    transition transitions transitional
    terminal terminals
    relativity
    initiative initiatives
    receivable receivables
    installment installments
    likely
    goods
    considerable considerably
    consistent consistently consistency
    business businesses
    suite suites
    competent competence competency
    critical critically
    united
    fitness
    allowance allowances
    """
_EXCEPTIONS: Final = {word: line.split()[0] for line in _APART.strip().splitlines() for word in line.split()}
_ALGORITHMS: Final[dict[Language, str]] = {"en": "english", "de": "german", "zh": "english"}
# A Latin letter followed by combining marks.
_MARKED: Final = re.compile("([a-z])[\u0300-\u036f]+")

_own: Final = threading.local()


@functools.lru_cache(maxsize=65536)
def stem(word: str, language: Language = "en") -> str:
    """The stem of a lower-case word, without accents; a number's digits.

    >>> [stem(word) for word in ("reimburses", "reimbursement", "running", "policies", "policy", "police", "25")]
    ['reimburs', 'reimburs', 'run', 'polici', 'polici', 'polic', '25']
    >>> [stem(word) for word in ("kept", "children", "written", "fourteen")]
    ['keep', 'child', 'write', '14']
    >>> [stem(word) for word in ("colours", "organisation", "organize", "payment", "deliveries")]
    ['color', 'organiz', 'organiz', 'pay', 'deliv']
    >>> [stem(word, "de") for word in ("verträge", "vertrag", "urlaubstagen")]
    ['vertrag', 'vertrag', 'urlaubstag']
    """
    if not any(letter.isalpha() for letter in word):
        return word
    if word in NUMERALS[language]:
        return NUMERALS[language][word]
    if language != "de":
        word = family_head(american(base_form(word)))
        if word in _EXCEPTIONS:
            return _EXCEPTIONS[word]
    return unaccented(_stemmer(language).stemWord(word))


def unaccented(text: str) -> str:
    """Lower-case Latin letters without diacritics: café as cafe."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", unicodedata.normalize("NFD", text)))


def _stemmer(language: Language) -> Stemmer.Stemmer:
    """This thread's stemmer: they are not thread-safe."""
    stemmers: dict[Language, Stemmer.Stemmer] = _own.__dict__.setdefault("stemmers", {})
    if language not in stemmers:
        stemmers[language] = Stemmer.Stemmer(_ALGORITHMS[language], 0)
    return stemmers[language]
