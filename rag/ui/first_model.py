"""The card of the start screen that brings a model able to write, where there is none yet."""

from __future__ import annotations

import streamlit as st

from rag.core.errors import ModelError
from rag.models.catalogue.sources import NO_SOURCE
from rag.models.catalogue.transfers import gigabytes
from rag.models.installed import Entry
from rag.models.recommendation import recommended
from rag.operations.background_tasks import Task
from rag.services import NO_MODEL, Services
from rag.ui.model_labels import fitting
from rag.ui.models_page import measure
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted
from rag.ui.task_views import begin, bring_model, draw_failure, draw_progress, redraw_at_end, while_running


def draw_first_model(page: Frame) -> None:
    """Which model suits this machine, and one click that brings it and has it write from then on.

    It is for those who may choose models, as long as nothing able writes.
    """
    admin = page.person is None or page.person.role == "admin"
    if not admin:
        return
    redraw_at_end(page)
    if not _lacks_writer(page.services):
        return
    entry = recommended(page.services.installed_models.entries(), page.texts.language)
    brought = page.services.settings.model_source != NO_SOURCE
    if entry is None or not (entry.here or brought):
        return
    with st.container(border=True, key="first-model"):
        _draw(page, entry)


def _lacks_writer(services: Services) -> bool:
    """Whether only quotes are shown, or what a very small model writes. A model chosen elsewhere counts as able."""
    try:
        choice = services.choice
    except ModelError:
        return True
    if choice is None:
        return services.model_name == NO_MODEL
    return choice.model is not None and choice.model.small


def _draw(page: Frame, entry: Entry) -> None:
    texts, key = page.texts, f"pull-{entry.name}"
    st.header(texts("first.title"))
    licence = entry.model.licence if entry.model else ""
    facts = [entry.name, gigabytes(entry.size or 0), fitting(entry, texts), texts("models.licence", licence=licence)]
    draw_muted(" · ".join(facts))
    measure(page)
    if while_running(page, key, lambda task: draw_progress(page, task, key)):
        return
    draw_failure(page, key)
    if entry.here:
        if st.button(texts("first.use"), key="use-first", type="primary"):
            with show_errors(page):
                page.services.switch(entry.called)
                st.rerun()
    elif st.button(texts("first.get"), key="get-first", type="primary", icon=":material/download:"):
        begin(page, key, lambda task: _bring(page, task, entry))
        st.rerun()


def _bring(page: Frame, task: Task, entry: Entry) -> None:
    bring_model(page, task, entry.name, accepted=True)
    page.services.switch(entry.called)
