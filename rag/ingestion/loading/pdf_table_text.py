"""The tables among the lines of a PDF page: each row a line in the table's place, every character still traceable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rag.core.tables import CELL_BORDER, Cell, Table, grid_of
from rag.ingestion.loading.hyphens import Words
from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.pdf_grid import GridCell
from rag.ingestion.loading.pdf_words import Word, lines_of
from rag.ingestion.loading.shown_lines import Shown
from rag.ingestion.loading.table_heads import head_rows, heads_of

_SOFT_HYPHEN: Final = "\u00ad"
_MADE: Final = -1  # the index of a character that was put in

Text = tuple[str, list[int]]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table in a page's text. `lefts` is where its columns begin: by them it is known again on the next page."""

    table: Table
    lefts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LaidTable:
    """A table with the text of its rows, the index of each character, and the line that each begins in."""

    found: FoundTable
    rows: list[Text]
    lines: list[Line]


def lay_tables(
    lines: Sequence[Line], texts: Sequence[Shown], find: Callable[[str, list[int]], list[list[GridCell]]]
) -> list[LaidTable]:
    """The tables of a page. In its lines a piece for each of their rows takes the place of the row's words.

    `texts` are what is shown of the lines; `find` gives the cells of the tables in a text with the index of each
    character.
    """
    text = "\n".join(one.text for one in texts)
    indices: list[int] = []
    for one in texts:
        indices += one.indices
        indices.append(_MADE)
    owners: dict[int, tuple[int, int]] = {}
    written: list[tuple[list[Text], FoundTable]] = []
    tables = find(text, indices)
    known = Words(one.text for one in texts if tables)
    for cells in tables:
        packed = _packed([cell for cell in cells if cell.words])
        rows, table = _write(text, indices, packed, known)
        if len(rows) < 2:
            continue
        for cell in packed:
            for word in cell.words:
                for index in indices[word.start : word.end]:
                    owners[index] = (len(written), cell.row)
        written.append((rows, table))
    owners.pop(_MADE, None)
    began = _take_out(lines, owners) if owners else {}
    return [
        LaidTable(table, rows, [began[number, row] for row in range(len(rows))])
        for number, (rows, table) in enumerate(written)
    ]


def _take_out(lines: Sequence[Line], owners: Mapping[int, tuple[int, int]]) -> dict[tuple[int, int], Line]:
    """Puts a piece for each row of a table where the first of its words stand; the lines that they begin in."""
    began: dict[tuple[int, int], Line] = {}
    for line in lines:
        of = [_owner(piece, owners) for piece in line.pieces] if _touches(line, owners) else []
        if not any(of):
            continue
        kept: list[Piece] = []
        for number, (piece, owner) in enumerate(zip(line.pieces, of, strict=True)):
            if owner is None and piece.start < 0 and number:
                owner = of[number] = of[number - 1]  # filled in, behind a word of the row
            if owner is None:
                piece.glued = piece.glued and bool(kept) and kept[-1].table is None
                kept.append(piece)
            elif owner not in began:
                row = [one for one, its in zip(line.pieces, of, strict=True) if its == owner]
                kept.append(_row_piece(row, owner[0]))
                began[owner] = _like(line, [kept[-1]])
        line.pieces, line.plain = kept, False
    return began


def _touches(line: Line, owners: Mapping[int, tuple[int, int]]) -> bool:
    return any(index in owners for start, end, *_ in line.words for index in range(start, end))


def _owner(piece: Piece, owners: Mapping[int, tuple[int, int]]) -> tuple[int, int] | None:
    return next((owners[index] for index in range(piece.start, piece.end) if index in owners), None)


def _row_piece(pieces: Sequence[Piece], table: int) -> Piece:
    first = pieces[0]
    return Piece(
        first.start,
        first.start + 1,
        min(piece.left for piece in pieces),
        min(piece.bottom for piece in pieces),
        max(piece.right for piece in pieces),
        max(piece.top for piece in pieces),
        table=table,
    )


def _like(line: Line, pieces: list[Piece]) -> Line:
    """A line of some pieces, at the height and with the look of another."""
    made = Line(pieces, plain=False)
    made.baseline, made.size = line.baseline, line.size
    return made


def with_rows(lines: Iterable[Line], tables: Sequence[LaidTable], show: Callable[[Line], Shown]) -> Iterator[Shown]:
    """What is shown of the lines, all rows of a table where its first stands."""
    done: set[int] = set()
    for line in lines:
        if not tables or line.even or all(piece.table is None for piece in line.pieces):
            yield show(line)
            continue
        for in_table, some in groupby(line.pieces, key=lambda piece: piece.table):
            pieces = list(some)
            if in_table is None:
                yield show(_like(line, pieces))
            elif in_table not in done:
                done.add(in_table)
                table = tables[in_table]
                for (text, indices), own in zip(table.rows, table.lines, strict=True):
                    yield Shown(own, text, indices, parted=False, soft=False, table=in_table)


def _write(text: str, indices: list[int], cells: list[GridCell], known: Words) -> tuple[list[Text], FoundTable]:
    """The rows of a table with their indices, and the table, whose places are not known yet."""
    count = max((cell.row + cell.row_span for cell in cells), default=0)
    width = max((cell.column + cell.column_span for cell in cells), default=0)
    pieces = {id(cell): _cell_text(text, indices, cell, known) for cell in cells}
    grid: list[list[GridCell | None]] = [[None] * width for _ in range(count)]
    for cell in cells:
        for row in range(cell.row, cell.row + cell.row_span):
            for column in range(cell.column, cell.column + cell.column_span):
                grid[row][column] = cell
    rows: list[Text] = []
    for line in grid:
        out, last = "", None
        places: list[int] = []
        for column, one in enumerate(line):
            border = CELL_BORDER if column else ""
            words, at = pieces[id(one)] if one else ("", [])
            out += border + words
            places += [_MADE] * len(border) + ([_MADE] * len(at) if one is last else at)
            last = one
        rows.append((out, places))
    return rows, _table(len(rows), cells, {key: words for key, (words, _) in pieces.items()})


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


def _cell_text(text: str, indices: list[int], cell: GridCell, known: Words) -> Text:
    """The words of a cell on one line; a word that its lines part is whole, with its hyphen where it has one."""
    out = ""
    places: list[int] = []
    last: Word | None = None
    for line in lines_of(cell.words):
        for number, word in enumerate(_in_order(line.words)):
            if last is not None and number == 0 and _parted(out, word):
                if out[-1] == _SOFT_HYPHEN or not known.keep_hyphen(out[:-1], word.text):
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
    return before[-1:] in f"-\u2010{_SOFT_HYPHEN}" and before[-2:-1].isalpha() and word.text[0].islower()


def _table(rows: int, cells: list[GridCell], texts: Mapping[int, str]) -> FoundTable:
    width = max((cell.column + cell.column_span for cell in cells), default=0)
    made = tuple(Cell(c.row, c.column, texts[id(c)], c.row_span, c.column_span) for c in cells)
    grid = grid_of(made, rows, width)
    heads = head_rows(grid)
    lefts = [min((w.left for c in cells if c.column == n for w in c.words), default=0.0) for n in range(width)]
    return FoundTable(Table(made, ((0, 0),) * rows, heads, 0, heads_of(grid, heads)), tuple(lefts))
