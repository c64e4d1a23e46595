"""Collections, documents and their pages, and what is found in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rag.core.formats import Format, format_of
from rag.core.formats import Kind as Kind
from rag.core.places import Place
from rag.core.types.ocr import OcrChoice
from rag.core.types.pages import Page

# Counts the changes of what reading makes of a file: a document read by an older one is better read again.
READING_VERSION: Final = 5
# A page in a library: its document's id and its number.
PageKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be known about a document: the key of its text and what the text fills in."""

    key: str
    fields: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InnerFile:
    """A file in another one: attached to a mail, or in an archive. `name` is its path in there."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """What loading makes of bytes. `inside` are the files in it, which are documents of their own; an archive has no
    pages itself. `address` is the final one, after redirects; `date` what the file says of
    itself, as YYYY-MM-DD, or empty. `ocr` is whether text recognition was wanted; `pictures` are the numbers of those
    in an Office file that it may read."""

    name: str
    title: str
    kind: Kind
    pages: tuple[Page, ...]
    address: str | None = None
    empty_pages: tuple[int, ...] = ()
    warnings: tuple[Notice, ...] = ()
    date: str = ""
    inside: tuple[InnerFile, ...] = ()
    ocr: OcrChoice = "auto"
    pictures: tuple[int, ...] = ()


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
class Selection:
    """Which documents of a collection are meant: those that are in one of the folders (or below it), bear one of the
    tags, are of one of the kinds, and say a date from `since` to `until` (YYYY-MM-DD). What is empty limits nothing.
    """

    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: str = ""
    until: str = ""

    def __bool__(self) -> bool:
        return bool(self.folders or self.tags or self.kinds or self.since or self.until)


# No limit at all.
EVERYTHING: Final = Selection()


def folder_of(name: str) -> str:
    """The folder that a file's path names; empty where it is a bare name."""
    return name.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Document:
    """A document as the store knows it.

    `reading` is the version of reading that made its text; 0 where it was read before versions were kept. `folder` is
    where its readers have put it, at first that of its name. `ocr` is
    whether its pages are read by text recognition.
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
    folder: str = ""
    ocr: OcrChoice = "auto"

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

    `line` is that of its first character in a document without pages, 0 where it is not known; `cells` are those of
    a sheet that it holds.
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
    cells: str = ""

    @property
    def place(self) -> Place:
        return Place(self.kind, self.page, self.label, self.section, self.line, self.cells)


@dataclass(frozen=True, slots=True)
class Quote:
    """One sentence, list item or table row, word for word as it stands on its page.

    `before` and `after` are its surroundings on the same page, for the model to read;
    `head` holds the column heads when the quote is a table row. `line` and `cells` are as a passage's. Of what text
    recognition read `certainty` says how certain it is, in percent, and `unsure` are the words that may be others.
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
    cells: str = ""
    certainty: int | None = None
    unsure: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        return Place(self.kind, self.page, self.label, self.section, self.line, self.cells)


def shown_name(source: Document | Passage | Quote) -> str:
    """What a reader knows it by: a web page by its title, a file by its name."""
    return source.title if format_of(source.kind).titled and source.title else source.name
