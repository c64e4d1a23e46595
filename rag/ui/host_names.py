"""Under which names this server answers, where nobody signs in.

A page from elsewhere can have its own name lead to this machine (DNS rebinding): what it then asks for is of one origin
with it, and it reads along whatever there is, over the websocket of the pages too. The name is all that tells it from
the user of this machine. Where people sign in, the browser sends their cookie to the right name alone.
"""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import config
from streamlit.url_util import make_url_path
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from rag.core import settings
from rag.core.errors import RagError
from rag.network.ssrf import is_ip, is_loopback
from rag.ui import authentication
from rag.ui.texts import LANGUAGES, Texts


def by_own_name(request: HTTPConnection, *, anywhere: bool) -> bool:
    """Whether the Host is a name of this server.

    Args:
        anywhere: it serves other machines too, by its name and its addresses. An address that was typed as such leads
            nowhere else, whoever owns which name.
    """
    try:
        host = (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if is_loopback(host):
        return True
    if config.get_option("server.allowedHosts") and is_host_allowed(request.headers.get("host")):
        return True
    own = {config.get_option("server.address")}
    if config.is_manually_set("browser.serverAddress"):
        own.add(config.get_option("browser.serverAddress"))
    if anywhere:
        own.add(socket.gethostname())
    return host in {str(name).lower() for name in own if name} or (anywhere and is_ip(host))


class OwnNames:
    """Answers nothing under another name, be it a page or a websocket, and says so in words.

    The files, and what whoever keeps the app running asks for, look for themselves.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _looks_itself(scope) or _answered(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            said = "\n\n".join(Texts(language)("files.other_name") for language in LANGUAGES)
            await PlainTextResponse(f"{said}\n", 403)(scope, receive, send)


def _looks_itself(scope: Scope) -> bool:
    path: str = scope["path"]
    rest = path.removeprefix(make_url_path(config.get_option("server.baseUrlPath") or "", ""))
    return rest.startswith("files/") or rest in {"ready", "metrics", "_stcore/health"} or path in ("/ready", "/metrics")


def _answered(request: HTTPConnection) -> bool:
    try:
        if authentication.server_has_sign_in():
            return True
        return by_own_name(request, anywhere=settings.load().open_without_sign_in)
    except RagError:
        # Nobody is let in by any name: the pages say why.
        return True


middleware: Final = (Middleware(OwnNames),)
