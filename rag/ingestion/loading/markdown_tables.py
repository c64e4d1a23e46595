"""Tables of Markdown files: lines of cells parted by "|" below a line of dashes, as GitHub writes them, and HTML's.

A text's lines stay as many as they are, since they are counted for the reader: the line of dashes stays in its place,
and is no row; a table of HTML that has more rows than lines stays as it is written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final

from bs4 import BeautifulSoup

from rag.core.tables import Cell, Table, grid_of
from rag.core.types import LeftOut
from rag.ingestion.loading.table_heads import heads_of
from rag.ingestion.loading.table_text import row_line
from rag.ingestion.loading.text_flow import Written
from rag.ingestion.loading.web_styles import Styles
from rag.ingestion.loading.web_text import render

_DASHES: Final = re.compile(r"\s*+:?-++:?\s*+")
# What stands before each line of a quotation.
_QUOTED: Final = re.compile(r"(?: {0,3}> ?)*+")
_HTML_BEGINS: Final = re.compile(r" {0,3}<table[\s>]", re.IGNORECASE)
_HTML_TAG: Final = re.compile(r"<(/?)(table|tr)(?=[\s>])[^<>]*+>", re.IGNORECASE)
# What ends a line in a cell.
_BREAK: Final = re.compile(r"<br\s*+/?>|</?(?:ul|ol|li|p|div)(?:\s[^<>]{0,200})?>", re.IGNORECASE)


def with_tables(written: Written, code: Sequence[bool]) -> Written:
    """The text with each row of its tables as cells joined by " | ", and its tables. `code` tells which lines are."""
    if "|" not in written.text and "<table" not in written.text.lower():
        return written
    lines, tables, left_out = written.text.split("\n"), list[Table](), list[LeftOut]()
    ends = _html_ends(lines, code)
    made: list[str] = []
    starts: list[int] = []
    length = 0
    while (number := len(made)) < len(lines):
        some = [lines[number]]
        if "|" in lines[number] and (rows := _rows(lines, code, number)):
            some, table = _table(rows, lines[number : number + len(rows) + 1])
            tables.append(table.moved(length))
        elif number in ends and _HTML_BEGINS.match(lines[number]):
            some = lines[number : ends[number] + 1]
            if html := _html(some):
                some = html.text.split("\n")
                tables += [table.moved(length) for table in html.tables]
                left_out += [replace(one, start=one.start + length) for one in html.left_out]
        for line in some:
            starts.append(length)
            length += len(line) + 1
        made += some
    old = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def moved(place: int) -> int:
        line = min(bisect_right(old, place), len(lines)) - 1
        return starts[line] + min(place - old[line], len(made[line]))

    headings = [replace(one, start=moved(one.start)) for one in written.headings]
    left_out += [replace(one, start=moved(one.start)) for one in written.left_out]
    left_out.sort(key=lambda one: one.start)
    return Written("\n".join(made), headings, left_out, tables)


def _rows(lines: list[str], code: Sequence[bool], number: int) -> list[list[str]]:
    """The cells of the rows of a table whose heads stand in this line; none where no table begins."""
    if number + 1 >= len(lines) or code[number] or code[number + 1]:
        return []
    quoted = _depth(lines[number])
    if _depth(lines[number + 1]) != quoted:
        return []
    heads, dashes = _cells(lines[number]), _cells(lines[number + 1])
    if len(heads) != len(dashes) or not all(map(_DASHES.fullmatch, dashes)) or "|" not in lines[number + 1]:
        return []
    rows = [heads]
    for line, is_code in zip(lines[number + 2 :], code[number + 2 :], strict=True):
        if "|" not in line or is_code or _depth(line) != quoted:
            break
        rows.append(_cells(line))
    return rows


def _quote(line: str) -> str:
    found = _QUOTED.match(line)
    return found[0] if found else ""


def _depth(line: str) -> int:
    """In how many quotations a line stands."""
    return _quote(line).count(">")


def _cells(line: str) -> list[str]:
    """What stands between the bars that are not escaped; a bar at either end begins or ends no cell."""
    parts, start, place = [], 0, 0
    line = line[len(_quote(line)) :]
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
    return ["\n".join(filter(None, map(str.strip, _BREAK.split(part.replace("\\|", "|"))))) for part in parts]


def _table(rows: list[list[str]], source: Sequence[str]) -> tuple[list[str], Table]:
    """The lines that are written for those of the source, the second of them dashes, and the table."""
    width = max(map(len, rows))
    cells = tuple(Cell(number, column, text) for number, row in enumerate(rows) for column, text in enumerate(row))
    grid = grid_of(cells, len(rows), width)
    quotes = [_quote(line) for line in (source[0], *source[2:])]
    lines = [quote + row_line(row) for quote, row in zip(quotes, grid, strict=True)]
    places, start = [], 0
    for number, (line, quote) in enumerate(zip(lines, quotes, strict=True)):
        places.append((start + len(quote), start + len(line)))
        start += len(line) + 1 + (len(source[1]) + 1 if number == 0 else 0)
    named = any(rows[0])
    table = Table(cells, tuple(places), int(named), 0, heads_of(grid, 1) if named else ())
    return [lines[0], source[1], *lines[1:]], table


def _html_ends(lines: list[str], code: Sequence[bool]) -> dict[int, int]:
    """Of each line that begins a table of HTML the line that ends it; of those in others too."""
    ends: dict[int, int] = {}
    open_ones: list[int] = []
    for number, (line, is_code) in enumerate(zip(lines, code, strict=True)):
        if is_code:
            open_ones.clear()
            continue
        for tag in _HTML_TAG.finditer(line) if "<" in line else ():
            if tag[2].lower() != "table":
                continue
            if not tag[1]:
                open_ones.append(number)
            elif open_ones:
                ends[open_ones.pop()] = number
    return ends


def _html(lines: list[str]) -> Written | None:
    """A table of HTML on as many lines as it has; None where it is none, or does not fit on them."""
    if lines[-1].lower().rpartition("</table")[2].strip() != ">":
        return None
    count = len(lines)
    rows = [
        place
        for place, line in enumerate(lines)
        for tag in _HTML_TAG.finditer(line)
        if not tag[1] and tag[2].lower() == "tr"
    ]
    soup = BeautifulSoup("\n".join(lines), "lxml")
    written = render(soup.body or soup, Styles(soup))
    texts = written.text.split("\n")
    if not written.tables or len(texts) > count:
        return None
    # Each row stands where it is written, if there is nothing but rows, each in a line of its own.
    at = rows if len(rows) == len(texts) == len(set(rows)) else range(len(texts))
    made = [""] * count
    for place, text in zip(at, texts, strict=True):
        made[place] = text
    old, new = (list(accumulate((len(line) + 1 for line in some), initial=0)) for some in (texts, made))

    def moved(place: int) -> int:
        line = min(bisect_right(old, place), len(texts)) - 1
        return new[at[line]] + place - old[line]

    tables = [
        replace(one, rows=tuple((moved(start), moved(start) + end - start) for start, end in one.rows), caption=(0, 0))
        for one in written.tables
    ]
    left_out = [replace(one, start=moved(one.start)) for one in written.left_out]
    return Written("\n".join(made), [], left_out, tables)
