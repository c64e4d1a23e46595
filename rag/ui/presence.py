"""Revocation for open pages: who loses a right loses what is on the screen, without a click.

A Streamlit page is redrawn only when its browser asks. One thread per process polls the database once a second,
however many tabs are open: was anything written? If so it compares the access of each signed-in person, reruns the
pages of those who may see less, and stops their running answers. It does not depend on browsers, which throttle timers
in hidden tabs.
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
# Pause after an error.
_RETRY_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Tab:
    """An open page, with its person's access when it was last drawn."""

    person: str
    sign_in: str
    page: str
    query: str
    access: AccessState
    # It shows more than the person may see.
    revoked: bool = False


class Presence:
    """The open tabs of this process. Every page calls `seen` when it admits somebody."""

    def __init__(self, store: Store, runs: AnswerRuns, *, hours: float) -> None:
        self._store, self._runs, self._hours = store, runs, hours
        self._lock = threading.Lock()
        self._tabs: dict[str, _Tab] = {}
        # Whether tabs were drawn since the last check: they may show data older than the last mark.
        self._drawn = False

    def begin(self) -> None:
        """Start the thread, which runs until the process ends."""
        threading.Thread(target=self._watch, name="presence", daemon=True).start()

    def seen(self, person: str, sign_in: str) -> None:
        """Register the page that is being drawn, before anything is drawn.

        Raises:
            SignInError: the person has no access any more.
        """
        context = get_script_run_ctx()
        if context is not None:
            self.remember(context.session_id, person, sign_in, context.page_script_hash, context.query_string)

    def leave(self) -> None:
        """Forget the page that is being drawn: its browser is being sent away.

        A rerun would throw away what has not reached the browser yet, the order to leave among it.
        """
        context = get_script_run_ctx()
        if context is not None:
            self.forget(context.session_id)

    def forget(self, session: str) -> None:
        """Forget that a session shows a page."""
        with self._lock:
            self._tabs.pop(session, None)

    def remember(self, session: str, person: str, sign_in: str, page: str, query: str) -> None:
        """Register that a session shows a page to a person. Raises as `seen`."""
        access = self._store.access_states.of(person, sign_in, hours=self._hours)
        with self._lock:
            self._tabs[session] = _Tab(person, sign_in, page, query, access)
            self._drawn = True

    def _watch(self) -> None:
        while True:
            try:
                with self._store.access_states.writes() as mark:
                    before: object = None
                    while True:
                        before = self.look(mark(), before)
                        time.sleep(EVERY_SECONDS)
            except RagError as error:
                _log.warning("access of open pages cannot be checked: %s", error.key())
            except Exception as error:  # noqa: BLE001 - the thread must go on
                Unexpected.logged(error, "checking open pages", _log)
            time.sleep(_RETRY_SECONDS)

    def look(self, mark: object, before: object) -> object:
        """One check; the mark it was made at. Only expiry is checked where nothing was written and no page drawn."""
        with self._lock:
            tabs, drawn, self._drawn = dict(self._tabs), self._drawn, False
        runs = [(run, owner) for run in self._runs.running() if (owner := run.owner) and owner.sign_in]
        now = time.time()
        if revoked := {key: tab for key, tab in tabs.items() if tab.revoked}:
            self._settle_on_server(revoked)
        if not drawn and mark == before and all(tab.revoked or tab.access.until > now for tab in tabs.values()):
            return mark
        people = {(tab.person, tab.sign_in) for tab in tabs.values()}
        people |= {(owner.person, owner.sign_in) for _, owner in runs}
        access = {each: self._access(*each, now) for each in people}
        for run, owner in runs:
            current = access[owner.person, owner.sign_in]
            if current is None or owner.collection not in current.rights:
                run.stop()
        for tab in tabs.values():
            current = access[tab.person, tab.sign_in]
            tab.revoked = tab.revoked or current is None or tab.access.lost(current)
        self._settle_on_server(tabs)
        return mark

    def _access(self, person: str, sign_in: str, now: float) -> AccessState | None:
        """A person's access; None where it has ended."""
        try:
            access = self._store.access_states.of(person, sign_in, hours=self._hours)
        except SignInError:
            return None
        return access if access.until > now else None

    def _settle_on_server(self, tabs: Mapping[str, _Tab]) -> None:
        """Run `_settle` on the server's event loop, the only thread that may access its sessions."""
        get_instance()._get_async_objs().eventloop.call_soon_threadsafe(self._settle, tabs)

    def _settle(self, tabs: Mapping[str, _Tab]) -> None:
        """Forget closed tabs, and rerun revoked ones.

        A revoked tab whose browser is disconnected stays registered: on reconnect it would show its old page.
        """
        sessions: Any = get_instance()._session_mgr
        for key, tab in tabs.items():
            active = sessions.get_active_session_info(key)
            closed = active is None and sessions.get_session_info(key) is None
            with self._lock:
                # A tab drawn meanwhile is another object, for the next check.
                unchanged = self._tabs.get(key) is tab
                if unchanged and (closed or (active is not None and tab.revoked)):
                    del self._tabs[key]
            if unchanged and active is not None and tab.revoked:
                _rerun(active.session, tab)


def _rerun(session: Any, tab: _Tab) -> None:
    """Rerun a session's page as if its browser had asked."""
    state = ClientState()
    # While a script runs, the session's state is not yet that of its page.
    state.CopyFrom(session._client_state)
    if session._scriptrunner is not None:
        state.page_script_hash, state.query_string = tab.page, tab.query
    session.request_rerun(state)
