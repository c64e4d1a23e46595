"""A question with the model that is to answer it, and the answer as it stands before the model has written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.answering.evidence import are_of_each
from rag.answering.found_evidence import Evidence
from rag.answering.generation import AnswerWriter
from rag.answering.library_answers import LibraryAnswers
from rag.answering.retrieval import asks_something, brings_something
from rag.answering.stage_clock import Clock
from rag.core.call_context import CallContext
from rag.core.errors import ModelError, ModelLanguage
from rag.core.text import covers, language_of
from rag.core.types import Answer, Document, Notice, Turn, shown_name
from rag.models.catalogue import EmbedderFacts

# Documents that are named where they could not be compared with a question.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question, and the model or why there is none; quotes only where both are None."""

    question: str
    context: CallContext
    anyway: bool
    writer: AnswerWriter | None
    error: ModelError | None
    library: LibraryAnswers
    facts: EmbedderFacts
    so_far: str = ""
    asks_again: bool = False
    """Whether it asks again for what was refused: "Why?"."""

    @property
    def unread(self) -> list[Document]:
        """The documents in another language than the question, where the embedder does not read both."""
        asked = language_of(self.question)
        return [
            document
            for document in self.library.meant.all
            if document.language != asked and not covers(self.facts.languages, {asked, document.language})
        ]

    def ready(self) -> AnswerWriter:
        """The chat model. Raises ModelError where there is none, or not for the question's language."""
        if self.writer is None:
            raise self.error or ModelError
        if self.foreign_to(self.writer):
            raise ModelLanguage(model=self.writer.name)
        return self.writer

    def foreign_to(self, writer: AnswerWriter) -> bool:
        """Whether the model does not write the question's language, and nobody insists."""
        return not self.anyway and not writer.writes_as(self.question)


def followed(question: str, history: Sequence[Turn]) -> tuple[list[Turn], bool]:
    """The turns that a question may follow, and whether it asks again for what was refused.

    "Why?" and "And in 2021?" go on with the last question, whatever became of it; "What about the windows?" goes on
    with what was answered, and not with what was found nowhere.
    """
    asking = [turn for turn in history if asks_something(turn.question)]
    if brings_something(question):
        return [turn for turn in history if not _refused(turn)], False
    return list(history), bool(asking) and _refused(asking[-1])


def _refused(turn: Turn) -> bool:
    return turn.answer is not None and turn.answer.outcome == "refused"


def first_draft(asked: AskedQuestion, evidence: Evidence, clock: Clock) -> Answer:
    """The answer with its quotes, before generation."""
    return Answer(
        asked.question,
        evidence.query,
        "",
        "answered" if evidence.answers else "asked_anyway" if asked.anyway else "refused",
        None,
        evidence.passages,
        evidence.quotes,
        gate=evidence.gate,
        words_only=evidence.words_only,
        seconds=clock.seconds(),
        # "What does each berth cost?" is answered by a list, where a table has one.
        kind="list" if are_of_each(asked.question, evidence.quotes) else asked.library.kind,
        disagreements=evidence.disagreements if evidence.answers else (),
        notices=tuple(_notices(asked, evidence)),
    )


def _notices(asked: AskedQuestion, evidence: Evidence) -> Iterator[Notice]:
    """Why the documents do not hold it, where that is known."""
    for each in evidence.missing:
        fields: dict[str, str | int] = {"identifier": each.identifier, "nearest": ", ".join(each.nearest)}
        yield Notice("identifier_nearest" if each.nearest else "identifier_missing", fields)
    if evidence.answers or evidence.missing or not (unread := asked.unread):
        return
    # What an embedder that does not read both languages finds near is noise: nothing is known.
    if len(unread) == len(asked.library.meant.all):
        yield Notice("language_unread")
        return
    names = [shown_name(document) for document in unread]
    named = [*names[:_NAMED], *(["…"] if len(names) > _NAMED else [])]
    yield Notice("languages_apart", {"names": ", ".join(named)})
