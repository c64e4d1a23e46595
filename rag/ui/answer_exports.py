"""Answers and chats as files: the menu under an answer, and what its links hand out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from rag.core.errors import LibraryError
from rag.core.types import Answer, Chat, Turn
from rag.ui import actions, file_addresses
from rag.ui.page_frame import Frame
from rag.ui.texts import Texts
from rag.viewing.export import Exported, as_markdown, chat_as_html, chat_as_markdown
from rag.viewing.highlighting import Picture, crop
from rag.viewing.word_export import as_docx

# The forms, with their media types.
FORMS: Final = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def draw_exports(turn: Turn, chat: Chat, texts: Texts) -> None:
    """The menu with links to an answer and to its whole chat in each form."""
    kinds = {
        "export_answer": file_addresses.answer_address(turn, texts),
        "export_chat": file_addresses.chat_address(chat, texts),
    }
    with st.popover(texts("answer.export"), type="tertiary", key=f"exports-{turn.id}"):
        for kind, link in kinds.items():
            st.caption(texts(f"answer.{kind}"))
            with st.container(horizontal=True):
                for form in FORMS:
                    st.link_button(texts(f"answer.form_{form}"), f"{link}&form={form}", key=f"{kind}-{form}-{turn.id}")


def exported(page: Frame, turns: Sequence[Turn], form: str, title: str = "") -> bytes:
    """Answered turns as a file.

    Args:
        form: one of `FORMS`.
        title: of the chat; empty for a single answer.
    """
    answered = [(turn, turn.answer) for turn in turns if turn.answer is not None]
    texts = page.texts
    if form == "md":
        answers = [answer for _, answer in answered]
        return (chat_as_markdown(title, answers, texts) if title else as_markdown(answers[0], texts)).encode()
    items = [_with_proofs(page, turn, answer) for turn, answer in answered]
    if form == "docx":
        return as_docx(title, items, texts)
    return chat_as_html(title, items, texts, language=texts.language).encode()


def _with_proofs(page: Frame, turn: Turn, answered: Answer) -> Exported:
    """The answer with page crops of the quotes and the files' checksums, as far as the person may see them."""
    checksums: dict[str, str] = {}
    crops: dict[int, Picture] = {}
    for i, quote in enumerate(answered.quotes):
        try:
            document = page.services.store.documents.get(page.owner, quote.document)
            checksums[document.id] = document.sha256
            if document.format.drawn and quote.end > quote.start:
                crops[i] = crop(actions.page_picture(page, document, quote.page, [(quote.start, quote.end)]))
        except LibraryError:
            # Removed since, or not renderable: the quote stands without a crop.
            continue
    settings = {
        page.texts("export.embedder"): page.services.embedder_choice.name,
        page.texts("export.when"): turn.created[:10],
    }
    return Exported(answered, checksums, crops, settings)
