"""What every page begins with: the browser tab, the door, the translated menu, the language, the services."""

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
from rag.ui.presence import Presence
from rag.ui.safe_views import draw_muted, label
from rag.ui.style import style
from rag.ui.texts import LANGUAGES, Language, Texts, language_for

Name = Literal["chat", "documents", "quality", "models", "privacy", "people"]

# Without sign-in there is one user.
LOCAL_USER = "local"

# A picture of our own: Streamlit fetches named icons for the browser's tab from another server.
ICON = Path(__file__).with_name("icon.png")
PAGES: dict[Name, tuple[str, str]] = {
    "chat": ("chat.py", ":material/forum:"),
    "documents": ("pages/documents.py", ":material/folder_open:"),
    "quality": ("pages/quality.py", ":material/checklist:"),
    "models": ("pages/models.py", ":material/neurology:"),
    "privacy": ("pages/privacy.py", ":material/shield:"),
    "people": ("pages/people.py", ":material/group:"),
}
# What concerns everybody, and names what others do, is for admins where people sign in.
FOR_ADMINS: set[Name] = {"models", "privacy", "people"}
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


def _say_what_ended(error: Exception) -> bool:
    """In words, where an error ended the script of a page or of a part of it. The log says more."""
    texts = Texts("zh" if st.session_state.get("language") == "zh" else "en")
    shown = error if isinstance(error, RagError) else Unexpected.of(error)
    st.error(label(texts.failure(shown.failure())))
    return True


widget_values.validate_messages(_say_what_ended)
log_filters.keep_to_one_line()


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page works with."""

    services: Services
    texts: Texts
    person: Person | None = None
    sign_in: SignIn | None = None
    name: Name = "chat"

    @property
    def owner(self) -> str:
        """Who asks. They are looked at each time: a part of a page can run without its frame."""
        if self.person is None or self.sign_in is None:
            return LOCAL_USER
        people, hours = self.services.store.people, self.services.settings.sign_in_hours
        try:
            person = people.check(self.person.id, self.sign_in.key, hours=hours)
        except SignInError:
            st.rerun()
            raise  # a download, for which there is no page to run again
        if not _may_open(self.name, person):
            st.rerun()
        return person.id

    def right(self, collection: Collection) -> Right:
        """What the person may do with a collection they reach; less than that once they do not."""
        return self.services.store.shares.right(self.owner, collection.id) or "reader"


def frame(page: Name) -> Frame:
    """Draw the frame of a page. Called first by every page, since any of them can be opened first."""
    st.set_page_config(page_title="Footnote", page_icon=ICON, layout="centered")
    current = settings.load()
    # Streamlit can leave None behind where a run ended before the switch was drawn.
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
    """Let in whoever may come in; for others the page ends here, and nothing is started."""
    try:
        wanted = authentication.has_sign_in()
        sign_in = authentication.require_sign_in(current) if wanted else None
        if sign_in is None and wanted:
            _leave_at_the_door(texts)
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
        _leave_at_the_door(texts, error)
    except RagError as error:
        _draw_menu(texts, None)
        st.error(label(texts.failure(error.failure())))
        st.stop()


def _leave_at_the_door(texts: Texts, error: SignInError | None = None) -> NoReturn:
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
    """Say what went wrong, in the user's language, instead of failing; the page goes on."""
    try:
        yield
    except RagError as error:
        st.error(label(page.texts.failure(error.failure())))


def end_sidebar(page: Frame) -> None:
    """The foot of the sidebar: who is signed in, the language switch, and which models are at work."""
    with st.sidebar:
        _draw_person(page)
        _draw_languages(page.texts)
    st.sidebar.caption(label(model_labels.model_at_work(page.services, page.texts)))
    if said := model_labels.embedder_at_work(page.services, page.texts):
        st.sidebar.caption(label(said))


def person_name(person: Person, texts: Texts) -> str:
    """What to call somebody: by name, or by address."""
    return person.name or person.email or texts("people.nameless")


def _draw_person(page: Frame) -> None:
    """The name of whoever is signed in, and the way out."""
    if page.person is None or page.sign_in is None:
        return
    with st.popover(label(person_name(page.person, page.texts)), icon=":material/account_circle:", width="stretch"):
        draw_muted(page.person.email or page.texts("people.no_email"))
        if st.button(page.texts("door.sign_out"), icon=":material/logout:"):
            page.services.store.people.sign_out(page.person.id, page.sign_in.key)
            st.logout()
            # Whatever comes after would find nobody signed in, and run the page again before the browser has left it.
            st.stop()


def _draw_languages(texts: Texts) -> None:
    st.segmented_control(
        texts("app.language"),
        LANGUAGES,
        format_func=LANGUAGE_NAMES.__getitem__,
        key="language",
        required=True,
        label_visibility="collapsed",
        on_change=_keep_language,
    )


def _keep_language() -> None:
    """In the address, which is how it survives a reload."""
    if (chosen := st.session_state.get("language")) in LANGUAGES:
        st.query_params["lang"] = chosen


def _first_language(setting: Literal["auto", "en", "zh"]) -> Language:
    asked = st.query_params.get("lang")
    if asked in LANGUAGES:
        return asked
    return language_for(st.context.locale) if setting == "auto" else setting


def services_for(current: settings.Settings) -> Services:
    """The services of this process, started with the first call.

    Raises:
        RagError: the library does not open, or a setting cannot be used.
    """
    return _services(current)


# By the settings as they are: written out as text, those that are secret would be stars.
@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def _services(current: settings.Settings) -> Services:
    services = open_services(current, switchable=True)
    services.store  # noqa: B018 - makes the data folder, or says at once why it does not
    connection_log.begin(current.data_dir / connection_log.SEEN_FILE, "app")
    services.start()
    if current.samples:
        read_samples(services.store, LOCAL_USER)
    return services


@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def _share_samples(current: settings.Settings) -> None:
    """Once in a process to which people sign in."""
    share_samples(_services(current).store, LOCAL_USER)


@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def _presence(current: settings.Settings) -> Presence:
    """What looks after the open pages of a process to which people sign in."""
    services = _services(current)
    presence = Presence(services.store, services.runs, hours=current.sign_in_hours)
    presence.begin()
    return presence
