"""What a page shows of an answer that comes while it is being drawn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag.answering.background_runs import AnswerRun, AnswerRuns
from rag.answering.conversation import Conversation
from rag.core import settings
from rag.core.types import Answer
from rag.ingestion.pipeline import read_file
from rag.library.store import Store
from rag.services import Services
from rag.ui import page_frame

PROJECT = Path(__file__).resolve().parents[2]
OWNER = "local"
CLOSED = "The app was closed before this answer was finished."


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A library whose app reads and loads nothing by itself."""
    monkeypatch.setenv("RAG_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RAG_SAMPLES", "false")
    monkeypatch.setenv("RAG_MODEL", "none")
    monkeypatch.setattr(Services, "start", lambda _: None)
    with closing(Store.open(tmp_path)) as opened:
        yield opened
    st.cache_resource.clear()


@pytest.mark.parametrize("ends", [True, False])
def test_an_answer_that_ends_while_the_page_is_drawn_is_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    collection = store.collections.create(OWNER, "mine")
    chat = store.chats.create(OWNER, collection.id)
    store.chats.ask(OWNER, chat.id, "Why?")

    def gone(_: AnswerRuns, asked: str) -> AnswerRun | None:
        """As it is when the run ends after the page has read the chat, and before it looks for the run."""
        if ends:
            store.chats.answer(OWNER, asked, Answer("Why?", "Why?", "Because.", "answered", "some"))
        return None

    monkeypatch.setattr(AnswerRuns, "get", gone)
    app = AppTest.from_file(str(PROJECT / "chat.py"))
    app.query_params.update(lang="en", chat=chat.id)
    app.run(timeout=60)
    assert not app.exception
    assert (CLOSED in drawn_in(app)) is not ends


def drawn_in(app: AppTest) -> str:
    """All that the page shows, as it is sent to the browser."""
    return " ".join(str(getattr(element, "proto", "")) for element in app.main)


@pytest.fixture
def app(store: Store) -> AppTest:
    """The chat page on a new chat about two documents."""
    services = page_frame.services_for(settings.load())
    collection = store.collections.create(OWNER, "mine")
    for city, days in (("Lisbon", 25), ("Zurich", 20)):
        text = f"Everybody who works in {city} has {days} days of annual leave each year."
        read_file(services.ingest, OWNER, collection.id, text.encode(), f"{city}.txt")
    page = AppTest.from_file(str(PROJECT / "chat.py"))
    page.query_params.update(lang="en", chat=store.chats.create(OWNER, collection.id).id)
    return page.run(timeout=60)


def ask(app: AppTest, store: Store) -> Answer:
    """Type a question into the chat box; its answer as it is saved."""
    app.chat_input(key="ask").set_value("How many days of annual leave are there?").run(timeout=60)
    assert not app.exception
    deadline = time.monotonic() + 60
    (chat,) = store.chats.list(OWNER)
    while (answer := store.chats.turns(OWNER, chat.id)[-1].answer) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def test_a_chat_that_is_narrowed_answers_from_the_documents_left_at_once(app: AppTest, store: Store) -> None:
    assert {quote.name for quote in ask(app, store).quotes} == {"Lisbon.txt", "Zurich.txt"}
    (collection,) = store.collections.list(OWNER)
    zurich = next(known.id for known in store.documents.list(OWNER, collection.id) if known.name == "Zurich.txt")
    app.multiselect[0].set_value([zurich])
    assert {quote.name for quote in ask(app, store).quotes} == {"Zurich.txt"}


def test_a_question_is_asked_and_the_first_of_its_answer_drawn_in_one_run_of_the_page(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def begun(_: Conversation, question: str, *__: object, **___: object) -> Iterator[Answer]:
        yield Answer(question, question, "It is told", "answered", "some")
        over.wait(60)

    monkeypatch.setattr(Conversation, "ask", begun)
    runs: list[str] = []
    begin = page_frame.frame

    def counted(name: page_frame.Name) -> page_frame.Frame:
        runs.append(name)
        return begin(name)

    monkeypatch.setattr(page_frame, "frame", counted)
    app.chat_input(key="ask").set_value("How many days?").run(timeout=60)
    over.set()
    assert "It is told" in drawn_in(app)
    assert runs == ["chat"]
