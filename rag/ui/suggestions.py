"""The questions offered on the start screen: those of the samples, or ones made from the collection's own headings."""

from __future__ import annotations

from typing import Final

import streamlit as st

from rag.answering import suggestions
from rag.core.call_context import CallContext
from rag.core.types import Answer, Collection
from rag.library import samples
from rag.library.store.wanted import Wanted
from rag.operations.background_tasks import Task
from rag.ui.page_frame import Frame
from rag.ui.safe_views import draw_muted, label
from rag.ui.texts import LANGUAGES, Texts

_COUNT: Final = 3
_REFRESH_SECONDS: Final = 1.0


def draw_suggestions(page: Frame, collection: Collection, *, reading: bool) -> None:
    """Buttons that ask; of one's own documents, what is in them, and what was found to be answered by them.

    Args:
        reading: whether documents are being read into the collection.
    """
    if collection.samples:
        _draw(page, samples.example_questions(page.texts.language))
        return
    name = f"suggest-{page.owner}-{collection.id}-{collection.generation}"
    task = page.services.tasks.get(name)
    if task is None and reading:
        # Each document that is read would begin it anew.
        _draw(page, [page.texts("chat.suggest_overview")])
        return
    if task is None:
        task = page.services.tasks.start(name, lambda task: _find(page, collection, task))
    st.fragment(_watch, run_every=None if task.done else _REFRESH_SECONDS)(page, name)


def _watch(page: Frame, name: str) -> None:
    page.owner  # noqa: B018 - checks access at every redraw
    task = page.services.tasks.get(name)
    found = task.text.splitlines() if task else []
    _draw(page, [page.texts("chat.suggest_overview"), *found])
    # Once, to end the looking; or to ask: a button in here runs this part alone.
    if "example" in st.session_state or (task and task.done and not st.session_state.get(name)):
        st.session_state[name] = bool(task and task.done)
        st.rerun()


def _draw(page: Frame, questions: list[str]) -> None:
    if questions:
        draw_muted(page.texts("chat.examples"))
    for question in questions:
        st.button(label(question), key=f"example-{question}", width="stretch", on_click=_ask_next, args=(question,))


def _ask_next(question: str) -> None:
    st.session_state["example"] = question


def _find(page: Frame, collection: Collection, task: Task) -> None:
    store, owner = page.services.store, page.owner
    rows, _ = store.listing.page(
        owner, collection.id, Wanted(), sort="added", descending=True, count=suggestions.DOCUMENTS
    )
    places = [(each.document.id, number) for each in rows for number in range(1, suggestions.PAGES + 1)]
    pages = store.documents.pages_at(owner, places)
    documents = [
        (each.document, [pages[key] for key in places if key[0] == each.document.id and key in pages]) for each in rows
    ]

    def say(heading: suggestions.Heading) -> str:
        language = heading.document.language
        return Texts(language if language in LANGUAGES else "en")("chat.suggest_heading", heading=heading.text)

    def ask(question: str) -> Answer:
        task.look()
        # The first draft has the quotes; a model would write after it.
        return next(page.services.conversation.ask(question, CallContext(owner, collection.id)))

    for question in suggestions.answered(suggestions.headings(documents), say, ask, _COUNT):
        task.text += f"{question}\n"
