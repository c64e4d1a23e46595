"""A page of a document: its text, and what is known of places in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Final, Literal

from rag.core.cells import SheetCell, range_of
from rag.core.tables import Table, table_fields, table_of


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in a page's text, at character `start`; `level` 1 is the highest."""

    start: int
    title: str
    level: int = 1


# Why text of a page is no part of what it says: struck out, deleted by a recorded change, hidden by its format, drawn
# so that nobody sees it (white on white, tiny, beside the page, under a picture), drawn again on every page, or
# repeated from an earlier mail.
LeftOutReason = Literal["struck", "deleted", "hidden", "unseen", "repeated", "history"]
# Why nothing, or not all, of a page could be read: it is a picture, its letters have no known characters, a script
# would have to run first, or it is damaged.
UnreadReason = Literal["picture", "letters", "script", "damaged"]
# A recognised word that is less certain, in percent, may be another one. On pages that nothing was fitted on it marks 1
# in 100 English words, and all 5 wrong ones of 427 Chinese runs beside 15 right ones (docs/ocr.md).
SURE: Final = 90


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Text that stands in the file and is left out of the page's text: not searched, not quoted, not in prompts.

    `start` is the place in the page's text where it would stand.
    """

    why: LeftOutReason
    text: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class PageWord:
    """A word of a page's text that was read by text recognition: where it stands on the page as it is shown, from the
    top left corner, in points (a picture's in its pixels), and how certain it is, in percent."""

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float
    certainty: int

    @property
    def unsure(self) -> bool:
        """Whether it may well be another word."""
        return self.certainty < SURE


def words_at(words: Sequence[PageWord], start: int, end: int) -> list[PageWord]:
    """The recognised words in a stretch of their page's text."""
    return [word for word in words if word.start < end and word.end > start]


def certainty_of(words: Sequence[PageWord]) -> int | None:
    """How certain recognised words are on average, in percent; None where there are none."""
    letters = sum(word.end - word.start for word in words)
    return round(sum(w.certainty * (w.end - w.start) for w in words) / letters) if letters else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a PDF, or one part of a document that has no pages; parts follow each other without a gap.

    `number` counts from 1; `label` is what is printed on the page ("iv", "A-3"), or the number of the line
    that a part begins in, or the name of the sheet. `unread` says why nothing, or not all of it, could be read.
    `cells` are those of a sheet, in the order of the text; `words` those of a page read by text recognition.
    """

    number: int
    label: str
    text: str
    headings: tuple[Heading, ...] = ()
    tables: tuple[Table, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unread: UnreadReason | None = None
    cells: tuple[SheetCell, ...] = ()
    words: tuple[PageWord, ...] = ()

    @property
    def certainty(self) -> int | None:
        """How certain its words are on average, in percent; None where they were not read by text recognition."""
        return certainty_of(self.words)

    def cells_at(self, start: int, end: int) -> str:
        """The cells of a sheet in which a stretch of its text stands, as "B4:F4"; empty elsewhere."""
        return range_of(self.cells, start, end)

    def line(self, place: int) -> int:
        """The line, from 1 over the whole document, in which a character of a part stands."""
        return (int(self.label) if self.label.isdecimal() else 1) + self.text.count("\n", 0, place)


def page_fields(page: Page) -> dict[str, Any]:
    """A page as plain JSON values; `page_of` turns them back."""
    return {
        "number": page.number,
        "label": page.label,
        "text": page.text,
        "headings": [[heading.start, heading.title, heading.level] for heading in page.headings],
        "tables": [table_fields(table) for table in page.tables],
        "left_out": [[part.why, part.text, part.start] for part in page.left_out],
        "unread": page.unread,
        "cells": [list(astuple(cell)) for cell in page.cells],
        "words": [list(astuple(word)) for word in page.words],
        "certainty": page.certainty,
    }


def page_of(fields: Mapping[str, Any]) -> Page:
    return Page(
        number=fields["number"],
        label=fields["label"],
        text=fields["text"],
        headings=tuple(Heading(*heading) for heading in fields["headings"]),
        tables=tuple(table_of(table) for table in fields["tables"]),
        left_out=tuple(LeftOut(*part) for part in fields["left_out"]),
        unread=fields["unread"],
        cells=tuple(SheetCell(*cell) for cell in fields["cells"]),
        words=tuple(PageWord(*word) for word in fields["words"]),
    )
