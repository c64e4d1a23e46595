"""Parts of the models page: current model, trial, one card per model, imports."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import streamlit as st

from rag.models.catalogue import Model, shown_model
from rag.models.catalogue.hardware_fit import FitRating
from rag.models.catalogue.packed_weights import package_file
from rag.models.catalogue.sources import NO_SOURCE
from rag.models.installed import MEASURED, Entry
from rag.operations.background_tasks import Task
from rag.services import NO_MODEL
from rag.ui.model_labels import facts, fitting
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, draw_question, label
from rag.ui.task_views import begin, bring_model, draw_failure, draw_progress, source_name, while_running

_PROBE = "probe"
_COLOURS: dict[FitRating, Literal["green", "orange", "red", "gray"]] = {
    "well": "green",
    "slow": "orange",
    "no": "red",
    "unknown": "gray",
}


def measure(page: Frame) -> None:
    """Measure this machine once, in the background, with a notice meanwhile."""
    services = page.services
    if MEASURED not in services.installed_models.speeds() and not services.tasks.get(_PROBE):
        services.tasks.start(_PROBE, lambda task: services.installed_models.measure(task.look))
    while_running(page, _PROBE, lambda task: draw_muted(page.texts("models.measuring")))


def draw_at_work(page: Frame) -> None:
    """The select box of the chat model."""
    texts, services = page.texts, page.services
    names = services.installed_models.choices()
    current = services.model_name
    wanted = st.selectbox(
        texts("models.switch_label"),
        names,
        index=names.index(current) if current in names else None,
        format_func=lambda name: texts("models.none") if name == NO_MODEL else shown_model(name),
        help=texts("models.switch_help"),
    )
    if wanted is not None and wanted != current:
        with show_errors(page):
            services.switch(wanted)
            st.rerun()


def draw_trial(page: Frame) -> None:
    """A form to try the current model with one line."""
    texts, services = page.texts, page.services
    name = services.model_name
    if name == NO_MODEL:
        return
    key = f"trial-{page.owner}"
    task = services.tasks.get(key)
    with st.form("trial"), st.container(horizontal=True, vertical_alignment="bottom"):
        line = st.text_input(texts("models.try_label"), texts("models.try_example"), max_chars=300)
        sent = st.form_submit_button(texts("models.try"), icon=":material/play_arrow:")
    if sent and line.strip() and not (task and not task.done):
        services.tasks.start(key, lambda task: _try(page, task, name, line.strip()))
    if not while_running(page, key, lambda task: _draw_trial_running(page, task)):
        ended = services.tasks.get(key)
        if ended and ended.error:
            st.error(label(texts.failure(ended.error)))
        elif ended:
            _draw_answer(ended)


def source_line(page: Frame) -> str:
    """The download source."""
    if page.services.settings.model_source == NO_SOURCE:
        return page.texts("models.source_none")
    return page.texts("models.source", source=source_name(page))


def draw_entry(page: Frame, entry: Entry) -> None:
    """A model's card: facts, rating and actions."""
    texts = page.texts
    with st.container(border=True, gap="xxsmall", key=f"model-{_key(entry)}"):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="xxsmall"
        ):
            icon = ":material/check_circle:" if entry.here else ":material/cloud_download:"
            st.header(f"{icon} {label(entry.name)}", anchor=False, width="content")
            if entry.writes or entry.fit.mark == "no":
                st.badge(fitting(entry, texts), color=_COLOURS[entry.fit.mark])
        draw_muted(f"{texts('models.here' if entry.here else 'models.not_here')} · {facts(entry, texts)}")
        if entry.here:
            _draw_here(page, entry)
        else:
            _draw_download(page, entry)


def draw_imports(page: Frame) -> None:
    """The files in the imports folder; paths cannot be typed."""
    texts, services = page.texts, page.services
    st.header(texts("models.import"))
    draw_muted(texts("models.import_help", folder=str(services.installed_models.imports)))
    for path in services.installed_models.waiting():
        _draw_waiting(page, path)


def _draw_waiting(page: Frame, path: Path) -> None:
    texts, key = page.texts, f"import-{path.name}"
    if st.button(label(texts("models.import_take", name=path.name)), key=f"button-{key}", icon=":material/add:"):
        begin(page, key, lambda task: _import(page, task, path))
    if not while_running(page, key, lambda _: draw_muted(texts("models.importing", name=path.name))):
        draw_failure(page, key)


def _draw_here(page: Frame, entry: Entry) -> None:
    texts, services = page.texts, page.services
    if not entry.writes and services.tasks.get(f"pull-{entry.name}"):
        st.info(texts("models.next_start"))
    with st.container(horizontal=True, gap="xsmall"):
        if st.button(texts("models.verify"), key=f"verify-{_key(entry)}", type="tertiary", icon=":material/verified:"):
            with show_errors(page), st.spinner(label(texts("models.importing", name=entry.name))):
                _draw_states(page, services.installed_models.verify(entry.name))
        # Models in Python packages or in the Hugging Face cache are not removed from here.
        removable = entry.here and entry.here.path.parent == services.installed_models.folder
        if removable and entry.called != services.model_name:
            with st.popover(texts("models.remove"), icon=":material/delete:", type="tertiary"):
                draw_muted(texts("models.remove_sure", name=entry.name))
                if st.button(texts("models.remove"), key=f"remove-{_key(entry)}", type="primary"):
                    with show_errors(page):
                        services.installed_models.remove(entry.name)
                        st.rerun()


def _draw_states(page: Frame, states: dict[str, str]) -> None:
    if set(states.values()) == {"ok"}:
        st.success(page.texts("models.verified"))
        return
    for file, state in states.items():
        if state != "ok":
            st.warning(label(f"{file}: {page.texts(f'models.state_{state}')}"))


def _draw_download(page: Frame, entry: Entry) -> None:
    texts, services = page.texts, page.services
    key = f"pull-{entry.name}"
    if while_running(page, key, lambda task: draw_progress(page, task, key)):
        return
    draw_failure(page, key)
    if entry.model and entry.model.packed:
        _draw_packed(page, entry.model, key)
        return
    if services.settings.model_source == NO_SOURCE or not entry.model or not entry.model.repo:
        return
    accepted = True
    if entry.model.accept:
        accepted = st.checkbox(label(texts("models.accept", licence=entry.model.licence)), key=f"accept-{_key(entry)}")
        st.link_button(label(entry.model.accept), entry.model.accept, type="tertiary", icon=":material/open_in_new:")
    waits = None if accepted else texts("models.accept_first")
    if st.button(
        texts("models.download"), key=f"button-{key}", icon=":material/download:", disabled=not accepted, help=waits
    ):
        begin(page, key, lambda task: bring_model(page, task, entry.name, accepted))
        st.rerun()


def _draw_packed(page: Frame, model: Model, key: str) -> None:
    """The button that makes a model's weights from its package, or how the package comes."""
    if package_file(model) is None:
        draw_muted(page.texts("models.needs_package", package=model.package))
    elif st.button(page.texts("models.make"), key=f"button-{key}", icon=":material/unarchive:"):
        begin(page, key, lambda task: bring_model(page, task, model.name, True))
        st.rerun()


def _draw_trial_running(page: Frame, task: Task) -> None:
    _draw_answer(task)
    if not task.text:
        draw_muted(page.texts("models.trying"))
    if st.button(page.texts("models.stop"), key="stop-trial", disabled=task.stopping()):
        task.stop()


def _draw_answer(task: Task) -> None:
    if task.text:
        draw_question(task.text)


def _try(page: Frame, task: Task, name: str, line: str) -> None:
    for piece in page.services.try_out(name, line, task.look):
        task.text += piece


def _import(page: Frame, task: Task, path: Path) -> None:
    page.services.installed_models.take_in(path, move=True, on_progress=task.tell, cancelled=task.stopping)
    page.services.refresh()


def _key(entry: Entry) -> str:
    return entry.name.replace(".", "-").replace(":", "-").replace("/", "-")
