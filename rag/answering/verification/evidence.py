"""What a claim is held against: the sentences and table rows of the documents, and the nearest of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.evidence.ranges import in_range
from rag.answering.verification.negations import Negations
from rag.answering.verification.wording import Wordings
from rag.core.text import Language, coverage, language_of, terms
from rag.core.types import Quote

# Characters before a sentence that tell what it is about.
_BEFORE: Final = 250


@dataclass(frozen=True, slots=True)
class EvidenceSentence:
    """A sentence or table row of the documents, at its `place` in the evidence; the quotes come first.

    `about` holds what it is about: its own terms, those of title and section, and of the words before it.
    """

    text: str
    terms: frozenset[str]
    about: frozenset[str]
    place: int
    row: bool
    quote: Quote


@dataclass(frozen=True, slots=True)
class ClaimEvidence:
    """All that a claim is held against: the evidence, its text together with the question, its denials and words.

    `language` is the question's: claims and evidence are compared by its stems.
    """

    language: Language
    evidence: Sequence[EvidenceSentence]
    around: str
    negations: Negations
    wordings: Wordings


def gather_evidence(question: str, quotes: Sequence[Quote], sentences: Sequence[Quote]) -> ClaimEvidence:
    """The quotes and all else that the passages say, to hold the claims of an answer against."""
    language = language_of(question)
    evidence = tuple(_evidence(quotes, sentences, language))
    topics = dict.fromkeys(f"{sentence.title} {sentence.section}" for sentence in sentences)
    around = " ".join([question, *(e.text for e in evidence), *topics])
    texts = [e.text for e in evidence]
    return ClaimEvidence(language, evidence, around, Negations(texts, language), Wordings(texts))


def _evidence(quotes: Sequence[Quote], sentences: Sequence[Quote], language: Language) -> Iterator[EvidenceSentence]:
    """The quotes, then what else the passages say, each sentence once."""
    quoted = {(quote.document, quote.page, quote.start) for quote in quotes}
    others = (one for one in sentences if (one.document, one.page, one.start) not in quoted)
    for place, quote in enumerate([*quotes, *others]):
        whole = f"{quote.head} {quote.text}" if quote.head else quote.text
        held = frozenset(terms(whole, language))
        about = held.union(terms(f"{quote.title} {quote.section} {quote.before[-_BEFORE:]}", language))
        yield EvidenceSentence(whole, held, about, place, bool(quote.head), quote)


def nearest_sentences(piece: str, question: str, held: ClaimEvidence) -> list[EvidenceSentence]:
    """The evidence nearest to a claim, nearest first. Of table rows only those that the claim is about,
    its figures aside: what stands in the others is true of something else."""
    claim = terms(piece, held.language)
    wanted = dict.fromkeys(claim, 1.0)
    about = dict.fromkeys((term for term in claim if not term[0].isdigit()), 1.0)

    def meant(row: EvidenceSentence) -> tuple[float, bool]:
        return coverage(about, row.terms), in_range(f"{question} {piece}", row.text)

    best = max((meant(e) for e in held.evidence if e.row), default=(0.0, False))
    nearest = sorted(held.evidence, key=lambda e: -coverage(wanted, e.terms))
    return [e for e in nearest if not e.row or meant(e) == best][:5]
