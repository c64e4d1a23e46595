"""Documents on their way in: taken from the browser, watched, cancelled, tried again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag.core.errors import PasswordNeeded, RagError, SameName, WrongPassword
from rag.core.types import Collection
from rag.library.store import Job
from rag.ui import actions
from rag.ui.chat_list import go_to
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, label
from rag.ui.texts import Texts
from rag.ui.widget_values import clean

REFRESH_SECONDS = 0.5
_PASSWORD_CHARACTERS = 1000
_LOCKED = {PasswordNeeded.key(), WrongPassword.key()}


def take_in(page: Frame, collection: Collection, files: Sequence[UploadedFile], addresses: Sequence[str] = ()) -> None:
    """Hand files and addresses to the reader; the collection they go into becomes the one at hand."""
    target = actions.own_collection(page, collection)
    _enqueue_files(page, target, files)
    _enqueue_addresses(page, target, addresses)
    if target.id != collection.id:
        st.session_state["collection"] = target.id
        go_to(None)


def _enqueue_files(page: Frame, collection: Collection, files: Sequence[UploadedFile]) -> None:
    """What is in the collection already is named on the next run, and not read again."""
    for file in files:
        data = file.getvalue()
        there = actions.same_bytes(page, collection, data)
        if there is not None:
            _note(page.texts("documents.same", name=there.name))
            continue
        with _noted(page):
            page.services.store.jobs.enqueue(page.owner, collection.id, clean(file.name), "file", data)


def _enqueue_addresses(page: Frame, collection: Collection, addresses: Sequence[str]) -> None:
    """One that was read before is read anew."""
    for address in addresses:
        with _noted(page):
            page.services.store.jobs.enqueue(page.owner, collection.id, address, "address", address, replace=True)


def _note(text: str, *, wrong: bool = False) -> None:
    """Say it on the next run: what is drawn before a page is run anew is never seen."""
    st.session_state.setdefault("notes", []).append((wrong, text))


@contextmanager
def _noted(page: Frame) -> Iterator[None]:
    try:
        yield
    except RagError as error:
        _note(page.texts.failure(error.failure()), wrong=True)


def draw_jobs(page: Frame, collection: Collection) -> None:
    """What is being read into the collection, and what could not be; nothing when there is neither."""
    for wrong, note in st.session_state.pop("notes", ()):
        (st.error if wrong else st.info)(label(note))
    if page.right(collection) == "reader":
        return
    open_ones, ended = _jobs(page, collection)
    for job in ended:
        with st.container(border=True, key=f"job-{job.id}"):
            if job.state == "failed":
                _draw_failed(page, job)
            else:
                draw_muted(f"{job.name} · {page.texts('documents.cancelled')}")
                _draw_dismiss(page, job)
    if open_ones:
        _watch(page, collection, len(ended))


def under_way(page: Frame, collection: Collection) -> bool:
    """Whether something is being read into the collection, or waits to be."""
    return bool(_jobs(page, collection)[0])


@st.fragment(run_every=REFRESH_SECONDS)
def _watch(page: Frame, collection: Collection, ended: int) -> None:
    open_ones, others = _jobs(page, collection)
    if not open_ones or len(others) != ended:
        # The page draws what has ended. A button drawn here would be gone by the time it is clicked.
        st.rerun()
    for job in open_ones:
        with st.container(border=True, key=f"job-{job.id}"):
            _draw_open(page, job)


def _jobs(page: Frame, collection: Collection) -> tuple[list[Job], list[Job]]:
    """The jobs that wait or run, and those that ended without a document.

    Of those that read a document again only the failed ones: the others stand together elsewhere.
    """
    jobs = page.services.store.jobs.list(page.owner, collection.id)
    jobs = [job for job in jobs if job.state != "done" and (job.kind != "document" or job.state == "failed")]
    open_ones = [job for job in jobs if job.state in ("waiting", "running")]
    return open_ones, [job for job in jobs if job not in open_ones]


def _draw_open(page: Frame, job: Job) -> None:
    name = page.texts("collections.embedding", embedder=job.name) if job.kind == "embedder" else job.name
    draw_muted(f"{name} · {_stage(job, page.texts)}")
    if job.failure:
        draw_muted(page.texts("documents.stage_again", reason=page.texts.failure(job.failure)))
    st.progress(_share(job))
    if st.button(page.texts("documents.cancel"), key=f"cancel-{job.id}", disabled=job.cancelling, type="tertiary"):
        page.services.store.jobs.cancel(page.owner, job.id)
        st.rerun(scope="fragment")


def _draw_failed(page: Frame, job: Job) -> None:
    assert job.failure is not None
    draw_muted(page.texts.failure(job.failure))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if job.failure.key in _LOCKED:
            _draw_password(page, job)
        elif job.failure.key == SameName.key():
            _draw_same_name(page, job)
        elif st.button(page.texts("documents.retry"), key=f"retry-{job.id}", icon=":material/refresh:"):
            page.services.store.jobs.retry(page.owner, job.id)
            st.rerun()
        _draw_dismiss(page, job)


def _draw_password(page: Frame, job: Job) -> None:
    password = st.text_input(
        page.texts("documents.password"),
        type="password",
        autocomplete="off",
        max_chars=_PASSWORD_CHARACTERS,
        key=f"password-{job.id}",
    )
    if st.button(page.texts("documents.read"), key=f"unlock-{job.id}", type="primary") and password:
        # Read while the user waits: a password is not written down, not even for the reader.
        with show_errors(page), st.spinner(label(page.texts("chat.reading", name=job.name))):
            actions.read_locked(page, job, password)
            page.services.store.jobs.dismiss(page.owner, job.id)
            st.rerun()


def _draw_same_name(page: Frame, job: Job) -> None:
    texts, jobs = page.texts, page.services.store.jobs
    beside = actions.free_name(page, job)
    if st.button(texts("documents.replace"), key=f"replace-{job.id}", type="primary"):
        jobs.retry(page.owner, job.id, replace=True)
        st.rerun()
    if st.button(label(texts("documents.keep_both", name=beside)), key=f"keep-{job.id}"):
        jobs.retry(page.owner, job.id, name=beside)
        st.rerun()


def _draw_dismiss(page: Frame, job: Job) -> None:
    if st.button(page.texts("documents.dismiss"), key=f"dismiss-{job.id}", type="tertiary"):
        page.services.store.jobs.dismiss(page.owner, job.id)
        st.rerun()


def _share(job: Job) -> float:
    if not job.total:
        return 0.0
    # Reading pages is the short part: a tenth of the bar.
    share = job.done / job.total
    return 0.1 * share if job.stage == "loading" else 0.1 + 0.9 * share


def _stage(job: Job, texts: Texts) -> str:
    if job.state == "waiting" or not job.stage:
        return texts("documents.stage_waiting")
    counted = "loading_pages" if job.stage == "loading" and job.total else job.stage
    percent = round(100 * job.done / job.total) if job.total else 0
    said = texts(f"documents.stage_{counted}", done=job.done, total=job.total, percent=percent)
    left = _seconds_left(job)
    return said if left is None else f"{said} · {texts('documents.stage_left', seconds=left)}"


def _seconds_left(job: Job) -> int | None:
    """From the chunks embedded so far; None before there is a tenth of them to go by."""
    if job.stage != "embedding" or job.done * 10 < job.total or not job.done:
        return None
    began = st.session_state.setdefault(f"began-{job.id}", (time.monotonic(), job.done))
    seconds, chunks = time.monotonic() - began[0], job.done - began[1]
    return round(seconds / chunks * (job.total - job.done)) if chunks > 0 else None
