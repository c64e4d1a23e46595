"""Colors of text and of what it stands on, as far as they say whether it can be seen."""

from __future__ import annotations

import re
from typing import Final

Color = tuple[int, int, int]

WHITE: Final = (255, 255, 255)
_NAMED: Final = {
    "white": WHITE, "black": (0, 0, 0), "red": (255, 0, 0), "yellow": (255, 255, 0), "lime": (0, 255, 0),
    "blue": (0, 0, 255), "snow": (255, 250, 250), "ivory": (255, 255, 240), "navy": (0, 0, 128),
}  # fmt: skip
_HEX: Final = re.compile(r"[0-9a-f]{6}")
_RGB: Final = re.compile(r"rgba?\(([\d.,\s/%]{1,60})\)")
_WHITE_BY_LIGHTNESS: Final = re.compile(r"hsla?\([^()%]{1,30}%[\s,]{1,5}100%")
_FUNCTION: Final = re.compile(r"(?:rgb|hsl)a?\(([^()]{1,60})\)")


def color_of(value: str) -> Color | None:
    """A color as files write it: a few names, "#fff", "ff0000", "rgb(255, 255, 255)"; None where it is none."""
    value = value.strip().lower()
    if _HEX.fullmatch(value):
        value = f"#{value}"
    if value in _NAMED:
        return _NAMED[value]
    if value.startswith("#") and len(value) in (4, 5, 7, 9):
        digits = value[1:]
        pairs = [digit * 2 for digit in digits[:3]] if len(digits) < 6 else [digits[i : i + 2] for i in (0, 2, 4)]
        try:
            return int(pairs[0], 16), int(pairs[1], 16), int(pairs[2], 16)
        except ValueError:
            return None
    match = _RGB.fullmatch(value)
    parts = match[1].replace(",", " ").replace("/", " ").split() if match else []
    if len(parts) >= 3 and all(part.isdecimal() and int(part) < 256 for part in parts[:3]):
        return int(parts[0]), int(parts[1]), int(parts[2])
    return WHITE if _WHITE_BY_LIGHTNESS.match(value) else None


def is_transparent(value: str) -> bool:
    """Whether what has this color is not drawn at all.

    >>> is_transparent("transparent"), is_transparent("rgba(0, 0, 0, 0)"), is_transparent("rgb(0, 0, 0)")
    (True, True, False)
    """
    value = value.strip().lower()
    if value.startswith("#"):
        return (len(value) == 5 and value[4:] == "0") or (len(value) == 9 and value[7:] == "00")
    match = _FUNCTION.fullmatch(value)
    parts = match[1].replace(",", " ").replace("/", " ").split() if match else []
    return value == "transparent" or (len(parts) == 4 and not parts[3].strip("0.%"))


def alike(one: Color, other: Color) -> bool:
    """Whether nobody could tell the one on the other."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 8
