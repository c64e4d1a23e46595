"""What every page begins with: the browser tab, the door, the translated menu, the language, the services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import streamlit as st

from rag import build, connections, settings
from rag.errors import ModelError, RagError, SignInError
from rag.types import Collection, Person, Right, SignIn
from rag.ui import door
from rag.ui.style import style
from rag.ui.texts import LANGUAGES, Language, Texts, language_for
from rag.ui.views import draw_muted, label

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


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page works with."""

    services: build.Services
    texts: Texts
    person: Person | None = None
    sign_in: SignIn | None = None

    @property
    def owner(self) -> str:
        """Who asks. They are looked at each time: a part of a page can run without its frame."""
        if self.person is None or self.sign_in is None:
            return LOCAL_USER
        people, hours = self.services.store.people, self.services.settings.sign_in_hours
        try:
            return people.check(self.person.id, self.sign_in.key, hours=hours).id
        except SignInError:
            st.rerun()
            raise  # a download, for which there is no page to run again

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
    entered = _enter(current, texts)
    _draw_menu(texts, entered.person)
    if page in FOR_ADMINS and not _may_open(page, entered.person):
        st.info(texts("door.for_admins"))
        end_sidebar(entered)
        st.stop()
    return entered


def _enter(current: settings.Settings, texts: Texts) -> Frame:
    """Let in whoever may come in; for others the page ends here, and nothing is started."""
    try:
        wanted = door.has_sign_in()
        sign_in = door.knock(current) if wanted else None
        if sign_in is None and wanted:
            _leave_at_the_door(texts)
        if sign_in is None and door.open_too_far(current):
            door.draw_refusal(texts)
            st.stop()
        services = services_for(current)
        people = services.store.people
        if sign_in is not None:
            _share_samples(current)
            person = people.admit(sign_in, hours=current.sign_in_hours, admins=current.admins)
            return Frame(services, texts, person, sign_in)
        if door.open_too_far(current, has_people=people.any()):
            door.draw_refusal(texts, has_people=True)
            st.stop()
        return Frame(services, texts)
    except SignInError as error:
        _leave_at_the_door(texts, error)
    except RagError as error:
        _draw_menu(texts, None)
        st.error(label(texts.failure(error.failure())))
        st.stop()


def _leave_at_the_door(texts: Texts, error: SignInError | None = None) -> NoReturn:
    door.draw_sign_in(texts, error)
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
def told(page: Frame) -> Iterator[None]:
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
    st.sidebar.caption(label(_model_at_work(page)))
    if said := _embedder_at_work(page):
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
        on_change=lambda: st.query_params.update(lang=st.session_state["language"]),
    )


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


@st.cache_resource(show_spinner=False, hash_funcs={settings.Settings: hash})
def _share_samples(current: settings.Settings) -> None:
    """Once in a process to which people sign in."""
    from rag.ui.work import share_samples

    share_samples(_services(current).store, LOCAL_USER)
