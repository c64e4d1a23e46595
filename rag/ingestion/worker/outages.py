"""Outages: what a reader waits for, and how often a job is tried again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from rag.core.errors import (
    AddressStatus,
    AddressUnreachable,
    DiskFull,
    EmbedderUnreachable,
    RagError,
    StoreUnreachable,
)
from rag.ingestion.context import IngestContext

POLL_SECONDS = 0.5

# What is delivered comes so often again when a disk is full, or the server of an address does not answer.
TRIES = 5
# Too many questions, and servers behind a proxy that are away for the moment.
_BUSY = {429, 502, 503, 504}

_AWAITED: dict[type[RagError], str] = {
    DiskFull: "no room on the disk",
    EmbedderUnreachable: "the embedding server does not answer",
    StoreUnreachable: "the database server does not answer",
}

_log = logging.getLogger(__name__)


def when_it_answers(ingest: Callable[[], IngestContext], stopping: threading.Event) -> IngestContext | None:
    """The context, once the server of its embedder answers; None where `stopping` was set before."""
    while not stopping.is_set():
        try:
            return ingest()
        except EmbedderUnreachable as error:
            wait_out(error, stopping)
    return None


def wait_out(error: RagError, stopping: threading.Event) -> None:
    _log.warning("%s; waiting", _AWAITED[type(error)])
    stopping.wait(10 * POLL_SECONDS)


def may_pass(error: RagError, tried: int) -> bool:
    """Whether waiting may help: for a server of the team's always, for a disk and for others' servers a few times."""
    if isinstance(error, EmbedderUnreachable | StoreUnreachable):
        return True
    overrun = isinstance(error, AddressStatus) and error.fields["status"] in _BUSY
    return tried < TRIES and (overrun or isinstance(error, AddressUnreachable | DiskFull))
