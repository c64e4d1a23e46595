"""Tables of reStructuredText: drawn ones, and the directives that make one of a list or of values parted by commas.

A text's lines stay as many as they are: a row stands in the line where it begins.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rag.core.tables import Cell, Table, grid_of
from rag.ingestion.loading.rst_drawn import Drawn, drawn_at, indent_of, words_of
from rag.ingestion.loading.table_heads import heads_of
from rag.ingestion.loading.table_text import row_line

_MADE: Final = re.compile(r"\s{0,80}\.\. (list-table|csv-table|table)::")
_OPTION: Final = re.compile(r"\s{0,99}:([a-z-]{1,30}):[ \t]*+(.*+)")
_PROGRAM: Final = re.compile(r"\s{0,80}\.\. (?:code|code-block|sourcecode|parsed-literal|math|raw)::")
_ITEM: Final = re.compile(r"(\s*+)(\* +)?-(?:\s|$)")
_DELIMITERS: Final = {"tab": "\t", "space": " "}
_SPANS: Final = 200


def tables_of(source: Sequence[str], shown: Sequence[str]) -> list[Drawn]:
    """The tables of a text, in order. `shown` are its lines without what is left out."""
    found: list[Drawn] = []
    place = 0
    caption: int | None = None
    while place < len(source):
        table = None
        if made := _MADE.match(source[place]):
            caption = place if shown[place].strip() else None
            if made[1] != "table":
                table = _from_directive(source, shown, place, made[1])
        elif shown[place].strip():
            table = drawn_at(shown, place)
            if table is not None and _is_program(source, place):
                table = None
            elif table is not None and caption is not None:
                table = replace(table, caption=caption)
            caption = None
        if table is not None:
            found.append(table)
            place = table.last
        place += 1
    return found


def _is_program(source: Sequence[str], place: int) -> bool:
    """Whether a line belongs to a stretch that is shown sign by sign."""
    indent = indent_of(source[place])
    for line in reversed(source[max(0, place - 200) : place]):
        if line.strip() and indent_of(line) < indent:
            return bool(_PROGRAM.match(line)) or (line.rstrip().endswith("::") and not line.lstrip().startswith(".. "))
    return False


def _from_directive(source: Sequence[str], shown: Sequence[str], place: int, kind: str) -> Drawn | None:
    indent = indent_of(source[place])
    last = place
    while last + 1 < len(source) and (not source[last + 1].strip() or indent_of(source[last + 1]) > indent):
        last += 1
    while not source[last].strip():
        last -= 1
    options: dict[str, tuple[str, int]] = {}
    begin = place + 1
    while begin <= last and (option := _OPTION.match(source[begin])):
        options[option[1]] = (option[2].strip(), begin)
        begin += 1
    words = range(begin, last + 1)
    rows = list(_listed(source, words) if kind == "list-table" else _parted(source, words, options))
    if not rows or not any(any(row) for _, row in rows):
        return None
    cells = [Cell(number, column, text) for number, (_, row) in enumerate(rows) for column, text in enumerate(row)]
    heads = _number(options, "header-rows") + (kind == "csv-table" and "header" in options)
    columns = _number(options, "stub-columns")
    caption = place if shown[place].strip() else None
    first = min(begin, rows[0][0])
    return Drawn(first, last, [at for at, _ in rows], cells, min(heads, len(rows) - 1), columns, caption)


def _number(options: dict[str, tuple[str, int]], name: str) -> int:
    said = options.get(name, ("", 0))[0]
    return min(int(said), _SPANS) if said.isdecimal() else 0


def _listed(source: Sequence[str], numbers: range) -> Iterator[tuple[int, list[str]]]:
    """The rows of a list of lists; nothing where it is none."""
    at, row = -1, list[list[str]]()
    edge = -1  # where the mark of a cell stands
    for number in numbers:
        line = source[number]
        item = _ITEM.match(line)
        if item and item[2] and (edge < 0 or len(item[1]) + len(item[2]) == edge):
            if row:
                yield at, [words_of(lines) for lines in row]
            edge = len(item[1]) + len(item[2])
            at, row = number, [[line[item.end() :]]]
        elif item and not item[2] and len(item[1]) == edge:
            row.append([line[item.end() :]])
        elif row:
            row[-1].append(line)
    if row:
        yield at, [words_of(lines) for lines in row]


def _parted(
    source: Sequence[str], numbers: range, options: dict[str, tuple[str, int]]
) -> Iterator[tuple[int, list[str]]]:
    """The rows of values parted by a sign, the heads among the options first."""
    delimiter = options.get("delim", (",", 0))[0]
    delimiter = _DELIMITERS.get(delimiter, delimiter)[:1] or ","
    head, at = options.get("header", ("", 0))
    try:
        if head:
            yield at, next(csv.reader([head], delimiter=delimiter, skipinitialspace=True))
        lines = [source[number].strip() + "\n" for number in numbers]
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        before = 0
        for row in reader:
            if any(row):
                yield numbers[before], [cell.strip() for cell in row]
            before = reader.line_num
    except (csv.Error, TypeError, ValueError):
        return


def written_rows(drawn: Drawn, indent: str, start: int, places: Sequence[int]) -> tuple[list[str], Table]:
    """The lines that stand for a table's, the first at `start` in the text, and the table."""
    width = max(cell.column + cell.column_span for cell in drawn.cells)
    grid = grid_of(drawn.cells, len(drawn.at), width)
    lines = [""] * (drawn.last - drawn.first + 1)
    for row, at in zip(grid, drawn.at, strict=True):
        lines[at - drawn.first] = indent + row_line(row)
    starts = []
    for line in lines:
        starts.append(start)
        start += len(line) + 1
    rows = tuple(
        (starts[at - drawn.first] + len(indent), starts[at - drawn.first] + len(lines[at - drawn.first]))
        for at in drawn.at
    )
    caption = (0, 0) if drawn.caption is None else (places[drawn.caption], places[drawn.caption + 1] - 1)
    heads = heads_of(grid, drawn.head_rows)
    return lines, Table(tuple(drawn.cells), rows, drawn.head_rows, min(drawn.head_columns, width - 1), heads, caption)
