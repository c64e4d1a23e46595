"""The documents page's parts: collections, the form to add, the embedder of what is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag.core.formats import ENDINGS
from rag.core.types import Collection, Right
from rag.models.catalogue import known
from rag.ui import actions
from rag.ui.chat_list import collection_name
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, label
from rag.ui.widget_values import uploaded

# Of all that are given at once.
_ADDRESS_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Added:
    """What the form was sent with."""

    files: Sequence[UploadedFile] = ()
    addresses: Sequence[str] = ()


def draw_form(page: Frame, collection: Collection, right: Right) -> Added:
    """The form to add files, folders and addresses; nothing until it is sent. What is added to the samples becomes
    one's own. It is open where there was nothing when the person came, and folded again by what is sent."""
    texts, listing = page.texts, page.services.store.listing
    if right == "reader" and not collection.samples:
        return Added()
    begun, sends = f"begun-{collection.id}", f"sent-to-{collection.id}"
    if begun not in st.session_state:
        st.session_state[begun] = listing.count(page.owner, collection.id) == 0
    times: int = st.session_state.get(sends, 0)
    empty = st.session_state[begun] and not times
    with (
        st.expander(texts("queue.add"), expanded=empty, icon=":material/add:", key=f"adding-{times}-{collection.id}"),
        st.form("add", clear_on_submit=True, border=False),
    ):
        files, folder = st.tabs([texts("documents.files"), texts("queue.folder")])
        chosen = files.file_uploader(
            texts("documents.files"), type=list(ENDINGS), accept_multiple_files=True, label_visibility="collapsed"
        )
        inside = folder.file_uploader(
            texts("queue.folder"), type=list(ENDINGS), accept_multiple_files="directory", label_visibility="collapsed"
        )
        lines = st.text_area(
            texts("documents.addresses"),
            placeholder=texts("documents.addresses_help"),
            height=80,
            max_chars=_ADDRESS_CHARACTERS,
        )
        sent = st.form_submit_button(texts("documents.read"), icon=":material/add:", type="primary")
    added = Added((*uploaded(chosen), *uploaded(inside)), tuple(filter(None, map(str.strip, lines.splitlines()))))
    if not sent:
        return Added()
    if added.files or added.addresses:
        st.session_state[sends] = times + 1
    else:
        st.info(texts("documents.nothing_to_read"))
    return added


def manage_collections(page: Frame, collection: Collection, right: Right) -> None:
    """Make, rename and remove collections."""
    texts, store = page.texts, page.services.store
    # Of each collection a menu of its own, so that it closes when the new one is there.
    key = f"new-in-{collection.id}"
    with st.popover(texts("collections.new"), icon=":material/create_new_folder:", width="stretch", key=key):
        name = st.text_input(texts("collections.name"), max_chars=80, key=f"name-{key}")
        if st.button(texts("collections.create")) and name.strip():
            with show_errors(page):
                made = store.collections.create(page.owner, name.strip())
                page.services.begin(made, texts.language)
                st.session_state["collection"] = made.id
                st.rerun()
    if collection.samples or right != "owner":
        return
    with st.popover(texts("collections.manage"), icon=":material/settings:", width="stretch"):
        name = st.text_input(texts("collections.name"), collection.name, max_chars=80, key=f"rename-{collection.id}")
        if st.button(texts("collections.rename")) and name.strip():
            with show_errors(page):
                store.collections.rename(page.owner, collection.id, name.strip())
                st.rerun()
        st.divider()
        count = store.listing.count(page.owner, collection.id)
        draw_muted(texts("collections.remove_sure", name=collection_name(collection, texts), count=count))
        if st.button(texts("collections.remove"), icon=":material/delete:"):
            with show_errors(page):
                store.collections.remove(page.owner, collection.id)
            st.session_state.pop("collection", None)
            st.rerun()


def offer_reembedding(page: Frame, collection: Collection, right: Right) -> None:
    """Where a collection's embedder does not read its documents, or is not the one at work: say so, and offer to embed
    it anew in the background."""
    texts, embedders = page.texts, page.services.embedders
    store = page.services.store
    languages = set(store.listing.facets(page.owner, collection.id).languages)
    used, better = embedders.name_for(collection.embedder), embedders.better_for(collection.embedder, languages)
    if collection.embedder not in (None, used):
        names = {"recorded": collection.embedder, "current": used}
        st.warning(label(texts("errors.embedder_mismatch", collection=collection_name(collection, texts), **names)))
    elif unread := unread_languages(used, languages):
        named = ", ".join(texts(f"documents.language_{language}") for language in unread)
        key = "documents.language_change" if better else "documents.language"
        draw_muted(texts(key, embedder=used, languages=named))
    if better is None or right == "reader" or store.queue.embeds(page.owner, collection.id):
        return
    if st.button(texts("collections.reembed", embedder=better), icon=":material/translate:"):
        with show_errors(page):
            actions.start_reembedding(page, collection, better)
            st.rerun()


def unread_languages(embedder: str, languages: Iterable[str]) -> list[str]:
    """Those of the languages that an embedder is known not to read."""
    row = known(embedder)
    return [] if row is None or "many" in row.languages else sorted(set(languages) - set(row.languages))
