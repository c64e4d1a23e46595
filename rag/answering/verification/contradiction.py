"""What a claim says otherwise than the documents, and words side by side that say another thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rag.answering.verification.evidence import Source
from rag.answering.verification.list_leads import denying_lead
from rag.answering.verification.little_words import ALL, LEAST, MAY, MOST, MUST, NONE, ONLY, OPPOSITES, SOME
from rag.core.text import stem
from rag.core.types import Notice, Span

# Characters before and behind a figure among which the words stand that bound it.
_BOUND_BEFORE, _BOUND_BEHIND = 16, 12
_CLAUSE: Final = re.compile(r"[,;.:()，；。]|\b(?:and|or|but|und|oder|aber)\b(?! (?:less|more|mehr|weniger)\b)|\d")
_NEEDS: Final = re.compile(r"\b(?:needs?|requires?|required|braucht|brauchen|bedarf|bedürfen)\b|须|需", re.IGNORECASE)
# What stands in one group is another thing than what stands in the others.
_KINDS: Final = {"quantifier": (ALL, SOME, NONE), "bound": (LEAST, MOST), "modality": (MAY, MUST)}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a claim says otherwise than the documents: a span of its text, and what stands in `source` instead.

    Where `source` is None it stands nowhere in the documents.
    """

    kind: str
    span: Span
    document: str = ""
    source: Source | None = None
    check: str = ""

    def notice(self, claim: str) -> Notice:
        said = claim[slice(*self.span)]
        document = self.document
        if self.source and (self.kind == "negation" or document == self.source.text):
            # A "not", or none, says nothing by itself: the whole sentence does, or row, as it stands there.
            quote = self.source.quote
            lead = denying_lead(quote)
            document = f"{lead} … {quote.text}" if lead else quote.text
        fields: dict[str, str | int] = {"said": said, "document": document}
        return Notice(f"{self.kind}_{'missing' if self.source is None else 'differs'}", fields)


def bound_of(text: str, start: int, end: int) -> int:
    """How the figure at a place is bounded: 1 as the least, -1 as the most, 0 by nothing beside it."""
    before = _CLAUSE.split(text[max(0, start - _BOUND_BEFORE) : start])[-1]
    beside = before + _CLAUSE.split(text[end : end + _BOUND_BEHIND], maxsplit=1)[0]
    return bool(LEAST.search(beside)) - bool(MOST.search(beside))


def words_of_kind(mine: str, theirs: str) -> str:
    """The kind of word that stands in two wordings in one place and says another thing; '' where none does.

    >>> words_of_kind("at least", "up to"), words_of_kind("must", "may"), words_of_kind("only", "")
    ('bound', 'modality', 'quantifier')
    """
    # What is allowed only with consent needs it.
    if ONLY.search(mine) and not ONLY.search(theirs) and not _NEEDS.search(theirs):
        return "quantifier"
    for kind, groups in _KINDS.items():
        found = [{i for i, group in enumerate(groups) if group.search(side)} for side in (mine, theirs)]
        if all(found) and found[0].isdisjoint(found[1]):
            return kind
    ours, others = mine.lower().split(), theirs.lower().split()
    return "opposite" if any(_opposed(a, b) for a in ours for b in others) and len(ours) < 3 > len(others) else ""


def _opposed(one: str, other: str) -> bool:
    return any(stem(other, language) in OPPOSITES[language].get(stem(one, language), ()) for language in OPPOSITES)
