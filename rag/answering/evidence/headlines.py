"""Units that only say what the next ones are about: they are no quotes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from rag.answering.evidence.units import Unit

# What a heading does not hold: a figure behind its first word, a colon, a verb of those that say how things are.
_SAYS: Final = re.compile(
    r"^\s*+\S++\D*+\d|[:：]\s*+\S|[是为有须可应]|\b(?:is|are|was|were|has|have|had|can|may|must|will|shall|does|do)\b",
    re.IGNORECASE,
)
# What announces a table: "The components are as follows:", "The following table shows the fees".
_ANNOUNCES: Final = re.compile(
    r"(?:[:：]|\b(?:as follows|(?:shown|set out|presented|summari[sz]ed) (?:below|in the table)))[.:：]?$"
    r"|\bthe following table\b|\b(?:the|this) (?:table|schedule) (?:below )?(?:sets|shows|presents|summari[sz]es|lists"
    r"|provides|reconciles|details|reflects|contains|discloses|gives|describes|includes|illustrates)\b|如下|下表",
    re.IGNORECASE,
)


def headlines(text: str, found: Sequence[Unit]) -> set[int]:
    """The starts of the units that only say what the next one is about, of a page's units in order."""
    bare = {
        one.start
        for one, following in pairwise(found)
        if one.sort == "heading" and following.sort != "heading" and not _SAYS.search(text[one.start : one.end])
    }
    return bare | {one.start for one in announcements(text, found)}


def announcements(text: str, found: Sequence[Unit]) -> list[Unit]:
    """On a page with known tables the units that announce one: they say what its rows are about, and nothing else."""
    if not any(one.said for one in found):
        return []
    return [
        one
        for one in found
        if one.sort in ("sentence", "heading", "item") and _ANNOUNCES.search(text, one.start, one.end)
    ]
