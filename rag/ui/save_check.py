"""The menu under an answer that saves its question as a check, with the right source."""

from __future__ import annotations

from typing import Final

import streamlit as st

from rag.core.types import Answer, Right, Turn, shown_name
from rag.ui import actions
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import label
from rag.ui.texts import Texts

_NOT_THERE: Final = -1
_ELSEWHERE: Final = -2
_QUOTE_CHARACTERS: Final = 90


def draw_keep(page: Frame, turn: Turn, answer: Answer, collection: str, right: Right | None) -> None:
    """Draw the menu for a turn's question."""
    texts = page.texts
    if right in (None, "reader"):
        return
    with st.popover(texts("quality.keep"), type="tertiary"):
        question = st.text_input(
            texts("quality.question"), answer.generated_question, max_chars=1000, key=f"check-question-{turn.id}"
        )
        chosen: int = st.radio(
            texts("quality.right_source"),
            [*range(len(answer.quotes)), _ELSEWHERE, _NOT_THERE],
            format_func=lambda place: _choice(answer, place, texts),
            key=f"check-source-{turn.id}",
        )
        document, words = _elsewhere(page, turn, collection) if chosen == _ELSEWHERE else (None, "")
        if st.button(texts("quality.save"), key=f"check-{turn.id}", type="primary") and question.strip():
            with show_errors(page):
                if chosen != _ELSEWHERE:
                    quote = answer.quotes[chosen] if chosen >= 0 else None
                    actions.keep_check(page, collection, question.strip(), quote)
                elif document is None or not actions.keep_place(page, collection, question.strip(), document, words):
                    st.error(texts("quality.words_missing"))
                    return
                st.success(texts("quality.kept"))


def _elsewhere(page: Frame, turn: Turn, collection: str) -> tuple[str | None, str]:
    """The document and the words of a place that no quote shows."""
    texts = page.texts
    names = {item.id: shown_name(item) for item in page.services.store.documents.list(page.owner, collection)}
    document: str | None = st.selectbox(
        texts("quality.place_document"), list(names), format_func=names.__getitem__, key=f"check-document-{turn.id}"
    )
    words = st.text_area(texts("quality.place_words"), max_chars=2000, key=f"check-words-{turn.id}")
    return document, words


def _choice(answer: Answer, place: int, texts: Texts) -> str:
    if place < 0:
        return texts("quality.not_there" if place == _NOT_THERE else "quality.elsewhere")
    quote = answer.quotes[place]
    words = " ".join(quote.text.split())
    short = words if len(words) <= _QUOTE_CHARACTERS else words[:_QUOTE_CHARACTERS] + "…"
    return label(" · ".join(filter(None, (short, shown_name(quote), quote.place.shown(texts)))))
