"""Picture files become pages, one for each picture in them. What is written on them only text recognition reads."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from rag.core.errors import DamagedFile, PageNotDrawn, TooLarge, TooManyPages
from rag.core.types import LoadedDocument
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.page_pictures import DAMAGED, MOST_PIXELS, frame
from rag.ingestion.loading.pdf import empty_of, recognised_pages, require_text
from rag.ingestion.loading.titles import title_of

_MILLION: Final = 1_000_000


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """The pages of a picture file.

    Raises:
        DamagedFile: it cannot be opened to its end.
        TooLarge: a picture in it has too many pixels.
        TooManyPages: it holds too many pictures.
        NoText: nothing is written on them, and none is still to be looked at.
    """
    count = _count(data, name)
    if count > options.max_pages:
        raise TooManyPages(name=name, pages=count, limit=options.max_pages)
    if not options.recognised:
        _require_whole(data, name, count)
    seen = [options.recognised.get(number) for number in range(1, count + 1)]
    pages = recognised_pages(seen, [str(number) for number in range(1, count + 1)])
    require_text(pages, name, seen_later=options.seen_later)
    return LoadedDocument(name, title_of("", name), options.kind, pages, empty_pages=empty_of(pages))


def _count(data: bytes, name: str) -> int:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            count = getattr(picture, "n_frames", 1)
            if picture.width * picture.height > MOST_PIXELS:
                raise TooLarge(name=name, limit=f"{MOST_PIXELS // _MILLION} megapixels")
            return int(count)
    except Image.DecompressionBombError as error:
        raise TooLarge(name=name, limit=f"{MOST_PIXELS // _MILLION} megapixels") from error
    except DAMAGED as error:
        raise DamagedFile(name=name, expected="picture") from error


def _require_whole(data: bytes, name: str, count: int) -> None:
    """Raises DamagedFile where a picture breaks off."""
    for number in range(1, count + 1):
        try:
            with frame(data, number):
                pass
        except PageNotDrawn as error:
            raise DamagedFile(name=name, expected="picture") from error
