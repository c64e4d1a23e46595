"""Answers, their progress, and chats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rag.core.types.documents import EVERYTHING, Notice, Passage, Quote, Selection

# Whether the documents say it. "no_claim": nothing they could say, such as a greeting; "unchecked": written in a
# language that nothing here compares with theirs.
Verdict = Literal["supported", "partly", "unsupported", "no_claim", "unchecked"]
# (start, end) of characters.
Span = tuple[int, int]
# The outcome of a question: answered from the documents, refused because they do not contain the answer, answered by
# the model all the same on request, or answered from the collection's list of documents.
Outcome = Literal["answered", "refused", "asked_anyway", "overview"]
# The kind of answer asked for.
QuestionKind = Literal["question", "list", "comparison", "summary", "about_library", "small_talk"]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a sentence says, in words that can be read alone.

    `quotes` are indexes into the answer's quotes: what bears it out or, where it is `contradicted`, says otherwise.
    `words` are spans of the sentence that nothing bears out. `probability` is the judge's, None where none was asked.
    """

    text: str
    verdict: Verdict
    quotes: tuple[int, ...] = ()
    contradicted: bool = False
    words: tuple[Span, ...] = ()
    reasons: tuple[Notice, ...] = ()
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the written answer, and what follows from its claims.

    `quotes` are indexes into the answer's quotes. `answers` is a question of its own, whether it says what was asked
    for; None where that cannot be told.
    """

    text: str
    verdict: Verdict
    quotes: tuple[int, ...] = ()
    contradicted: bool = False
    words: tuple[Span, ...] = ()
    claims: tuple[Claim, ...] = ()
    answers: bool | None = None

    @property
    def reasons(self) -> tuple[Notice, ...]:
        """Why it is not borne out whole, or what was computed; each once."""
        found: list[Notice] = []
        for claim in self.claims:
            found += [reason for reason in claim.reasons if reason not in found]
        return tuple(found)


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
class Computed:
    """A value computed of rows of a table; the first of them are the answer's quotes.

    `operation` is a sum, an average, a count …, of `column` over the rows that pass the `filters`, which are in words.
    `shown` is the value as the answer says it. `places` are the cells of all rows where there are cells. `groups` are
    (name, value, rows).
    """

    operation: str
    column: str
    filters: tuple[str, ...]
    value: float | None
    shown: str
    unit: str
    rows: int
    places: tuple[str, ...]
    document: str
    sheet: str = ""
    groups: tuple[tuple[str, float, int], ...] = ()


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
    computed: Computed | None = None


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
    """A conversation with one collection, restricted to `documents` unless these are empty, and to a selection."""

    id: str
    owner: str
    title: str
    collection: str
    documents: tuple[str, ...]
    created: str
    updated: str
    pinned: bool = False
    archived: bool = False
    selection: Selection = EVERYTHING
