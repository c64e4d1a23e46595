"""Pictures in Word and PowerPoint files that are large enough to carry text: text recognition reads them one by one.

They are counted by the names of the file's parts, so that whoever recognises one finds it without reading the file.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any, Final

from rag.core.types import Notice, Recognitions
from rag.ingestion.loading.office_package import A, R, check_sizes
from rag.ingestion.loading.pdf import recognised_pages

RECOGNISED: Final = "pictures_recognised"
_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp")
# In English Metric Units: a sixteenth of an A4 page.
_LARGE: Final = 5_000_000_000_000
# So many of a file are read: one takes seconds.
_MOST: Final = 30
# Of fewer words, or less certain ones in percent, are the signs that a photograph seems to hold.
_FEWEST_WORDS: Final = 3
_CERTAIN: Final = 70


def picture_parts(names: Iterable[str]) -> list[str]:
    """The pictures among the parts of a file, in the order in which they are counted."""
    return sorted(n for n in names if posixpath.dirname(n).endswith("media") and n.lower().endswith(_ENDINGS))


def picture_of(data: bytes, number: int) -> bytes:
    """A picture of an Office file, counted from 1; empty where there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = picture_parts(archive.namelist())[number - 1 : number]
            check_sizes([archive.getinfo(part) for part in parts], "")
            return archive.read(parts[0]) if parts else b""
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, zlib.error):
        return b""


class Pictures:
    """The large pictures that a reading comes by: `numbers` of all, `read` of those whose words are known."""

    def __init__(self, parts: Iterable[str], recognised: Recognitions) -> None:
        self._places = {name.lower().lstrip("/"): place for place, name in enumerate(picture_parts(parts), 1)}
        self._recognised = recognised
        self.numbers: list[int] = []
        self.read: list[int] = []

    def words(self, drawing: Any, width: int, height: int, links: dict[str, tuple[str, str]]) -> str:
        """What was recognised on a picture shown in this size."""
        blip = drawing.find(f".//{A}blip")
        target = "" if blip is None else links.get(blip.get(f"{R}embed", ""), ("", ""))[1]
        number = self._places.get(target.lower().lstrip("/"))
        if number is None or width * height < _LARGE or number in self.numbers or len(self.numbers) >= _MOST:
            return ""
        self.numbers.append(number)
        seen = self._recognised.get(number)
        words = [] if seen is None else [word for line in seen.lines for word in line]
        if seen is None or len(words) < _FEWEST_WORDS or sum(w.certainty for w in words) < _CERTAIN * len(words):
            return ""
        self.read.append(number)
        return recognised_pages([seen], ["1"])[0].text

    def notices(self) -> tuple[Notice, ...]:
        """That words of pictures are among the text."""
        return (Notice(RECOGNISED, {"count": len(self.read)}),) if self.read else ()
