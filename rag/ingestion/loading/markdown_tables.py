"""Tables of Markdown files: lines of cells parted by "|" below a line of dashes, as GitHub writes them.

A text's lines stay as many as they are, since they are counted for the reader: the line of dashes stays in its place,
and is no row.
"""

from __future__ import annotations

import re
from typing import Final

from rag.core.tables import Cell, Table, grid_of
from rag.ingestion.loading.table_heads import heads_of
from rag.ingestion.loading.table_text import row_line

_DASHES: Final = re.compile(r"\s*+:?-++:?\s*+")
_BREAK: Final = re.compile(r"<br\s*+/?>", re.IGNORECASE)
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


def with_tables(text: str) -> tuple[str, list[Table]]:
    """The text, each row of its tables as cells joined by " | ", and the tables."""
    if "|" not in text:
        return text, []
    lines, tables = text.split("\n"), []
    written: list[str] = []
    fence, number, length = "", 0, 0
    while number < len(lines):
        line = lines[number]
        if mark := _FENCE.match(line):
            fence = "" if fence and line.strip().startswith(fence) else fence or mark[1]
        rows = _rows(lines, number) if not fence and "|" in line else []
        made = [line]
        if rows:
            made, table = _table(rows, lines[number + 1])
            tables.append(table.moved(length))
        written += made
        length += sum(len(one) + 1 for one in made)
        number += len(made)
    return "\n".join(written), tables


def _rows(lines: list[str], number: int) -> list[list[str]]:
    """The cells of the rows of a table whose heads stand in this line; none where no table begins."""
    if number + 1 >= len(lines):
        return []
    heads, dashes = _cells(lines[number]), _cells(lines[number + 1])
    if len(heads) != len(dashes) or not all(map(_DASHES.fullmatch, dashes)) or "|" not in lines[number + 1]:
        return []
    rows = [heads]
    for line in lines[number + 2 :]:
        if "|" not in line or not line.strip():
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
