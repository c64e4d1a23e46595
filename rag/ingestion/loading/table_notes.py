"""What belongs to a table beside its rows: the caption or the unit line above it, the notes below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.core.tables import Table

_CAPTION: Final = re.compile(
    r"\W{0,4}(?:table|tab\.|tabelle|tableau|tabla|exhibit|schedule|chart|figure|表|图)\s?[\dIVXA-Z.一二三四五六七八九十]{1,8}\b"
    r"|\(?(?:all )?(?:amounts |figures |dollars |shares )?(?:are )?(?:expressed |stated )?in (?:[a-z€$£¥]{1,12} )?"
    r"(?:thousands?|millions?|billions?|euros?|dollars|percent|%|[$€£¥]|[A-Z]{3}\b)"
    r"|单位|\(?(?:unit|einheit|angaben|beträge) ?",
    re.IGNORECASE,
)
_NOTE: Final = re.compile(
    r"(?:\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)|\[\d{1,2}\]|[*†‡§¹²³⁴⁵⁶⁷⁸⁹]|\d{1,2} [A-Z])\s?\S"
    r"|(?:notes?|sources?|anmerkung(?:en)?|quellen?|amounts|figures|all (?:amounts|figures)|units?)\b"
    r"|(?:n/?a|e|p|r) ?[:=]"
    r"|(?:注|资料来源|来源|单位)",
    re.IGNORECASE,
)
_LONGEST: Final = 400
_MOST_NOTES: Final = 8


def with_surroundings(text: str, tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables of a text with the places of their captions and notes, where none is known yet."""
    found = []
    for number, table in enumerate(tables):
        low = tables[number - 1].end if number else 0
        high = tables[number + 1].start if number + 1 < len(tables) else len(text)
        caption = table.caption if any(table.caption) else _above(text, low, table.start)
        notes = table.notes if any(table.notes) else _below(text, table.end, high)
        found.append(replace(table, caption=caption, notes=notes))
    return tuple(found)


def is_caption(line: str) -> bool:
    return _CAPTION.match(line) is not None


def _lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    places, at = [], start
    for line in text[start:end].split("\n"):
        if line.strip():
            places.append((at, at + len(line.rstrip())))
        at += len(line) + 1
    return places


def _above(text: str, low: int, start: int) -> tuple[int, int]:
    """The caption: up to three lines above of which the first says that it is one."""
    lines = _lines(text, max(low, start - 2 * _LONGEST), start)[-3:]
    for first, last in lines:
        if last - first <= _LONGEST and _CAPTION.match(text, first, last):
            return first, lines[-1][1] if lines[-1][1] - first <= _LONGEST else last
    if lines and text[lines[-1][1] - 1] in ":：" and lines[-1][1] - lines[-1][0] <= _LONGEST:
        return lines[-1]
    return 0, 0


def _below(text: str, end: int, high: int) -> tuple[int, int]:
    """The notes: the lines below that say so, and with each what goes on without an empty line."""
    last, count = end, 0
    first = 0
    for start, stop in _lines(text, end, min(high, end + _MOST_NOTES * _LONGEST)):
        goes_on = count > 0 and "\n\n" not in text[last:start] and text[start].islower()
        if not goes_on and not _NOTE.match(text, start, stop):
            break
        first, last, count = first or start, stop, count + 1
        if count == _MOST_NOTES:
            break
    return (first, last) if count else (0, 0)
