"""What can be quoted, and how what is too long for a quote is cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from rag.core.text import script_of, sentences

# "head": a row of a table that names its columns, or a group of its rows, and says nothing by itself.
Sort = Literal["sentence", "item", "row", "heading", "contents", "head"]

# Longest quote, in characters; Chinese says more with fewer.
LONGEST: Final = 300
LONGEST_CHINESE: Final = 120

_CLAUSE: Final = re.compile(r"[;；]\s*|[,，]\s+|，|、|[:：]\s+|\s[–—-]\s|\s(?=\()|(?<=\))\s|\n")

# Words of a sentence that says nothing without the one before: in running text, in a list's item, behind a label;
# set by hand.
_OF_TEXT: Final = 1
_OF_ITEM: Final = 4
_OF_LABEL: Final = 4
# A heading at the start of its paragraph: "6. Waiting list. There are 31 names on it."
_RUN_IN: Final = re.compile(r"\(?(?:\d{1,2}|[a-z])[.)]\s++[A-Z][^\W\d]*+(?: \w++){0,2}\.|[A-Z][^\W\d]++\.")
_VERB: Final = re.compile(r"\b(?:is|are|was|were|has|have|had|can|may|must|will|shall|does|do|did|not?)\b")


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of the page that can be quoted; `head` is the line of column heads above a row.

    Of a row of a known table `said` is what it says by itself, each cell with its head, `group` the line that heads it
    and the rows around it, and `caption` and `notes` are the places of what belongs to the table beside its rows.
    """

    start: int
    end: int
    sort: Sort = "sentence"
    head: str = ""
    said: str = ""
    caption: tuple[int, int] = (0, 0)
    notes: tuple[int, int] = (0, 0)
    group: str = ""


def whole_sentences(text: str, *, item: bool) -> Iterator[tuple[int, int]]:
    """The sentences; those of so few words that they say nothing alone ("Done.", "Owner: Ada.") with the one before.
    A heading at the start stands with the one behind it.

    Args:
        item: whether the text is an item of a list, which is one thing.
    """
    most = _OF_ITEM if item else _OF_TEXT
    begin, end = -1, -1
    for first, last in sentences(text):
        words = text[first:last].split()
        if begin == 0 and last <= LONGEST and _is_run_in(text[begin:end]):
            end = last
            continue
        fragment = len(words) <= most or (len(words) <= _OF_LABEL and words[0].endswith(":"))
        if begin >= 0 and fragment and words[0].isascii() and last - begin <= LONGEST:
            end = last
            continue
        if begin >= 0:
            yield begin, end
        begin, end = first, last
    if begin >= 0:
        yield begin, end


def _is_run_in(sentence: str) -> bool:
    return _RUN_IN.fullmatch(sentence) is not None and not _VERB.search(sentence)


def cut_unit(text: str, unit: Unit, longest: int = 0) -> Iterator[Unit]:
    """The unit, or pieces of it where it is too long, cut at the borders of clauses (else of words).

    Pieces overlap by about a half, so that what belongs together stands together in one of them.
    """
    longest = longest or (LONGEST_CHINESE if script_of(text[unit.start : unit.end]) == "cjk" else LONGEST)
    start = unit.start
    while unit.end - start > longest:
        stop = _border(text, start, start + longest)
        yield replace(unit, start=start, end=start + len(text[start:stop].rstrip()))
        start = _border(text, start, start + longest // 2)
        while start < unit.end and text[start].isspace():
            start += 1
    if start < unit.end:
        yield replace(unit, start=start)


def _border(text: str, start: int, limit: int) -> int:
    """The last border of a clause before the limit, if it is not too near to the start; else of a word."""
    borders = [match.end() for match in _CLAUSE.finditer(text, start, limit)]
    if borders and borders[-1] - start >= (limit - start) // 3:
        return borders[-1]
    space = text.rfind(" ", start + 1, limit)
    return space if space > start else limit
