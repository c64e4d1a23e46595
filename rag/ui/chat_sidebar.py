"""The list of chats in the sidebar: found, opened, renamed, pinned, archived, deleted and brought back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import streamlit as st

from rag.core.errors import NotFound
from rag.core.types import Chat
from rag.library.store.chats import RemovedChat
from rag.ui.chat_list import go_to
from rag.ui.components import component
from rag.ui.file_addresses import address
from rag.ui.page_frame import Frame, show_errors
from rag.ui.texts import Texts
from rag.ui.widget_values import ID, clean, event

_TITLE_CHARACTERS: Final = 120
_KEY: Final = "chats"
_REMOVED: Final = "removed-chat"
# Older chats are grouped by month. Days since it was last used, and the group's text.
_GROUPS: Final = ((0, "today"), (1, "yesterday"), (7, "week"), (30, "month"))
_WORDS: Final = (
    *("search", "chats", "none", "more", "rename", "pin", "unpin", "archive", "unarchive", "delete", "deleted", "undo"),
)
_chats = component("chats", "chat_sidebar", '<div class="chats"></div>')


def draw_chats(page: Frame, current: Chat | None) -> None:
    """The button for a new chat, and the list."""
    texts, chats = page.texts, page.services.store.chats
    if st.button(texts("chat.new"), icon=":material/add:", width="stretch"):
        go_to(None)
        st.rerun()
    listed = chats.list(page.owner)
    removed: RemovedChat | None = st.session_state.get(_REMOVED)
    sent = _chats(
        key=_KEY,
        data={
            "files": address(""),
            "current": current.id if current else "",
            "chats": _grouped(listed, texts),
            "undo": removed.chat.title or texts("chat.untitled") if removed else "",
            "words": {name: texts(f"chats.{name}") for name in _WORDS},
        },
        on_open_change=_open,
        on_act_change=lambda: None,
    )
    with show_errors(page):
        if _acted(page, sent.act, current):
            st.rerun()


def _open() -> None:
    """Before the run that draws the chat, so that one is enough. Whether it is the person's own is looked at then."""
    if isinstance(key := event(_KEY, "open"), str) and ID.fullmatch(key):
        st.session_state.pop(_REMOVED, None)
        go_to(key)


def _acted(page: Frame, sent: object, current: Chat | None) -> bool:
    """Do what the list asks for; whether something was done."""
    given: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
    act, key, title = given.get("act"), given.get("id"), given.get("title")
    chats, owner = page.services.store.chats, page.owner
    if act == "undo":
        _bring_back(page)
        return True
    if not isinstance(key, str) or not ID.fullmatch(key):
        return False
    match act:
        case "rename" if isinstance(title, str) and clean(title).strip():
            chats.rename(owner, key, clean(title).strip()[:_TITLE_CHARACTERS])
        case "pin" | "unpin":
            chats.pin(owner, key, pinned=act == "pin")
        case "archive" | "unarchive":
            chats.archive(owner, key, archived=act == "archive")
        case "delete":
            st.session_state[_REMOVED] = chats.remove(owner, key)
            if current and current.id == key:
                go_to(None)
        case _:
            return False
    return True


def _bring_back(page: Frame) -> None:
    removed: RemovedChat | None = st.session_state.pop(_REMOVED, None)
    if removed is None:
        return
    try:
        page.services.store.chats.bring_back(page.owner, removed)
    except NotFound:
        # Its collection was removed meanwhile, or somebody else has signed in.
        return
    go_to(removed.chat.id)


def _grouped(listed: list[Chat], texts: Texts) -> list[dict[str, object]]:
    """Pinned first, then by date, archived last."""
    ordered = sorted(listed, key=lambda chat: (chat.archived, not chat.pinned))
    today = datetime.now().astimezone().date()
    return [
        {
            "id": chat.id,
            "title": chat.title or texts("chat.untitled"),
            "group": _group(chat, today, texts),
            "pinned": chat.pinned,
            "archived": chat.archived,
        }
        for chat in ordered
    ]


def _group(chat: Chat, today: date, texts: Texts) -> str:
    if chat.archived:
        return texts("chats.archived")
    if chat.pinned:
        return texts("chats.pinned")
    used = datetime.fromisoformat(chat.updated).astimezone().date()
    age = (today - used).days
    found = next((name for most, name in _GROUPS if age <= most), None)
    return texts(f"chats.{found}") if found else f"{used:%Y-%m}"
