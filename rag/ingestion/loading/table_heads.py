"""Which rows and columns of a table are heads, and what the head of each column is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# What stands in cells of figures: amounts, shares, dates of figures, dashes for nothing.
_FIGURE: Final = re.compile(
    r"[-–—−+±(<>~≤≥]?\s?[$€£¥]?\s?[-–—−+]?\s?\d[\d.,'’\u00a0\u202f ]*+\)?\s?(?:%|‰|[a-zA-Z°€$£¥]{1,3}\b)?\)?"
)
_NOTHING: Final = re.compile(r"[-–—−.·]{1,5}|n/?a\.?|nil|none|\$|€|£|%|\)", re.IGNORECASE)
_NOTE_MARK: Final = re.compile(r"\s?(?:\[\w{1,2}\]|\(\w{1,2}\)|[*†‡¹²³]){1,4}+$")
_YEAR: Final = re.compile(r"(?:FY ?)?(?:19|20)\d\d(?:[-/–]\d{2,4})?[AEF]?\.?")
_SIGN: Final = re.compile(r"\(?(?:[$€£¥%‰]|US\$|NT\$)\)?")
_UNIT: Final = re.compile(r"\(?(?:in |[$€£¥%]|US\$|NT\$|thousand|million)", re.IGNORECASE)
# More rows than these are no heads, and a head is no paragraph.
_MOST_ROWS: Final = 6
_LONGEST: Final = 90
_PAIR: Final = 2
# "No.", "Qty." end in a full stop and are no sentence.
_ABBREVIATION: Final = 8


def is_figure(text: str) -> bool:
    """Whether a cell holds an amount; a year is none, since it can head a column."""
    bare = text.strip()
    if not bare or _YEAR.fullmatch(bare):
        return False
    bare = _NOTE_MARK.sub("", bare) or bare
    return bool(_FIGURE.fullmatch(bare) or _NOTHING.fullmatch(bare))


def head_rows(grid: Sequence[Sequence[str]], marked: int = 0) -> int:
    """How many rows at the top are heads: those `marked` as such in the file, else those that look like it."""
    most = len(grid) - 1
    if marked:
        return min(marked, most)
    if most < 1 or len(grid[0]) < 2:
        return 0
    by_figures = _above_figures(grid, min(most, _MOST_ROWS))
    return by_figures if by_figures is not None else int(_names_columns(grid))


def _above_figures(grid: Sequence[Sequence[str]], most: int) -> int | None:
    """The rows above the first that holds amounts; None where the table is one of words."""
    rows = [[] if _names_units(row) else [is_figure(text) for text in row[1:]] for row in grid]
    if sum(map(any, rows)) < max(1, len(grid) // 4):
        return None
    first = next(number for number, row in enumerate(rows) if any(row))
    # The name of a group of rows stands alone in its row, below the heads.
    while first > 1 and _stands_alone(grid[first - 1]) and not _stands_alone(grid[0]):
        first -= 1
    if first > 1 and len(grid[0]) == _PAIR and 2 * sum(map(any, rows[first:])) < len(rows) - first:
        return None  # pairs of words, of which one holds a figure
    if first > most or any(len(text) > _LONGEST for row in grid[:first] for text in row[1:]):
        return 0
    if first and not any(any(row[1:]) for row in grid[:first]):
        return 0
    return first


def _names_units(row: Sequence[str]) -> bool:
    """Whether a row only says of which years, in which currency or of what share the columns below it are."""
    return not row[0] and all(not text or _SIGN.fullmatch(text) or _YEAR.fullmatch(text) for text in row[1:])


def _stands_alone(row: Sequence[str]) -> bool:
    return bool(row[0]) and not any(row[1:]) and not _UNIT.match(row[0])


def _names_columns(grid: Sequence[Sequence[str]]) -> bool:
    """Whether the first row of a table of words names its columns: short words, each another, none a sentence."""
    first, body = list(grid[0]), grid[1:]
    filled = [text for text in first if text]
    if len(filled) < max(2, len(first) - 1) or len(set(filled)) < len(filled):
        return False
    if any(len(text) > _LONGEST // 2 or text.endswith((":", "。", "：", ";", ",")) for text in filled):
        return False
    if any(len(text) > _ABBREVIATION and text.endswith(".") for text in filled):
        return False
    if any(is_figure(text) for text in filled):
        return False
    if len(first) > 2:
        return True
    if sum(is_figure(row[0]) for row in body) > len(body) / 2:
        return True
    # Of two columns the first may be the heads, one a row: "Name | Ada", "Born | 1815".
    below = [len(row[1]) for row in body if row[1]]
    figures = sum(any(sign.isdigit() for sign in row[1]) for row in body)
    return (
        bool(below)
        and (2 * figures > len(body) or sum(below) / len(below) > 1.5 * len(first[1]))
        and not any(sign.isdigit() for sign in first[1])
    )


def heads_of(grid: Sequence[Sequence[str]], rows: int) -> tuple[str, ...]:
    """What heads each column, of all head rows: "2005 Number". A row that is one cell across heads none of them."""
    if not rows:
        return ()
    lines = [row for row in grid[:rows] if rows == 1 or len({text for text in row if text}) > 1 or not all(row)]
    columns = zip(*(lines or grid[:rows]), strict=True)
    return tuple(" ".join(" ".join(dict.fromkeys(filter(None, column))).split()) for column in columns)
