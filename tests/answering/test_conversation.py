"""A question from its passages to its checked answer, on the samples, with models that are easy to follow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from rag.answering.conversation import Conversation
from rag.answering.generation import AnswerWriter
from rag.answering.retrieval import Retriever
from rag.core.call_context import CallContext
from rag.core.errors import ModelBusy, ModelNotOnDisk
from rag.core.settings import Settings
from rag.core.types import Answer, GenerationProgress, Turn
from rag.ingestion.pipeline import read_file
from rag.langchain import ConversationalRetrievalChain
from rag.models.llms.fair_queue import FairQueue
from rag.models.llms.queued import QueuedChatModel
from rag.services import Services, open_services

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
LEAVE = "How many days of annual leave do I have after six years of service?"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = open_services(Settings(data_dir=tmp_path_factory.mktemp("library"), model="none"))
    collection = made.store.collections.create("me", "Samples")
    for name in ("employee-handbook.pdf", "shanghai-office-move.docx"):
        read_file(made.ingest, "me", collection.id, (SAMPLES / name).read_bytes(), name)
    return made


def collection(library: Services) -> str:
    return library.store.collections.list("me")[0].id


def context(library: Services, **more: Any) -> CallContext:
    return CallContext("me", collection(library), **more)


def says(library: Services, *texts: str) -> Conversation:
    """A conversation whose model says these texts, one after the other."""
    model = FakeListChatModel(responses=list(texts))
    return with_writer(library, lambda: AnswerWriter("tiny", model))


def with_writer(
    library: Services, writer: Callable[[], AnswerWriter | None], *, condense: bool = False
) -> Conversation:
    retriever = Retriever(library.index, library.store.documents, library.embedder)
    return Conversation(library.store, retriever, library.embedder, writer, condense=condense, judge=library.judge)


def ask(
    conversation: Conversation,
    library: Services,
    question: str,
    *,
    history: Sequence[Turn] = (),
    anyway: bool = False,
) -> list[Answer]:
    return list(conversation.ask(question, context(library), history=history, anyway=anyway))


def test_quotes_come_before_the_first_word(library: Services) -> None:
    drafts = ask(says(library, "You have 28 days."), library, LEAVE)
    assert drafts[0].text == ""
    assert "28 days" in drafts[0].quotes[0].text
    assert (drafts[0].quotes[0].page, drafts[0].quotes[0].label) == (7, "4")
    assert drafts[-1].text == "You have 28 days."
    assert [draft.text for draft in drafts] == sorted(draft.text for draft in drafts)


def test_every_sentence_is_held_against_the_quotes(library: Services) -> None:
    written = "You have 28 days of annual leave. You have 40 days of annual leave. Whales sing songs beneath the waves."
    final = ask(says(library, written), library, LEAVE)[-1]
    assert [sentence.verdict for sentence in final.sentences] == ["supported", "unsupported", "unsupported"]
    assert final.sentences[0].quotes[0] == 0
    assert "".join(sentence.text for sentence in final.sentences) == written


def test_a_question_about_something_else_is_refused_before_the_model_is_asked(library: Services) -> None:
    drafts = ask(says(library, "West Germany."), library, "Who won the football world cup in 1974?")
    assert [(draft.outcome, draft.text) for draft in drafts] == [("refused", "")]
    assert drafts[0].passages


class Queued(QueuedChatModel):
    """A model with a queue before it that says one word."""

    word: str = "Yes."
    _turns: FairQueue = PrivateAttr(default_factory=lambda: FairQueue(limit=4))

    @property
    def _llm_type(self) -> str:
        return "queued"

    @property
    def queue(self) -> FairQueue:
        return self._turns

    def _pieces(self, messages: object, stops: object, context: CallContext, overrides: object) -> Iterator[str]:
        with self._turns.take(context):
            yield self.word


def test_who_has_to_wait_for_the_model_is_told_the_place_before_the_quotes(library: Services) -> None:
    model, heard, free = Queued(model="queued"), list[object](), threading.Event()
    conversation = with_writer(library, lambda: AnswerWriter("queued", model))

    def tell(progress: GenerationProgress) -> None:
        if progress.stage == "waiting":
            heard.append(progress.at)
            # The second time it waits for its turn, with its quotes on the screen.
            if "quotes" in heard:
                free.set()

    def others() -> None:
        with model.queue.take(CallContext("somebody else")):
            taken.set()
            free.wait(30)

    taken = threading.Event()
    before = threading.Thread(target=others)
    before.start()
    taken.wait(30)
    for draft in conversation.ask(LEAVE, context(library, on_progress=tell)):
        heard.append(draft.text or "quotes")
    before.join(30)
    assert heard[:3] == [1, "quotes", 1]
    assert heard[-1] == "Yes."
    assert model.queue.idle


def test_who_is_refused_gives_the_place_in_the_queue_back(library: Services) -> None:
    model = Queued(model="queued")
    conversation = with_writer(library, lambda: AnswerWriter("queued", model))
    with model.queue.take(CallContext("somebody else")):
        assert ask(conversation, library, "Who won the football world cup in 1974?")[-1].outcome == "refused"
        places: list[int] = []
        with model.queue.stand(CallContext("next", on_progress=lambda told: places.append(told.at))):
            assert places == [1]


def test_the_model_is_asked_anyway_on_request_and_the_answer_is_marked(library: Services) -> None:
    question = "Who won the football world cup in 1974?"
    final = ask(says(library, "West Germany won it."), library, question, anyway=True)[-1]
    assert final.outcome == "asked_anyway"
    assert final.text == "West Germany won it."
    assert final.sentences[0].verdict == "unsupported"


def test_a_greeting_is_answered_with_what_is_there(library: Services) -> None:
    final = ask(says(library), library, "Hello!")[-1]
    assert final.outcome == "overview"
    assert {quote.name for quote in final.quotes} == {"employee-handbook.pdf", "shanghai-office-move.docx"}
    for quote in final.quotes:
        page = library.store.documents.page("me", quote.document, quote.page)
        assert page.text[quote.start : quote.end] == quote.text


def test_a_follow_up_is_searched_with_the_question_before_it(library: Services) -> None:
    before = Turn("1", "What is the daily meal allowance in Zurich?", None, "")
    final = ask(says(library, "?"), library, "And in Lisbon?", history=[before])[-1]
    assert "meal allowance" in final.generated_question
    assert "Lisbon" in final.quotes[0].text


def test_only_the_ticked_documents_are_asked(library: Services) -> None:
    notice = next(d for d in library.store.documents.list("me", collection(library)) if d.kind == "word")
    asked = context(library, documents=(notice.id,))
    *_, final = says(library, "?").ask(LEAVE, asked, anyway=True)
    assert {passage.document for passage in final.passages} == {notice.id}


def test_without_a_model_the_quotes_are_the_answer(library: Services) -> None:
    final = ask(with_writer(library, lambda: None), library, LEAVE)[-1]
    assert (final.model, final.text) == (None, "")
    assert "28 days" in final.quotes[0].text


def test_a_model_that_cannot_be_had_costs_the_written_answer_only(library: Services) -> None:
    def missing() -> AnswerWriter:
        raise ModelNotOnDisk(model="llama-2-7b-chat")

    final = ask(with_writer(library, missing), library, LEAVE)[-1]
    assert final.error is not None
    assert final.error.key == "model_not_on_disk"
    assert "28 days" in final.quotes[0].text


def test_a_model_without_chinese_is_named_and_not_asked_unless_one_insists(library: Services) -> None:
    model = FakeListChatModel(responses=["35元。"])
    english = with_writer(library, lambda: AnswerWriter("tiny", model, languages=("en",)))
    final = ask(english, library, "午餐补贴每天多少钱？")[-1]
    assert final.error is not None
    assert (final.error.key, final.error.fields, final.text) == ("model_language", {"model": "tiny"}, "")
    assert "35元" in final.quotes[0].text
    insisted = ask(english, library, "午餐补贴每天多少钱？", anyway=True)[-1]
    assert (insisted.outcome, insisted.text, insisted.error) == ("answered", "35元。", None)


def test_stopping_keeps_what_was_written(library: Services) -> None:
    seen: list[str] = []
    conversation = says(library, "You have 28 days of annual leave.")
    for draft in conversation.ask(LEAVE, context(library, cancelled=lambda: len(seen) > 8)):
        seen.append(draft.text)
    assert draft.stopped
    assert 0 < len(draft.text) < len("You have 28 days of annual leave.")


def test_the_model_writes_a_follow_up_out_when_asked_to(library: Services) -> None:
    before = Turn("1", "What is the daily meal allowance in Zurich?", None, "")
    model = FakeListChatModel(responses=["How long is the probation period?", "Six months."])
    writer = AnswerWriter("tiny", model)
    conversation = with_writer(library, lambda: writer, condense=True)
    final = ask(conversation, library, "And that?", history=[before])[-1]
    assert final.generated_question == "How long is the probation period?"
    assert final.text == "Six months."
    assert "condense" in final.seconds


class BusyAtFirst(FakeListChatModel):
    """A model that has no room for the first question it is asked."""

    asked: list[str] = []  # noqa: RUF012  a pydantic field, copied for each model

    def _call(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> str:
        self.asked.append(messages[-1].text)
        if len(self.asked) == 1:
            raise ModelBusy(waiting=8)
        return super()._call(messages, *args, **kwargs)


def test_a_follow_up_stays_as_it_was_asked_where_the_model_cannot_write_it_out(library: Services) -> None:
    before = Turn("1", "What is the daily meal allowance in Zurich?", None, "")
    model = BusyAtFirst(responses=["Six months."])
    conversation = with_writer(library, lambda: AnswerWriter("tiny", model), condense=True)
    final = ask(conversation, library, "How long is the probation period?", history=[before])[-1]
    assert final.generated_question == "How long is the probation period?"
    assert (final.text, len(model.asked)) == ("Six months.", 1)


def test_who_has_a_follow_up_written_out_waits_in_line_for_the_answer_too(library: Services) -> None:
    before = Turn("1", "What is the daily meal allowance in Zurich?", None, "")
    model, heard = Queued(model="queued", word=LEAVE), list[GenerationProgress]()
    conversation = with_writer(library, lambda: AnswerWriter("queued", model), condense=True)
    asked = conversation.ask("And in Lisbon?", context(library, on_progress=heard.append), history=[before])
    with ThreadPoolExecutor(1) as pool:
        with model.queue.take(CallContext("somebody else")):
            first = pool.submit(next, asked)
            while not heard:
                time.sleep(0.01)
        assert first.result(30).generated_question == LEAVE
    assert {(told.stage, told.at) for told in heard} == {("waiting", 1)}
    # It stands in the queue again: another question of the same person is behind it.
    behind: list[int] = []
    with model.queue.stand(CallContext("me", on_progress=lambda told: behind.append(told.at))):
        assert behind == [1]
    assert [answer.text for answer in asked] == [LEAVE, LEAVE]
    assert model.queue.idle


def test_any_chain_can_answer_over_the_apps_own_retriever(library: Services) -> None:
    chain = ConversationalRetrievalChain.from_llm(
        FakeListChatModel(responses=["28 days."]),
        says(library).retriever(context(library)),
        return_source_documents=True,
        response_if_no_docs_found="It is not in the documents.",
    )
    result = chain.invoke({"question": LEAVE, "chat_history": []})
    assert result["answer"] == "28 days."
    assert "28 days" in result["source_documents"][0].page_content
    assert result["source_documents"][0].metadata["label"] == "4"
    refused = chain.invoke({"question": "Who won the football world cup in 1974?", "chat_history": []})
    assert (refused["answer"], refused["source_documents"]) == ("It is not in the documents.", [])


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("The daily meal allowance in Zurich is 72 euros.", "supported"),
        ("In Zurich you get 72 euros a day, and the hotel limit is 210 euros.", "supported"),
        ("The daily meal allowance in Zurich is 48 euros.", "unsupported"),  # that is any other city's
        ("In Oslo it is 72 euros.", "unsupported"),  # that is Zurich's
    ],
)
def test_a_figure_from_another_row_of_the_table_is_not_borne_out(library: Services, written: str, verdict: str) -> None:
    final = ask(says(library, written), library, "What is the daily meal allowance in Zurich?")[-1]
    assert [sentence.verdict for sentence in final.sentences] == [verdict]
