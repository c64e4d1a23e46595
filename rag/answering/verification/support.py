"""Whether one sentence of the documents says what a claim says, in answer to the question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.evidence import nearest_of_its_kind
from rag.answering.evidence.answer_types import answer_kind, holds_new
from rag.answering.evidence.ranges import holds_for
from rag.answering.verification.contradiction import CITATION, unknown_names, wrong_numbers
from rag.answering.verification.evidence import EvidenceSentence
from rag.answering.verification.names import full_names, unaccented
from rag.core.text import Language, coverage, is_empty, language_of, numbers, script_of, terms, without_figures, words
from rag.core.types import Quote
from rag.models.catalogue import QuoteScores

# Share of a claim's words that a sentence must hold.
SUPPORTED: Final = 0.6
# Shares that one sentence must hold: of what the claim adds to the question; with the words before it, of what
# is asked, and of a claim that it does not hold alone.
_ADDED: Final = 0.6
_ASKED: Final = 0.5
_ABOUT: Final = 0.75
# Share of the question that a claim must repeat, unless it is a bare answer of a few words.
_REPEATED: Final = 0.3
_REPEATED_CHINESE: Final = 0.75
_BARE: Final = 3
# A copy: words of a claim at least, and the share of them that one sentence must hold.
_COPIED: Final = 4
_COPY: Final = 0.9
# Of what the best quote says, the share that a claim must hold to say it whole; and the score of such a quote.
_WHOLE: Final = 0.55
_WHOLE_SCORE: Final = 0.7
# How near another quote's score comes to the best for it to be as good, and the share of what a claim adds that
# such a quote must hold as well.
_AS_GOOD: Final = 0.03
_SHARED: Final = 0.5

# Words before the answer that say nothing themselves.
_LEAD_IN: Final = re.compile(
    r"^\W*(?:the answer(?: to (?:this|the|your) question)?(?: is)?|answer)\s*[:,]?\s*(?:that )?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, what each of its terms is worth, and how much of it each sentence of the documents is about."""

    question: str
    language: Language
    kind: re.Pattern[str] | None
    """What things of the kind that is asked for look like, where anybody can tell."""
    weights: Mapping[str, float]
    known: Mapping[str, float]
    best: float
    sure: bool
    """Whether the best quote surely answers."""
    rivals: tuple[EvidenceSentence, ...]
    """The quotes that are as good as the best and hold an answer of the kind that is asked for: where one of them
    says something else, neither counts."""

    def about(self, evidence: EvidenceSentence) -> bool:
        """Whether a sentence is about what is asked: the best quote nearly, any other no less than the best."""
        least = self.best if evidence.place else _ASKED
        return not self.known or coverage(self.known, evidence.about) >= least


def asked_of(
    question: str,
    weights: Mapping[str, float] | None,
    evidence: Sequence[EvidenceSentence],
    quotes: Sequence[Quote],
    scores: QuoteScores,
) -> Asked:
    language = language_of(question)
    weights = weights if weights is not None else dict.fromkeys(terms(question, language), 1.0)
    # What nothing found is about cannot tell one sentence from another.
    met: frozenset[str] = frozenset().union(*(e.about for e in evidence))
    known = {term: weight for term, weight in weights.items() if term in met}
    best = coverage(known, evidence[0].about) if evidence else 0.0
    sure = not quotes or quotes[0].score >= scores.sure
    kind = answer_kind(question)
    rivals = () if scores.by_words else tuple(_rivals(question, kind, evidence[: len(quotes)]))
    return Asked(question, language, kind, weights, known, max(_ASKED, best), sure, rivals)


def _rivals(
    question: str, kind: re.Pattern[str] | None, quoted: Sequence[EvidenceSentence]
) -> Iterator[EvidenceSentence]:
    asked = frozenset(words(question))
    if kind is not None:
        near = (other for other in quoted[1:] if other.quote.score >= quoted[0].quote.score - _AS_GOOD)
        yield from (other for other in near if not other.row and holds_new(kind, other.text, asked))


def says(evidence: EvidenceSentence, piece: str, asked: Asked) -> bool:
    """Whether one sentence of the documents says what the claim says, in answer to the question.

    It must be about what is asked, and hold what the claim adds to the question, names and figures whole: a
    sentence put together from the question's words and a name from elsewhere is how models invent.
    """
    # Figures are compared as figures: "30 days" and "thirty days" have no word in common.
    said = CITATION.sub("", _LEAD_IN.sub("", piece))
    plain = without_figures(said)
    # "It is" alone means nothing; what is left is the figure.
    claim = {} if is_empty(plain, asked.language) else dict.fromkeys(terms(plain, asked.language), 1.0)
    added = dict.fromkeys(claim.keys() - asked.weights.keys(), 1.0)
    title = f"{evidence.quote.title} {evidence.quote.section}"
    if not asked.sure or not asked.about(evidence) or (added and coverage(added, evidence.terms) < _ADDED):
        return False
    repeated = _REPEATED_CHINESE if script_of(said) == "cjk" else _REPEATED
    # A bare answer says nothing of what it is about; only the best quote can stand for that.
    bare = bool(asked.known) and not evidence.row and coverage(asked.known, claim) < repeated
    if bare and (len(added) > _BARE or evidence.place):
        return False
    # What repeats the question may stand before the sentence, where it says "it" and "they".
    if claim and coverage(claim, evidence.terms) < SUPPORTED and coverage(claim, evidence.about) < _ABOUT:
        return False
    heard = f"{asked.question} {title} {evidence.text}"
    if not _agrees(said, evidence, title, heard) or not (added or any(wrong_numbers(said, [asked.question]))):
        return False
    # In a row every figure stands beside the others; which one is meant, its head tells.
    if evidence.row:
        return _reads_on(said, evidence.quote.text)
    if any(_says_otherwise(rival, said, added, asked.question) for rival in asked.rivals):
        return False
    return _whole(evidence, claim, asked) or nearest_of_its_kind(said, evidence.text, asked.question, asked.weights)


def _reads_on(said: str, row: str) -> bool:
    """Whether a claim tells more of a row than for whom it holds: "5 to 9 years" alone answers nothing."""
    whom = numbers(holds_for(row))
    figures = [figure for figure in numbers(said) if figure.plain]
    return not whom or not figures or any(figure not in whom for figure in figures)


def _says_otherwise(rival: EvidenceSentence, said: str, added: Mapping[str, float], question: str) -> bool:
    """Whether a quote holds little of what a claim adds to the question: of its words, or else of its figures."""
    if added:
        return coverage(added, rival.terms) < _SHARED
    return any(wrong_numbers(said, [rival.text, question]))


def _whole(evidence: EvidenceSentence, claim: Mapping[str, float], asked: Asked) -> bool:
    """Whether most of the best quote is said again: what was asked for, if nobody can tell its kind, is among it."""
    plain = asked.kind is None and not evidence.place and evidence.quote.score >= _WHOLE_SCORE
    return plain and coverage(dict.fromkeys(evidence.terms, 1.0), claim) >= _WHOLE


def repeats(evidence: EvidenceSentence, piece: str, language: Language) -> bool:
    """Whether a claim says one sentence of the documents again, nearly word for word."""
    said = CITATION.sub("", piece)
    claim = dict.fromkeys(terms(without_figures(said), language), 1.0)
    title = f"{evidence.quote.title} {evidence.quote.section}"
    enough = len(claim) >= _COPIED and coverage(claim, evidence.terms) >= _COPY
    return enough and _agrees(said, evidence, title, f"{title} {evidence.text}")


def _agrees(said: str, evidence: EvidenceSentence, title: str, heard: str) -> bool:
    """Whether the figures and names of a claim stand in one sentence, names of several words side by side."""
    if any(wrong_numbers(said, [evidence.text, title])) or any(unknown_names(said, heard)):
        return False
    in_order = _words(heard)
    return full_names(said) <= {(one, two) for i, one in enumerate(in_order) for two in in_order[i + 1 : i + 3]}


def _words(text: str) -> list[str]:
    """The words in order, without possessives and with hyphens apart, as names are compared."""
    return [part.removesuffix("'s") for word in words(unaccented(text)) for part in word.replace("’", "'").split("-")]
