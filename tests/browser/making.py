"""Small files that a person uploads."""

from __future__ import annotations

import io
from collections.abc import Sequence

from playwright.sync_api import FilePayload
from reportlab.pdfgen.canvas import Canvas


def pdf(*lines: str, password: str | None = None) -> bytes:
    """A PDF of one page with these lines."""
    return booklet(lines, password=password)


def booklet(*pages: Sequence[str], password: str | None = None) -> bytes:
    """A PDF of pages with these lines."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, encrypt=password)
    for lines in pages:
        for i, line in enumerate(lines):
            canvas.drawString(72, 760 - 20 * i, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}
