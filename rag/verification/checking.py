"""Each sentence of a written answer, held against the quotes and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from rag.evidence import cut, nearest_of_its_kind, units
from rag.evidence.ranges import in_range
from rag.language import has_cjk, sentences, words
from rag.terms import LITTLE, coverage, terms
from rag.types import Passage, Quote, Sentence
from rag.verification.facts import months, numbers, without_figures
from rag.verification.names import full_names, known, names, unaccented
from rag.verification.negations import Negations

# Share of a sentence's words that the evidence beside it must hold, and nearness in meaning that eases it.
SUPPORTED: Final = 0.6
PARTLY: Final = 0.3
_BARELY: Final = 0.2
# Shares that one sentence must hold: of what the claim adds to the question; with the words before it, of what
# is asked, and of a claim that it does not hold alone.
_ADDED: Final = 0.6
_ASKED: Final = 0.5
_ABOUT: Final = 0.75
# Share of the question that a claim must repeat, unless it is a bare answer of a few words.
_REPEATED: Final = 0.3
_REPEATED_CHINESE: Final = 0.75
_BARE: Final = 3
# Score of the best quote from which it surely answers (nine times in ten). In Chinese the embedder's part of
# the score is missing.
_SURE: Final = 0.6
_SURE_CHINESE: Final = 0.39
# Characters before a sentence that tell what it is about.
_BEFORE: Final = 250

_SHORT: Final = 4

# "One", "two" and "third" are often no figures at all.
_FEW: Final = 3

# How much of a claim's words a sentence must hold for the claim's figures to be looked for in it.
_ALIGNED_WELL: Final = 0.5

# A question back: nothing that the documents could hold.
_ASKS: Final = re.compile(r"[?？]\s*$")
# An apology or a remark on the search, unless it goes on with figures.
_APOLOGY: Final = re.compile(
    r"^\W*(?:no,? |yes,? |while |but )?i(?:'m)? (?:\w+ )?(?:apologi|sorry|can|could|did)", re.IGNORECASE
)

# Words before the answer that say nothing themselves.
_LEAD_IN: Final = re.compile(
    r"^\W*(?:the answer(?: to (?:this|the|your) question)?(?: is)?|answer)\s*[:,]?\s*(?:that )?", re.IGNORECASE
)

# "[7]": a mark that the answer's writer took along from an encyclopedia.
_CITATION: Final = re.compile(r"\[\d{1,3}\]")

# The numbers of a list count its items and nothing else.
_LIST_MARK: Final = re.compile(r"(?:^|\n|(?<=[:.;]\s))\s*[(]?\d{1,2}[.)](?=\s+\S)|(?<=[.!?;])\s\d{1,2}\.\s*$")


@dataclass(frozen=True, slots=True)
class _Evidence:
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
class _Held:
    """All that a claim is held against: the evidence, its text together with the question, what it denies."""

    evidence: Sequence[_Evidence]
    around: str
    negations: Negations


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question, what each of its terms is worth, and how much of it each sentence of the documents is about."""

    question: str
    weights: Mapping[str, float]
    known: Mapping[str, float]
    best: float

    sure: bool

    def about(self, evidence: _Evidence) -> bool:
        """Whether a sentence is about what is asked: the best quote nearly, any other no less than the best."""
        least = self.best if evidence.place else _ASKED
        return not self.known or coverage(self.known, evidence.about) >= least


def _asked(
    question: str, weights: Mapping[str, float] | None, evidence: Sequence[_Evidence], quotes: Sequence[Quote]
) -> _Asked:
    weights = weights if weights is not None else dict.fromkeys(terms(question), 1.0)
    # What nothing found is about cannot tell one sentence from another.
    met: frozenset[str] = frozenset().union(*(e.about for e in evidence))
    known = {term: weight for term, weight in weights.items() if term in met}
    best = coverage(known, evidence[0].about) if evidence else 0.0
    sure = not quotes or quotes[0].score >= (_SURE_CHINESE if has_cjk(question) else _SURE)
    return _Asked(question, weights, known, max(_ASKED, best), sure)


def verify(
    text: str,
    question: str,
    quotes: Sequence[Quote],
    passages: Sequence[Passage],
    weights: Mapping[str, float] | None = None,
) -> tuple[tuple[Sentence, ...], tuple[Quote, ...]]:
    """The answer's sentences with their verdicts, and the quotes they cite.

    Joined together, the sentences' texts are the answer again. The quotes are the given ones, in their order,
    and behind them those of the passages' sentences that bear out what none of the given ones does.

    Args:
        question: what it asks may be repeated in the answer without being in the documents.
        weights: what each term of the question is worth; all the same when not given.
    """
    held = _held(question, quotes, passages)
    evidence = held.evidence
    asked = _asked(question, weights, evidence, quotes)
    judged = [_judge(piece, asked, held, len(quotes)) for piece in pieces(text)]
    cited = sorted({place for sentence in judged for place in sentence.quotes if place >= len(quotes)})
    places = {place: place for place in range(len(quotes))} | {old: len(quotes) + i for i, old in enumerate(cited)}
    return (
        tuple(replace(sentence, quotes=tuple(places[place] for place in sentence.quotes)) for sentence in judged),
        (*quotes, *(evidence[place].quote for place in cited)),
    )


def pieces(text: str) -> list[str]:
    """The sentences of a text, each with the white space and marks that follow it."""
    starts = [start for start, _ in sentences(text)]
    if not starts:
        return [text] if text else []
    borders = [0, *starts[1:], len(text)]
    return [text[first:last] for first, last in pairwise(borders)]


def _evidence(quotes: Sequence[Quote], passages: Sequence[Passage]) -> Iterator[_Evidence]:
    """The quotes, then what else the passages say, each sentence once."""
    seen = {(quote.document, quote.page, quote.start) for quote in quotes}
    said = list(quotes)
    for passage in passages:
        for unit in units(passage.text):
            start = passage.start + unit.start
            key = (passage.document, passage.page, start)
            if key not in seen:
                seen.add(key)
                found = cut(passage, passage.text[unit.start : unit.end], start, unit.head)
                said.append(replace(found, before=passage.text[: unit.start]))
    for place, quote in enumerate(said):
        whole = f"{quote.head} {quote.text}" if quote.head else quote.text
        held = frozenset(terms(whole))
        about = held.union(terms(f"{quote.title} {quote.section} {quote.before[-_BEFORE:]}"))
        yield _Evidence(whole, held, about, place, bool(quote.head), quote)


def _held(question: str, quotes: Sequence[Quote], passages: Sequence[Passage]) -> _Held:
    evidence = tuple(_evidence(quotes, passages))
    around = " ".join([question, *(e.text for e in evidence), *(f"{p.title} {p.section}" for p in passages)])
    return _Held(evidence, around, Negations([e.text for e in evidence]))


def _judge(piece: str, asked: _Asked, held: _Held, quotes: int) -> Sentence:
    """The verdict on one sentence. The first `quotes` pieces of evidence are cited before any other."""
    claim = terms(piece)
    wanted = dict.fromkeys(claim, 1.0)
    beside = _beside(piece, asked.question, held.evidence)
    if not claim or _ASKS.search(piece) or (_APOLOGY.search(piece) and not any(n.plain for n in numbers(piece))):
        return Sentence(piece, "partly")
    if not beside:
        return Sentence(piece, "unsupported")
    # A few words can be put together from anywhere: a short claim has to stand in one place.
    together = beside[:2] if len(wanted) >= _SHORT else beside[:1]
    cover = coverage(wanted, frozenset().union(*(e.terms for e in together)))
    if cover < _BARELY or any(_problems(piece, asked.question, [e.text for e in beside], held)):
        return Sentence(piece, "unsupported")
    said = [e.place for e in beside if _says(e, piece, asked)]
    cited = tuple(sorted(place for place in said if place < quotes))
    if said:
        return Sentence(piece, "supported", cited or (said[0],))
    near = (e.place for e in together if e.place < quotes and coverage(wanted, e.terms) >= PARTLY)
    return Sentence(piece, "partly", tuple(sorted(near)))


def _says(evidence: _Evidence, piece: str, asked: _Asked) -> bool:
    """Whether one sentence of the documents says what the claim says, in answer to the question.

    It must be about what is asked, and hold what the claim adds to the question, names and figures whole: a
    sentence put together from the question's words and a name from elsewhere is how models invent.
    """
    # Figures are compared as figures: "30 days" and "thirty days" have no word in common.
    said = _CITATION.sub("", _LEAD_IN.sub("", piece))
    plain = without_figures(said)
    # "It is" alone means nothing; what is left is the figure.
    claim = {} if LITTLE.issuperset(words(plain)) else dict.fromkeys(terms(plain), 1.0)
    added = dict.fromkeys(claim.keys() - asked.weights.keys(), 1.0)
    title = f"{evidence.quote.title} {evidence.quote.section}"
    if not asked.sure or not asked.about(evidence) or (added and coverage(added, evidence.terms) < _ADDED):
        return False
    repeated = _REPEATED_CHINESE if has_cjk(said) else _REPEATED
    # A bare answer says nothing of what it is about; only the best quote can stand for that.
    bare = bool(asked.known) and not evidence.row and coverage(asked.known, claim) < repeated
    if bare and (len(added) > _BARE or evidence.place):
        return False
    # What repeats the question may stand before the sentence, where it says "it" and "they".
    if claim and coverage(claim, evidence.terms) < SUPPORTED and coverage(claim, evidence.about) < _ABOUT:
        return False
    if any(_numbers(said, [evidence.text, title])) or any(_names(said, f"{asked.question} {title} {evidence.text}")):
        return False
    in_order = _words(f"{asked.question} {title} {evidence.text}")
    beside = {(one, two) for i, one in enumerate(in_order) for two in in_order[i + 1 : i + 3]}
    if not full_names(said) <= beside or not (added or any(_numbers(said, [asked.question]))):
        return False
    # In a row every figure stands beside the others; which one is meant, its head tells.
    return evidence.row or nearest_of_its_kind(said, evidence.text, asked.question, asked.weights)


def _words(text: str) -> list[str]:
    """The words in order, without possessives and with hyphens apart, as names are compared."""
    return [part.removesuffix("'s") for word in words(unaccented(text)) for part in word.replace("’", "'").split("-")]


def _beside(piece: str, question: str, evidence: Sequence[_Evidence]) -> list[_Evidence]:
    """The evidence nearest to a claim, nearest first. Of table rows only those that the claim is about,
    its figures aside: what stands in the others is true of something else."""
    claim = terms(piece)
    wanted = dict.fromkeys(claim, 1.0)
    about = dict.fromkeys((term for term in claim if not term[0].isdigit()), 1.0)

    def meant(row: _Evidence) -> tuple[float, bool]:
        return coverage(about, row.terms), in_range(f"{question} {piece}", row.text)

    best = max((meant(e) for e in evidence if e.row), default=(0.0, False))
    nearest = sorted(evidence, key=lambda e: -coverage(wanted, e.terms))
    return [e for e in nearest if not e.row or meant(e) == best][:5]


def _problems(piece: str, question: str, beside: Sequence[str], held: _Held) -> Iterator[str]:
    """What in a claim disagrees with the documents: numbers, months, names, negations; none is a good sign.

    Args:
        beside: the sentences of the documents nearest to the claim, nearest first.
    """
    # What nothing says nearly the same as may stand anywhere; what a sentence says nearly the same as stands there.
    claim = _CITATION.sub("", piece)
    wanted = dict.fromkeys(terms(without_figures(claim)), 1.0)
    near = any(coverage(wanted, terms(text)) >= _ALIGNED_WELL for text in beside[:2])
    yield from _numbers(claim, [question, *beside] if near else [held.around])
    yield from _names(claim, held.around)
    yield from held.negations.problems(claim)


def _numbers(claim: str, beside: Sequence[str]) -> Iterator[str]:
    claim = _LIST_MARK.sub(" ", claim)
    near = " \n".join(beside)
    there = numbers(near)
    for number in numbers(claim):
        same = [other for other in there if abs(other.value - number.value) <= 1e-9 * abs(number.value)]
        if not same and (number.plain or number.unit or number.value > _FEW):
            yield f"number {number.value:g}"
        elif same and number.unit and all(other.unit != number.unit for other in same) and any(o.unit for o in same):
            yield f"unit {number.value:g} {number.unit}"
    yield from (f"month {month}" for month in months(claim) - months(near))


def _names(claim: str, around: str) -> Iterator[str]:
    text = unaccented(around)
    held = frozenset(words(text)) | frozenset(terms(text))
    # What letters stand for may be spelt out in the claim: "mortgage insurance premiums (MIP)".
    spelt = f"{text} {unaccented(claim)}"
    yield from (f"name {name}" for name in names(claim) if not known(name, held, spelt))
