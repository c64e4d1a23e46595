"""The tables of a PDF page: found by ruling lines, by alignment where there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from rag.core.text.table_of_contents import contents_lines
from rag.ingestion.loading.pdf_aligned import aligned_tables, table_of
from rag.ingestion.loading.pdf_grid import GridCell, is_gappy
from rag.ingestion.loading.pdf_ruled import Ruled, cells_of, grids
from rag.ingestion.loading.pdf_rules import Rules
from rag.ingestion.loading.pdf_screen import stretches
from rag.ingestion.loading.pdf_streams import streams
from rag.ingestion.loading.pdf_words import Box, Turn, Word, lines_of, words_of
from rag.ingestion.loading.right_to_left import FOREIGN
from rag.ingestion.loading.table_heads import is_figure


def tables_of(
    text: str,
    indices: Sequence[int],
    box: Callable[[int], Box],
    rules: Callable[[Turn], Rules],
    fields: Sequence[Box] = (),
    known: Set[int] = frozenset(),
) -> list[list[GridCell]]:
    """The cells of each table of a page, by the words of its text; `rules` gives the ruling lines, turned likewise.

    `known` are the numbers of lines that are seen to be rows. `fields` of a form stand under one another as columns do:
    beside them only ruling lines tell a table.
    """
    where = stretches(text, indices, box, known)
    if not where:
        return []
    words, turn = words_of(text, indices, box, where)
    corners = [(*turn(left, bottom), *turn(right, top)) for left, bottom, right, top in fields]
    filled = {id(word) for word in words if any(_is_in(word, corner) for corner in corners)}
    return [_as_read(cells) for cells in _found(words, rules(turn), filled) if _has_rows(cells)]


def _as_read(cells: list[GridCell]) -> list[GridCell]:
    """The columns counted from the right where most of the words are written so."""
    letters = [letter for cell in cells for word in cell.words for letter in word.text if letter.isalpha()]
    if 2 * sum(FOREIGN.match(letter) is not None for letter in letters) > len(letters):
        count = max(cell.column + cell.column_span for cell in cells)
        for cell in cells:
            cell.column = count - cell.column - cell.column_span
    return cells


def _is_in(word: Word, corners: Box) -> bool:
    x0, y0, x1, y1 = corners
    middle = (word.left + word.right) / 2
    return min(x0, x1) <= middle <= max(x0, x1) and min(y0, y1) <= word.middle <= max(y0, y1)


def _has_rows(cells: Sequence[GridCell]) -> bool:
    """Whether words stand side by side in two rows, and in a good part of all."""
    rows: dict[int, set[int]] = {}
    for cell in cells:
        for row in range(cell.row, cell.row + cell.row_span):
            rows.setdefault(row, set()).add(cell.column)
    full = sum(len(columns) > 1 for columns in rows.values())
    return full > 1 and 3 * full >= len(rows)


def _found(words: Sequence[Word], rules: Rules, filled: Set[int]) -> list[list[GridCell]]:
    found: list[list[GridCell]] = []
    left = list(words)
    for grid in grids(rules):
        x0, y0, x1, y1 = grid.box
        inside = [w for w in left if x0 - 2 <= (w.left + w.right) / 2 <= x1 + 2 and y0 - 2 <= w.middle <= y1 + 2]
        cells = _ruled(grid, inside, rules)
        if cells:
            found.append(cells)
            taken = set(map(id, inside))
            left = [word for word in left if id(word) not in taken]
    printed = [line for line in lines_of(left) if not any(id(word) in filled for word in line.words)]
    for lines in streams(printed):
        contents = contents_lines([" ".join(word.text for word in line.words) for line in lines], marked=True)
        found += aligned_tables([line for place, line in enumerate(lines) if place not in contents], rules)
    return found


def _ruled(grid: Ruled, words: Sequence[Word], rules: Rules) -> list[GridCell]:
    """The cells of a grid of lines; where the lines leave rows or columns open, white space parts them."""
    if len(words) < 3:
        return []
    cells = [cell for cell in cells_of(grid, words) if cell.words]
    rows = {cell.row for cell in cells}
    columns = {cell.column for cell in cells if cell.column_span == 1}
    if len(cells) < 2 or not _fills(cells):
        return []
    if len(columns) < 2 or any(map(_holds_columns, cells)) or _holds_rows(cells):
        found = table_of(lines_of(words), rules, grid.places[1:-1], sure=len(columns) > 1)
        return found if found or len(columns) < 2 else cells
    return cells if len(rows) > 1 else []


def _fills(cells: Sequence[GridCell]) -> bool:
    """Whether words fill a good part of the grid: in drawings most of it is empty, or one cell over many columns."""
    rows, columns = {cell.row for cell in cells}, {cell.column for cell in cells}
    filled = sum(
        sum(cell.row <= row < cell.row + cell.row_span for row in rows)
        * sum(cell.column <= column < cell.column + cell.column_span for column in columns)
        for cell in cells
    )
    single = sum(cell.column_span == 1 or len(columns) == 1 for cell in cells)
    return filled >= 0.34 * len(rows) * len(columns) and 2 * single >= len(cells)


def _holds_columns(cell: GridCell) -> bool:
    """Whether a ruled cell holds several columns: gaps in several lines, or in one where it covers columns."""
    gappy = sum(map(is_gappy, lines_of(cell.words))) if len(cell.words) > 1 else 0
    return gappy > 1 or (gappy == 1 and cell.column_span > 1)


def _holds_rows(cells: Sequence[GridCell]) -> bool:
    """Whether the lines part no rows: cells side by side each hold several figures, or all hold lines at one height."""
    rows: dict[int, list[GridCell]] = {}
    for cell in cells:
        rows.setdefault(cell.row, []).append(cell)
    return any(_side_by_side(row) for row in rows.values())


def _side_by_side(row: Sequence[GridCell]) -> bool:
    figures = 0
    heights: list[tuple[int, ...]] = []
    for cell in row:
        lines = lines_of(cell.words) if len(cell.words) > 1 else []
        held = sum(is_figure(" ".join(word.text for word in line.words)) for line in lines)
        figures += held > 1 and held >= 0.6 * len(lines)
        heights.append(tuple(round(line.bottom / 2) for line in lines))
    # Wrapped cells have more lines or fewer than their neighbours.
    alike = len(row) > 1 and len(heights[0]) > 2 and len(set(heights)) == 1
    return figures > 1 or alike
