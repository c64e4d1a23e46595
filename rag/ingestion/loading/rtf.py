"""Rich Text Format becomes text, by striprtf; the rows of its tables are known by marks set before."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, takewhile
from operator import itemgetter
from typing import Final

from rag.core.errors import DamagedFile, NoWords
from rag.core.tables import CELL_BORDER, Cell
from rag.core.types import LeftOut, LoadedDocument
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.rtf_marks import CELL, LINE, ROW, marked, unmarked
from rag.ingestion.loading.table_text import write_table
from rag.ingestion.loading.text_flow import TextFlow, Written
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of

_TITLE: Final = re.compile(r"\{\\title ([^{}\\]{1,200})\}")
# The programs that draw pictures write their bytes as digits: nothing of them is text.
_BYTES: Final = re.compile(r"(?<![0-9A-Fa-f\r\n])[0-9A-Fa-f\r\n]{4000,}+")
# A mark before what may be left out counts at the beginning of a group alone.
_STRAY: Final = re.compile(r"(?<![{\s\\])\\\*")
# The number or the bullet of an item, as the program that wrote the file shows it; readers look away from both.
_ITEM: Final = re.compile(r"\{\\(?:listtext|pntext)\b([^{}]*+)\}")
_CONTROL: Final = re.compile(r"\\[a-z]++-?\d*+ ?|\\'[0-9a-f]{2}")
_BULLET: Final = "\\'95"
_NUMBER: Final = re.compile(r"\(?\w{1,6}+(?:\.\w{1,4}+)*+[.):]+|\(?\d[\d.]*+\)?")
# Twips between edges that are one: a tenth of an inch is 144.
_SAME_EDGE: Final = 30

_Row = tuple[list[str], list[tuple[int, str]], bool]


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """A text in RTF.

    Raises:
        DamagedFile: it cannot be taken apart.
        NoWords: nothing is written in it.
    """
    from striprtf.striprtf import rtf_to_text

    source = _ITEM.sub(_item, _STRAY.sub("", _BYTES.sub("", data.decode("cp1252", "replace"))))
    try:
        found = unmarked(rtf_to_text(marked(source), errors="replace"))
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        raise DamagedFile(name=name, expected="rtf") from error
    if not any(line.strip() for line, _ in found):
        raise NoWords(name=name)
    title = _TITLE.search(source)
    return in_parts(name, title_of(title[1] if title else "", name), options.kind, _with_tables(found))


def _item(shown: re.Match[str]) -> str:
    number = _CONTROL.sub("", shown[1]).strip()
    return f"{{{number if _NUMBER.fullmatch(number) else _BULLET} }}"


def _with_tables(found: Sequence[tuple[str, list[LeftOut]]]) -> Written:
    """The text, with the lines that are rows of cells as tables."""
    flow = TextFlow(keeps_blanks=True)
    lines: list[str] = []
    rows: list[_Row] = []
    left: list[LeftOut] = []
    for line, gone in [*found, ("", [])]:
        if ROW in line:
            _block(flow, lines, left)
            lines, left = [], []
            rows.append(_row(line))
            flow.written(Written("", left_out=[replace(one, start=0) for one in gone]))
            continue
        if rows:
            written = write_table(_cells(rows), marked=len(list(takewhile(itemgetter(2), rows))))
            if written is not None:
                flow.written(Written(written[0], tables=[written[1]]))
            rows = []
        before = sum(map(len, lines)) + len(lines)
        left += [replace(one, start=before + one.start) for one in gone]
        lines.append(line.replace(CELL, CELL_BORDER).replace(LINE, " "))
    _block(flow, lines, left)
    return flow.finish()


def _row(line: str) -> _Row:
    """The words of a row's cells, their right edges with how they are merged, if stated, and whether they are heads."""
    words, _, stated = line.partition(ROW)
    cells = ["\n".join(filter(None, map(str.strip, cell.split(LINE)))) for cell in words.split(CELL)[:-1]]
    edges = [
        (int(edge.rstrip("hv")), edge[-1] if edge[-1] in "hv" else "")
        for edge in stated.removeprefix("t").split(",")
        if edge
    ]
    apart = all(second[0] - first[0] > _SAME_EDGE for first, second in pairwise(edges))
    return cells, edges if apart and len(edges) == len(cells) else [], stated.startswith("t")


def _cells(rows: Sequence[_Row]) -> list[Cell]:
    """The cells of a table: their edges tell the columns, where they are stated of each row."""
    if not all(edges for _, edges, _ in rows):
        return [Cell(r, c, words) for r, (row, _, _) in enumerate(rows) for c, words in enumerate(row)]
    borders: list[int] = []
    for edge in sorted({edge for _, edges, _ in rows for edge, _ in edges}):
        if not borders or edge - borders[-1] > _SAME_EDGE:
            borders.append(edge)
    cells: list[Cell] = []
    above: dict[int, int] = {}  # the cell that began last in a column
    for number, (row, edges, _) in enumerate(rows):
        column = 0
        for words, (edge, merged) in zip(row, edges, strict=True):
            span = bisect_right(borders, edge) - column
            before = len(cells) - 1 if merged == "h" and column else above.get(column, -1) if merged == "v" else -1
            if before < 0:
                above[column] = len(cells)
                cells.append(Cell(number, column, words, 1, span))
            else:
                old = cells[before]
                words = "\n".join(filter(None, (old.text, words)))
                more = (1, old.column_span + span) if merged == "h" else (number - old.row + 1, old.column_span)
                cells[before] = Cell(old.row, old.column, words, *more)
            column += span
    return cells


def _block(flow: TextFlow, lines: list[str], left: list[LeftOut]) -> None:
    text = "\n".join(lines)
    cut = len(text) - len(text.lstrip("\n"))
    flow.block(text.strip("\n"), left_out=[replace(one, start=max(0, one.start - cut)) for one in left])
