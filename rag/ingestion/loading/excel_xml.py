"""What the elements and attributes of an Excel file say: places, numbers, words."""

from __future__ import annotations

import re
from typing import Any, Final

from rag.ingestion.loading.text_flow import TextFlow

S: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def string_of(entry: Any) -> tuple[str, str]:
    """The words of a string, without how they are pronounced, and those of it that are struck out."""
    if len(entry) == 1 and local_name(entry[0]) == "t":
        return _plain(entry[0].text or ""), ""
    flow = TextFlow(keeps_blanks=True)
    flow.exact = True
    for part in entry.iterchildren("{*}t", "{*}r"):
        text, look = _plain(part.findtext("{*}t") or part.text or ""), part.find("{*}rPr")
        raised = None if look is None else look.find("{*}vertAlign")
        if is_struck(look):
            flow.leave("struck", text)
        elif raised is not None and raised.get("val") == "superscript":
            flow.put_raised(text)
        else:
            flow.put(text)
    written = flow.finish()
    return written.text, " ".join(part.text for part in written.left_out)


def is_struck(font: Any) -> bool:
    mark = None if font is None else font.find("{*}strike")
    return mark is not None and is_on(mark.get("val", "1"))


def words_of(entry: Any) -> str:
    return string_of(entry)[0]


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def local_name(element: Any) -> str:
    """The name of an element without its space: there are two, for the two forms of the standard."""
    return str(element.tag).rpartition("}")[2]


def place_of(reference: str) -> tuple[int, int] | None:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def bounds_of(reference: str) -> tuple[int, int, int, int] | None:
    """The first row and column and the last of "B2:D4"."""
    first, _, last = reference.partition(":")
    low, high = place_of(first), place_of(last or first)
    return (*low, *high) if low and high else None


def number_of(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def is_on(text: str | None) -> bool:
    return text in ("1", "true", "on")
