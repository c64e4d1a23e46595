"""The open pages of people who are signed in: whoever loses a right loses what was drawn by it, without a click.

A page is drawn when its browser asks for it, and stands as long as nobody does. Here one thread of the process asks
in the browsers' place, and it asks the database one question a second however many tabs there are: whether anything
was written at all. Where something was, it looks at what each of these people may see now, has the pages of those run
again who may see less, and ends the answers that are being written for them. Browsers do nothing for it: one that
holds its timers back in a hidden tab empties as soon as any other.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from rag.answering.background_runs import AnswerRuns
from rag.core.errors import RagError, SignInError, Unexpected
from rag.library.store import Store
from rag.library.store.access_states import AccessState

EVERY_SECONDS: Final = 1.0
# After the database did not answer.
_AGAIN_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Tab:
    """A page that somebody has open: which it is, and what its owner could see when it was last drawn."""

    person: str
    sign_in: str
    page: str
    query: str
    standing: AccessState
    # It shows too much.
    out: bool = False


class Presence:
    """The tabs of this process. `seen` is told by every page that lets somebody in."""

    def __init__(self, store: Store, runs: AnswerRuns, *, hours: float) -> None:
        self._store, self._runs, self._hours = store, runs, hours
        self._lock = threading.Lock()
        self._tabs: dict[str, _Tab] = {}
        # Tabs drawn since the last look: what they show may be older than the last mark.
        self._fresh = False

    def begin(self) -> None:
        """Look after them from now on, until the process ends."""
        threading.Thread(target=self._watch, name="presence", daemon=True).start()

    def seen(self, person: str, sign_in: str) -> None:
        """Remember the page that is being drawn, before anything is drawn on it.

        Raises:
            SignInError: the person is out.
        """
        context = get_script_run_ctx()
        if context is not None:
            self.remember(context.session_id, person, sign_in, context.page_script_hash, context.query_string)

    def remember(self, session: str, person: str, sign_in: str, page: str, query: str) -> None:
        """That the session shows that page to that person. Raises as `seen`."""
        standing = self._store.access_states.of(person, sign_in, hours=self._hours)
        with self._lock:
            self._tabs[session] = _Tab(person, sign_in, page, query, standing)
            self._fresh = True

    def _watch(self) -> None:
        while True:
            try:
                with self._store.access_states.writes() as mark:
                    before: object = None
                    while True:
                        before = self.look(mark(), before)
                        time.sleep(EVERY_SECONDS)
            except RagError as error:
                _log.warning("who may see what is not looked at: %s", error.key())
            except Exception as error:  # noqa: BLE001 - whatever it was, pages are looked after again
                Unexpected.logged(error, "looking after open pages", _log)
            time.sleep(_AGAIN_SECONDS)

    def look(self, mark: object, before: object) -> object:
        """One look: nothing but the clock where nothing was written and no page drawn; the mark that was looked at."""
        with self._lock:
            tabs, fresh, self._fresh = dict(self._tabs), self._fresh, False
        runs = [run for run in self._runs.running() if run.whose and run.whose.sign_in]
        now = time.time()
        if waiting := {key: tab for key, tab in tabs.items() if tab.out}:
            self._on_the_server(waiting)
        if not fresh and mark == before and all(tab.out or tab.standing.until > now for tab in tabs.values()):
            return mark
        asked = {(tab.person, tab.sign_in) for tab in tabs.values()}
        asked |= {(run.whose.owner, run.whose.sign_in) for run in runs if run.whose}
        access_states = {each: self._standing(*each, now) for each in asked}
        for run in runs:
            assert run.whose is not None
            standing = access_states[run.whose.owner, run.whose.sign_in]
            if standing is None or run.whose.collection not in standing.rights:
                run.stop()
        for tab in tabs.values():
            found = access_states[tab.person, tab.sign_in]
            tab.out = tab.out or found is None or tab.standing.lost(found)
        self._on_the_server(tabs)
        return mark

    def _standing(self, person: str, sign_in: str, now: float) -> AccessState | None:
        """None for whoever is out."""
        try:
            standing = self._store.access_states.of(person, sign_in, hours=self._hours)
        except SignInError:
            return None
        return standing if standing.until > now else None

    def _on_the_server(self, tabs: Mapping[str, _Tab]) -> None:
        """Have it settled by the server's own thread, which is the one that may look at its sessions."""
        get_instance()._get_async_objs().eventloop.call_soon_threadsafe(self._settle, tabs)

    def _settle(self, tabs: Mapping[str, _Tab]) -> None:
        """Forget tabs that are closed, and run those that show too much.

        One whose browser is away for the moment waits for it: it would come back to the page as it left it.
        """
        sessions: Any = get_instance()._session_mgr
        for key, tab in tabs.items():
            active = sessions.get_active_session_info(key)
            closed = active is None and sessions.get_session_info(key) is None
            with self._lock:
                # Drawn anew meanwhile, it is another one, for the next look.
                mine = self._tabs.get(key) is tab
                if mine and (closed or (active is not None and tab.out)):
                    del self._tabs[key]
            if mine and active is not None and tab.out:
                _run_again(active.session, tab)


def _run_again(session: Any, tab: _Tab) -> None:
    """Have a session's page run as if its browser had asked."""
    asked = ClientState()
    # Where it left off; a script that still runs has not told yet where that is.
    asked.CopyFrom(session._client_state)
    if session._scriptrunner is not None:
        asked.page_script_hash, asked.query_string = tab.page, tab.query
    session.request_rerun(asked)
