"""Each sentence of a written answer, held against the quotes and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from rag.answering.verification.contradiction import ADDRESS, problems, unknown_names
from rag.answering.verification.evidence import ClaimEvidence, gather_evidence, nearest_sentences
from rag.answering.verification.support import Asked, asked_of, repeats, says
from rag.core.text import coverage, numbers, sentences, terms
from rag.core.types import Quote, Sentence
from rag.models.catalogue import BUNDLED, QuoteScores, embedder_facts

# Share of a claim's words that a quote must hold to be cited, and the nearest two together for the claim not to be
# unsupported; of shorter claims, the nearest alone.
PARTLY: Final = 0.3
_BARELY: Final = 0.12
_SHORT: Final = 4

# A question back: nothing that the documents could hold.
_ASKS: Final = re.compile(r"[?？]\s*$")
# An apology or a remark on the search, unless it goes on with figures.
_APOLOGY: Final = re.compile(
    r"^\W*(?:no,? |yes,? |while |but )?i(?:'m)? (?:\w+ )?(?:apologi|sorry|can|could|did)", re.IGNORECASE
)


def verify(
    text: str,
    question: str,
    quotes: Sequence[Quote],
    others: Sequence[Quote],
    weights: Mapping[str, float] | None = None,
    *,
    scores: QuoteScores | None = None,
) -> tuple[tuple[Sentence, ...], tuple[Quote, ...]]:
    """The answer's sentences with their verdicts, and the quotes they cite.

    Joined together, the sentences' texts are the answer again. The quotes are the given ones, in their order,
    and behind them those of the others that bear out what none of the given ones does.

    Args:
        others: what else was found, sentence by sentence.
        question: what it asks may be repeated in the answer without being in the documents.
        weights: what each term of the question is worth; all the same when not given.
        scores: what the quotes' scores mean; those of the bundled embedder when not given.
    """
    scores = scores or embedder_facts(BUNDLED).quote_scores(question)
    held = gather_evidence(question, quotes, others)
    evidence = held.evidence
    asked = asked_of(question, weights, evidence, quotes, scores)
    judged = [_judge(piece, asked, held, len(quotes)) for piece in pieces(text)]
    # Where an answer answers, what else it takes from the documents word for word is borne out too.
    if any(sentence.verdict == "supported" for sentence in judged):
        judged = [_copied(sentence, held) for sentence in judged]
    cited = sorted({place for sentence in judged for place in sentence.quotes if place >= len(quotes)})
    places = {place: place for place in range(len(quotes))} | {old: len(quotes) + i for i, old in enumerate(cited)}
    return (
        tuple(replace(sentence, quotes=tuple(places[place] for place in sentence.quotes)) for sentence in judged),
        (*quotes, *(evidence[place].quote for place in cited)),
    )


def _copied(sentence: Sentence, held: ClaimEvidence) -> Sentence:
    """A sentence that is borne out in part: supported where it repeats one of the documents."""
    if sentence.verdict != "partly" or _ASKS.search(sentence.text):
        return sentence
    found = next((e.place for e in held.evidence if repeats(e, sentence.text, held.language)), None)
    return sentence if found is None else replace(sentence, verdict="supported", quotes=(found,))


def pieces(text: str) -> list[str]:
    """The sentences of a text, each with the white space and marks that follow it."""
    starts = [start for start, _ in sentences(text)]
    if not starts:
        return [text] if text else []
    borders = [0, *starts[1:], len(text)]
    return [text[first:last] for first, last in pairwise(borders)]


def _judge(piece: str, asked: Asked, held: ClaimEvidence, quotes: int) -> Sentence:
    """The verdict on one sentence. The first `quotes` pieces of evidence are cited before any other."""
    said = ADDRESS.sub(" ", piece)
    claim = terms(said, held.language)
    wanted = dict.fromkeys(claim, 1.0)
    beside = nearest_sentences(said, asked.question, held)
    if _ASKS.search(piece) and any([*unknown_names(piece, held.around)]):
        return Sentence(piece, "unsupported")
    if not claim or _ASKS.search(piece) or (_APOLOGY.search(piece) and not any(n.plain for n in numbers(piece))):
        return Sentence(piece, "partly")
    if not beside:
        return Sentence(piece, "unsupported")
    # A few words can be put together from anywhere: a short claim has to stand in one place.
    together = beside[:2] if len(wanted) >= _SHORT else beside[:1]
    cover = coverage(wanted, frozenset().union(*(e.terms for e in together)))
    if cover < _BARELY or any(problems(piece, asked.question, [e.text for e in beside], held)):
        return Sentence(piece, "unsupported")
    found = [e.place for e in beside if says(e, said, asked)]
    cited = tuple(sorted(place for place in found if place < quotes))
    if found:
        return Sentence(piece, "supported", cited or (found[0],))
    near = (e.place for e in together if e.place < quotes and coverage(wanted, e.terms) >= PARTLY)
    return Sentence(piece, "partly", tuple(sorted(near)))
