"""A question set's PDFs as scans: each page made a picture before it is read, and what that does to boxes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import fmean
from typing import Any, Final, Protocol

import pypdfium2 as pdfium

from rag.core.places import PageBox
from rag.core.text import find_letters, sentences
from rag.core.types import Page, PageWord
from rag.ingestion.loading.pdf import LOCK, read_pdf

DPI: Final = 200
# A box fits where it and the text's own have so much of their area in common.
FITS: Final = 0.7
# Sentences of a page whose boxes are compared, and the shortest.
_SENTENCES: Final = 3
_SHORTEST: Final = 40


def as_scan(data: bytes, numbers: Sequence[int] | None = None) -> bytes:
    """A PDF of pictures of the pages of a PDF, or of those of these numbers, in grey at DPI."""
    with LOCK, closing(pdfium.PdfDocument(data)) as document:
        wanted = [number - 1 for number in numbers] if numbers else range(len(document))
        pages = [document[number].render(scale=DPI / 72).to_pil().convert("L").copy() for number in wanted]
    out = io.BytesIO()
    pages[0].save(out, "PDF", resolution=DPI, save_all=True, append_images=pages[1:])
    return out.getvalue()


class BoxesOf(Protocol):
    """Where spans of a page's text stand on it, as `rag.viewing` tells."""

    def __call__(
        self, data: bytes, page: int, spans: Sequence[tuple[int, int]], text: str, words: Sequence[PageWord] = ()
    ) -> tuple[PageBox, ...]: ...


def box_report(pairs: Sequence[tuple[Path, Sequence[Page]]], boxes_of: BoxesOf) -> dict[str, Any]:
    """How well boxes on scans fit those of the text itself, for (file, its pages as they were read of the scan).

    `box_overlap` is the mean intersection over union, `boxes_fit` the share of at least FITS; sentences that were not
    read letter by letter cannot be compared, and are counted as `boxes_not_found`.
    """
    found: list[float | None] = []
    for file, pages in pairs:
        found += _overlaps(file.read_bytes(), pages, boxes_of)
    known = [overlap for overlap in found if overlap is not None]
    return {
        "boxes": len(known),
        "boxes_not_found": len(found) - len(known),
        "box_overlap": round(fmean(known), 4) if known else None,
        "boxes_fit": round(fmean(overlap >= FITS for overlap in known), 4) if known else None,
    }


def _overlaps(data: bytes, pages: Sequence[Page], boxes_of: BoxesOf) -> Iterator[float | None]:
    for own, seen in zip(read_pdf(data, "own.pdf").pages, pages, strict=True):
        long = [span for span in sentences(own.text) if span[1] - span[0] >= _SHORTEST]
        for start, end in long[:: max(1, len(long) // _SENTENCES)][:_SENTENCES]:
            there = find_letters(seen.text, own.text[start:end], start)
            if there is None or not seen.words:
                yield None
                continue
            boxes = boxes_of(data, own.number, [(start, end)], own.text)
            yield _overlap(boxes, boxes_of(b"", own.number, [there], seen.text, seen.words))


def _overlap(these: Sequence[PageBox], those: Sequence[PageBox]) -> float:
    """The area that two sets of boxes have in common, as a share of what they cover together. No box of a set overlaps
    another of it by much: they are lines."""
    common = sum(_common(one, other) for one in these for other in those)
    whole = sum(map(_area, these)) + sum(map(_area, those)) - common
    return common / whole if whole > 0 else 0.0


def _common(one: PageBox, other: PageBox) -> float:
    across = min(one.right, other.right) - max(one.left, other.left)
    along = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0.0, across) * max(0.0, along)


def _area(box: PageBox) -> float:
    return (box.right - box.left) * (box.bottom - box.top)
