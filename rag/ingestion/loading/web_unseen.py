"""How rules of a page hide what stands in a tag, or raise it above its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bs4.element import Tag

from rag.core.types import LeftOutReason
from rag.ingestion.loading.colors import is_transparent

_TINY: Final = 1.0  # pixels or points
_AWAY: Final = -900.0  # pixels beside the page
_LENGTH: Final = re.compile(r"(-?\d{0,6}\.?\d{0,6})(px|pt|em|rem|%)?")
# What cuts all of a tag away, or all but a point of it.
_CUT: Final = re.compile(
    r"rect\(\s*[01](?:px)?(?:[\s,]+[01](?:px)?){3}\s*\)|inset\((?:50|100)%[^()]{0,20}\)|"
    r"(?:circle|ellipse)\(0\D[^()]{0,20}\)"
)
_NO_SIZE: Final = re.compile(r"(?:^|\s)0(?:px|pt|em|%)?(?=[/\s])")
FOLDS: Final = frozenset({"height", "max-height", "width", "transform"})
_SHRUNK: Final = re.compile(r"scale[xy]?\(0(?:\s?,\s?0)?\)")
# Raised by so much, in pixels, letters stand above the line and not on another.
_RAISED_LEAST: Final = 2.0
_RAISED_MOST: Final = 16.0
_LONGEST_RAISED: Final = 8  # letters: longer words are only set in their places


def gone(own: Mapping[str, str]) -> LeftOutReason | None:
    if "line-through" in own.get("text-decoration", "") or "line-through" in own.get("text-decoration-line", ""):
        return "struck"
    if own.get("display") == "none" or "hidden" in (own.get("visibility"), own.get("content-visibility")):
        return "hidden"
    if own.get("visibility") == "collapse":
        return "hidden"
    if own.get("opacity", "").rstrip("%") in ("0", "0.0", ".0", "0.00"):
        return "unseen"
    beside = own.get("position") in ("absolute", "fixed") and min(_pixels(own, "left"), _pixels(own, "top")) < _AWAY
    beside = beside or min(_pixels(own, "text-indent"), _pixels(own, "margin-left")) < _AWAY
    cut = own.get("position") in ("absolute", "fixed") and (_CUT.fullmatch(own.get("clip", "")) or _is_point(own))
    return "unseen" if beside or cut or _CUT.fullmatch(own.get("clip-path", "")) else None


def _is_point(own: Mapping[str, str]) -> bool:
    """Whether a tag is made so small that nothing of it is seen, as what is for screen readers alone is."""
    sizes = [own.get(name, "") for name in ("width", "height")]
    return own.get("overflow") in ("hidden", "clip") and all(is_tiny(size) for size in sizes)


def folded(own: Mapping[str, str]) -> LeftOutReason | None:
    """Why a tag is not seen that is folded to nothing; a script may unfold it."""
    empty = any(own.get(name, "").rstrip("pxemt%") == "0" for name in ("height", "max-height", "width"))
    cut = empty and own.get("overflow", "").startswith(("hidden", "clip"))
    return "unseen" if cut or _SHRUNK.fullmatch(own.get("transform", "")) else None


def size_of(own: Mapping[str, str]) -> str | None:
    return own.get("font-size") or ("0" if _NO_SIZE.search(own.get("font", "")) else None)


def is_clear(own: Mapping[str, str]) -> bool:
    """Whether nothing of the letters is drawn, not even a picture that they cut out."""
    drawn = own.get("background-clip") or own.get("-webkit-background-clip") or own.get("text-shadow", "none") != "none"
    return not drawn and is_transparent(own["color"])


def is_raised(own: Mapping[str, str]) -> bool:
    """Whether letters are moved up by a part of a line, as programs do that write no `sup`."""
    up = _pixels(own, "vertical-align")
    if own.get("position") == "relative":
        up = max(up, -_pixels(own, "top"), _pixels(own, "bottom"))
    return _RAISED_LEAST <= up <= _RAISED_MOST


def is_short(tag: Tag) -> bool:
    return len(tag.get_text().strip()) <= _LONGEST_RAISED


def _pixels(own: Mapping[str, str], name: str) -> float:
    size = _LENGTH.fullmatch(own.get(name, ""))
    try:
        number = float(size[1]) if size else 0.0
    except ValueError:
        return 0.0
    return number * (16 if size and size[2] in ("em", "rem") else 0 if size and size[2] == "%" else 1)


def is_tiny(size: str) -> bool:
    """At most one pixel or point; a size relative to another is taken as read only where it is nothing."""
    found = _LENGTH.fullmatch(size)
    if not found or not found[1].strip("-."):
        return False
    number = float(found[1])
    return number == 0 or (number <= _TINY and found[2] in ("px", "pt"))
