"""Running heads, running feet and page numbers: lines at the edges of pages that say the same, or count."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from statistics import median
from typing import Final

from rag.ingestion.loading.shown_lines import Shown

# Rows of lines at either edge that may be running heads.
_DEEPEST: Final = 4
# So often a line stands at the same height of pages that follow each other, before it is a running head.
_LEAST_PAGES: Final = 3
_FARTHEST: Final = 2
_SHORTEST: Final = 2
_COUNTS: Final = re.compile(r"<-?\d{1,4}>")
_SAME_HEIGHT: Final = 3.0
_LONGEST: Final = 200
_FIGURES: Final = re.compile(r"\d{1,4}")
_ROMAN: Final = r"[ivxl]{1,7}|[IVXL]{1,7}"
_PAGE_NUMBER: Final = re.compile(
    rf"(?:[-–—|•\[(]\s?)?(?:(?:page|p\.|seite|s\.|第)\s?)?(?:\d{{1,4}}|{_ROMAN})(?:\s?(?:of|von|/|\|)\s?\d{{1,4}})?(?:\s?[-–—|•\])页])?",
    re.IGNORECASE,
)
# A number alone is the page's where so much of a line's height is free beside it.
_FREE: Final = 1.6
_LONGEST_LABEL: Final = 5
# No more rows are taken for running heads where no gap sets them off.
_FEW: Final = 2


# The lines of one wording at the top or foot of pages: page, height, id.
_Places = defaultdict[tuple[str, bool], list[tuple[int, float, int]]]


def running_heads(pages: Sequence[Sequence[Shown]], labels: Sequence[str]) -> list[set[int]]:
    """For each page the ids of the lines that are no part of its text."""
    places: _Places = defaultdict(list)
    for number, page in enumerate(pages):
        for row, top in _edges(page):
            for line in row:
                if line.table is not None:  # its heads may stand on each page
                    continue
                for key in _keys(line.text, number, labels[number]):
                    places[key, top].append((number, line.line.baseline, id(line)))
    repeated = {one for some in places.values() for one in _repeated(some)}
    repeated |= _by_turns(places)
    if len(pages) == _LEAST_PAGES:
        repeated |= _between_two(places)
    if len(pages) == _SHORTEST:  # what counts both pages is their number
        counted = [some for (key, _), some in places.items() if _COUNTS.search(key) and len(some) == _SHORTEST]
        repeated |= {one for some in counted if _level(some[0], some[1]) for _, _, one in some}
    return [_outermost(page, repeated, labels[number]) for number, page in enumerate(pages)]


def _rows(page: Sequence[Shown]) -> list[list[Shown]]:
    """The lines of a page from its top down, those side by side together."""
    rows: list[list[Shown]] = []
    for line in sorted(page, key=lambda line: -line.line.baseline):
        if rows and rows[-1][0].line.baseline - line.line.baseline < _SAME_HEIGHT:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _edges(page: Sequence[Shown]) -> Iterator[tuple[list[Shown], bool]]:
    rows = _rows(page)
    for row in rows[:_DEEPEST]:
        yield row, True
    for row in rows[-_DEEPEST:]:
        yield row, False


def _keys(text: str, number: int, label: str) -> set[str]:
    """What a line says, also with each of its figures as its distance from the page's number: "Report <3>"."""
    text = " ".join(text.split())[:_LONGEST]
    keys = {text}
    for figure in _FIGURES.finditer(text):
        keys.add(f"{text[: figure.start()]}<{int(figure.group()) - number}>{text[figure.end() :]}")
    if label and not label.isdecimal() and text.endswith(label):
        keys.add(f"{text.removesuffix(label)}<label>")
    return keys


def _repeated(places: list[tuple[int, float, int]]) -> Iterator[int]:
    """The ids of those that stand at one height of pages that follow each other, or of every other page."""
    if len({number for number, _, _ in places}) < _LEAST_PAGES:
        return
    middle = median(height for _, height, _ in places)
    level = [place for place in places if abs(place[1] - middle) <= _SAME_HEIGHT]
    run: list[tuple[int, float, int]] = []
    for place in [*level, (10**9, 0.0, 0)]:
        if run and place[0] - run[-1][0] > _FARTHEST:
            if len({number for number, _, _ in run}) >= _LEAST_PAGES:
                yield from (one for _, _, one in run)
            run = []
        run.append(place)


def _by_turns(places: _Places) -> set[int]:
    """The ids of two lines that stand at one height by turns, on left and on right pages."""
    found: set[int] = set()
    turns: defaultdict[tuple[bool, int], list[list[tuple[int, float, int]]]] = defaultdict(list)
    for (_, top), some in places.items():
        numbers = [number for number, _, _ in some]
        if len(some) > 1 and all(after - before == _FARTHEST for before, after in pairwise(numbers)):
            turns[top, numbers[0] % 2].append(some)
    for (top, odd), ones in turns.items():
        for one, other in product(ones, turns.get((top, 1 - odd), ()) if odd else ()):
            near = abs(one[0][0] - other[0][0]) == 1 and _level(one[0], other[0]) and _level(one[0], one[-1])
            if near and _level(other[0], other[-1]):
                found.update(id_ for _, _, id_ in (*one, *other))
    return found


def _between_two(places: _Places) -> set[int]:
    """Of three pages the ids of two lines that say the same, and of the one at their height on the page between.

    Each holds the number of its page, counted alike.
    """
    found: set[int] = set()
    counted = [(set(_COUNTS.findall(key)), top, some) for (key, top), some in places.items() if "<" in key]
    for counts, top, some in counted:
        if [number for number, _, _ in some] != [0, 2] or not _level(some[0], some[1]):
            continue
        for others, at, one in counted:
            if at == top and counts & others and len(one) == 1 and one[0][0] == 1 and _level(one[0], some[0]):
                found.update(id_ for _, _, id_ in (*some, *one))
    return found


def _level(one: tuple[int, float, int], other: tuple[int, float, int]) -> bool:
    return one[0] != other[0] and abs(one[1] - other[1]) <= _SAME_HEIGHT


def _outermost(page: Sequence[Shown], repeated: set[int], label: str) -> set[int]:
    """Of the repeated lines those that only others stand between and the edge of the page, and its number."""
    rows = _rows(page)
    return _from_edge(rows, repeated, label) | _from_edge(rows[::-1], repeated, label)


def _from_edge(rows: list[list[Shown]], repeated: set[int], label: str) -> set[int]:
    """What is dropped at one edge; the rows are in order from it."""
    chain: list[set[int]] = []
    apart = 0  # so many of them are followed by a gap
    ends = False
    for place, row in enumerate(rows[: _DEEPEST + 1]):
        beyond = rows[place + 1][0].line.baseline if place + 1 < len(rows) else None
        free = beyond is None or abs(row[0].line.baseline - beyond) > _FREE * row[0].line.size
        chain.append({id(line) for line in row if id(line) in repeated or _is_number(line, label, free=free)})
        ends = len(chain[-1]) < len(row)
        if ends:
            break
        apart = place + 1 if free else apart
    # Where much that is near repeats itself, only what stands apart from the text is a head.
    return set().union(*(chain if ends and len(chain) <= _FEW + 1 else chain[:apart]))


def _is_number(line: Shown, label: str, *, free: bool) -> bool:
    text = line.text.strip()
    if line.table is not None:
        return False
    return (text == label and len(text) < _LONGEST_LABEL) or (free and _PAGE_NUMBER.fullmatch(text) is not None)
