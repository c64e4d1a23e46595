"""What reading made of a document, page by page: for the Documents page, the viewer and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from rag.core.formats import Kind, format_of
from rag.core.places import Texts, page_name
from rag.core.types import LeftOut, LeftOutReason, Page, UnreadReason

# Read; read in part; nothing of it could be read; there is nothing on it.
State = Literal["read", "part", "unread", "empty"]


@dataclass(frozen=True, slots=True)
class PageReport:
    """A page, or a part of a document without pages, in numbers. `left_out` is (why, characters); `certainty` of what
    text recognition read on it, in percent."""

    number: int
    label: str
    characters: int
    headings: int
    tables: int
    left_out: tuple[tuple[LeftOutReason, int], ...]
    unread: UnreadReason | None
    certainty: int | None = None

    @classmethod
    def of(cls, page: Page) -> PageReport:
        counts = len(page.headings), len(page.tables)
        return cls(
            page.number, page.label, len(page.text), *counts, by_reason(page.left_out), page.unread, page.certainty
        )

    @property
    def state(self) -> State:
        if self.unread:
            return "part" if self.characters else "unread"
        return "read" if self.characters else "empty"

    @property
    def notable(self) -> bool:
        """Whether there is more to say of it than that it was read."""
        return self.state != "read" or bool(self.tables or self.left_out) or self.certainty is not None

    def fields(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "number": self.number,
            "label": self.label,
            "state": self.state,
            "characters": self.characters,
            "headings": self.headings,
            "tables": self.tables,
            "left_out": [{"why": why, "characters": characters} for why, characters in self.left_out],
            "unread": self.unread,
            "certainty": self.certainty,
        }

    def shown(self, kind: Kind, t: Texts) -> str:
        """In words: "page iv: 1,204 characters · 2 tables"."""
        where = page_name(kind, self.label, t)
        if not where:
            key = "report.part" if self.label else "report.rows"
            where = t(key, number=self.number, line=self.label)
        return t("report.line", place=where, said=" · ".join(self._said(t)))

    def _said(self, t: Texts) -> Iterator[str]:
        if self.state == "empty":
            yield t("report.empty")
        if self.characters:
            yield counted(t, "report.characters", self.characters)
        if self.certainty is not None:
            yield t("report.ocr", certainty=self.certainty)
        if self.unread:
            yield t(f"report.{self.state}_{self.unread}")
        if self.tables:
            yield counted(t, "report.tables", self.tables)
        for why, characters in self.left_out:
            yield t(f"report.left_out_{why}", count=f"{characters:,}")


@dataclass(frozen=True, slots=True)
class ReadingCounts:
    """A whole document in numbers: of its pages those not wholly read and those with text left out; all its tables."""

    unread: int = 0
    left_out: int = 0
    tables: int = 0

    def shown(self, kind: Kind, t: Texts) -> Iterator[str]:
        """What there is to know of it, in words; nothing where all was read as it stands."""
        if self.unread:
            yield counted(t, "report.unread", self.unread) if format_of(kind).paged else t("report.unread_whole")
        if self.left_out:
            yield t("report.left_out")
        if self.tables:
            yield counted(t, "report.tables", self.tables)


def by_reason(parts: tuple[LeftOut, ...]) -> tuple[tuple[LeftOutReason, int], ...]:
    """How many characters were left out for each reason, in the order in which the reasons come up."""
    found: dict[LeftOutReason, int] = {}
    for part in parts:
        found[part.why] = found.get(part.why, 0) + len(part.text)
    return tuple(found.items())


def counted(t: Texts, key: str, count: int) -> str:
    """A text with a number, where one has a form of its own."""
    return t(f"{key}_one") if count == 1 else t(key, count=f"{count:,}")
