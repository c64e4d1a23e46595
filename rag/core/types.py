"""What travels between the rooms: small frozen records, and nothing that acts.

Offsets (`start`, `end`) are always character positions in the text of one page, so that
`page.text[start:end]` is the very text that a chunk, a passage or a quote shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from rag.core.tables import Table, table_fields, table_of

Kind = Literal["pdf", "web", "html", "text", "markdown", "word"]
# Kinds whose documents have pages; the others are read as parts, and what stands in them is told by its line.
PAGED: Final[frozenset[Kind]] = frozenset({"pdf"})
# Those of them whose lines a reader of the file sees too.
LINED: Final[frozenset[Kind]] = frozenset({"text", "markdown"})
# Counts the changes of what reading makes of a file: a document read by an older one is better read again.
READING_VERSION: Final = 1
Verdict = Literal["supported", "partly", "unsupported"]
# A page in a library: its document's id and its number.
PageKey = tuple[str, int]

# What became of a question: answered from the documents, refused because they do not hold it,
# answered by the model all the same on request, or answered from the collection's own list.
Outcome = Literal["answered", "refused", "asked_anyway", "overview"]

# What a person may do with a collection: read it; add and remove documents; share, rename and remove it.
Right = Literal["reader", "editor", "owner"]
Role = Literal["member", "admin"]


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
    """What loading makes of bytes. `address` is the final one, after redirects.

    `date` is the day that the document says it is of, as YYYY-MM-DD; empty where it says none.
    """

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
    """A document as the store knows it. `lead` holds its first sentences.

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
    lead: str
    language: str
    added: str
    warnings: tuple[Notice, ...] = ()
    reading: int = 0


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


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the written answer. `quotes` are positions in the answer's quotes."""

    text: str
    verdict: Verdict
    quotes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is known of one answer, as it is saved and replayed.

    `seconds` maps a stage (search, quotes, first_word, writing, checking) to its duration. `words_only`: the vectors
    could not be searched.
    """

    question: str
    generated_question: str
    text: str
    outcome: Outcome
    model: str | None
    passages: tuple[Passage, ...] = ()
    quotes: tuple[Quote, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    gate: float | None = None
    stopped: bool = False
    error: Failure | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    words_only: bool = False


@dataclass(frozen=True, slots=True)
class GenerationProgress:
    """How far a chat model is with a question: `waiting` (place of how many), `loading` the model, `reading` the
    prompt (tokens of how many), `writing` (tokens so far, of at most)."""

    stage: Literal["waiting", "loading", "reading", "writing"]
    at: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is stored: the key of its text and what the text fills in."""

    key: str
    fields: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question in a chat and, once there is one, its answer."""

    id: str
    question: str
    answer: Answer | None
    created: str


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation with one collection. `documents` narrows it; empty means all."""

    id: str
    owner: str
    title: str
    collection: str
    documents: tuple[str, ...]
    created: str
    updated: str


@dataclass(frozen=True, slots=True)
class Check:
    """A question of the user's own with its right source: these words on this page of this document.

    Without a document it is a question that the documents do not answer, and that has to be refused.
    """

    id: str
    owner: str
    collection: str
    question: str
    document: str
    page: int
    quote: str
    created: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What became of a check: the place, from 1, of the right page among the pages found and of the right words
    among the quotes; None where they are missing."""

    check: str
    question: str
    answerable: bool
    page: int | None
    quote: int | None
    refused: bool

    @property
    def right(self) -> bool:
        """Whether the right words were quoted, or the question refused where that is right."""
        return (self.quote is not None and not self.refused) if self.answerable else self.refused


@dataclass(frozen=True, slots=True)
class CheckRun:
    """All checks of a collection asked once. `generation` counts the changes of the collection until then."""

    id: str
    owner: str
    collection: str
    embedder: str
    generation: int
    results: tuple[CheckResult, ...]
    created: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a provider says of somebody who has just signed in. `email` is one that it has verified, or empty.

    `key` is another for each sign-in; `began` is when it was, in seconds since 1970, where that is known.
    """

    issuer: str
    subject: str
    email: str
    name: str
    key: str
    began: float | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in, known by issuer and subject. `disabled` is since when they are shut out."""

    id: str
    issuer: str
    subject: str
    email: str
    name: str
    role: Role
    disabled: str | None
    created: str
    seen: str


@dataclass(frozen=True, slots=True)
class Group:
    """People that a collection can be shared with at once. `members` are their ids; admins alone see them."""

    id: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """With whom a collection is shared. `target` is the id of the person or the group; empty for everybody."""

    collection: str
    kind: Literal["person", "group", "everybody"]
    target: str
    role: Right
    name: str
    created: str


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a person did, as it is written down for admins.

    `name` is what the collection was called, `what` whom or what it was about; `document` is empty for an
    admin who may not read the collection.
    """

    id: str
    person: str
    action: str
    collection: str
    name: str
    what: str
    document: str
    created: str


@dataclass(frozen=True, slots=True)
class Holding:
    """A collection as admins see it: whose it is and how much is in it, and nothing of what is in it."""

    id: str
    owner: str
    name: str
    documents: int
    shares: int
    created: str


def shown_name(source: Document | Passage | Quote) -> str:
    """What a reader knows it by: a web page by its title, a file by its name."""
    return source.title if source.kind == "web" and source.title else source.name


def line_of(source: Passage | Quote, page: Page) -> int:
    """The line of its first character in a document without pages; 0 where there are pages."""
    return 0 if source.kind in PAGED else page.line(source.start)
