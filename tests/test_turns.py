"""What a page shows of an answer that comes while it is being drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag.build import Services
from rag.runs import Run, Runs
from rag.store import Store
from rag.types import Answer

PROJECT = Path(__file__).resolve().parent.parent
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

    def gone(_: Runs, asked: str) -> Run | None:
        """As it is when the run ends after the page has read the chat, and before it looks for the run."""
        if ends:
            store.chats.answer(OWNER, asked, Answer("Why?", "Why?", "Because.", "answered", "some"))
        return None

    monkeypatch.setattr(Runs, "get", gone)
    app = AppTest.from_file(str(PROJECT / "app.py"))
    app.query_params.update(lang="en", chat=chat.id)
    app.run(timeout=60)
    assert not app.exception
    drawn = " ".join(str(getattr(element, "proto", "")) for element in app.main)
    assert (CLOSED in drawn) is not ends
