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
    over a whole document without pages, 0 where it is not known. `boxes` are looked for only where they are asked for.
    """

    kind: Kind
    number: int
    label: str
    section: str = ""
    line: int = 0
    boxes: tuple[PageBox, ...] = ()

    @property
    def page(self) -> int | None:
        """The number of its page; None in a document without pages."""
        return self.number if format_of(self.kind).paged else None

    def shown(self, t: Texts) -> str:
        """Its page or its line, where a reader of the file sees these, and its section; empty where it has neither."""
        said = ""
        if self.page is not None:
            said = t("answer.page", label=self.label)
        elif self.line and format_of(self.kind).places == "lines":
            said = t("answer.line", number=self.line)
        return " · ".join(filter(None, (said, self.section)))

    def fields(self) -> dict[str, Any]:
        """As plain JSON values; what it has not got is null."""
        paged = self.page is not None
        return {
            "page": self.page,
            "label": self.label if paged else None,
            "boxes": [[box.page, box.left, box.top, box.right, box.bottom] for box in self.boxes] if paged else None,
            "section": self.section or None,
            "line": self.line or None,
        }


def line_of(kind: Kind, first_line: int, before: str) -> int:
    """The line of what follows this text of a page that begins in `first_line`; 0 where there are pages."""
    return 0 if format_of(kind).paged else first_line + before.count("\n")
