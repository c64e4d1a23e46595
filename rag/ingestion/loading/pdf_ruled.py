"""Tables drawn with ruling lines: the lines make the grid, what is missing of them merges cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rag.ingestion.loading.pdf_grid import GridCell
from rag.ingestion.loading.pdf_rules import Rule, Rules
from rag.ingestion.loading.pdf_words import Word

# Points: lines that come so near cross; lines so near are one.
_CROSS: Final = 4.0
_SAME: Final = 3.0
_MOST_CELLS: Final = 6000
_OUTER: Final = 6.0


@dataclass(slots=True)
class Ruled:
    """A grid of lines: heights from the top, places from the left."""

    heights: list[float]
    places: list[float]
    levels: list[Rule]
    uprights: list[Rule]

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.places[0], self.heights[-1], self.places[-1], self.heights[0]


def grids(rules: Rules) -> list[Ruled]:
    """The grids that lines which cross make, each with at least two columns or rows."""
    level, upright = rules.level, rules.upright
    if len(level) < 2 or not upright or len(level) * len(upright) > 200_000:
        return []
    parent = list(range(len(level) + len(upright)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for i, line in enumerate(level):
        for j, other in enumerate(upright, len(level)):
            if _crosses(line, other) and _crosses(other, line):
                parent[root(i)] = root(j)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for i, line in enumerate(level):
        groups.setdefault(root(i), ([], []))[0].append(line)
    for j, other in enumerate(upright, len(level)):
        groups.setdefault(root(j), ([], []))[1].append(other)
    found = [_grid(*group) for group in groups.values() if len(group[0]) >= 2 and group[1]]
    return sorted((one for one in found if one), key=lambda one: -one.heights[0])


def _crosses(line: Rule, other: Rule) -> bool:
    return line.low - _CROSS <= other.at <= line.high + _CROSS


def _grid(levels: list[Rule], uprights: list[Rule]) -> Ruled | None:
    left, right = min(rule.low for rule in levels), max(rule.high for rule in levels)
    places = _distinct([*(rule.at for rule in uprights), left, right])
    heights = _distinct([rule.at for rule in levels])[::-1]
    low, high = min(rule.low for rule in uprights), max(rule.high for rule in uprights)
    ends = {rule.low for rule in uprights} | {rule.high for rule in uprights}
    if low + _OUTER < heights[-1] and high - _OUTER > heights[0] and len(_distinct([*ends])) == 2:
        heights = [high, *heights, low]  # the outermost rows have no line around them
    if len(places) < 3 or len(heights) < 2 or len(places) * len(heights) > _MOST_CELLS:
        return None
    return Ruled(heights, places, levels, uprights)


def _distinct(values: Sequence[float]) -> list[float]:
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > _SAME:
            found.append(value)
    return found


def cells_of(grid: Ruled, words: Sequence[Word]) -> list[GridCell]:
    """The cells with their words. Two neighbours without a line between them are one."""
    rows, columns = len(grid.heights) - 1, len(grid.places) - 1
    owner = {(r, c): (r, c) for r in range(rows) for c in range(columns)}

    def root(one: tuple[int, int]) -> tuple[int, int]:
        while owner[one] != one:
            one = owner[one]
        return one

    for r in range(rows):
        middle = (grid.heights[r] + grid.heights[r + 1]) / 2
        for c in range(columns):
            if c + 1 < columns and not _drawn(grid.uprights, grid.places[c + 1], middle):
                owner[root((r, c + 1))] = root((r, c))
            across = (grid.places[c] + grid.places[c + 1]) / 2
            if r + 1 < rows and not _drawn(grid.levels, grid.heights[r + 1], across):
                owner[root((r + 1, c))] = root((r, c))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place in owner:
        groups.setdefault(root(place), []).append(place)
    cells: dict[tuple[int, int], GridCell] = {}
    for group in groups.values():
        top, left = min(r for r, _ in group), min(c for _, c in group)
        bottom, right = max(r for r, _ in group), max(c for _, c in group)
        cell = GridCell(top, left, [], bottom - top + 1, right - left + 1)
        cells.update(dict.fromkeys(group, cell))
    for word in words:
        where = _place(grid, (word.left + word.right) / 2, word.middle)
        if where:
            cells[where].words.append(word)
    return list({id(cell): cell for cell in cells.values()}.values())


def _drawn(rules: Sequence[Rule], at: float, where: float) -> bool:
    return any(abs(rule.at - at) <= _SAME and rule.low - 1 <= where <= rule.high + 1 for rule in rules)


def _place(grid: Ruled, x: float, y: float) -> tuple[int, int] | None:
    row = sum(height > y for height in grid.heights) - 1
    column = sum(place < x for place in grid.places) - 1
    inside = 0 <= row < len(grid.heights) - 1 and 0 <= column < len(grid.places) - 1
    return (row, column) if inside else None
