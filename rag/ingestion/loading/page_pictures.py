"""A page as a picture: of a PDF as pdfium draws it, of a picture file as it is, turned as its camera says.

A picture's page has one point for each of its pixels.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import pypdfium2 as pdfium
from PIL import Image, ImageOps, UnidentifiedImageError

from rag.core.errors import NotFound, PageNotDrawn
from rag.core.formats import Kind, format_of
from rag.ingestion.loading.office_pictures import picture_of
from rag.ingestion.loading.pdf import LOCK
from rag.ingestion.loading.pdf_forms import Field, open_page, prepare

# A page of a magazine scanned at 600 dpi has 35 million.
MOST_PIXELS: Final = 100_000_000
# Pillow's own warning would come earlier, and its own error later.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
# What Pillow raises on damaged files.
DAMAGED: Final = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    MemoryError,
    OverflowError,
    struct.error,
    zlib.error,
)


def draw(
    data: bytes, kind: Kind, number: int, password: str | None, dpi: int, longest: int
) -> tuple[Image.Image, float]:
    """The picture of a page (RGB), and how many points of the page a pixel is.

    Args:
        dpi: of a page of a PDF; a picture has its own pixels.
        longest: the longer side has no more pixels.

    Raises:
        NotFound: there is no page of that number.
        PageNotDrawn: the file cannot be drawn.
    """
    if format_of(kind).loader in ("word", "powerpoint"):
        data, number, kind = picture_of(data, number), 1, "png"
    if format_of(kind).loader == "picture":
        with frame(data, number) as found:
            picture = ImageOps.exif_transpose(found).convert("RGB")
        scale = min(1.0, longest / max(picture.size))
        if scale < 1:
            size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
            picture = picture.resize(size, Image.Resampling.LANCZOS)
        return picture, 1 / scale
    with opened(data, number, password) as (page, _):
        scale = min(dpi / 72, longest / max(1.0, *page.get_size()))
        return rendered(page, scale), 1 / scale


@contextmanager
def opened(data: bytes, number: int, password: str | None) -> Iterator[tuple[pdfium.PdfPage, Sequence[Field]]]:
    """A page of a PDF with its fields, opened and closed under pdfium's lock. Raises as `draw`."""
    with LOCK:
        try:
            with closing(pdfium.PdfDocument(data, password=password)) as document:
                if not 1 <= number <= len(document):
                    raise NotFound(what="page")
                prepare(document)
                with open_page(document, number - 1) as page:
                    yield page
        except pdfium.PdfiumError as error:
            raise PageNotDrawn(page=number) from error


def rendered(page: pdfium.PdfPage, scale: float) -> Image.Image:
    """An open page as a picture (RGB), `scale` pixels a point."""
    with closing(page.render(scale=scale)) as bitmap:
        picture: Image.Image = bitmap.to_pil().convert("RGB").copy()
        return picture


@contextmanager
def frame(data: bytes, number: int) -> Iterator[Image.Image]:
    """A picture of a file that holds one or several, counted from 1. Raises as `draw`."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if number > getattr(picture, "n_frames", 1):
                raise NotFound(what="page")
            picture.seek(number - 1)
            if picture.width * picture.height > MOST_PIXELS:
                raise PageNotDrawn(page=number)
            picture.load()
            yield picture
    except DAMAGED as error:
        raise PageNotDrawn(page=number) from error
