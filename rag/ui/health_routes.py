"""Health and metrics endpoints, served by `serve.py` beside the pages.

/_stcore/health    Streamlit's liveness probe
/ready             readiness probe: 200 when the library opens and the reader runs, otherwise 503; JSON says which
/metrics           Prometheus metrics, if RAG_METRICS is set

The last two answer requests from this machine, and others with RAG_OPERATIONS_TOKEN as a bearer token; 404 otherwise.
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
    """Lifespan handler: start the services with the process instead of with the first visitor.

    In a thread, so that the server is live, though not ready, while the database is slow.
    """
    threading.Thread(target=_start, name="start", daemon=True).start()
    yield
    # The server ends this process by re-raising its signal, so atexit handlers do not run.
    await asyncio.to_thread(stop)


def _start() -> None:
    try:
        services_for(settings.load())
    except RagError as error:
        # Retried by every page and by /ready.
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
    """Whether the request is from this machine, not through a proxy, or has the token."""
    if from_this_machine(request):
        return True
    try:
        token = settings.load().operations_token.get_secret_value()
    except RagError:
        return False
    credentials = request.headers.get("authorization", "").encode("latin-1", "replace")
    return bool(token) and hmac.compare_digest(credentials, f"Bearer {token}".encode())


def _not_there() -> Response:
    return PlainTextResponse("", 404)


routes = [Route("/ready", ready), Route("/metrics", metrics)]
