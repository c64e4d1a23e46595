"""One bar for all that is being read into a collection: how many, which, how long; and what could not be read."""

from __future__ import annotations

import time

import streamlit as st

from rag.core.errors import PasswordNeeded, SameName, WrongPassword
from rag.core.types import Collection
from rag.library.store import Job
from rag.library.store.queue import Waiting
from rag.ui import actions
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, label
from rag.ui.texts import Texts

REFRESH_SECONDS = 1.0
_PASSWORD_CHARACTERS = 1000
_LOCKED = {PasswordNeeded.key(), WrongPassword.key()}
# Somebody has to say something before these are tried again.
_ASKS = (*_LOCKED, SameName.key())
_SHOWN = 20
# How far the queue must have come before it says how long it takes, in documents.
_TO_GO_BY = 0.2
# Longer is told in minutes.
_SECONDS = 90


def look(page: Frame, collection: Collection) -> Waiting:
    """What is being read into the collection, or waits to be, and what could not be read."""
    return page.services.store.queue.look(page.owner, collection.id, _shown(collection))


def draw_queue(page: Frame, collection: Collection, waiting: Waiting, *, folded: bool = False) -> None:
    """The bar while something waits or is being read, and below it what could not be read.

    Args:
        waiting: what the rest of the page is drawn by; the page is drawn again where that has ended meanwhile.
        folded: what could not be read is told in one line that opens.
    """
    if page.right(collection) == "reader":
        return
    if waiting.open:
        st.fragment(_watch, run_every=REFRESH_SECONDS)(page, collection, waiting.failed)
    if waiting.failed:
        _draw_ended(page, collection, waiting, folded=folded)


def _shown(collection: Collection) -> int:
    """How many of those that could not be read are shown; more are a click away."""
    shown: int = st.session_state.get(_key_of_shown(collection), _SHOWN)
    return shown


def _key_of_shown(collection: Collection) -> str:
    return f"failed-shown-{collection.id}"


def _watch(page: Frame, collection: Collection, failed: int) -> None:
    waiting = page.services.store.queue.look(page.owner, collection.id)
    if not waiting.open or waiting.failed != failed:
        # The page draws what has ended. A button drawn here would be gone by the time it is clicked.
        st.session_state.pop(_key(collection), None)
        st.rerun()
    texts = page.texts
    share, left = _progress(collection, waiting, texts)
    with st.container(border=True, key="queue", gap="xsmall"):
        draw_muted(" · ".join(filter(None, (texts.count("queue.open", waiting.open), _now(waiting, texts), left))))
        st.progress(share)
        with st.container(horizontal=True):
            with st.popover(texts("queue.show"), type="tertiary", key=f"queue-list-{collection.id}"):
                for job in waiting.first:
                    _draw_open(page, job)
                if waiting.open > len(waiting.first):
                    draw_muted(texts.count("queue.more", waiting.open - len(waiting.first)))
            if st.button(texts("queue.cancel_all"), key=f"cancel-all-{collection.id}", type="tertiary"):
                with show_errors(page):
                    page.services.store.queue.cancel_all(page.owner, collection.id)
                    st.rerun(scope="fragment")


def _key(collection: Collection) -> str:
    return f"queue-began-{collection.id}"


def _progress(collection: Collection, waiting: Waiting, texts: Texts) -> tuple[float, str]:
    """How much of the queue is done since it was first looked at, and in words how long the rest takes."""
    now, left = time.monotonic(), waiting.left
    began, most = st.session_state.get(_key(collection), (now, left))
    if left > most:
        # More came: what is known of the pace is of what was there before.
        began, most = now, left
    st.session_state[_key(collection)] = (began, most)
    done = most - left
    if done < _TO_GO_BY:
        return (done / most if most else 0.0), ""
    seconds = (now - began) / done * left
    said = texts("queue.seconds", count=max(1, round(seconds)))
    return done / most, said if seconds < _SECONDS else texts("queue.minutes", count=round(seconds / 60))


def _now(waiting: Waiting, texts: Texts) -> str:
    """What is being read at this moment."""
    running = [job for job in waiting.first if job.state == "running"]
    return ", ".join(f"{_name(job, texts)} ({_stage(job, texts)})" for job in running[:2])


def _name(job: Job, texts: Texts) -> str:
    return texts("collections.embedding", embedder=job.name) if job.kind == "embedder" else job.name


def _draw_open(page: Frame, job: Job) -> None:
    texts = page.texts
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", wrap=False):
        draw_muted(f"{_name(job, texts)} · {_stage(job, texts)}")
        if st.button(texts("documents.cancel"), key=f"cancel-{job.id}", disabled=job.cancelling, type="tertiary"):
            with show_errors(page):
                page.services.store.jobs.cancel(page.owner, job.id)
                st.rerun(scope="fragment")
    if job.failure:
        draw_muted(texts("documents.stage_again", reason=texts.failure(job.failure)))


def _stage(job: Job, texts: Texts) -> str:
    if job.state == "waiting" or not job.stage:
        return texts("documents.stage_waiting")
    counted = "loading_pages" if job.stage == "loading" and job.total else job.stage
    percent = round(100 * job.done / job.total) if job.total else 0
    return texts(f"documents.stage_{counted}", done=job.done, total=job.total, percent=percent)


def _draw_ended(page: Frame, collection: Collection, waiting: Waiting, *, folded: bool) -> None:
    texts, queue = page.texts, page.services.store.queue
    said = texts.count("queue.failed", waiting.failed)
    with st.expander(said, expanded=not folded, icon=":material/error:", key=f"failed-{collection.id}"):
        if waiting.failed > 1:
            with st.container(horizontal=True), show_errors(page):
                if st.button(texts("queue.retry_all"), key=f"retry-all-{collection.id}", icon=":material/refresh:"):
                    queue.retry_all(page.owner, collection.id, but=_ASKS)
                    st.rerun()
                if st.button(texts("queue.dismiss_all"), key=f"dismiss-all-{collection.id}", type="tertiary"):
                    queue.dismiss_all(page.owner, collection.id)
                    st.rerun()
        for job in waiting.ended:
            with st.container(border=True, key=f"job-{job.id}", gap="xsmall"), show_errors(page):
                _draw_failed(page, job)
        rest = waiting.failed - len(waiting.ended)
        if rest > 0 and st.button(texts.count("queue.more", rest), key=f"more-{collection.id}", type="tertiary"):
            st.session_state[_key_of_shown(collection)] = _shown(collection) + _SHOWN
            st.rerun()


def _draw_failed(page: Frame, job: Job) -> None:
    if job.failure is None:
        draw_muted(f"{job.name} · {page.texts('documents.cancelled')}")
        _draw_dismiss(page, job)
        return
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
        with st.spinner(label(page.texts("chat.reading", name=job.name))):
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
