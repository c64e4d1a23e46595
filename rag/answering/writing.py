"""The model's words as they come, how they are checked, and whether a second version of them is better."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from langchain_core.messages import BaseMessage

from rag.answering.asked_question import AskedQuestion
from rag.answering.chain import Parts
from rag.answering.replies import Reply, joined
from rag.answering.stage_clock import Clock
from rag.answering.verification import verify
from rag.core.errors import Cancelled, ModelError
from rag.core.types import Answer, GenerationProgress, Notice, Quote, Sentence
from rag.models.judges import Judge

_WORTH: Final = {"supported": 1.0, "partly": 0.5}


def streamed(asked: AskedQuestion, draft: Answer, parts: Parts, clock: Clock) -> Generator[Answer, None, Answer]:
    """Drafts with the text that the model has written so far; the last one is returned, not yet verified."""
    given = " ".join([asked.question, *(f"{q.head} {q.before}{q.text}{q.after}" for q in draft.quotes)])
    reply = Reply(given, as_it_is=asked.writer is not None and asked.writer.reply_as_it_is)
    draft, reason = replace(draft, text=asked.so_far), ""
    notices: tuple[Notice, ...] = (Notice("cut_off"),) if asked.so_far else ()
    try:
        writer = asked.ready()
        asked.context.on_progress(GenerationProgress("loading"))
        draft = replace(draft, model=writer.name)
        for part in parts:
            asked.context.check()
            reason = part.get("finish_reason", reason)
            reply.add(part.get("answer", ""))
            if (text := joined(asked.so_far, reply.shown(), given)) != draft.text:
                clock.stage("first_word", once=True)
                draft = replace(draft, text=text)
                yield draft
            if reply.over():
                parts.close()
                break
        # A model that goes on with nothing had come to its end.
        ended = bool(asked.so_far) and not reply.answer()
        notices = () if ended else reply.notices(reason)
    except Cancelled:
        draft = replace(draft, stopped=True)
    except ModelError as error:
        draft = replace(draft, error=error.failure())
    clock.stage("writing")
    return replace(draft, text=joined(asked.so_far, reply.answer(), given), notices=(*draft.notices, *notices))


@dataclass(frozen=True, slots=True)
class AnswerChecking:
    """How written answers are held against the documents.

    `judge` reads each claim beside its evidence; without one they are compared word by word. `rewrite`: whether the
    model writes an answer again, once, that the documents do not bear out; `second_look`: whether an able one is asked
    about what was found supported.
    """

    judge: Judge | None
    rewrite: bool
    second_look: bool

    def checked(
        self, written: Answer, quotes: Sequence[Quote], others: Sequence[Quote], clock: Clock, second: Judge | None
    ) -> Answer:
        """The answer with its verdicts, and the quotes that it cites."""
        query = written.generated_question
        sentences, cited = verify(written.text, query, quotes, others, judge=self.judge, second=second)
        clock.stage("rechecking" if second else "checking")
        return replace(written, sentences=sentences, quotes=cited, seconds=clock.seconds())

    def second_judge(self, asked: AskedQuestion, answer: Answer) -> Judge | None:
        """The model that wrote, where it is to be asked about what was found supported."""
        finished = answer.error is None and not answer.stopped
        if not self.second_look or not finished or asked.writer is None:
            return None
        # What it reads for this is no progress of the answer.
        return asked.writer.as_judge(replace(asked.context, on_progress=lambda _: None))

    def second_try(self, asked: AskedQuestion, first: Answer) -> Sequence[BaseMessage]:
        """The messages by which a model writes an answer again that the documents do not bear out; where it is to."""
        unsupported = [sentence.text.strip() for sentence in first.sentences if sentence.verdict == "unsupported"]
        unfinished = first.error is not None or first.stopped or asked.so_far
        if not self.rewrite or not unsupported or unfinished or asked.writer is None or asked.writer.narrow:
            return ()
        return asked.writer.writing_again(asked.question, first.text, unsupported)


def better(second: Answer, first: Answer) -> bool:
    """Whether the documents bear out more of a second version, and it says no less of what they do."""
    return (
        second.error is None
        and not second.stopped
        and _supported(second.sentences) >= _supported(first.sentences)
        and _share(second.sentences) > _share(first.sentences)
    )


def _supported(sentences: Sequence[Sentence]) -> int:
    return sum(sentence.verdict == "supported" for sentence in sentences)


def _share(sentences: Sequence[Sentence]) -> float:
    return sum(_WORTH.get(sentence.verdict, 0.0) for sentence in sentences) / max(1, len(sentences))
