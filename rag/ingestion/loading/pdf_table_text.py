"""A PDF page's text with its tables: each row a line in the table's place, every character still traceable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.core.tables import CELL_BORDER, Cell, Table, grid_of
from rag.ingestion.loading.pdf_grid import GridCell
from rag.ingestion.loading.pdf_words import Word, lines_of
from rag.ingestion.loading.table_heads import head_rows, heads_of

_MADE: Final = -1  # the index of a character that was put in

Text = tuple[str, list[int]]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table in a page's text. `lefts` is where its columns begin: by them it is known again on the next page."""

    table: Table
    lefts: tuple[float, ...]


def lay_tables(
    text: str, indices: list[int], found: Sequence[list[GridCell]]
) -> tuple[str, list[int], list[FoundTable]]:
    """The text with the words of each table taken out and its rows put in where the first of them stood."""
    owned: list[tuple[int, int, int]] = []
    laid: list[tuple[Text, FoundTable]] = []
    for cells in found:
        written, table = _write(text, indices, _packed([cell for cell in cells if cell.words]))
        if len(table.table.rows) > 1:
            laid.append((written, table))
            owned += [(word.start, word.end, len(laid) - 1) for cell in cells for word in cell.words]
    if not laid:
        return text, indices, []
    out, places, starts = _woven(text, indices, sorted(owned), [written for written, _ in laid])
    tables = [replace(one, table=one.table.moved(start)) for start, (_, one) in zip(starts, laid, strict=True)]
    return out, places, sorted(tables, key=lambda one: one.table.start)


def _write(text: str, indices: list[int], cells: list[GridCell]) -> tuple[Text, FoundTable]:
    """The lines of a table with their indices, and the table, its places counted from the first line."""
    count = max((cell.row + cell.row_span for cell in cells), default=0)
    width = max((cell.column + cell.column_span for cell in cells), default=0)
    pieces = {id(cell): _cell_text(text, indices, cell) for cell in cells}
    grid: list[list[GridCell | None]] = [[None] * width for _ in range(count)]
    for cell in cells:
        for row in range(cell.row, cell.row + cell.row_span):
            for column in range(cell.column, cell.column + cell.column_span):
                grid[row][column] = cell
    out: list[str] = []
    places: list[int] = []
    rows: list[tuple[int, int]] = []
    for line in grid:
        start, last = len(places), None
        for column, one in enumerate(line):
            border = CELL_BORDER if column else ""
            words, at = pieces[id(one)] if one else ("", [])
            out.append(border + words)
            places += [_MADE] * len(border) + ([_MADE] * len(at) if one is last else at)
            last = one
        rows.append((start, len(places)))
        out.append("\n")
        places.append(_MADE)
    return ("".join(out[:-1]), places[:-1]), _table(rows, cells, {key: words for key, (words, _) in pieces.items()})


def _packed(cells: list[GridCell]) -> list[GridCell]:
    """Without the rows and columns in which no cell begins."""
    rows = {row: place for place, row in enumerate(sorted({cell.row for cell in cells}))}
    columns = {column: place for place, column in enumerate(sorted({cell.column for cell in cells}))}
    return [
        GridCell(
            rows[cell.row],
            columns[cell.column],
            cell.words,
            sum(row in rows for row in range(cell.row, cell.row + cell.row_span)),
            sum(column in columns for column in range(cell.column, cell.column + cell.column_span)),
        )
        for cell in sorted(cells, key=lambda one: (one.row, one.column))
    ]


def _cell_text(text: str, indices: list[int], cell: GridCell) -> Text:
    """The words of a cell on one line; a word that its lines part is whole."""
    out = ""
    places: list[int] = []
    last: Word | None = None
    for line in lines_of(cell.words):
        for number, word in enumerate(_in_order(line.words)):
            if last is not None and number == 0 and _parted(out, word):
                out, places = out[:-1], places[:-1]
            elif last is not None and last.end != word.start:
                out, places = out + " ", [*places, _MADE]
            out += text[word.start : word.end].replace("\n", " ")
            places += indices[word.start : word.end]
            last = word
    return out, places


def _in_order(words: list[Word]) -> list[Word]:
    """From the left; as they are read where letters run from the right."""
    rightwards = any("\u0590" <= letter <= "\u08ff" for word in words for letter in word.text)
    return sorted(words, key=lambda word: word.start) if rightwards else words


def _parted(before: str, word: Word) -> bool:
    """Whether a line end parts a word at its hyphen."""
    return before[-1:] in "-\u2010\u00ad" and before[-2:-1].isalpha() and word.text[0].islower()


def _woven(
    text: str, indices: list[int], owned: Sequence[tuple[int, int, int]], tables: Sequence[Text]
) -> tuple[str, list[int], list[int]]:
    """The text with the tables in their places, and where each begins; what stands around one is a paragraph apart.

    `owned` holds where the words of tables stood, in order, as (start, end, which table).
    """
    out: list[str] = []
    places: list[int] = []
    starts = [-1] * len(tables)
    position = 0
    for start, end, owner in [*owned, (len(text), len(text), -1)]:
        first, last = position, start
        while position and first < last and text[first].isspace():
            first += 1
        while owner >= 0 and first < last and text[last - 1].isspace():
            last -= 1
        if first < last:
            _gap(out, places, apart=position > 0)
            out.append(text[first:last])
            places += indices[first:last]
        if owner >= 0 and starts[owner] < 0:
            _gap(out, places, apart=True)
            starts[owner] = len(places)
            out.append(tables[owner][0])
            places += tables[owner][1]
        position = max(position, end)
    return "".join(out), places, starts


def _gap(out: list[str], places: list[int], *, apart: bool) -> None:
    if apart and places:
        out.append("\n\n")
        places += [_MADE, _MADE]


def _table(rows: Sequence[tuple[int, int]], cells: list[GridCell], texts: Mapping[int, str]) -> FoundTable:
    width = max((cell.column + cell.column_span for cell in cells), default=0)
    made = tuple(Cell(c.row, c.column, texts[id(c)], c.row_span, c.column_span) for c in cells)
    grid = grid_of(made, len(rows), width)
    heads = head_rows(grid)
    lefts = [min((w.left for c in cells if c.column == n for w in c.words), default=0.0) for n in range(width)]
    return FoundTable(Table(made, tuple(rows), heads, 0, heads_of(grid, heads)), tuple(lefts))
