"""Background tasks on a page: progress, end, failure; and the download of a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import streamlit as st

from rag.models.catalogue.sources import HUB, MODELSCOPE
from rag.operations.background_tasks import Task
from rag.ui.model_labels import share
from rag.ui.page_frame import Frame
from rag.ui.safe_views import draw_muted, label

_EVERY: Final = 0.5
_BEGUN: Final = "tasks-begun"
_SOURCES: Final = {"hub": HUB, "modelscope": MODELSCOPE}


def begin(page: Frame, key: str, work: Callable[[Task], None]) -> None:
    """Start a task whose end changes more of the page than its own part, see `redraw_at_end`."""
    page.services.tasks.start(key, work)
    st.session_state.setdefault(_BEGUN, set()).add(key)


def redraw_at_end(page: Frame) -> None:
    """Redraw the page once a task begun on it has ended.

    One may end while the page is being drawn: parts drawn before would tell for good how things stood then.
    """
    if st.session_state.get(_BEGUN):
        st.fragment(_redraw_ended, run_every=_EVERY)(page)


def _redraw_ended(page: Frame) -> None:
    page.owner  # noqa: B018 - checks the admin role at every redraw
    begun: set[str] = st.session_state.get(_BEGUN, set())
    running = {key for key in begun if (task := page.services.tasks.get(key)) and not task.done}
    if running != begun:
        st.session_state[_BEGUN] = running
        st.rerun()


def while_running(page: Frame, key: str, draw: Callable[[Task], None]) -> bool:
    """Redraw a task twice a second while it runs, then the whole page; whether it runs."""
    task = page.services.tasks.get(key)
    if task is None or task.done:
        return False

    @st.fragment(run_every=_EVERY)
    def watch() -> None:
        page.owner  # noqa: B018 - checks the admin role at every redraw
        if task.done:
            st.session_state.get(_BEGUN, set()).discard(key)
            st.rerun()
        draw(task)

    watch()
    return True


def draw_progress(page: Frame, task: Task, key: str) -> None:
    """A download's progress, with a button that ends it."""
    texts = page.texts
    progress = task.progress
    if progress is None:
        draw_muted(texts("models.downloading", source=source_name(page)))
        st.progress(0.0)
    else:
        draw_muted(share(progress, texts))
        st.progress(progress.done / progress.total if progress.total else 0.0)
    if st.button(texts("models.cancel"), key=f"cancel-{key}", type="tertiary", disabled=task.stopping()):
        task.stop()


def draw_failure(page: Frame, key: str) -> None:
    """A failed task's error; nothing after a cancellation."""
    task = page.services.tasks.get(key)
    if task is None or task.error is None or task.error.key == "cancelled":
        return
    st.error(label(page.texts.failure(task.error)))
    if st.button(page.texts("models.dismiss"), key=f"dismiss-{key}", type="tertiary"):
        page.services.tasks.put_away(key)
        st.rerun()


def bring_model(page: Frame, task: Task, name: str, accepted: bool) -> None:
    """Download a model, as the work of a task."""
    page.services.installed_models.pull(name, accepted=accepted, on_progress=task.tell, cancelled=task.stopping)
    page.services.refresh()


def source_name(page: Frame) -> str:
    """Where models are downloaded from."""
    setting = page.services.settings.model_source
    address = _SOURCES.get(setting, setting)
    return urlsplit(address).hostname or address
