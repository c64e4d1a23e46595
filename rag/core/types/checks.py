"""What a user says of answers, their own test questions, and the results of those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.core.types.answers import Turn

# "" where nothing was said.
Thumb = Literal["", "up", "down"]
# Why an answer is no good: it is wrong, something is missing, its quotes do not fit, the documents do say it although
# it was refused, or do not say it although it was answered, or something else.
Reason = Literal["", "wrong", "incomplete", "quotes", "said", "not_said", "other"]


@dataclass(frozen=True, slots=True)
class Check:
    """A test question with its expected source: a quote on a page of a document, given by name, or the whole page.

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


@dataclass(frozen=True, slots=True)
class Rating:
    """What a person says of an answer of theirs, and where the right one stands: words on a page of a document, given
    by name, or the whole page where `quote` is empty."""

    turn: str
    thumb: Thumb = ""
    reason: Reason = ""
    note: str = ""
    document: str = ""
    page: int = 0
    quote: str = ""
    created: str = ""

    @property
    def placed(self) -> bool:
        """Whether it is known what would have been right."""
        return bool(self.document) or self.reason == "not_said"


@dataclass(frozen=True, slots=True)
class Miss:
    """A question that was not answered, or answered badly, in the person's own chat."""

    turn: Turn
    chat: str
    rating: Rating

    @property
    def refused(self) -> bool:
        return self.turn.answer is not None and self.turn.answer.outcome == "refused"

    @property
    def question(self) -> str:
        """As it can be asked alone: a follow-up with what it refers to."""
        return self.turn.answer.generated_question if self.turn.answer else self.turn.question
