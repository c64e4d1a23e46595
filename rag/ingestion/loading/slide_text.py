"""What stands in the shapes of a slide: paragraphs with their bullets, and what is said of a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from rag.ingestion.loading.text_flow import BULLET

A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
# Placeholders whose paragraphs are a list unless they say otherwise; without a type it is one for any content.
BODIES: Final = ("body", "obj", "")
_TITLES: Final = ("title", "ctrTitle")
# What programs put in place of a description.
_MADE_UP: Final = re.compile(
    r"(?:\S{1,80}\.(?:png|jpe?g|gif|emf|wmf|svg|tiff?|bmp)|(?:picture|image|bild|graphic|图片) ?\d{0,4})$",
    re.IGNORECASE,
)
_GENERATED: Final = re.compile(
    r"\n{0,4}(?:Description automatically generated|Automatisch generierte Beschreibung).{0,40}$"
)


def placeholder(element: Any) -> tuple[str | None, str]:
    """The type of a placeholder and its number; None where it is none."""
    mark = element.find(f"./*/{P}nvPr/{P}ph")
    return (None, "") if mark is None else (mark.get("type", ""), mark.get("idx", ""))


def is_title(element: Any) -> bool:
    return placeholder(element)[0] in _TITLES


def shape_lines(element: Any, *, bullets: bool = True) -> Iterator[str]:
    """The paragraphs of a shape that hold a word."""
    body = element.find(f"{P}txBody")
    paragraphs = [] if body is None else list(body.iterchildren(f"{A}p"))
    listed = bullets and placeholder(element)[0] in BODIES and sum(bool(words(p)) for p in paragraphs) > 1
    for paragraph in paragraphs:
        line = words(paragraph)
        if line:
            yield BULLET + line if bullets and _has_bullet(paragraph, listed) else line


def words(paragraph: Any) -> str:
    """The words of a paragraph on one line; the number of the slide and the day of showing are none."""
    found = []
    for element in paragraph.iter(f"{A}t", f"{A}br", f"{A}tab", f"{_M}t"):
        field = element.getparent()
        if field is not None and field.tag == f"{A}fld" and field.get("type", "").startswith(("slidenum", "datetime")):
            continue
        found.append((element.text or "") if element.tag in (f"{A}t", f"{_M}t") else " ")
    return " ".join("".join(found).replace("\v", " ").split())


def _has_bullet(paragraph: Any, listed: bool) -> bool:
    properties = paragraph.find(f"{A}pPr")
    if properties is None:
        return listed
    if properties.find(f"{A}buNone") is not None:
        return False
    return listed or properties.find(f"{A}buChar") is not None or properties.find(f"{A}buAutoNum") is not None


def alternative(element: Any) -> str:
    """What the author says of a picture for those who do not see it."""
    properties = element.find(f"./*/{P}cNvPr")
    said = _GENERATED.sub("", properties.get("descr", "")) if properties is not None else ""
    said = " ".join(said.split())
    return "" if _MADE_UP.match(said) else said
