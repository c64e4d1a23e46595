"""For whoever keeps the app running: whether it is ready, and its numbers. Served beside the pages by `serve.py`.

/_stcore/health    Streamlit's own: the process lives
/ready             200 when the library opens and the reader runs, otherwise 503; says which of them
/metrics           for Prometheus, where RAG_METRICS switches it on
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rag import build, settings
from rag.errors import RagError
from rag.ui.frame import services_for

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
    await asyncio.to_thread(build.stop)


def _start() -> None:
    try:
        services_for(settings.load())
    except RagError as error:
        # Tried again by every page, and by /ready.
        _log.error("not ready: %s", error.key())


async def ready(_request: Request) -> Response:
    return await asyncio.to_thread(_ready)


def _ready() -> Response:
    try:
        services = services_for(settings.load())
        services.store.counts()
        library, reader = True, services.reader_runs()
    except RagError:
        library = reader = False
    return JSONResponse({"library": library, "reader": reader}, status_code=200 if library and reader else 503)


async def metrics(request: Request) -> Response:
    return await asyncio.to_thread(_metrics, "x-forwarded-for" in request.headers)


def _metrics(through_a_proxy: bool) -> Response:
    """The numbers, for those who ask this process itself: what comes through the proxy comes from anybody."""
    try:
        counted = None if through_a_proxy else services_for(settings.load()).metrics
    except RagError:
        return PlainTextResponse("", 503)
    return PlainTextResponse("", 404) if counted is None else Response(counted.page(), media_type=_TYPE)


routes = [Route("/ready", ready), Route("/metrics", metrics)]
