"""Documents on their way in: files and addresses taken from the browser and handed to the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag.core.errors import RagError
from rag.core.types import Collection
from rag.network.ssrf import completed
from rag.ui import actions
from rag.ui.chat_list import go_to
from rag.ui.page_frame import Frame
from rag.ui.safe_views import label
from rag.ui.widget_values import clean

# Names told in one line; of more it is said how many.
_NAMED = 3


def take_in(page: Frame, collection: Collection, files: Sequence[UploadedFile], addresses: Sequence[str] = ()) -> None:
    """Hand files and addresses to the reader; the collection they go into becomes the one at hand."""
    target = actions.own_collection(page, collection)
    _enqueue_files(page, target, files)
    _enqueue_addresses(page, target, addresses)
    if target.id != collection.id:
        st.session_state["collection"] = target.id
        go_to(None)


def draw_notes() -> None:
    """What became of what was handed over before, where there is something to say; once."""
    for wrong, note in st.session_state.pop("notes", ()):
        (st.error if wrong else st.info)(label(note))


def _enqueue_files(page: Frame, collection: Collection, files: Sequence[UploadedFile]) -> None:
    """What is in the collection already is told in one line on the next run, and not read again."""
    same: list[str] = []
    for file in files:
        data = file.getvalue()
        there = actions.same_bytes(page, collection, data)
        if there is not None:
            same.append(there.name)
        elif not _enqueued(page, collection, clean(file.name).lstrip("/"), "file", data):
            return
    if len(same) == 1:
        note(page.texts("documents.same", name=same[0]))
    elif same:
        names = ", ".join(same[:_NAMED]) + (" …" if len(same) > _NAMED else "")
        note(page.texts("queue.same", count=len(same), names=names))


def _enqueued(
    page: Frame, collection: Collection, name: str, kind: Literal["file", "address"], source: bytes | str
) -> bool:
    """Whether it waits to be read now; what is in the way of one is in the way of all, and said once."""
    try:
        page.services.store.jobs.enqueue(page.owner, collection.id, name, kind, source, replace=kind == "address")
    except RagError as error:
        note(page.texts.failure(error.failure()), wrong=True)
        return False
    return True


def _enqueue_addresses(page: Frame, collection: Collection, addresses: Sequence[str]) -> None:
    """One that was read before is read anew."""
    for address in map(completed, addresses):
        if not _enqueued(page, collection, address, "address", address):
            return


def note(text: str, *, wrong: bool = False) -> None:
    """Say it on the next run: what is drawn before a page is run anew is never seen."""
    st.session_state.setdefault("notes", []).append((wrong, text))
