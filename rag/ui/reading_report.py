"""What was read of documents, told under each in the list; and reading the older ones again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag.core.places import Texts
from rag.core.reports import PageReport, counted
from rag.core.types import Collection, Document, Right
from rag.library.store import Job
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_lines, draw_muted

REFRESH_SECONDS = 1.0


def draw_report(page: Frame, document: Document) -> None:
    """Under a document in the list: page by page, looked up when it is opened."""
    opened = st.expander(page.texts("report.title"), key=f"report-{document.id}", type="compact", on_change="rerun")
    if opened.open:
        with opened:
            reports = page.services.store.readings.reports(page.owner, document.id)
            draw_lines(report_lines(reports, document, page.texts))


def report_lines(reports: Sequence[PageReport], document: Document, t: Texts) -> list[str]:
    """Each page of which there is more to say than that it was read; the others are counted."""
    plain = sum(not report.notable for report in reports)
    lines = [report.shown(document.kind, t) for report in reports if report.notable]
    if document.format.paged and plain:
        lines.append(counted(t, "report.all_read", plain))
    return lines or [t("report.whole_read")]


def offer_reading_again(page: Frame, collection: Collection, documents: Sequence[Document], right: Right) -> None:
    """Where documents were read by an earlier version: say so, and offer to read them again in the background."""
    if right == "reader":
        return
    older = sum(document.outdated for document in documents)
    if _open(page, collection):
        _watch(page, collection)
    elif older:
        with st.container(border=True, key="read-again"):
            draw_muted(counted(page.texts, "report.again", older))
            if st.button(page.texts("report.again_start"), icon=":material/refresh:"):
                with show_errors(page):
                    page.services.store.readings.ask_again(page.owner, collection.id)
                    st.rerun()


@st.fragment(run_every=REFRESH_SECONDS)
def _watch(page: Frame, collection: Collection) -> None:
    jobs = _open(page, collection)
    if not jobs:
        st.rerun()
    total = max(len(jobs), len(page.services.store.documents.list(page.owner, collection.id)))
    with st.container(border=True, key="read-again"):
        draw_muted(counted(page.texts, "report.again_running", len(jobs)))
        st.progress(1 - len(jobs) / total)
        stopping = all(job.cancelling for job in jobs)
        if st.button(page.texts("report.again_stop"), key="stop-again", disabled=stopping, type="tertiary"):
            with show_errors(page):
                page.services.store.readings.stop(page.owner, collection.id)
                st.rerun(scope="fragment")


def _open(page: Frame, collection: Collection) -> list[Job]:
    """The jobs that read documents of the collection again, as long as they wait or run."""
    jobs = page.services.store.jobs.list(page.owner, collection.id)
    return [job for job in jobs if job.kind == "document" and job.state in ("waiting", "running")]
