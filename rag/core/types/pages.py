"""A page of a document: its text, and what is known of places in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Text that stands in the file and is left out of the page's text: not searched, not quoted, not in prompts.

    `start` is the place in the page's text where it would stand.
    """

    why: LeftOutReason
    text: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a PDF, or one part of a document that has no pages; parts follow each other without a gap.

    `number` counts from 1; `label` is what is printed on the page ("iv", "A-3"), or the number of the line
    that a part begins in, or the name of the sheet. `unread` says why nothing, or not all of it, could be read.
    `cells` are those of a sheet, in the order of the text.
    """

    number: int
    label: str
    text: str
    headings: tuple[Heading, ...] = ()
    tables: tuple[Table, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unread: UnreadReason | None = None
    cells: tuple[SheetCell, ...] = ()

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
    )
