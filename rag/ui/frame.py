"""What every page begins with: the browser tab, the translated menu, the language, the services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from rag import build, connections, settings
from rag.errors import ModelError, RagError
from rag.ui.texts import LANGUAGES, Language, Texts, language_for
from rag.ui.views import label

# Without sign-in there is one user.
LOCAL_USER = "local"

# A picture of our own: Streamlit fetches named icons for the browser's tab from another server.
ICON = Path(__file__).with_name("icon.png")
PAGES = {
    "chat": ("app.py", ":material/forum:"),
    "documents": ("pages/documents.py", ":material/folder_open:"),
    "quality": ("pages/quality.py", ":material/checklist:"),
    "models": ("pages/models.py", ":material/neurology:"),
    "privacy": ("pages/privacy.py", ":material/shield:"),
}
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}

_STYLE = """
.question { white-space: pre-wrap; overflow-wrap: anywhere; }
.brand { font-size: 1.35rem; font-weight: 650; letter-spacing: -0.01em; }
.brand sup { color: var(--st-primary-color); font-size: 0.6em; margin-inline-start: 0.1em; }
[class*="st-key-chat-"] button, [class*="st-key-chat-"] button * { justify-content: flex-start; text-align: start; }
.muted { opacity: 0.7; font-size: 0.875rem; overflow-wrap: anywhere; }
table.plain { width: 100%; border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
table.plain :is(th, td) { padding: 0.4rem 0.75rem 0.4rem 0; text-align: start; overflow-wrap: anywhere; }
table.plain th { font-weight: 500; opacity: 0.7; }
table.plain tr { border-bottom: 1px solid var(--st-border-color); }
"""
# Words that Streamlit has in English only are laid over with ours.
_UPLOADER = """
[data-testid="stFileUploaderDropzone"] :is(button p, [data-testid$="Instructions"] span) { font-size: 0; }
[data-testid="stFileUploaderDropzone"] button p::after { content: "%s"; font-size: 1rem; }
[data-testid="stFileUploaderDropzoneInstructions"] span { white-space: normal; }
[data-testid="stFileUploaderDropzoneInstructions"] span::after { content: "%s"; font-size: 0.875rem; }
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page works with."""

    services: build.Services
    texts: Texts
    owner: str


def frame(page: Literal["chat", "documents", "quality", "models", "privacy"]) -> Frame:
    """Draw the frame of a page. Called first by every page, since any of them can be opened first."""
    st.set_page_config(page_title="Footnote", page_icon=ICON, layout="centered")
    current = settings.load()
    # Streamlit can leave None behind where a run ended before the switch was drawn.
    if st.session_state.get("language") not in LANGUAGES:
        st.session_state["language"] = _first_language(current.language)
    with st.sidebar:
        language = st.session_state["language"]
        texts = Texts(language)
        st.html(f'<style>{_style(texts, current)}</style><div class="brand">Footnote<sup>1</sup></div>')
        for name, (path, icon) in PAGES.items():
            st.page_link(path, label=texts(f"app.{name}"), icon=icon, query_params={"lang": language})
    try:
        services = services_for(current)
    except RagError as error:
        st.error(label(texts.failure(error.failure())))
        st.stop()
    return Frame(services, texts, LOCAL_USER)


@contextmanager
def told(page: Frame) -> Iterator[None]:
    """Say what went wrong, in the user's language, instead of failing; the page goes on."""
    try:
        yield
    except RagError as error:
        st.error(label(page.texts.failure(error.failure())))


def end_sidebar(page: Frame) -> None:
    """The foot of the sidebar: the language switch, and which models are at work."""
    st.sidebar.segmented_control(
        page.texts("app.language"),
        LANGUAGES,
        format_func=LANGUAGE_NAMES.__getitem__,
        key="language",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: st.query_params.update(lang=st.session_state["language"]),
    )
    st.sidebar.caption(label(_model_at_work(page)))
    if said := _embedder_at_work(page):
        st.sidebar.caption(label(said))


def _embedder_at_work(page: Frame) -> str:
    """What the embedder stands in for, or why there is none; nothing where it is the one that is set."""
    try:
        choice = page.services.embedder_choice
    except ModelError as error:
        return page.texts.failure(error.failure())
    if not choice.stands_in_for:
        return ""
    return page.texts("app.embedder_stand_in", wanted=choice.stands_in_for, used=choice.name)


def _model_at_work(page: Frame) -> str:
    """Which model writes, what it stands in for, or why none does."""
    texts = page.texts
    try:
        choice = page.services.choice
    except ModelError as error:
        return texts("app.model_missing", reason=texts.failure(error.failure()))
    if choice is None:
        wanted = page.services.model_name
        return texts("app.quotes_only") if wanted == build.NO_MODEL else wanted
    if choice.stands_in_for:
        return texts("app.model_stand_in", wanted=choice.stands_in_for, used=choice.name)
    return choice.name


def _style(texts: Texts, current: settings.Settings) -> str:
    size = texts("documents.files_help", size=current.upload_megabytes)
    return _STYLE + _UPLOADER % (texts("documents.choose"), size)


def _first_language(setting: Literal["auto", "en", "zh"]) -> Language:
    asked = st.query_params.get("lang")
    if asked in LANGUAGES:
        return asked
    return language_for(st.context.locale) if setting == "auto" else setting


def services_for(current: settings.Settings) -> build.Services:
    """The services of this process, started with the first call.

    Raises:
        RagError: the library does not open, or a setting cannot be used.
    """
    return _services(current)


# By the settings as they are: written out as text, those that are secret would be stars.
@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def _services(current: settings.Settings) -> build.Services:
    from rag.ui.work import read_samples

    services = build.services(current, switchable=True)
    services.store  # noqa: B018 - makes the data folder, or says at once why it does not
    connections.begin(current.data_dir / connections.SEEN_FILE, "app")
    services.start()
    if current.samples:
        read_samples(services.store, LOCAL_USER)
    return services
