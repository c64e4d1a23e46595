"""Questions for what comes next: "When is the next fair?" is not answered by the last one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from rag.core.text import terms, years
from rag.core.types import Quote

_WHEN: Final = re.compile(r"\b(?:when|what (?:date|day)|wann|an welchem tag)\b|什么时候|何时|几号|哪天", re.IGNORECASE)
_NEXT: Final = re.compile(
    r"\b(?:next|upcoming|coming|following|nächste[nrsm]?|kommende[nrsm]?|folgende[nrsm]?)\b|下一?[次届个回]",
    re.IGNORECASE,
)
# Quotes looked at.
_BEST: Final = 3


def only_past(question: str, quotes: Sequence[Quote], today: date) -> bool:
    """Whether it is asked when something is next, and all that is found lies in years gone by.

    What a document calls the next one is meant by it, however old it is; what has no year may still come.
    """
    if not _WHEN.search(question) or not _NEXT.search(question):
        return False
    if not quotes or not years(quotes[0].text):
        return False
    matter = set(terms(question)) & set(terms(quotes[0].text))
    about = [quote.text for quote in quotes[:_BEST] if matter <= set(terms(quote.text))]
    return not any(_NEXT.search(text) or str(today.year) <= max(years(text), default="") for text in about)
