"""Lead sentences of a document as quotes, for overview questions."""

from __future__ import annotations

from collections.abc import Sequence

from rag.core.text import find_words, sentences
from rag.core.types import Document, Page, Quote


def lead_quotes(document: Document, pages: Sequence[Page], limit: int) -> list[Quote]:
    """Up to `limit` sentences of the document's stored lead, located on its pages."""
    lead = [document.lead[start:end] for start, end in sentences(document.lead)][:limit]
    quotes: list[Quote] = []
    for sentence in lead:
        place = next(((page, found) for page in pages if (found := find_words(page.text, sentence))), None)
        if place is not None:
            page, (start, end) = place
            quotes.append(
                Quote(
                    document.id,
                    document.name,
                    document.title,
                    document.kind,
                    document.address,
                    page.number,
                    page.label,
                    "",
                    page.text[start:end],
                    start,
                    end,
                    1.0,
                )
            )
    return quotes
