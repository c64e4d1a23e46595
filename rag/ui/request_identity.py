"""Authentication of requests outside Streamlit's pages, checked every time.

With sign-in: the person of Streamlit's signed cookie, while their sign-in is valid. Without: the local user, for
requests from this machine under one of its own host names.
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

# Sec-Fetch-Site of requests from this app's pages (`same-origin`) or a typed URL (`none`); missing from programs and
# old browsers.
_FROM_HERE: Final = {"same-origin", "none", None}


def caller(request: HTTPConnection, current: Settings, services: Callable[[], Services], texts: Texts) -> Frame:
    """Authenticate a request; `services` is called only for a known caller.

    Raises:
        NotFound, SignInError: not authenticated.
    """
    if request.headers.get("sec-fetch-site") not in _FROM_HERE:
        raise NotFound(what="page")
    if authentication.server_has_sign_in():
        sign_in = authentication.sign_in_of(_claims(request), current)
        if sign_in is None:
            raise NotFound(what="page")
        people = services().store.people
        # check, not admit: only pages register people.
        key = person_id(sign_in.issuer, sign_in.subject)
        return Frame(services(), texts, people.check(key, sign_in.key, hours=current.sign_in_hours), sign_in)
    if not _is_the_local_user(request, current):
        raise NotFound(what="page")
    if authentication.open_too_far(current, has_people=services().store.people.any()):
        raise NotFound(what="page")
    return Frame(services(), texts)


def from_this_machine(request: HTTPConnection) -> bool:
    """Whether a local program sent the request, neither through a proxy nor from a web page (DNS rebinding)."""
    forwarded = {"x-forwarded-for", "x-real-ip", "forwarded"} & set(request.headers.keys())
    return not forwarded and _from_loopback(request) and by_own_name(request, anywhere=False)


def _is_the_local_user(request: HTTPConnection, current: Settings) -> bool:
    anywhere = current.open_without_sign_in
    return (anywhere or _from_loopback(request)) and by_own_name(request, anywhere=anywhere)


def _claims(request: HTTPConnection) -> Mapping[str, Any]:
    """The claims in Streamlit's cookie; empty where it is unsigned, expired, or of another app."""
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
    # As Streamlit does for a page: headers of a trusted proxy take precedence.
    return claims | gather_user_info(request.headers)


def _from_loopback(request: HTTPConnection) -> bool:
    # For a local proxy uvicorn has put the original client here.
    return request.client is not None and is_loopback(request.client.host)
