"""The sidebar of the chat page: collection, documents that are asked, the chat at hand."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from rag.core.errors import NotFound
from rag.core.types import EVERYTHING, Chat, Collection, Selection, shown_name
from rag.ui.document_filters import choose_selection, said
from rag.ui.page_frame import Frame
from rag.ui.safe_views import draw_muted
from rag.ui.texts import Texts
from rag.ui.widget_values import from_address

# Of more documents than this nobody chooses one from a list; folders and tags narrow them.
_NAMED_ONE_BY_ONE = 500
_CHOSEN = "collection-chosen"


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
    # One box for all, told each time what it shows: of one that changes with the collection, the next choice was lost.
    st.session_state[_CHOSEN] = st.session_state["collection"] = current
    chosen: str = st.selectbox(
        page.texts("chat.collection"),
        list(collections),
        format_func=lambda key: _listed_name(collections[key], owners, page.texts),
        key=_CHOSEN,
        on_change=_choose,
    )
    if chat is None and chosen != first:
        st.query_params["collection"] = chosen
    elif named:
        del st.query_params["collection"]
    return collections[chosen]


def _choose() -> None:
    """Before the run that draws it; what is shown then is a new chat."""
    # A browser may tell of a choice where the page has no such box.
    if chosen := st.session_state.get(_CHOSEN):
        st.session_state["collection"] = chosen
        go_to(None)


def _listed_name(collection: Collection, owners: Mapping[str, str], texts: Texts) -> str:
    """The name in the list, with the owner's if it is another person, since names are not unique."""
    if not collection.owner:
        return texts("chat.withdrawn_name")
    owner = "" if collection.samples else owners.get(collection.owner, "")
    return " · ".join(filter(None, (collection_name(collection, texts), owner)))


def choose_scope(page: Frame, collection: Collection, chat: Chat | None) -> tuple[tuple[str, ...], Selection]:
    """Which documents are asked: some by name, and those of a selection; nothing chosen means all."""
    texts, store, owner = page.texts, page.services.store, page.owner
    key = f"scope-{chat.id if chat else f'new-{collection.id}'}"
    chosen, narrowed = (chat.documents, chat.selection) if chat else ((), EVERYTHING)
    line = st.container()
    with st.popover(texts("chat.scope"), icon=":material/filter_list:", width="stretch", key=f"{key}-choose"):
        selection = choose_selection(texts, store.listing.facets(owner, collection.id), key, narrowed)
        documents: tuple[str, ...] = ()
        if store.listing.count(owner, collection.id) <= _NAMED_ONE_BY_ONE or chosen:
            names = {document.id: shown_name(document) for document in store.documents.list(owner, collection.id)}
            documents = tuple(
                st.multiselect(
                    texts("scope.documents"),
                    list(names),
                    default=[each for each in chosen if each in names],
                    format_func=names.__getitem__,
                    placeholder=texts("chat.scope_all"),
                    key=key,
                )
            )
    named = texts.count("table.count", len(documents)) if documents else ""
    if narrowed_to := " · ".join(filter(None, (said(selection, texts), named))):
        with line:
            draw_muted(narrowed_to)
    return documents, selection


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
