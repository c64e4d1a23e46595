"""The process that reads pictures of pages: `python -m rag.ingestion.loading.ocr_child`, spoken to as `sandbox_child`.

A frame asks for one page; its file comes with the first one and is kept. Time and memory are bounded page by page.
The models are loaded before the process is closed off, from its own packages alone.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import numpy as np

from rag.core.errors import RagError
from rag.core.types import recognition_fields
from rag.ingestion.loading.ocr_engine import Engine
from rag.ingestion.loading.page_pictures import draw
from rag.ingestion.loading.sandbox import Limits, receive, send
from rag.ingestion.loading.sandbox_child import bound, closed_off

# Two are as fast as more on a page, and leave the others to whoever asks.
_THREADS: Final = 2
# What a scanner calls good enough for text, and a bound for posters.
_DPI: Final = 200
_LONGEST_SIDE: Final = 3600
# The longer side of the page that is made of a picture, in points: that of A4.
_PAPER: Final = 842.0


def _seen(engine: Engine, header: dict[str, Any], data: bytes) -> dict[str, Any]:
    kind, number = header["kind"], header["number"]
    try:
        picture, unit = draw(data, kind, number, header["password"], _DPI, _LONGEST_SIDE)
    except RagError as error:
        failure = error.failure()
        return {"failure": {"key": failure.key, "fields": failure.fields}}
    points = unit if kind == "pdf" else _PAPER / max(picture.size)
    pixels = np.ascontiguousarray(np.asarray(picture, np.uint8)[:, :, ::-1])
    return {"seen": recognition_fields(engine.read(pixels, points, unit))}


def serve() -> None:
    """Answer frames until the input ends."""
    engine = Engine(min(_THREADS, os.cpu_count() or 1))
    engine.warm_up()
    writing = closed_off()
    data = b""
    while frame := receive(sys.stdin.buffer):
        header, sent = frame
        data = sent or data
        bound(Limits(**header["limits"]))
        send(writing, _seen(engine, header, data))


if __name__ == "__main__":
    serve()
