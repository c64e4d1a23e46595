"""What is done with many documents at once: the dialogs that ask for what is still to be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from rag.core.types import OCR_CHOICES, Collection, OcrChoice
from rag.ui import actions, uploads
from rag.ui.chat_list import collection_name
from rag.ui.document_table import Act, clear_ticks
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted

_FOLDER_CHARACTERS: Final = 300


def draw_act(page: Frame, collection: Collection, act: Act) -> None:
    """Ask for what is still to be said, and do it."""
    if act.name == "again":
        with show_errors(page):
            actions.read_again(page, collection, act.documents)
            _done()
        return
    st.dialog(page.texts(f"table.{act.name}_title"))(_DIALOGS[act.name])(page, collection, act)


def _done() -> None:
    clear_ticks()
    st.rerun()


def _delete(page: Frame, collection: Collection, act: Act) -> None:
    texts = page.texts
    draw_muted(texts.count("table.delete_sure", len(act.documents)))
    if st.button(texts("table.delete"), type="primary", key="act-delete"):
        with show_errors(page):
            page.services.store.listing.remove(page.owner, collection.id, act.documents)
            _done()


def _move(page: Frame, collection: Collection, act: Act) -> None:
    """Into a folder, or into another collection."""
    texts, store = page.texts, page.services.store
    targets = {each.id: each for each in store.collections.list(page.owner) if page.right(each) != "reader"}
    chosen: str = st.selectbox(
        texts("table.move_collection"),
        list(targets),
        index=list(targets).index(collection.id),
        format_func=lambda key: collection_name(targets[key], texts),
        key="act-collection",
    )
    if chosen != collection.id:
        _move_away(page, collection, act, targets[chosen])
    else:
        _put(page, collection, act)


def _move_away(page: Frame, collection: Collection, act: Act, target: Collection) -> None:
    texts = page.texts
    if st.button(texts("table.move_now"), type="primary", key="act-move-away"):
        with show_errors(page):
            moved = page.services.store.listing.move(page.owner, collection.id, act.documents, target.id)
            if stay := len(act.documents) - moved:
                uploads.note(texts.count("table.move_stay", stay, collection=collection_name(target, texts)))
            _done()


def _put(page: Frame, collection: Collection, act: Act) -> None:
    texts, listing = page.texts, page.services.store.listing
    folders = list(listing.facets(page.owner, collection.id).folders)
    folder = st.selectbox(
        texts("table.move_where"),
        folders,
        index=None,
        placeholder=texts("table.move_help"),
        accept_new_options=True,
        key="act-folder",
    )
    draw_muted(texts.count("table.move_said", len(act.documents)))
    if st.button(texts("table.move_now"), type="primary", key="act-move"):
        with show_errors(page):
            listing.put(page.owner, collection.id, act.documents, (folder or "")[:_FOLDER_CHARACTERS])
            _done()


def _tag(page: Frame, collection: Collection, act: Act) -> None:
    texts, listing = page.texts, page.services.store.listing
    tags = list(listing.facets(page.owner, collection.id).tags)
    add = st.multiselect(
        texts("table.tag_add"), tags, placeholder=texts("table.tag_help"), accept_new_options=True, key="act-tags"
    )
    remove = st.multiselect(texts("table.tag_remove"), tags, placeholder=texts("table.tag_which"), key="act-untag")
    draw_muted(texts.count("table.tag_said", len(act.documents)))
    if st.button(texts("table.tag_now"), type="primary", key="act-tag", disabled=not add and not remove):
        with show_errors(page):
            listing.tag(page.owner, collection.id, act.documents, add=add, remove=remove)
            _done()


def _ocr(page: Frame, collection: Collection, act: Act) -> None:
    texts, readings = page.texts, page.services.store.readings
    draw_muted(texts("table.ocr_help"))
    choice: OcrChoice = st.radio(
        texts("table.ocr"), OCR_CHOICES, format_func=lambda choice: texts(f"table.ocr_{choice}"), key="act-ocr"
    )
    if st.button(texts("table.ocr_now"), type="primary", key="act-ocr-now"):
        with show_errors(page):
            for document in act.documents:
                readings.choose_ocr(page.owner, document, choice)
            _done()


_DIALOGS: Final[dict[str, Callable[[Frame, Collection, Act], None]]] = {
    "delete": _delete,
    "move": _move,
    "tag": _tag,
    "ocr": _ocr,
}
