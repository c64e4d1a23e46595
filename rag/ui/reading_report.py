"""What was read of documents, told under each in the list; and reading the older ones again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from rag.core.places import Texts
from rag.core.reports import PageReport, ReadingCounts, counted
from rag.core.types import Collection, Document, Right
from rag.library.store.wanted import Wanted
from rag.ui import texts as interface
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted


def facts(document: Document, counts: ReadingCounts, texts: interface.Texts) -> str:
    """What is known of a document, in one line: where it is from, how long it is, when it was added, what it lacks."""
    said = [texts.count("documents.chunks", document.chunks)]
    if document.format.paged:
        said.insert(0, texts.count(f"documents.{document.format.places}", document.pages))
    said.insert(0, document.address or document.name)
    said.append(texts("documents.added", date=datetime.fromisoformat(document.added).strftime("%Y-%m-%d")))
    if document.date:
        said.append(texts("report.dated", date=document.date))
    if document.outdated:
        said.append(texts("report.outdated"))
    said += counts.shown(document.kind, texts)
    if document.empty_pages:
        said.append(texts("documents.empty_pages", pages=", ".join(map(str, document.empty_pages))))
    said += [texts(f"warnings.{warning.key}", **warning.fields) for warning in document.warnings]
    return " · ".join(said)


def report_lines(reports: Sequence[PageReport], document: Document, t: Texts) -> list[str]:
    """Each page of which there is more to say than that it was read; the others are counted."""
    plain = sum(not report.notable for report in reports)
    lines = [report.shown(document.kind, t) for report in reports if report.notable]
    if document.format.paged and plain:
        lines.append(counted(t, "report.all_read", plain))
    return lines or [t("report.whole_read")]


def offer_reading_again(page: Frame, collection: Collection, right: Right) -> None:
    """Where documents were read by an earlier version: say so, and offer to read them again in the background."""
    store = page.services.store
    older = store.listing.count(page.owner, collection.id, Wanted(states=("outdated",))) if right != "reader" else 0
    if not older or store.queue.look(page.owner, collection.id, 0).open:
        return
    with st.container(border=True, key="read-again"):
        draw_muted(counted(page.texts, "report.again", older))
        if st.button(page.texts("report.again_start"), icon=":material/refresh:"):
            with show_errors(page):
                store.readings.ask_again(page.owner, collection.id)
                st.rerun()
