"""Scans that come in: their pages are written down one by one, and a stop keeps those that are done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

from rag.core.errors import Cancelled
from rag.core.types import OcrChoice, Recognition
from rag.ingestion.context import IngestContext, ProgressCallback
from rag.ingestion.loading import Ocr
from rag.library.store import Store
from rag.library.store.job_rows import Stage


@dataclass(frozen=True, slots=True)
class _Kept:
    """The recognised pages of one file in the library."""

    store: Store
    owner: str
    sha256: str

    def get(self) -> dict[int, Recognition]:
        return self.store.recognised.pages(self.owner, self.sha256)

    def put(self, number: int, seen: Recognition) -> None:
        self.store.recognised.keep(self.owner, self.sha256, number, seen)


class Heard:
    """Progress of one document. Stopped while its pages are recognised, it is written down with those that are done:
    from then on a stop is not heard."""

    def __init__(self, on_progress: ProgressCallback) -> None:
        self._on_progress, self._stopped = on_progress, False

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        try:
            self._on_progress(stage, done, total)
        except Cancelled:
            if stage != "recognising" and self._stopped:
                return
            self._stopped = stage == "recognising"
            raise


def looking_for(ingest: IngestContext, owner: str, ocr: OcrChoice, on_progress: ProgressCallback) -> Ocr:
    """How pages without text are read here: each is written down when it is done."""
    return Ocr(
        ocr,
        lambda data: _Kept(ingest.store, owner, hashlib.sha256(data).hexdigest()),
        partial(on_progress, "recognising"),
    )
