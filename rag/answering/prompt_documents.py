"""Quotes as the documents of a prompt: widened by their context, overlapping ones merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from langchain_core.documents import Document

from rag.core.tables import CELL_BORDER
from rag.core.text import from_a_word, to_a_word
from rag.core.types import Quote, shown_name

# Characters of context before and after a quoted sentence in the prompt. Chosen on one half of SQuAD, TAT-QA and a
# handbook, for prompts of 250 tokens at the median: on the other half the answer stands in 0.947 of SQuAD's prompts, as
# with 250 characters on either side, and in 0.762 of TAT-QA's, before 0.810 (32 and 34 of 42).
_BEFORE: Final = 150
_AFTER: Final = 100
# Stands between two rows that are not neighbours; in the text of a page it does not stand.
_ROW_BORDER: Final = "\f"
# Texts of earlier questions in front of the new ones.
_MOST_KEPT: Final = 6


def documents_of(
    quotes: Sequence[Quote], *, narrow: bool = False, earlier: Sequence[Sequence[Quote]] = ()
) -> list[Document]:
    """Quotes as documents for the prompt: the best one alone, or all, sentences with some context.

    Args:
        earlier: the quotes of the questions before. What the last prompt began with stays in front as it was, up to
            the last text that a quote stands in, so that the model need not read it again.
    """
    if narrow:
        return [_as_document(replace(quote, before="", after=""), (1,)) for quote in quotes[:1]]
    spans = list[Quote]()
    for each in (*earlier, quotes):
        spans = _continued(spans, each)
    return [_as_document(span, _numbers(span, quotes)) for span in spans]


def outline_documents(quotes: Sequence[Quote]) -> list[Document]:
    """An outline for the prompt: each sentence with the section that it opens."""
    texts = [f"{quote.section or shown_name(quote)}: {' '.join(quote.text.split())}" for quote in quotes]
    return [Document(page_content=text, metadata={"numbers": (n,)}) for n, text in enumerate(texts, 1)]


def _continued(spans: Sequence[Quote], quotes: Sequence[Quote]) -> list[Quote]:
    """The texts of the last prompt that quotes stand in, and those in front of them; then those of the other quotes."""
    standing = [place for place, span in enumerate(spans, 1) if _numbers(span, quotes)]
    kept = list(spans[: max(standing, default=0)])
    if len(kept) > _MOST_KEPT:
        kept = []
    return kept + _merged([quote for quote in quotes if not any(_numbers(span, [quote]) for span in kept)])


def _merged(quotes: Sequence[Quote]) -> list[Quote]:
    """The quotes widened by their context, best first; overlapping ones and rows of one table are merged."""
    wide = [(rank, _widened(quote)) for rank, quote in enumerate(quotes)]
    found: list[tuple[int, Quote]] = []
    for rank, quote in sorted(wide, key=lambda one: (one[1].document, one[1].page, one[1].start)):
        if found and _belong(found[-1][1], quote):
            best, last = found.pop()
            rank, quote = min(best, rank), _union(last, quote)
        found.append((rank, quote))
    return [quote for _, quote in sorted(found, key=lambda one: one[0])]


def _widened(quote: Quote) -> Quote:
    """With the text around it; a row under column heads says what it is by them, and figures are many tokens."""
    before, after = ("", "") if quote.head else _without_rows(quote)
    if len(before) > _BEFORE:
        before = from_a_word(before[len(before) - _BEFORE :])
    if len(after) > _AFTER:
        after = to_a_word(after[:_AFTER])
    start, end = quote.start - len(before), quote.end + len(after)
    return replace(quote, text=before + quote.text + after, start=start, end=end, before="", after="")


def _without_rows(quote: Quote) -> tuple[str, str]:
    """What stands before and after a quote up to a table: rows without their heads are taken for what they are not."""
    if CELL_BORDER in quote.text:
        return quote.before, quote.after
    before, after = quote.before.split("\n"), quote.after.split("\n")
    above = max((place for place, line in enumerate(before, 1) if CELL_BORDER in line), default=0)
    below = next((place for place, line in enumerate(after) if CELL_BORDER in line), len(after))
    return "\n".join(before[above:]), "\n".join(after[:below])


def _belong(one: Quote, next_one: Quote) -> bool:
    if (one.document, one.page) != (next_one.document, next_one.page):
        return False
    return next_one.start <= one.end or (one.head != "" and one.head == next_one.head)


def _union(one: Quote, next_one: Quote) -> Quote:
    """The union of two overlapping quotes, with both column headings; or two rows, a line each."""
    apart = next_one.start > one.end
    text = f"{one.text}{_ROW_BORDER}{next_one.text}" if apart else one.text + next_one.text[one.end - next_one.start :]
    head = " ".join(filter(None, dict.fromkeys((one.head, next_one.head))))
    return replace(one, text=text, end=max(one.end, next_one.end), head=head)


def _numbers(span: Quote, quotes: Sequence[Quote]) -> tuple[int, ...]:
    """The numbers of the quotes that stand in a span."""
    place = span.document, span.page
    inside = [
        (q.document, q.page) == place and span.start <= q.start < span.end and q.text in span.text for q in quotes
    ]
    return tuple(number for number, stands in enumerate(inside, 1) if stands)


def _as_document(quote: Quote, numbers: tuple[int, ...]) -> Document:
    """A quote with its column headings, unless its text contains them; several rows are a line each below them."""
    text = "\n".join(" ".join(row.split()) for row in quote.text.split(_ROW_BORDER))
    head = " ".join(quote.head.split())
    return Document(
        page_content=text if head in text else f"{head}\n{text}" if "\n" in text else f"{head} {text}",
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
