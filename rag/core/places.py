"""Where something stands in a document: one type, with one way to say it to people and one to write it as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from rag.core.formats import Kind, format_of


class Texts(Protocol):
    """Gives the words of a key in one language, filled in."""

    def __call__(self, key: str, **fields: object) -> str: ...


@dataclass(frozen=True, slots=True)
class PageBox:
    """A rectangle on a page, in points (1/72 inch) from the top left corner of the page as it is shown."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, as far as it is known.

    `number` counts pages, or parts where there are none; `label` is what is printed on the page. `line` counts from 1
    over a whole document without pages, 0 where it is not known. `cells` is a range of a sheet, as "B4:F4", and `label`
    the sheet's name then. `boxes` are looked for only where they are asked for.
    """

    kind: Kind
    number: int
    label: str
    section: str = ""
    line: int = 0
    cells: str = ""
    boxes: tuple[PageBox, ...] = ()

    @property
    def page(self) -> int | None:
        """The number of its page; None in a document without pages."""
        return self.number if format_of(self.kind).paged else None

    def shown(self, t: Texts) -> str:
        """Its page, slide, sheet and cells or line, where a reader of the file sees these, and its section; empty where
        it has none."""
        said = [page_name(self.kind, self.label, t)]
        if self.cells:
            said.append(self.cells)
        elif self.line and format_of(self.kind).places == "lines":
            said.append(t("answer.line", number=self.line))
        if not (self._sheet and self.section == self._sheet):
            said.append(self.section)
        return " · ".join(filter(None, said))

    @property
    def _sheet(self) -> str:
        return self.label if format_of(self.kind).places == "cells" else ""

    def fields(self) -> dict[str, Any]:
        """As plain JSON values; what it has not got is null."""
        paged = self.page is not None
        return {
            "page": self.page,
            "label": self.label if paged else None,
            "boxes": [[box.page, box.left, box.top, box.right, box.bottom] for box in self.boxes] if paged else None,
            "section": self.section or None,
            "line": self.line or None,
            "slide": self.number if format_of(self.kind).places == "slides" else None,
            "sheet": self._sheet or None,
            "cells": self.cells or None,
        }


def page_name(kind: Kind, label: str, t: Texts) -> str:
    """A page, a slide or a sheet as a reader of the file knows it; empty in documents that have none."""
    places = format_of(kind).places
    key = {"pages": "answer.page", "slides": "answer.slide", "cells": "answer.sheet", "mails": "answer.mail"}.get(
        places
    )
    return t(key, label=label) if key and label else ""


def line_of(kind: Kind, first_line: int, before: str) -> int:
    """The line of what follows this text of a page that begins in `first_line`; 0 where there are pages or cells."""
    return first_line + before.count("\n") if format_of(kind).places in ("lines", "sections") else 0
