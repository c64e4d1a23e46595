"""Detection of tables of contents, whose lines point to facts and state none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

# "Annual leave ........ 14", "第一章 总则 …… 3".
_LEADER: Final = re.compile(
    r"(?:(?<![.·_])(?<![.·_]\s)(?:[.·_]\s?+){4,}+|(?<![…⋯])(?<![…⋯]\s)(?:[…⋯]\s?+)++)\s*+(?=(?:\d{1,4}|[ivxl]{1,8})$)"
)
# Label at the start of a line: "Item 1A.", "2.3", "Part II", "第一章".
_LABEL: Final = re.compile(
    r"^\W*(?:(?:item|chapter|part|section|appendix|note)\s+)?(?:(?:\d{1,3}|[A-Z]|[IVX]+)(?:\.\d+)*[A-Z]?[.):]?\s+)?",
    re.IGNORECASE,
)
# Up to 89, as front matter is numbered.
_ROMAN: Final = r"(?=[ivxl])(?:xl|l?x{0,3})(?:i[xv]|v?i{0,3})"
_ROMAN_VALUES: Final = {"i": 1, "v": 5, "x": 10, "l": 50}
# A heading and a page number; no other numbers but years.
_PAGED: Final = re.compile(rf"^[^\W\d_a-z](?:[^\d\n]|\b(?:19|20)\d\d\b){{2,120}}?[\s.](\d{{1,3}}|{_ROMAN})$")
# ... with any.
_ENTRY: Final = re.compile(rf"^[^\W\d_a-z][^\n]{{2,120}}?[\s.](\d{{1,3}}|{_ROMAN})$")
_TITLE: Final = re.compile(r"^\W*+(?:(?:table of )?contents|index|目\s*+[录錄次])\W*+(?:page\W*+)?$", re.IGNORECASE)
# Minimum of consecutive entries with ascending pages: below a title, with dot leaders, without either.
_TITLED: Final = 2
_LED: Final = 4
_PLAIN: Final = 8
# Maximum characters of an entry.
_MAX_ENTRY: Final = 160
# Above any page number that is written in Roman letters.
_BEFORE_ALL: Final = 1000
# Other lines allowed between two entries, or below the title, such as "Part II".
_BETWEEN: Final = 3


def contents_lines(lines: Sequence[str], *, marked: bool = False) -> set[int]:
    """The indices of the lines of a table of contents, including its title.

    Args:
        marked: only of one that has a title or dot leaders; others look as tables of figures that rise.

    >>> sorted(contents_lines(["Contents", "Purpose 1", "Leave 4", "Travel 9", "Leave is 25 days."]))
    [0, 1, 2, 3]
    """
    found: set[int] = set()
    for run in _runs(lines):
        above = range(max(0, run[0] - _BETWEEN), run[0])
        title = next((place for place in above if _TITLE.match(lines[place])), None)
        led = all(_LEADER.search(lines[place]) for place in run)
        if title is not None:
            if len(run) >= _TITLED:
                found.update(range(title, _last_entry(lines, run[-1]) + 1))
        elif len(run) >= (_LED if led else _PLAIN) and (led or not marked):
            found.update(range(run[0], run[-1] + 1))
    return found


def _last_entry(lines: Sequence[str], last: int) -> int:
    """The last line of a contents with a title that goes on behind `last`: there entries may have any numbers."""
    page, place = _page(lines[last], _ENTRY), last + 1
    while page is not None and place < min(len(lines), last + _BETWEEN + 1):
        later = _page(lines[place], _ENTRY)
        if later is not None and later >= page:
            page, last = later, place
        place += 1
    return last


def _runs(lines: Sequence[str]) -> Iterator[list[int]]:
    """Runs of nearby lines that end with ascending page numbers."""
    paged = [(place, page) for place, line in enumerate(lines) if (page := _page(line)) is not None]
    run: list[int] = []
    for (place, page), (following, later) in pairwise([*paged, (-1, -1)]):
        run.append(place)
        if following - place not in range(1, _BETWEEN + 1) or later < page:
            yield run
            run = []


def _page(line: str, entry: re.Pattern[str] = _PAGED) -> int | None:
    """The page number at the end of an entry; None for other lines."""
    if len(line) > _MAX_ENTRY:
        return None
    found = entry.match(_LABEL.sub("", _LEADER.sub(" ", line.strip()), count=1))
    return _value(found[1]) if found else None


def _value(page: str) -> int:
    """Roman numbers stand before all others."""
    if page.isdecimal():
        return int(page)
    values = [_ROMAN_VALUES[letter] for letter in page]
    return sum(-one if one < later else one for one, later in pairwise([*values, 0])) - _BEFORE_ALL
