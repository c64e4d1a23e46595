"""The sidebar of the chat page: collection, documents and chats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from rag.core.errors import NotFound
from rag.core.types import Chat, Collection, Document, shown_name
from rag.ui.page_frame import Frame
from rag.ui.safe_views import label
from rag.ui.texts import Texts
from rag.ui.widget_values import from_address


def collection_name(collection: Collection, texts: Texts) -> str:
    """The display name; that of the samples is translated."""
    return texts("collections.samples") if collection.samples else collection.name


def choose_collection(page: Frame, chat: Chat | None = None) -> Collection:
    """The select box of collections; the current one is shared by all pages, and is the chat's own while one is shown.

    The URL holds it, unless it is the first, so that it survives a reload. A chat whose collection is no longer shared
    with the person gets an empty placeholder.
    """
    store = page.services.store
    # Without samples, or after everything was removed, start with an empty collection.
    listed = store.collections.list(page.owner) or [
        store.collections.create(page.owner, page.texts("collections.mine"))
    ]
    if chat and chat.collection not in [item.id for item in listed]:
        listed = [Collection(chat.collection, "", "", None, None, 0, False, ""), *listed]
    collections = {item.id: item for item in listed}
    owners = store.people.names([item.owner for item in listed if item.owner != page.owner])
    first, named = next(iter(collections)), from_address("collection")
    current = chat.collection if chat else st.session_state.get("collection", named)
    if current not in collections:
        current = first
    chosen: str = st.selectbox(
        page.texts("chat.collection"),
        list(collections),
        index=list(collections).index(current),
        format_func=lambda key: _listed_name(collections[key], owners, page.texts),
        key=f"collection-of-{current}",
    )
    st.session_state["collection"] = chosen
    if chat and chosen != chat.collection:
        go_to(None)
        st.rerun()
    if chat is None and chosen != first:
        st.query_params["collection"] = chosen
    elif named:
        del st.query_params["collection"]
    return collections[chosen]


def _listed_name(collection: Collection, owners: Mapping[str, str], texts: Texts) -> str:
    """The name in the list, with the owner's if it is another person, since names are not unique."""
    if not collection.owner:
        return texts("chat.withdrawn_name")
    owner = "" if collection.samples else owners.get(collection.owner, "")
    return " · ".join(filter(None, (collection_name(collection, texts), owner)))


def choose_documents(page: Frame, documents: Sequence[Document], chat: Chat | None) -> tuple[str, ...]:
    """The selected documents; none means all."""
    names = {document.id: shown_name(document) for document in documents}
    selected = st.multiselect(
        page.texts("chat.scope"),
        list(names),
        default=[key for key in chat.documents if key in names] if chat else None,
        format_func=names.__getitem__,
        placeholder=page.texts("chat.scope_all"),
        key=f"scope-{chat.id if chat else 'new'}",
    )
    return tuple(selected)


def current_chat(page: Frame) -> Chat | None:
    """The chat in the URL, which survives a reload, or in the session."""
    key = from_address("chat") or st.session_state.get("chat")
    if not key:
        return None
    try:
        chat = page.services.store.chats.get(page.owner, key)
    except NotFound:
        return None
    go_to(chat.id)
    return chat


def go_to(chat: str | None) -> None:
    """Make a chat the current one; None for a new one."""
    st.session_state["chat"] = chat
    if chat:
        st.query_params["chat"] = chat
    else:
        st.query_params.pop("chat", None)


def draw_chats(page: Frame, current: Chat | None) -> None:
    """The list of chats, newest first, each with rename and delete."""
    if st.button(page.texts("chat.new"), icon=":material/add:", width="stretch"):
        go_to(None)
        st.rerun()
    for chat in page.services.store.chats.list(page.owner):
        with st.container(horizontal=True, gap=None, vertical_alignment="center", wrap=False):
            active = current is not None and chat.id == current.id
            if st.button(
                label(chat.title or page.texts("chat.untitled")),
                key=f"chat-{chat.id}",
                type="secondary" if active else "tertiary",
                width="stretch",
            ):
                st.session_state["collection"] = chat.collection
                go_to(chat.id)
                st.rerun()
            if active:
                _draw_menu(page, chat)


def _draw_menu(page: Frame, chat: Chat) -> None:
    with st.popover("", icon=":material/more_horiz:", type="tertiary"):
        name = st.text_input(page.texts("chat.name"), chat.title, max_chars=120, key=f"name-{chat.id}")
        if st.button(page.texts("chat.save"), key=f"save-{chat.id}") and name.strip():
            page.services.store.chats.rename(page.owner, chat.id, name.strip())
            st.rerun()
        st.divider()
        st.caption(page.texts("chat.delete_sure"))
        if st.button(page.texts("chat.delete"), key=f"delete-{chat.id}", icon=":material/delete:"):
            page.services.store.chats.remove(page.owner, chat.id)
            go_to(None)
            st.rerun()
