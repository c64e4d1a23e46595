"""Quotes as the documents of a prompt: widened by their context, overlapping ones merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from langchain_core.documents import Document

from rag.core.text import from_a_word, to_a_word
from rag.core.types import Quote, shown_name

# Characters of context before and after a quote in the prompt.
_AROUND: Final = 250


def documents_of(quotes: Sequence[Quote], *, narrow: bool = False) -> list[Document]:
    """Quotes as documents for the prompt: the best one alone, or all with some context."""
    if narrow:
        return [_as_document(replace(quote, before="", after="")) for quote in quotes[:1]]
    return [_as_document(span, _numbers(span, quotes)) for span in _merged(quotes)]


def outline_documents(quotes: Sequence[Quote]) -> list[Document]:
    """An outline for the prompt: each sentence with the section that it opens."""
    texts = [f"{quote.section or shown_name(quote)}: {' '.join(quote.text.split())}" for quote in quotes]
    return [Document(page_content=text, metadata={"numbers": (n,)}) for n, text in enumerate(texts, 1)]


def _merged(quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes widened by their context, best first; overlapping ones are merged."""
    wide = [(rank, _widened(quote)) for rank, quote in enumerate(quotes)]
    found: list[tuple[int, Quote]] = []
    for rank, quote in sorted(wide, key=lambda one: (one[1].document, one[1].page, one[1].start)):
        if found and _touch(found[-1][1], quote):
            best, last = found.pop()
            rank, quote = min(best, rank), _union(last, quote)
        found.append((rank, quote))
    return [quote for _, quote in sorted(found, key=lambda one: one[0])]


def _widened(quote: Quote) -> Quote:
    before, after = quote.before, quote.after
    if len(before) > _AROUND:
        before = from_a_word(before[-_AROUND:])
    if len(after) > _AROUND:
        after = to_a_word(after[:_AROUND])
    start, end = quote.start - len(before), quote.end + len(after)
    return replace(quote, text=before + quote.text + after, start=start, end=end, before="", after="")


def _touch(one: Quote, next_one: Quote) -> bool:
    return (one.document, one.page) == (next_one.document, next_one.page) and next_one.start <= one.end


def _union(one: Quote, next_one: Quote) -> Quote:
    """The union of two overlapping quotes, with both column headings."""
    text = one.text + next_one.text[one.end - next_one.start :]
    head = " ".join(filter(None, dict.fromkeys((one.head, next_one.head))))
    return replace(one, text=text, end=max(one.end, next_one.end), head=head)


def _numbers(span: Quote, quotes: Sequence[Quote]) -> tuple[int, ...]:
    """The numbers of the quotes that stand in a span."""
    place = span.document, span.page
    inside = [(q.document, q.page) == place and span.start <= q.start < span.end for q in quotes]
    return tuple(number for number, stands in enumerate(inside, 1) if stands)


def _as_document(quote: Quote, numbers: tuple[int, ...] = ()) -> Document:
    """A quote with its column headings, unless its text contains them."""
    text, head = " ".join(quote.text.split()), " ".join(quote.head.split())
    return Document(
        page_content=text if head in text else f"{head} {text}",
        metadata={
            "source": quote.address or quote.name,
            "document": quote.document,
            "page": quote.page,
            "label": quote.label,
            "start": quote.start,
            "end": quote.end,
            "score": quote.score,
            "numbers": numbers,
        },
    )
