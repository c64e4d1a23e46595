"""Which cells of a sheet belong together: its tables, and the lines that stand alone.

Empty rows and columns part a sheet. What is parted so is put together again where the rows below have no heads of
their own, or the columns beside: then the gap only sets off a group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from rag.core.tables import Cell, grid_of
from rag.ingestion.loading.table_heads import head_rows, is_figure

# Rows at the top that are looked at to see whether a stretch has heads of its own.
_LOOKED_AT: Final = 12


@dataclass(frozen=True, slots=True)
class SheetItem:
    """A cell that shows something, at its row and column of the sheet, counted from 0 without what is hidden."""

    row: int
    column: int
    text: str
    row_span: int = 1
    column_span: int = 1
    bold: bool = False


@dataclass(frozen=True)
class Region:
    """Cells that belong together, in the order of their rows. `heads` is how many rows the file itself calls heads."""

    items: tuple[SheetItem, ...]
    heads: int = 0
    declared: bool = field(default=False)

    @cached_property
    def rows(self) -> list[int]:
        """The rows in which something begins or goes on."""
        return sorted({row for item in self.items for row in range(item.row, item.row + item.row_span)})

    @cached_property
    def columns(self) -> list[int]:
        return sorted({one for item in self.items for one in range(item.column, item.column + item.column_span)})

    def cells(self) -> list[Cell]:
        """The cells with rows and columns counted from the region's first, without those that are empty."""
        row = {number: place for place, number in enumerate(self.rows)}
        column = {number: place for place, number in enumerate(self.columns)}
        return [Cell(row[i.row], column[i.column], i.text, i.row_span, i.column_span) for i in self.items]

    @cached_property
    def top(self) -> list[list[str]]:
        """The words of its first rows."""
        last = self.rows[:_LOOKED_AT][-1]
        near = Region(tuple(item for item in self.items if item.row <= last))
        return grid_of(near.cells(), len(near.rows), len(near.columns))[:_LOOKED_AT]

    @cached_property
    def bold_rows(self) -> int:
        """The first rows that are bold throughout, where those after them are not."""
        bold: dict[int, bool] = {}
        for item in self.items:
            bold[item.row] = bold.get(item.row, True) and item.bold
        return next((number for number, row in enumerate(sorted(bold)) if not bold[row]), 0)

    @property
    def has_heads(self) -> bool:
        return bool(self.heads or self.bold_rows or head_rows(self.top))


def regions(items: Sequence[SheetItem]) -> list[Region]:
    """The regions of a sheet, from the top to the bottom, side by side from the left."""
    found = list(_parted(Region(tuple(items)))) if items else []
    return sorted(found, key=lambda one: (one.rows[0], one.columns[0]))


def _parted(region: Region) -> Iterator[Region]:
    bands = _bands(region)
    if len(bands) > 1:
        yield from _joined([part for band in bands for part in _parted(band)])
        return
    sides = _sides(region)
    if len(sides) > 1:
        for side in sides:
            yield from _parted(side)
    else:
        yield region


def _bands(region: Region) -> list[Region]:
    """What empty rows part."""
    bands: list[list[SheetItem]] = []
    end = -1
    for item in sorted(region.items, key=lambda one: (one.row, one.column)):
        if not bands or item.row > end:
            bands.append([])
        bands[-1].append(item)
        end = max(end, item.row + item.row_span)
    return [Region(tuple(band)) for band in bands] if len(bands) > 1 else [region]


def _sides(region: Region) -> list[Region]:
    """What empty columns part, where each side is a table or text of its own."""
    starts = [
        column for before, column in zip([-9, *region.columns], region.columns, strict=False) if column > before + 1
    ]
    sides: list[Region] = []
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else region.columns[-1] + 1
        side = Region(tuple(item for item in region.items if start <= item.column < end))
        if sides and not _own(side):
            side = Region(tuple(sorted((*sides.pop().items, *side.items), key=lambda one: (one.row, one.column))))
        sides.append(side)
    return sides if len(sides) > 1 and _own(sides[0]) else [region]


def _own(side: Region) -> bool:
    """Whether columns stand for themselves: they have names for their rows, and heads."""
    below = [row[0] for row in side.top[1:] if row[0]]
    if len(side.columns) < 2 or not below:
        return False
    return side.has_heads and not all(map(is_figure, below))


def _joined(parts: Sequence[Region]) -> Iterator[Region]:
    """The same, each put to the one above it where it only goes on."""
    last: Region | None = None
    for part in parts:
        if last is not None and _goes_on(last, part):
            last = Region((*last.items, *part.items), last.heads)
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last


def _goes_on(above: Region, below: Region) -> bool:
    wide = len(above.columns) > 1 and len(below.columns) > 1
    same = wide and above.columns[0] == below.columns[0] and above.columns[-1] >= below.columns[-1]
    if not same or not above.has_heads:
        return False
    return not (below.bold_rows or head_rows(below.top))
