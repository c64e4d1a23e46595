"""Pages of which nothing, or not all, can be read: pictures of text, and letters whose characters are not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.core.types import UnreadReason
from rag.ingestion.loading.line_types import Line
from rag.ingestion.loading.page_objects import PageObjects
from rag.ingestion.loading.pdfium_calls import Characters
from rag.ingestion.loading.shown_lines import Shown

# A stamp or a head on a scan has no more lines and characters than this.
_STAMP_LINES: Final = 3
_STAMP_CHARACTERS: Final = 160
# So many paths on a page without text are letters drawn as lines, or a drawing with words in it.
_DRAWN: Final = 20
# So many of the looked at letters without a character, and the page is not read.
_UNKNOWN: Final = 0.2
# Of a line so many words are looked at.
_LOOKED_AT: Final = 6
_PRIVATE: Final = range(0xE000, 0xF900)


def why_unread(characters: Characters, lines: list[Line], objects: PageObjects) -> UnreadReason | None:
    """Why a page has no text, or none that can be read."""
    if not lines:
        return "picture" if objects.pictures or len(objects.paths) >= _DRAWN else None
    return "letters" if _unknown_share(characters, lines) >= _UNKNOWN else None


def is_stamp(lines: Sequence[Shown]) -> bool:
    """Whether so little stands on a page that, where a picture covers it, the picture is what is to be read."""
    return len(lines) <= _STAMP_LINES and sum(len(line.text) for line in lines) <= _STAMP_CHARACTERS


def _unknown_share(characters: Characters, lines: list[Line]) -> float:
    """The share of unknown characters among the first ones of words."""
    firsts = [word[0] for line in lines for word in line.words[:_LOOKED_AT]]
    unknown = sum(is_unknown(characters, index) for index in firsts)
    return unknown / len(firsts)


def is_unknown(characters: Characters, index: int) -> bool:
    code = ord(characters.text[index])
    return code == 0xFFFD or code < 0x20 or code in _PRIVATE
