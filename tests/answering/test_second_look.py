"""What was found supported is asked about again, where the model that wrote can tell: it may only doubt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from rag.answering.conversation import Conversation
from rag.answering.generation import AnswerWriter
from rag.answering.retrieval import Retriever
from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.core.call_context import CallContext
from rag.core.errors import ModelDied
from rag.core.settings import Settings
from rag.core.types import Answer, Sentence
from rag.ingestion.loading import load_bytes
from rag.ingestion.pipeline import read_file
from rag.models.catalogue import JudgeCalibration, judge_calibration
from rag.models.judges import Judge, Judgement, chat, open_judge
from rag.models.judges.protocol import Pair
from rag.models.llms.queued import QueuedChatModel
from rag.services import Services, open_services

RULES = (
    "# Badges\n\nEach employee receives a badge on the first day. A lost badge is replaced for 12 euros.\n\n"
    "# Parking\n\nThe car park opens at six and closes at ten in the evening. Bicycles stand in the cellar.\n"
)
COPY = "A lost badge is replaced for 12 euros."
CLOSING = "In the evening the car park closes at ten."
TWO = "In the evening the car park closes at ten, and the bicycles are standing in the cellar."


class Doubts:
    """A judge that confirms what has none of these words; it notes what it was asked."""

    name, supported = "doubts", 0.5

    def __init__(self, *words: str) -> None:
        self._words, self.asked = words, list[Pair]()

    def reads(self, text: str) -> bool:
        return text.isascii()

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        self.asked += pairs
        return [Judgement(0.1 if any(word in claim for word in self._words) else 0.9, ()) for claim, _ in pairs]


def judged(text: str, second: Doubts | None) -> list[Sentence]:
    said = said_in_documents([load_bytes(RULES.encode(), "rules.md")])
    return list(verify(text, "", [], said, judge=open_judge(), second=second)[0])


def test_what_is_not_confirmed_is_partly_supported_and_says_why() -> None:
    assert [one.verdict for one in judged(CLOSING, None)] == ["supported"]
    assert [one.verdict for one in judged(CLOSING, Doubts("horse"))] == ["supported"]
    (doubted,) = judged(CLOSING, Doubts("car park"))
    assert (doubted.verdict, doubted.contradicted, doubted.words) == ("partly", False, ())
    assert [reason.key for claim in doubted.claims for reason in claim.reasons] == ["unconfirmed"]
    assert doubted.quotes, "the quote that it was held against is shown"


def test_what_stands_word_for_word_in_the_documents_is_asked_of_nobody() -> None:
    second = Doubts("badge")
    assert [one.verdict for one in judged(f"{COPY} {CLOSING}", second)] == ["supported", "supported"]
    assert [claim for claim, _ in second.asked] == [CLOSING]


def test_what_was_not_supported_is_not_asked_about_and_not_raised() -> None:
    second = Doubts()
    assert [one.verdict for one in judged("A lost badge is replaced for 15 euros.", second)] == ["unsupported"]
    assert second.asked == []


def test_the_claims_of_an_answer_are_shown_the_same_text_each_line_below_its_heading() -> None:
    second = Doubts()
    judged(f"{CLOSING} The cellar is where the bicycles stand.", second)
    texts = {tuple(evidence) for _, evidence in second.asked}
    assert (len(second.asked), len(texts)) == (2, 1)
    assert any(line.endswith("Parking] Bicycles stand in the cellar.") for line in next(iter(texts)))


def test_parts_are_asked_about_where_the_whole_is_not_confirmed() -> None:
    (whole,) = judged(TWO, sure := Doubts())
    assert (whole.verdict, len(sure.asked)) == ("supported", 1)
    (by_parts,) = judged(TWO, unsure := Doubts(TWO[:-1]))
    assert (by_parts.verdict, next(claim for claim, _ in unsure.asked)) == ("supported", TWO)
    assert len(unsure.asked) == 3
    (partly,) = judged(TWO, Doubts("bicycles"))
    assert [claim.verdict for claim in partly.claims] == ["supported", "partly"]
    assert partly.verdict == "partly"


class Tells(QueuedChatModel):
    """A chat model that writes one answer, and says yes or no to statements about it."""

    reply: str
    _says: float | Exception = PrivateAttr(0.0)
    _heard: list[list[BaseMessage]] = PrivateAttr(default_factory=list)

    @property
    def scores_options(self) -> bool:
        return True

    @property
    def _llm_type(self) -> str:
        return "tells"

    def _pieces(
        self, messages: Sequence[BaseMessage], stops: Sequence[str], context: CallContext, overrides: dict[str, Any]
    ) -> Iterator[str]:
        yield self.reply

    def score(self, messages: Sequence[BaseMessage], options: Sequence[str], context: CallContext) -> list[float]:
        self._heard.append(list(messages))
        context.check()
        if isinstance(self._says, Exception):
            raise self._says
        return [self._says, 0.0]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = open_services(Settings(data_dir=tmp_path_factory.mktemp("library"), model="none", samples=False))
    collection = made.store.collections.create("me", "Rules")
    read_file(made.ingest, "me", collection.id, RULES.encode(), "rules.md")
    return made


@pytest.fixture
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model `able` is calibrated."""
    known = {"able": JudgeCalibration(1.0, -1.0, 0.5)}
    monkeypatch.setattr(chat, "judge_calibration", lambda name: known.get(name, JudgeCalibration()))


def drafts(library: Services, model: Tells, *, second_look: bool = True, stopped: bool = False) -> list[Answer]:
    retriever = Retriever(library.index, library.store.documents, library.embedder)
    writer = AnswerWriter(model.model, model)
    talk = Conversation(
        library.store, retriever, library.embedder, lambda: writer, judge=library.judge, second_look=second_look
    )
    context = CallContext(
        "me", library.store.collections.list("me")[0].id, cancelled=lambda: stopped and bool(model._heard)
    )
    return [one for one in talk.ask("When does the car park close?", context) if one.sentences]


def says(name: str, what: float | Exception) -> Tells:
    model = Tells(model=name, reply=CLOSING)
    model._says = what
    return model


@pytest.mark.usefixtures("able")
def test_first_verdicts_are_shown_at_once_and_sharpened(library: Services) -> None:
    first, last = drafts(library, says("able", -1.0))
    assert ([one.verdict for one in first.sentences], [one.verdict for one in last.sentences]) == (
        ["supported"],
        ["partly"],
    )
    assert last.text == first.text == CLOSING
    assert "rechecking" in last.seconds
    _, confirmed = drafts(library, says("able", 1.5))
    assert [one.verdict for one in confirmed.sentences] == ["supported"]


@pytest.mark.usefixtures("able")
def test_a_model_is_asked_only_where_it_is_calibrated_and_that_is_wanted(library: Services) -> None:
    for model, options in ((says("other", -1.0), {}), (says("able", -1.0), {"second_look": False})):
        (only,) = drafts(library, model, **options)
        assert ([one.verdict for one in only.sentences], model._heard) == (["supported"], [])


@pytest.mark.usefixtures("able")
@pytest.mark.parametrize(("what", "stopped"), [(ModelDied(model="able"), False), (-1.0, True)])
def test_where_the_second_look_fails_or_is_stopped_the_first_verdicts_stand(
    library: Services, what: float | Exception, stopped: bool
) -> None:
    (only,) = drafts(library, says("able", what), stopped=stopped)
    assert ([one.verdict for one in only.sentences], only.error, only.stopped) == (["supported"], None, False)


@pytest.mark.usefixtures("able")
def test_the_text_stands_before_the_statement(library: Services) -> None:
    model = says("able", 1.0)
    drafts(library, model)
    ((rules, asked),) = model._heard
    assert "Yes or No" in rules.text
    text, statement = asked.text.split("\n\nStatement: ")
    assert text.startswith("Text:\n")
    assert "closes at ten in the evening" in text
    assert statement.startswith(CLOSING)


def test_any_text_is_judged_by_the_model_that_is_at_work_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "smollm2-135m-instruct"

    def second(*, wanted: bool) -> Judge | None:
        return open_services(Settings(data_dir=tmp_path, model=name, samples=False, second_look=wanted)).second_judge

    assert second(wanted=True) is None, "nobody has calibrated it"
    monkeypatch.setattr(chat, "judge_calibration", lambda _: JudgeCalibration(1.0, 0.0, 0.5))
    assert second(wanted=False) is None
    judge = second(wanted=True)
    assert judge is not None
    (judged,) = judge.judge([(CLOSING, ["The car park closes at ten in the evening."])])
    assert (judge.name, judge.supported, 0 < judged.probability < 1) == (name, 0.5, True)


def test_a_model_without_calibration_confirms_nothing() -> None:
    assert judge_calibration("nobody's").supported == math.inf
