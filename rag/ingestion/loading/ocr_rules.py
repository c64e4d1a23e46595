"""The lines drawn on a picture of a page, which part the cells of a scanned table."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from rag.core.types import Edges

# A rule is at least so long, as a share of the page, and at most so thick, in points.
_LEAST: Final = 1 / 25
_THICKEST: Final = 4.0
# More are the lines of a drawing or the grain of a photograph.
_MOST: Final = 600


def rules_on(picture: npt.NDArray[np.uint8], points: float) -> tuple[Edges, ...]:
    """The level and upright lines on a picture, in points; `points` is how many of them a pixel is."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    dark = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 12)
    height, width = grey.shape
    level = _long(dark, (max(20, round(width * _LEAST)), 1))
    upright = _long(dark, (1, max(20, round(height * _LEAST))))
    found = [edges for edges in (*_boxes(level), *_boxes(upright)) if _thin(edges, points)]
    if len(found) > _MOST:
        return ()
    return tuple(
        (round(a * points, 2), round(b * points, 2), round(c * points, 2), round(d * points, 2)) for a, b, c, d in found
    )


def _long(dark: Any, size: tuple[int, int]) -> Any:
    return cv2.morphologyEx(dark, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, size))


def _boxes(lines: Any) -> list[Edges]:
    _, _, stats, _ = cv2.connectedComponentsWithStats(lines)
    return [(float(x), float(y), float(x + w), float(y + h)) for x, y, w, h, _ in stats[1:]]


def _thin(edges: Edges, points: float) -> bool:
    return min(edges[2] - edges[0], edges[3] - edges[1]) * points <= _THICKEST
