"""Small files that a person uploads."""

from __future__ import annotations

import io

from playwright.sync_api import FilePayload
from reportlab.pdfgen.canvas import Canvas


def pdf(*lines: str, password: str | None = None) -> bytes:
    """A PDF of one page with these lines."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, encrypt=password)
    for i, line in enumerate(lines):
        canvas.drawString(72, 760 - 20 * i, line)
    canvas.save()
    return out.getvalue()


def file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}
