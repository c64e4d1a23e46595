"""Collections, documents and their pages, and what is found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from rag.core.formats import Format, format_of
from rag.core.formats import Kind as Kind
from rag.core.places import Place
from rag.core.tables import Table, table_fields, table_of

# Counts the changes of what reading makes of a file: a document read by an older one is better read again.
READING_VERSION: Final = 1
# A page in a library: its document's id and its number.
PageKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading found in a page's text, at character `start`; `level` 1 is the highest."""

    start: int
    title: str
    level: int = 1


# Why text of a page is no part of what it says: struck out, deleted by a recorded change, hidden by its format, drawn
# so that nobody sees it (white on white, tiny, beside the page, under a picture), or drawn again on every page.
LeftOutReason = Literal["struck", "deleted", "hidden", "unseen", "repeated"]
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
    that a part begins in. `unread` says why nothing, or not all of it, could be read.
    """

    number: int
    label: str
    text: str
    headings: tuple[Heading, ...] = ()
    tables: tuple[Table, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unread: UnreadReason | None = None

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
    )


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be known about a document: the key of its text and what the text fills in."""

    key: str
    fields: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """What loading makes of bytes. `address` is the final one, after redirects; `date` what the file says of
    itself, as YYYY-MM-DD, or empty."""

    name: str
    title: str
    kind: Kind
    pages: tuple[Page, ...]
    address: str | None = None
    empty_pages: tuple[int, ...] = ()
    warnings: tuple[Notice, ...] = ()
    date: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of one page, small enough for the embedder to read whole.

    `context` (document title and section) is embedded and searched with the text, but is
    no part of it: it is never shown as if it were written there.
    """

    page: int
    label: str
    section: str
    context: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Collection:
    """A set of documents asked together. One embedder, once the first document is in."""

    id: str
    owner: str
    name: str
    embedder: str | None
    dimension: int | None
    generation: int
    samples: bool
    created: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document as the store knows it.

    `reading` is the version of reading that made its text; 0 where it was read before versions were kept.
    """

    id: str
    owner: str
    collection: str
    name: str
    title: str
    kind: Kind
    address: str | None
    sha256: str
    size: int
    pages: int
    chunks: int
    empty_pages: tuple[int, ...]
    language: str
    added: str
    warnings: tuple[Notice, ...] = ()
    reading: int = 0
    date: str = ""

    @property
    def outdated(self) -> bool:
        """Whether reading has changed since it was read."""
        return self.reading < READING_VERSION

    @property
    def format(self) -> Format:
        return format_of(self.kind)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a page found for a question. Larger `score` is nearer.

    `line` is that of its first character in a document without pages, 0 where it is not known.
    """

    chunk: int
    document: str
    name: str
    title: str
    kind: Kind
    address: str | None
    page: int
    label: str
    section: str
    text: str
    start: int
    end: int
    score: float = 0.0
    line: int = 0

    @property
    def place(self) -> Place:
        return Place(self.kind, self.page, self.label, self.section, self.line)


@dataclass(frozen=True, slots=True)
class Quote:
    """One sentence, list item or table row, word for word as it stands on its page.

    `before` and `after` are its surroundings on the same page, for the model to read;
    `head` holds the column heads when the quote is a table row. `line` is as a passage's.
    """

    document: str
    name: str
    title: str
    kind: Kind
    address: str | None
    page: int
    label: str
    section: str
    text: str
    start: int
    end: int
    score: float
    before: str = ""
    after: str = ""
    head: str = ""
    line: int = 0

    @property
    def place(self) -> Place:
        return Place(self.kind, self.page, self.label, self.section, self.line)


def shown_name(source: Document | Passage | Quote) -> str:
    """What a reader knows it by: a web page by its title, a file by its name."""
    return source.title if format_of(source.kind).titled and source.title else source.name
