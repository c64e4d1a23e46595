"""Tables of Markdown files: lines of cells parted by "|" below a line of dashes, as GitHub writes them.

A text's lines stay as many as they are, since they are counted for the reader: the line of dashes stays in its place,
and is no row.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final

from rag.core.tables import Cell, Table, grid_of
from rag.ingestion.loading.table_heads import heads_of
from rag.ingestion.loading.table_text import row_line
from rag.ingestion.loading.text_flow import Written

_DASHES: Final = re.compile(r"\s*+:?-++:?\s*+")
_BREAK: Final = re.compile(r"<br\s*+/?>", re.IGNORECASE)


def with_tables(written: Written, code: Sequence[bool]) -> Written:
    """The text with each row of its tables as cells joined by " | ", and its tables. `code` tells which lines are."""
    if "|" not in written.text:
        return written
    lines, tables = written.text.split("\n"), []
    made: list[str] = []
    starts: list[int] = []
    length = 0
    while (number := len(made)) < len(lines):
        some = [lines[number]]
        rows = _rows(lines, code, number) if "|" in lines[number] else []
        if rows:
            some, table = _table(rows, lines[number + 1])
            tables.append(table.moved(length))
        for line in some:
            starts.append(length)
            length += len(line) + 1
        made += some
    old = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def moved(place: int) -> int:
        line = min(bisect_right(old, place), len(lines)) - 1
        return starts[line] + min(place - old[line], len(made[line]))

    headings = [replace(one, start=moved(one.start)) for one in written.headings]
    left_out = [replace(one, start=moved(one.start)) for one in written.left_out]
    return Written("\n".join(made), headings, left_out, tables)


def _rows(lines: list[str], code: Sequence[bool], number: int) -> list[list[str]]:
    """The cells of the rows of a table whose heads stand in this line; none where no table begins."""
    if number + 1 >= len(lines) or code[number] or code[number + 1]:
        return []
    heads, dashes = _cells(lines[number]), _cells(lines[number + 1])
    if len(heads) != len(dashes) or not all(map(_DASHES.fullmatch, dashes)) or "|" not in lines[number + 1]:
        return []
    rows = [heads]
    for line, is_code in zip(lines[number + 2 :], code[number + 2 :], strict=True):
        if "|" not in line or is_code:
            break
        rows.append(_cells(line))
    return rows


def _cells(line: str) -> list[str]:
    """What stands between the bars that are not escaped; a bar at either end begins or ends no cell."""
    parts, start, place = [], 0, 0
    while place < len(line):
        if line[place] == "\\":
            place += 1
        elif line[place] == "|":
            parts.append(line[start:place])
            start = place + 1
        place += 1
    parts.append(line[start:])
    if len(parts) > 1 and not parts[0].strip():
        parts = parts[1:]
    if len(parts) > 1 and not parts[-1].strip():
        parts = parts[:-1]
    return [_BREAK.sub("\n", part.strip().replace("\\|", "|")) for part in parts]


def _table(rows: list[list[str]], dashes: str) -> tuple[list[str], Table]:
    width = max(map(len, rows))
    cells = tuple(Cell(number, column, text) for number, row in enumerate(rows) for column, text in enumerate(row))
    grid = grid_of(cells, len(rows), width)
    lines = [row_line(row) for row in grid]
    places, start = [], 0
    for number, line in enumerate(lines):
        places.append((start, start + len(line)))
        start += len(line) + 1 + (len(dashes) + 1 if number == 0 else 0)
    named = any(rows[0])
    table = Table(cells, tuple(places), int(named), 0, heads_of(grid, 1) if named else ())
    return [lines[0], dashes, *lines[1:]], table
