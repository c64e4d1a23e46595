"""Scans made by code: pages of text drawn as pictures, straight, turned or askew, with nothing else in the file."""

from __future__ import annotations

import io
from contextlib import closing

import pypdfium2 as pdfium
from PIL import Image

from rag.ingestion.loading.pdf import LOCK

DPI = 150


def pictures(data: bytes, *, dpi: int = DPI) -> list[Image.Image]:
    """The pages of a PDF as pictures."""
    with LOCK, closing(pdfium.PdfDocument(data)) as document:
        return [page.render(scale=dpi / 72).to_pil().convert("L").copy() for page in document]


def scanned(data: bytes, *, dpi: int = DPI, turned: float = 0.0) -> bytes:
    """A PDF of pictures of the pages, as a scanner makes it; `turned` by degrees against the clock."""
    return as_file(pictures(data, dpi=dpi), "PDF", dpi=dpi, turned=turned)


def as_file(pages: list[Image.Image], format: str, *, dpi: int = DPI, turned: float = 0.0) -> bytes:
    pages = [page.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor="white") for page in pages]
    out = io.BytesIO()
    several = {"save_all": True, "append_images": pages[1:]} if format in ("PDF", "TIFF") else {}
    pages[0].save(out, format, resolution=dpi, **several)
    return out.getvalue()
