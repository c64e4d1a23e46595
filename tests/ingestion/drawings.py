"""Small PDFs drawn by tests: what stands where is said in points from the bottom left corner."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from rag.core.types import LoadedDocument, Page
from rag.ingestion.loading import Ocr, load_bytes

Drawing = Callable[[Canvas], object]

FILLER = (
    "The club house stands at the southern end of the lake and is open",
    "to all members from six in the morning until the light goes. The",
    "boats lie in the shed behind it, in racks that bear their numbers.",
    "Whoever takes one out signs the book on the table near the door.",
)


def pdf(*pages: Drawing) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    for page in pages:
        page(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def read(*pages: Drawing) -> LoadedDocument:
    return load_bytes(pdf(*pages), "drawn.pdf", ocr=Ocr("never"))


def read_page(page: Drawing) -> Page:
    return read(page).pages[0]


def at(canvas: Canvas, x: float, y: float, text: str, size: float = 11, font: str = "Helvetica") -> float:
    """Draws a text and says where it ends."""
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)
    return x + float(canvas.stringWidth(text, font, size))


def body(canvas: Canvas, lines: Sequence[str] = FILLER, *, x: float = 60, top: float = 700, size: float = 11) -> float:
    """Draws lines of running text and says where the next would stand."""
    for number, line in enumerate(lines):
        at(canvas, x, top - number * 1.3 * size, line, size)
    return top - len(lines) * 1.3 * size


def picture(colour: str = "white", size: tuple[int, int] = (40, 60)) -> ImageReader:
    return ImageReader(Image.new("RGB", size, colour))
