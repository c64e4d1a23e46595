"""Each sentence of a written answer, held against the quotes and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from rag.evidence import cut, units
from rag.evidence.ranges import in_range
from rag.language import sentences, words
from rag.terms import coverage, terms
from rag.types import Passage, Quote, Sentence
from rag.verification.facts import months, numbers, without_figures
from rag.verification.names import denies, full_names, known, mentions, names, negated, unaccented

# Share of a sentence's words that the evidence beside it must hold, and nearness in meaning that eases it.
SUPPORTED: Final = 0.6
PARTLY: Final = 0.3
_BARELY: Final = 0.15
# Share of what a claim repeats of the question, and of what it adds, that one sentence must hold.
_ADDED: Final = 0.6

_SHORT: Final = 4

# "One", "two" and "third" are often no figures at all.
_FEW: Final = 3

# How much of a claim's words a sentence must hold for its negations to be compared with the claim's.
_ALIGNED: Final = 0.25
_ALIGNED_WELL: Final = 0.5

# A question back, an apology, a remark on the search: nothing that the documents could hold.
_NO_CLAIM: Final = re.compile(
    r"[?？]\s*$|^\W*(?:no,? |yes,? |while |but )?i(?:'m)? (?:\w+ )?(?:apologi|sorry|can|could|did)", re.IGNORECASE
)

# Words before the answer that say nothing themselves.
_LEAD_IN: Final = re.compile(
    r"^\W*(?:the answer(?: to (?:this|the|your) question)?(?: is)?|answer)\s*[:,]?\s*(?:that )?", re.IGNORECASE
)

# The numbers of a list count its items and nothing else.
_LIST_MARK: Final = re.compile(r"(?:^|\n|(?<=[:.;]\s))\s*[(]?\d{1,2}[.)](?=\s+\S)|(?<=[.!?;])\s\d{1,2}\.\s*$")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A sentence or table row of the documents, at its `place` in the evidence; the quotes come first."""

    text: str
    terms: frozenset[str]
    place: int
    row: bool
    quote: Quote


def verify(
    text: str, question: str, quotes: Sequence[Quote], passages: Sequence[Passage]
) -> tuple[tuple[Sentence, ...], tuple[Quote, ...]]:
    """The answer's sentences with their verdicts, and the quotes they cite.

    Joined together, the sentences' texts are the answer again. The quotes are the given ones, in their order,
    and behind them those of the passages' sentences that bear out what none of the given ones does.

    Args:
        question: what it asks may be repeated in the answer without being in the documents.
    """
    evidence = list(_evidence(quotes, passages))
    around = " ".join([question, *(e.text for e in evidence), *(f"{p.title} {p.section}" for p in passages)])
    judged = [_judge(piece, question, evidence, around, len(quotes)) for piece in pieces(text)]
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
                said.append(cut(passage, passage.text[unit.start : unit.end], start, unit.head))
    for place, quote in enumerate(said):
        whole = f"{quote.head} {quote.text}" if quote.head else quote.text
        yield _Evidence(whole, frozenset(terms(whole)), place, bool(quote.head), quote)


def _judge(piece: str, question: str, evidence: Sequence[_Evidence], around: str, quotes: int) -> Sentence:
    """The verdict on one sentence. The first `quotes` pieces of evidence are cited before any other."""
    claim = terms(piece)
    wanted = dict.fromkeys(claim, 1.0)
    beside = _beside(piece, question, evidence)
    if not claim or _NO_CLAIM.search(piece):
        return Sentence(piece, "partly")
    if not beside:
        return Sentence(piece, "unsupported")
    # A few words can be put together from anywhere: a short claim has to stand in one place.
    together = beside[:2] if len(wanted) >= _SHORT else beside[:1]
    cover = coverage(wanted, frozenset().union(*(e.terms for e in together)))
    if problems(piece, question, [e.text for e in beside], around) or cover < _BARELY:
        return Sentence(piece, "unsupported")
    said = [e.place for e in beside if _says(e, piece, question)]
    cited = tuple(sorted(place for place in said if place < quotes))
    if said:
        return Sentence(piece, "supported", cited or (said[0],))
    near = (e.place for e in together if e.place < quotes and coverage(wanted, e.terms) >= PARTLY)
    return Sentence(piece, "partly", tuple(sorted(near)))


def _says(evidence: _Evidence, piece: str, question: str) -> bool:
    """Whether one sentence of the documents says what the claim says.

    It must hold what the claim adds to the question, names and figures whole: a sentence put together
    from the question's words and a name from elsewhere is how models invent.
    """
    # Figures are compared as figures: "30 days" and "thirty days" have no word in common.
    claim = dict.fromkeys(terms(without_figures(_LEAD_IN.sub("", piece))), 1.0)
    asked = set(terms(question))
    added = dict.fromkeys(claim.keys() - asked, 1.0)
    repeated = dict.fromkeys(claim.keys() & asked, 1.0)
    held = evidence.terms
    if coverage(claim, held) < SUPPORTED or any(part and coverage(part, held) < _ADDED for part in (added, repeated)):
        return False
    said = f"{question} {evidence.text}"
    if any(_numbers(piece, [question, evidence.text])) or any(_names(piece, said)):
        return False
    in_order = words(unaccented(said))
    beside = {(one, two) for i, one in enumerate(in_order) for two in in_order[i + 1 : i + 3]}
    return full_names(piece) <= beside and (bool(added) or any(_numbers(piece, [question])))


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


def problems(claim: str, question: str, beside: Sequence[str], around: str) -> list[str]:
    """What in a claim disagrees with the documents: numbers, months, names, negations; none is a good sign.

    Args:
        beside: the sentences of the documents nearest to the claim, nearest first.
        around: all of the evidence, with the question.
    """
    # What nothing says nearly the same as may stand anywhere; what a sentence says nearly the same as stands there.
    wanted = dict.fromkeys(terms(without_figures(claim)), 1.0)
    near = any(coverage(wanted, terms(text)) >= _ALIGNED_WELL for text in beside[:2])
    scope = [question, *beside] if near else [around]
    return [*_numbers(claim, scope), *_names(claim, around), *_negations(claim, beside)]


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
    yield from (f"name {name}" for name in names(claim) if not known(name, held, text))


def _negations(claim: str, beside: Sequence[str]) -> Iterator[str]:
    """Negations of the claim that no sentence beside it has, and those that it should have."""
    claimed = set(terms(claim))
    mine = negated(claim)
    held = [(len(claimed.intersection(terms(text))), text) for text in beside]
    best = max((shared for shared, _ in held), default=0)
    near = [text for shared, text in held if shared >= 0.7 * best]
    if best >= _ALIGNED * len(claimed):
        theirs = [meant for text in near for _, meant in negated(text)]
        for sign, meant in mine:
            if any(meant & other or not (meant and other) for other in theirs):
                continue
            said = [around_word for text in near for around_word in mentions(text, meant)] or near
            if not any(map(denies, said)):
                yield f"negation {sign} {'/'.join(sorted(meant))}"
    if near and best >= _ALIGNED_WELL * len(claimed):
        for _, meant in negated(near[0]):
            shared = meant & claimed
            if len(shared) >= max(1, len(meant) - 1) and not any(
                denies(words_near) or negated(words_near) for words_near in mentions(claim, shared)
            ):
                yield f"negation missing {'/'.join(sorted(meant))}"
