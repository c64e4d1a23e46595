"""The frame of every page: page config, authentication, menu, language, services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import streamlit as st

from rag.core import settings
from rag.core.errors import RagError, SignInError, Unexpected
from rag.core.types import Collection, Person, Right, SignIn
from rag.library.samples import read_samples, share_samples
from rag.network import connection_log
from rag.services import Services, open_services
from rag.ui import authentication, log_filters, model_labels, widget_values
from rag.ui.preferences import draw_preferences
from rag.ui.presence import Presence
from rag.ui.safe_views import draw_muted, label
from rag.ui.style import style
from rag.ui.texts import LANGUAGES, Language, Texts, language_for, language_name

Name = Literal["chat", "documents", "quality", "models", "privacy", "people"]

# The owner of everything without sign-in.
LOCAL_USER = "local"

# A local file: Streamlit loads named favicons from another server.
ICON = Path(__file__).with_name("icon.png")
PAGES: dict[Name, tuple[str, str]] = {
    "chat": ("chat.py", ":material/forum:"),
    "documents": ("pages/documents.py", ":material/folder_open:"),
    "quality": ("pages/quality.py", ":material/checklist:"),
    "models": ("pages/models.py", ":material/neurology:"),
    "privacy": ("pages/privacy.py", ":material/shield:"),
    "people": ("pages/people.py", ":material/group:"),
}
# With sign-in, pages about the whole installation are for admins.
FOR_ADMINS: set[Name] = {"models", "privacy", "people"}
# Pages with a table as wide as the window.
WIDE: set[Name] = {"documents"}


def _show_script_error(error: Exception) -> bool:
    """Show an exception that ended a page's script as a sentence; details are in the log."""
    chosen = st.session_state.get("language")
    texts = Texts(chosen if chosen in LANGUAGES else LANGUAGES[0])
    shown = error if isinstance(error, RagError) else Unexpected.of(error)
    st.error(label(texts.failure(shown.failure())))
    return True


widget_values.validate_messages(_show_script_error)
log_filters.keep_to_one_line()


@dataclass(frozen=True, slots=True)
class Frame:
    """A page's context."""

    services: Services
    texts: Texts
    person: Person | None = None
    sign_in: SignIn | None = None
    name: Name = "chat"

    @property
    def owner(self) -> str:
        """The current user's id, checked at each access: fragments run without the frame."""
        if self.person is None or self.sign_in is None:
            return LOCAL_USER
        people, hours = self.services.store.people, self.services.settings.sign_in_hours
        try:
            person = people.check(self.person.id, self.sign_in.key, hours=hours)
        except SignInError:
            st.rerun()
            raise  # outside a page's script, in a download
        if not _may_open(self.name, person):
            st.rerun()
        return person.id

    def right(self, collection: Collection) -> Right:
        """The person's right in a collection; `reader` where they have none any more."""
        return self.services.store.shares.right(self.owner, collection.id) or "reader"


def frame(page: Name) -> Frame:
    """Draw the frame. Called first by every page, since each can be opened directly."""
    st.set_page_config(page_title="Footnote", page_icon=ICON, layout="wide" if page in WIDE else "centered")
    current = settings.load()
    # Streamlit may leave None where a run ended before the switch was drawn.
    if st.session_state.get("language") not in LANGUAGES:
        st.session_state["language"] = _first_language(current.language)
    texts = Texts(st.session_state["language"])
    st.html(f"<style>{style(texts, current.upload_megabytes)}</style>")
    entered = _enter(current, texts, page)
    _draw_menu(texts, entered.person)
    if page in FOR_ADMINS and not _may_open(page, entered.person):
        st.info(texts("door.for_admins"))
        end_sidebar(entered)
        st.stop()
    return entered


def _enter(current: settings.Settings, texts: Texts, page: Name) -> Frame:
    """Authenticate; without access the page ends here, and no service is started."""
    try:
        wanted = authentication.has_sign_in()
        sign_in = authentication.require_sign_in(current) if wanted else None
        if sign_in is None and wanted:
            _stop_at_sign_in(texts)
        if sign_in is None and authentication.open_too_far(current):
            authentication.draw_refusal(texts)
            st.stop()
        services = services_for(current)
        people = services.store.people
        if sign_in is not None:
            _share_samples(current)
            person = people.admit(sign_in, hours=current.sign_in_hours, admins=current.admins)
            _presence(current).seen(person.id, sign_in.key)
            return Frame(services, texts, person, sign_in, page)
        if authentication.open_too_far(current, has_people=people.any()):
            authentication.draw_refusal(texts, has_people=True)
            st.stop()
        return Frame(services, texts, name=page)
    except SignInError as error:
        _stop_at_sign_in(texts, error)
    except RagError as error:
        _draw_menu(texts, None)
        st.error(label(texts.failure(error.failure())))
        st.stop()


def _stop_at_sign_in(texts: Texts, error: SignInError | None = None) -> NoReturn:
    authentication.draw_sign_in(texts, error)
    with st.container(horizontal_alignment="center"):
        _draw_languages(texts)
    st.stop()


def _draw_menu(texts: Texts, person: Person | None) -> None:
    with st.sidebar:
        st.html('<div class="brand">Footnote<sup>1</sup></div>')
        for name, (path, icon) in PAGES.items():
            if _may_open(name, person):
                st.page_link(path, label=texts(f"app.{name}"), icon=icon, query_params={"lang": texts.language})


def _may_open(page: Name, person: Person | None) -> bool:
    return page != "people" if person is None else page not in FOR_ADMINS or person.role == "admin"


@contextmanager
def show_errors(page: Frame) -> Iterator[None]:
    """Show a RagError in the user's language; the page goes on."""
    try:
        yield
    except RagError as error:
        st.error(label(page.texts.failure(error.failure())))


def end_sidebar(page: Frame) -> None:
    """The end of the sidebar: person, language, current models."""
    with st.sidebar:
        _draw_person(page)
        _draw_languages(page.texts)
        draw_preferences(page.texts, PAGES)
    st.sidebar.caption(label(model_labels.model_at_work(page.services, page.texts)))
    if notice := model_labels.embedder_at_work(page.services, page.texts):
        st.sidebar.caption(label(notice))


def person_name(person: Person, texts: Texts) -> str:
    """A person's display name."""
    return person.name or person.email or texts("people.nameless")


def _draw_person(page: Frame) -> None:
    """The signed-in person, and the sign-out button."""
    if page.person is None or page.sign_in is None:
        return
    with st.popover(label(person_name(page.person, page.texts)), icon=":material/account_circle:", width="stretch"):
        draw_muted(page.person.email or page.texts("people.no_email"))
        if st.button(page.texts("door.sign_out"), icon=":material/logout:"):
            _presence(page.services.settings).leave()
            page.services.store.people.sign_out(page.person.id, page.sign_in.key)
            st.logout()
            # The rest of the page would find nobody signed in, and rerun before the browser has left.
            st.stop()


def _draw_languages(texts: Texts) -> None:
    st.segmented_control(
        texts("app.language"),
        LANGUAGES,
        format_func=language_name,
        key="language",
        required=True,
        label_visibility="collapsed",
        on_change=_keep_language,
    )


def _keep_language() -> None:
    """Keep the language in the URL, so that it survives a reload."""
    if (chosen := st.session_state.get("language")) in LANGUAGES:
        st.query_params["lang"] = chosen


def _first_language(setting: str) -> Language:
    wanted = st.query_params.get("lang")
    if wanted in LANGUAGES:
        return str(wanted)
    return language_for(st.context.locale if setting == "auto" else setting)


# hash(): Streamlit would hash the repr, in which secrets are masked.
@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def services_for(current: settings.Settings) -> Services:
    """The services of this process, started with the first call. Raises RagError where the library does not open."""
    services = open_services(current, switchable=True)
    services.store  # noqa: B018 - opens the library, or raises at once
    connection_log.begin(current.data_dir / connection_log.SEEN_FILE, "app")
    services.start()
    if current.samples:
        read_samples(services.store, LOCAL_USER)
    return services


@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def _share_samples(current: settings.Settings) -> None:
    """Once per process, with sign-in."""
    share_samples(services_for(current).store, LOCAL_USER)


@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def _presence(current: settings.Settings) -> Presence:
    """The Presence of this process, with sign-in."""
    services = services_for(current)
    presence = Presence(services.store, services.runs, hours=current.sign_in_hours)
    presence.begin()
    return presence
