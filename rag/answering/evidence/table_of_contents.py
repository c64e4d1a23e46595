"""Detection of tables of contents, whose lines point to facts and state none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

# "Annual leave ........ 14", "第一章 总则 …… 3".
_LEADER: Final = re.compile(
    r"(?:(?<![.·_])(?<![.·_]\s)(?:[.·_]\s?+){4,}+|(?<![…⋯])(?<![…⋯]\s)(?:[…⋯]\s?+)++)\s*+(?=\d{1,4}$)"
)
# Label at the start of a line: "Item 1A.", "2.3", "Part II", "第一章".
_LABEL: Final = re.compile(
    r"^\W*(?:(?:item|chapter|part|section|appendix|note)\s+)?(?:(?:\d{1,3}|[A-Z]|[IVX]+)(?:\.\d+)*[A-Z]?[.):]?\s+)?",
    re.IGNORECASE,
)
# A heading and a page number; no other numbers but years.
_PAGED: Final = re.compile(r"^[^\W\d_a-z](?:[^\d\n]|\b(?:19|20)\d\d\b){2,120}?[\s.](\d{1,3})$")
_TITLE: Final = re.compile(r"^\W*+(?:(?:table of )?contents|index|目\s*+[录錄次])\W*+(?:page\W*+)?$", re.IGNORECASE)
# Minimum of consecutive entries with ascending pages: below a title, with dot leaders, without either.
_TITLED: Final = 2
_LED: Final = 4
_PLAIN: Final = 8
# Maximum characters of an entry.
_MAX_ENTRY: Final = 160
# Other lines allowed between two entries, or below the title, such as "Part II".
_BETWEEN: Final = 3


def contents_lines(lines: Sequence[str]) -> set[int]:
    """The indices of the lines of a table of contents, including its title.

    >>> sorted(contents_lines(["Contents", "Purpose 1", "Leave 4", "Travel 9", "Leave is 25 days."]))
    [0, 1, 2, 3]
    """
    found: set[int] = set()
    for run in _runs(lines):
        above = range(max(0, run[0] - _BETWEEN), run[0])
        title = next((place for place in above if _TITLE.match(lines[place])), None)
        led = all(_LEADER.search(lines[place]) for place in run)
        if len(run) >= (_TITLED if title is not None else _LED if led else _PLAIN):
            found.update(range(run[0] if title is None else title, run[-1] + 1))
    return found


def _runs(lines: Sequence[str]) -> Iterator[list[int]]:
    """Runs of nearby lines that end with ascending page numbers."""
    paged = [(place, page) for place, line in enumerate(lines) if (page := _page(line)) is not None]
    run: list[int] = []
    for (place, page), (following, later) in pairwise([*paged, (-1, -1)]):
        run.append(place)
        if following - place not in range(1, _BETWEEN + 1) or later < page:
            yield run
            run = []


def _page(line: str) -> int | None:
    """The page number at the end of an entry; None for other lines."""
    if len(line) > _MAX_ENTRY:
        return None
    found = _PAGED.match(_LABEL.sub("", _LEADER.sub(" ", line.strip()), count=1))
    return int(found[1]) if found else None
