"""How verdicts are printed: as objects, or as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rag.commands.output import texts
from rag.core.types import Claim, Notice, Passage, Quote, Sentence, Span
from rag.viewing.verdict_texts import reason_text, why


def sentence_record(sentence: Sentence, quotes: Sequence[Quote]) -> dict[str, Any]:
    """A sentence with its verdict, its claims and their evidence. `quotes` of the record are their indexes."""
    return {
        "text": sentence.text,
        "verdict": sentence.verdict,
        "contradicted": sentence.contradicted,
        "answers": sentence.answers,
        "words": [_words(sentence, span) for span in sentence.words],
        "quotes": list(sentence.quotes),
        "reasons": [_reason(reason) for reason in sentence.reasons],
        "claims": [_claim(sentence, claim, quotes) for claim in sentence.claims],
    }


def place_record(source: Passage | Quote) -> dict[str, Any]:
    page = source.place.page
    label = source.section if page is None else source.label
    return {"document": source.name, "page": page, "label": label, "line": source.line or None}


def _claim(sentence: Sentence, claim: Claim, quotes: Sequence[Quote]) -> dict[str, Any]:
    return {
        "text": claim.text,
        "verdict": claim.verdict,
        "contradicted": claim.contradicted,
        "probability": None if claim.probability is None else round(claim.probability, 4),
        "words": [_words(sentence, span) for span in claim.words],
        "reasons": [_reason(reason) for reason in claim.reasons],
        "evidence": [_evidence(quotes[place], place) for place in claim.quotes],
    }


def _evidence(quote: Quote, place: int) -> dict[str, Any]:
    where = {"head": quote.head, "section": quote.section, "start": quote.start, "end": quote.end, "quote": place}
    return {**place_record(quote), "text": quote.text, **where, "place": quote.place.fields()}


def _words(sentence: Sentence, span: Span) -> dict[str, Any]:
    return {"start": span[0], "end": span[1], "text": sentence.text[slice(*span)]}


def _reason(reason: Notice) -> dict[str, Any]:
    return {"code": reason.key, **reason.fields, "text": reason_text(reason, texts())}


def verdict_lines(sentences: Sequence[Sentence], quotes: Sequence[Quote]) -> Iterator[str]:
    words = texts()
    for sentence in sentences:
        notes = "".join(f"[{place + 1}]" for place in sentence.quotes)
        yield f"{' '.join(sentence.text.split())} {notes} ({words(f'answer.verdict_{sentence.verdict}')})"
        if said := why(sentence, words):
            yield f"    {said}"
    for number, quote in enumerate(quotes, start=1):
        yield f"[{number}] {' '.join(quote.text.split())}\n    {quote.name}, {quote.place.shown(words)}"
