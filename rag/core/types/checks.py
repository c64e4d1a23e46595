"""A user's own test questions and their results."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """A test question with its expected source: a quote on a page of a document, given by name.

    An empty `document` means that the documents do not answer the question, which is to be refused.
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
    """The result of a check: the rank, from 1, of the expected page among the pages found and of the expected words
    among the quotes; None where they are missing."""

    check: str
    question: str
    answerable: bool
    page: int | None
    quote: int | None
    refused: bool

    @property
    def right(self) -> bool:
        """Whether the expected words were quoted, or the question refused where that is expected."""
        return (self.quote is not None and not self.refused) if self.answerable else self.refused


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of all checks of a collection, at its `generation`."""

    id: str
    owner: str
    collection: str
    embedder: str
    generation: int
    results: tuple[CheckResult, ...]
    created: str
