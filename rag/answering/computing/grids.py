"""The tables of a document as typed columns and rows, put together where they go over several of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from rag.answering.computing.cell_values import Value, is_nothing, typed
from rag.answering.computing.spans import is_chinese, stems_of
from rag.core.formats import format_of
from rag.core.places import line_of
from rag.core.tables import CELL_BORDER, Table, is_total
from rag.core.text import measure
from rag.core.text.scripts import Language
from rag.core.types import Document, Page, Quote

# A column is one of numbers or of days where so many of its filled cells are.
_SHARE: Final = 0.6
_UNIT: Final = re.compile(
    r"(?<!\s)\s*+[(\[（【](?:in )?(?P<unit>[^()\[\]（）【】]{1,20})[)\]）】]\s*+$"
    r"|(?<!\s)\s++in (?P<in>[^\W\d_]{1,9}|[$€£¥%])\s*+$"
)


# What the head of a column of prices says, and the units that its cells may have.
_PRICE: Final = re.compile(
    r"\b(?:prices?|costs?|fees?|charges?|rates?|amount|(?:[^\W\d_]*)(?:preise?|kosten|gebühr|betrag))\b|价|费|金额",
    re.IGNORECASE,
)
_PIECES: Final = re.compile(r"[^\W\d_]+")
_CURRENCIES: Final = frozenset("$€£¥₹")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its cells, the row that heads its group, and where it stands."""

    cells: tuple[str, ...]
    page: int
    start: int
    end: int
    group: str = ""


@dataclass
class Column:
    """A column with its typed cells."""

    number: int
    head: str
    values: list[Value]

    @cached_property
    def kind(self) -> str:
        """number, day or words."""
        filled = [value for value in self.values if not is_nothing(value.text)]
        for kind, there in (("number", [v.number for v in filled]), ("day", [v.day for v in filled])):
            if filled and sum(one is not None for one in there) >= _SHARE * len(filled):
                return kind
        return "words"

    @property
    def name(self) -> str:
        """The head without a unit in it."""
        return _UNIT.sub("", self.head).strip() or self.head

    @property
    def unit(self) -> str:
        """The unit that the head names."""
        match = _UNIT.search(self.head)
        said = (match["unit"] or match["in"]) if match else ""
        return measure(said) or (said if said and len(said) <= 3 else "")

    @property
    def is_price(self) -> bool:
        units = {self.unit, *(value.unit for value in self.values)}
        return not units.isdisjoint(_CURRENCIES) or bool(_PRICE.search(self.head))


@dataclass
class Grid:
    """A table of a document: its rows without heads, totals and names of groups."""

    document: Document
    label: str
    caption: str
    heads: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    pages: dict[int, Page] = field(default_factory=dict)
    _columns: dict[int, Column] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    """What was worked out of it for one question and serves the next."""

    @property
    def sheet(self) -> bool:
        """Whether it stands on a sheet, where each row is one of many of a kind."""
        return format_of(self.document.kind).places == "cells"

    @property
    def name(self) -> str:
        """What a reader knows it by."""
        return f"{self.document.name} · {self.label}" if self.sheet and self.label else self.document.name

    def column(self, number: int) -> Column:
        if number not in self._columns:
            german = self.document.language == "de"
            self._columns[number] = Column(
                number, self.heads[number], typed([r.cells[number] for r in self.rows], german)
            )
        return self._columns[number]

    @cached_property
    def columns(self) -> list[Column]:
        return [self.column(number) for number in range(len(self.heads))]

    def label_of(self, row: Row) -> str:
        """What a row is about: its first cell of words, and the next behind an article's number; else its first."""
        texts = [row.cells[c.number] for c in self.columns if c.kind == "words" and row.cells[c.number]]
        numbered = bool(texts) and any(letter.isdigit() for letter in texts[0])
        return " ".join(texts[: 1 + numbered]) if texts else next(filter(None, row.cells), "")

    def quote(self, row: Row) -> Quote:
        """The row as a quote at its place."""
        page, known = self.pages[row.page], self.document
        line = line_of(known.kind, page.line(0), page.text[: row.start])
        section = next((h.title for h in reversed(page.headings) if h.start <= row.start), "")
        return Quote(
            known.id, known.name, known.title, known.kind, known.address, page.number, page.label, section,
            page.text[row.start : row.end].strip(), row.start, row.end, 1.0,
            head=CELL_BORDER.join(self.heads), line=line, cells=page.cells_at(row.start, row.end),
        )  # fmt: skip


def grids_of(document: Document, pages: Sequence[Page]) -> list[Grid]:
    """The tables of these pages, in order, that have heads."""
    found: list[Grid] = []
    for page in pages:
        for table in page.tables:
            if not any(table.heads):
                continue
            last = found[-1] if found else None
            if last is None or not table.continues or (last.heads, last.label) != (table.heads, page.label):
                caption = page.text[slice(*table.caption)]
                found.append(last := Grid(document, page.label, caption, table.heads))
            _add(last, page, table)
    return [grid for grid in found if grid.rows]


def own_words(grid: Grid, language: Language) -> frozenset[str]:
    """The stems of the words that a table is called by, and Chinese runs of up to four characters of them."""
    title = grid.document.name.rpartition(".")[0].replace("_", " ").replace("-", " ")
    said = f"{grid.caption} {grid.label} {grid.document.title} {title}"
    chinese = frozenset(piece for piece in _PIECES.findall(said) if is_chinese(piece))
    runs = frozenset(run[i : i + n] for run in chinese for n in (2, 3, 4) for i in range(len(run) - n + 1))
    return frozenset(stems_of(said, language)) | runs


def _add(grid: Grid, page: Page, table: Table) -> None:
    grid.pages[page.number] = page
    group = grid.rows[-1].group if grid.rows else ""
    first = 0 if table.continues and not table.head_rows else table.head_rows
    for row in list(_rows(page, table, len(grid.heads)))[first:]:
        filled = [cell for cell in row.cells if cell]
        if not filled:
            continue
        if len(filled) == 1 and row.cells[0] and len(row.cells) > 1:
            group = filled[0]
        elif is_total(filled[0]):
            grid.totals.append(Row(row.cells, row.page, row.start, row.end, group))
        else:
            grid.rows.append(Row(row.cells, row.page, row.start, row.end, group))


def _rows(page: Page, table: Table, width: int) -> Iterator[Row]:
    """The rows by the page's text: the same words as its cells', and far quicker than those."""
    grid: list[list[str]] | None = None
    for number, (start, end) in enumerate(table.rows):
        cells = [cell.strip() for cell in page.text[start:end].split(CELL_BORDER)]
        if len(cells) != width:
            grid = grid or table.grid()
            cells = [*grid[number], *[""] * width][:width]
        yield Row(tuple(cells), page.number, start, end)
