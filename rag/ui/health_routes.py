"""For whoever keeps the app running: whether it is ready, and its numbers. Served beside the pages by `serve.py`.

/_stcore/health    Streamlit's own: the process lives
/ready             200 when the library opens and the reader runs, otherwise 503; says which of them
/metrics           for Prometheus, where RAG_METRICS switches it on

The last two answer programs of this machine, and others that bring RAG_OPERATIONS_TOKEN. To strangers they are not
there.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rag.core import settings
from rag.core.errors import RagError
from rag.services import stop
from rag.ui.page_frame import services_for
from rag.ui.request_identity import from_this_machine

_TYPE = "text/plain; version=1.0.0; charset=utf-8"
_log = logging.getLogger(__name__)


@asynccontextmanager
async def started(_app: object) -> AsyncIterator[None]:
    """Start what the pages need with the process, instead of with the first visitor.

    The server does not wait for it: it lives, and is not ready, while a database is slow to answer.
    """
    threading.Thread(target=_start, name="start", daemon=True).start()
    yield
    # The server ends this process by the signal that it was sent: nothing that is left for the end would happen.
    await asyncio.to_thread(stop)


def _start() -> None:
    try:
        services_for(settings.load())
    except RagError as error:
        # Tried again by every page, and by /ready.
        _log.error("not ready: %s", error.key())


async def ready(request: Request) -> Response:
    return await asyncio.to_thread(_ready) if _may_look(request) else _not_there()


def _ready() -> Response:
    try:
        services = services_for(settings.load())
        services.store.counts()
        library, reader = True, services.reader_runs()
    except RagError:
        library = reader = False
    return JSONResponse({"library": library, "reader": reader}, status_code=200 if library and reader else 503)


async def metrics(request: Request) -> Response:
    return await asyncio.to_thread(_metrics) if _may_look(request) else _not_there()


def _metrics() -> Response:
    try:
        counted = services_for(settings.load()).metrics
    except RagError:
        return PlainTextResponse("", 503)
    return _not_there() if counted is None else Response(counted.page(), media_type=_TYPE)


def _may_look(request: Request) -> bool:
    """Whether a program of this machine asks, or one that brings the token; what came through a proxy is anybody's."""
    if from_this_machine(request):
        return True
    try:
        token = settings.load().operations_token.get_secret_value()
    except RagError:
        return False
    given = request.headers.get("authorization", "").encode("latin-1", "replace")
    return bool(token) and hmac.compare_digest(given, f"Bearer {token}".encode())


def _not_there() -> Response:
    return PlainTextResponse("", 404)


routes = [Route("/ready", ready), Route("/metrics", metrics)]
