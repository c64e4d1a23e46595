"""A reader of documents at work beside a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rag.ingestion.context import IngestContext
from rag.ingestion.worker import LEASE_SECONDS, run_jobs


@contextmanager
def reading(ingest: IngestContext, lease_seconds: float = LEASE_SECONDS) -> Iterator[None]:
    """A reader in a thread of this process until the end of the block, where it ends in good order."""
    stopping = threading.Event()
    thread = threading.Thread(
        target=run_jobs, args=(ingest, stopping), kwargs={"lease_seconds": lease_seconds}, daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
