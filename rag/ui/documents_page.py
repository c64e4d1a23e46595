"""The documents page's parts: collections, the form to add, the list of what is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag.core.formats import ENDINGS
from rag.core.reports import ReadingCounts
from rag.core.types import Collection, Document, Right, shown_name
from rag.models.catalogue import known
from rag.ui import actions
from rag.ui.chat_list import collection_name
from rag.ui.page_frame import Frame, show_errors
from rag.ui.reading_report import draw_report
from rag.ui.safe_views import draw_muted, label
from rag.ui.source_panel import open_document
from rag.ui.widget_values import uploaded

# Of all that are given at once, and of a word to look for.
_ADDRESS_CHARACTERS = 100_000
_FILTER_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Added:
    """What the form was sent with."""

    files: Sequence[UploadedFile] = ()
    addresses: Sequence[str] = ()


def draw_form(page: Frame, collection: Collection, right: Right) -> Added:
    """The form to add files and addresses; empty until it is sent. What is added to the samples becomes one's own."""
    texts, limits = page.texts, page.services.settings
    if right == "reader" and not collection.samples:
        return Added()
    with st.form("add", clear_on_submit=True):
        chosen = st.file_uploader(texts("documents.files"), type=list(ENDINGS), accept_multiple_files=True)
        lines = st.text_area(
            texts("documents.addresses"),
            placeholder=texts("documents.addresses_help"),
            height=80,
            max_chars=_ADDRESS_CHARACTERS,
        )
        sent = st.form_submit_button(texts("documents.read"), icon=":material/add:", type="primary")
    files = uploaded(chosen)
    addresses = tuple(filter(None, map(str.strip, lines.splitlines())))
    count = len(files) + len(addresses)
    if not sent:
        return Added()
    if not count:
        st.info(texts("documents.nothing_to_read"))
    elif count > limits.upload_files:
        st.error(texts("documents.too_many", count=count, limit=limits.upload_files))
    else:
        return Added(files, addresses)
    return Added()


def manage_collections(page: Frame, collection: Collection, right: Right) -> None:
    """Make, rename and remove collections."""
    texts, store = page.texts, page.services.store
    with st.popover(texts("collections.new"), icon=":material/create_new_folder:", width="stretch"):
        name = st.text_input(texts("collections.name"), max_chars=80, key="new-collection")
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
        count = len(store.documents.list(page.owner, collection.id))
        draw_muted(texts("collections.remove_sure", name=collection_name(collection, texts), count=count))
        if st.button(texts("collections.remove"), icon=":material/delete:"):
            with show_errors(page):
                store.collections.remove(page.owner, collection.id)
            st.session_state.pop("collection", None)
            st.rerun()


def offer_reembedding(page: Frame, collection: Collection, documents: Sequence[Document], right: Right) -> None:
    """Where a collection's embedder does not read its documents, or is not the one at work: say so, and offer to embed
    it anew in the background."""
    texts, embedders = page.texts, page.services.embedders
    languages = {document.language for document in documents}
    used, better = embedders.name_for(collection.embedder), embedders.better_for(collection.embedder, languages)
    if collection.embedder not in (None, used):
        names = {"recorded": collection.embedder, "current": used}
        st.warning(label(texts("errors.embedder_mismatch", collection=collection_name(collection, texts), **names)))
    elif unread := unread_languages(used, languages):
        named = ", ".join(texts(f"documents.language_{language}") for language in unread)
        key = "documents.language_change" if better else "documents.language"
        draw_muted(texts(key, embedder=used, languages=named))
    jobs = page.services.store.jobs.list(page.owner, collection.id)
    running = any(job.kind == "embedder" and job.state in ("waiting", "running") for job in jobs)
    if better is None or right == "reader" or running:
        return
    if st.button(texts("collections.reembed", embedder=better), icon=":material/translate:"):
        with show_errors(page):
            actions.start_reembedding(page, collection, better)
            st.rerun()


def unread_languages(embedder: str, languages: Iterable[str]) -> list[str]:
    """Those of the languages that an embedder is known not to read."""
    row = known(embedder)
    return [] if row is None or "many" in row.languages else sorted(set(languages) - set(row.languages))


def draw_documents(page: Frame, documents: Sequence[Document], right: Right) -> None:
    """The list of a collection's documents, each with its ways out; a reader removes none."""
    texts = page.texts
    st.subheader(texts("documents.list", count=len(documents)))
    if not documents:
        draw_muted(texts("documents.empty"))
        return
    hint = texts("documents.filter")
    counts = page.services.store.readings.counts(page.owner, documents[0].collection)
    wanted = st.text_input(hint, label_visibility="collapsed", placeholder=hint, max_chars=_FILTER_CHARACTERS)
    for document in documents:
        if wanted.lower() in f"{document.name} {document.title}".lower():
            _draw_document(page, document, right, counts.get(document.id, ReadingCounts()))


def _draw_document(page: Frame, document: Document, right: Right, counts: ReadingCounts) -> None:
    texts = page.texts
    with st.container(border=True, gap="xxsmall"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xxsmall"
        ):
            title = f":material/{document.format.icon}: {label(shown_name(document))}"
            if st.button(title, key=f"open-{document.id}", type="tertiary", help=texts("documents.open")):
                open_document(document)
                st.rerun()
            if right != "reader":
                _draw_actions(page, document)
        draw_muted(_facts(page, document, counts))
        draw_report(page, document)


def _draw_actions(page: Frame, document: Document) -> None:
    texts, store = page.texts, page.services.store
    with st.container(horizontal=True, width="content"):
        if document.address and st.button(
            texts("documents.reread"), key=f"reread-{document.id}", icon=":material/refresh:", type="tertiary"
        ):
            with show_errors(page):
                address = document.address
                store.jobs.enqueue(page.owner, document.collection, address, "address", address, replace=True)
                st.rerun()
        with st.popover(texts("documents.remove"), icon=":material/delete:", type="tertiary"):
            draw_muted(texts("documents.remove_sure", name=shown_name(document)))
            if st.button(texts("documents.remove"), key=f"remove-{document.id}", type="primary"):
                with show_errors(page):
                    store.documents.remove(page.owner, document.id)
                    st.rerun()


def _facts(page: Frame, document: Document, counts: ReadingCounts) -> str:
    texts = page.texts
    facts = [texts.count("documents.chunks", document.chunks)]
    if document.format.paged:
        facts.insert(0, texts.count(f"documents.{document.format.places}", document.pages))
    if document.address:
        facts.insert(0, document.address)
    facts.append(texts("documents.added", date=datetime.fromisoformat(document.added).strftime("%Y-%m-%d")))
    if document.date:
        facts.append(texts("report.dated", date=document.date))
    if document.outdated:
        facts.append(texts("report.outdated"))
    facts += counts.shown(document.kind, texts)
    if document.empty_pages:
        facts.append(texts("documents.empty_pages", pages=", ".join(map(str, document.empty_pages))))
    facts += [texts(f"warnings.{warning.key}", **warning.fields) for warning in document.warnings]
    return " · ".join(facts)
