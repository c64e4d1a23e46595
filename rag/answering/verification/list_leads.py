"""The line above a list that denies its items: "Do not take it", "Not covered:", "Exclusions"."""

from __future__ import annotations

import re
from typing import Final

from rag.answering.evidence.units import ITEM
from rag.core.types import Quote

# What begins an item where quotes are cut, or "（1）".
_ITEM: Final = re.compile(rf"{ITEM.pattern}|\s*+[（(]?\d++[、）)]")
_MARK: Final = re.compile(r"\s*+[（(]?[^\W_]{1,4}[.)）]\s*+")
_NOT: Final = re.compile(
    r"\b(?:not|never|cannot|no|nicht|kein\w*|nie)\b|n['’]t\b|不得|不能|不可|不予|不包括|禁止|严禁", re.IGNORECASE
)
_SHUT_OUT: Final = re.compile(
    r"\b(?:exclusions?|excluded|excepted|prohibited|forbidden|banned|refused|ausgeschlossen|ausschlüsse|verboten|untersagt)\b"
    r"|除外|免责",
    re.IGNORECASE,
)
# What is both counts as neither: "What is covered and what is not".
_BOTH: Final = re.compile(r"\b(?:and|or|und|oder)\b|[/?？]|和|与|及", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[#\s]*+(?:\d[\d.]*+\s++)?")


def denying_lead(quote: Quote) -> str:
    """The line that announces the list an item stands in, where it denies the items; '' elsewhere.

    The line that ends in a colon above them, else the heading of their section.
    """
    if not _ITEM.match(quote.text):
        return ""
    above = [line for line in quote.before.splitlines() if line.strip() and not _ITEM.match(line)]
    announces = bool(above) and above[-1].rstrip().endswith((":", "："))
    title = above[-1] if announces else quote.section
    number = _NUMBER.match(title)
    lead = title[number.end() if number else 0 :].strip(" :：")
    if not announces and _BOTH.search(lead):
        return ""
    return lead if _NOT.search(lead) or _SHUT_OUT.search(lead) else ""


def as_sentence(lead: str, item: str) -> str:
    """An item behind the line that denies it, so that a "not" stands before its words, without the mark that would part
    them: "ii)"."""
    mark = _MARK.match(item) if lead else None
    said = item[mark.end() :] if mark else item
    return f"{lead} {said}" if not lead or _NOT.search(lead) else f"{lead}: not {said}"
