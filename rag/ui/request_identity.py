"""Who sends a request that is not a page's: looked at anew each time, and nobody where anything is in doubt.

Where people sign in it is the person of Streamlit's signed cookie, as long as their sign-in holds. Without sign-in it
is the one user of this machine, so that only this machine is answered, and under a name of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import HTTPConnection
from streamlit.auth_util import get_cookie_with_chunks, get_origin_from_redirect_uri
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import gather_user_info

from rag.core.errors import NotFound
from rag.core.settings import Settings
from rag.library.store.people import person_id
from rag.network.ssrf import is_loopback
from rag.services import Services
from rag.ui import authentication
from rag.ui.host_names import by_own_name
from rag.ui.page_frame import Frame
from rag.ui.texts import Texts

# What a browser says of a request from a page of this app, or of an address that somebody typed. Programs and old
# browsers say nothing.
_FROM_HERE: Final = {"same-origin", "none", None}


def caller(request: HTTPConnection, current: Settings, services: Callable[[], Services], texts: Texts) -> Frame:
    """The frame of whoever asks, as a page would have it; `services` are asked for once it is known who it is.

    Raises:
        NotFound: a stranger.
        SignInError: a stranger as well.
    """
    if request.headers.get("sec-fetch-site") not in _FROM_HERE:
        raise NotFound(what="page")
    if authentication.server_has_sign_in():
        given = authentication.sign_in_of(_claims(request), current)
        if given is None:
            raise NotFound(what="page")
        people = services().store.people
        # Only a page admits somebody.
        key = person_id(given.issuer, given.subject)
        return Frame(services(), texts, people.check(key, given.key, hours=current.sign_in_hours), given)
    if not _is_the_local_user(request, current):
        raise NotFound(what="page")
    if authentication.open_too_far(current, has_people=services().store.people.any()):
        raise NotFound(what="page")
    return Frame(services(), texts)


def from_this_machine(request: HTTPConnection) -> bool:
    """Whether a program of this machine asks, and asks itself: neither through a proxy nor from a web page's script."""
    forwarded = {"x-forwarded-for", "x-real-ip", "forwarded"} & set(request.headers.keys())
    return not forwarded and _from_loopback(request) and by_own_name(request, anywhere=False)


def _is_the_local_user(request: HTTPConnection, current: Settings) -> bool:
    anywhere = current.open_without_sign_in
    return (anywhere or _from_loopback(request)) and by_own_name(request, anywhere=anywhere)


def _claims(request: HTTPConnection) -> Mapping[str, Any]:
    """What the provider said, out of Streamlit's cookie; nothing where it is not signed, too old, or of another app."""
    secret = get_cookie_secret()

    def signed(name: str) -> bytes | None:
        value = request.cookies.get(name)
        return decode_signed_value(secret, name, value.encode("latin-1", "replace")) if value and secret else None

    try:
        claims = json.loads(get_cookie_with_chunks(signed, USER_COOKIE_NAME) or b"{}")
    except ValueError:
        return {}
    if not isinstance(claims, dict) or claims.get("origin") != get_origin_from_redirect_uri():
        return {}
    # As Streamlit does it for a page: where a proxy is trusted to name people, it has the last word.
    return claims | gather_user_info(request.headers)


def _from_loopback(request: HTTPConnection) -> bool:
    # Of a proxy on this machine uvicorn has put the one before it here.
    return request.client is not None and is_loopback(request.client.host)
