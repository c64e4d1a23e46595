"""Answers, their progress, and chats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rag.core.types.documents import Notice, Passage, Quote

Verdict = Literal["supported", "partly", "unsupported"]
# The outcome of a question: answered from the documents, refused because they do not contain the answer, answered by
# the model all the same on request, or answered from the collection's list of documents.
Outcome = Literal["answered", "refused", "asked_anyway", "overview"]
# The kind of answer asked for.
QuestionKind = Literal["question", "list", "comparison", "summary", "about_library", "small_talk"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the written answer. `quotes` are indexes into the answer's quotes."""

    text: str
    verdict: Verdict
    quotes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """What one quote says where documents disagree: `quote` is its index, `value` its words, `date` its document's."""

    quote: int
    value: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Quotes that state different things about the same; the newest first."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is saved and shown again.

    `seconds` maps a stage (search, quotes, first_word, writing, checking) to its duration. `words_only`: the vectors
    could not be searched. `notices` say why it was refused, or how many documents there are.
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
    kind: QuestionKind = "question"
    notices: tuple[Notice, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationProgress:
    """Progress of a chat model: `waiting` (position in a queue of that length), `loading` the model, `reading` the
    prompt (tokens of how many), `writing` (tokens so far, of at most)."""

    stage: Literal["waiting", "loading", "reading", "writing"]
    at: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it is stored: the key of its text, and the fields of that."""

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
    """A conversation with one collection, restricted to `documents` unless these are empty."""

    id: str
    owner: str
    title: str
    collection: str
    documents: tuple[str, ...]
    created: str
    updated: str
