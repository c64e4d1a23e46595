"""Tables without ruling lines all around: lines in which words stand apart, one below the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Final

from rag.ingestion.loading.pdf_grid import (
    APART,
    Chunk,
    GridCell,
    are_centred,
    borders_of,
    chunks_of,
    columns_of,
    is_gappy,
    rows_of,
    split_at,
)
from rag.ingestion.loading.pdf_head_columns import with_heads_over_columns
from rag.ingestion.loading.pdf_rules import Rule, Rules
from rag.ingestion.loading.pdf_sign_columns import without_signs
from rag.ingestion.loading.pdf_words import Line
from rag.ingestion.loading.table_heads import is_figure

# In sizes of the letters: lines of a table stand no further apart.
_FAR: Final = 2.2
# Lines of one chunk that may stand among those of a table.
_BETWEEN: Final = 3
_PROSE_WORDS: Final = 9
# The words of a chart stand in few of its rows and columns.
_SPARSE: Final = 0.34


def aligned_tables(lines: Sequence[Line], rules: Rules) -> Iterator[list[GridCell]]:
    """The tables among these lines, from the top."""
    for block in _blocks(lines):
        cells = table_of(block, rules)
        if cells:
            yield cells


def _blocks(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Stretches of lines that may be a table: the first and the last are gappy, few between are not."""
    block: list[Line] = []
    waiting: list[Line] = []
    lead: list[Line] = []
    for line in lines:
        far = bool(block) and (waiting or block)[-1].bottom - line.top > _FAR * line.size
        if far or len(waiting) > _BETWEEN or (waiting and _is_prose(waiting[-1])):
            if block:
                yield [*lead, *block, *_tail(block, waiting)]
            lead = [] if far else _lead(waiting)
            block, waiting = [], []
        if is_gappy(line):
            if not block:
                lead = _lead([*lead, *waiting], line)
                block, waiting = [line], []
            else:
                block += [*waiting, line]
                waiting = []
        else:
            waiting.append(line)
    if block:
        yield [*lead, *block, *_tail(block, waiting)]


def _lead(waiting: Sequence[Line], first: Line | None = None) -> list[Line]:
    """Lines right above the first gappy one that head columns: they begin right of where it begins."""
    found: list[Line] = []
    below = first
    for line in reversed(waiting):
        if _is_prose(line) or (below and line.bottom - below.top > 1.2 * line.size):
            break
        if first and line.left < first.left + 3 * line.size and line.left < first.words[0].right:
            break
        found.insert(0, line)
        below = line
    return found[-3:]


def _tail(block: Sequence[Line], waiting: Sequence[Line]) -> list[Line]:
    """The lines right below the last gappy one that go on in its cells: close, and in lower case or not at the left."""
    found: list[Line] = []
    above = block[-1]
    for line in waiting[:2]:
        near = above.bottom - line.top < 0.45 * line.size
        goes_on = line.words[0].text[:1].islower() or line.left > block[-1].words[0].right
        if not near or not goes_on or _is_prose(line):
            break
        found.append(line)
        above = line
    return found


def _is_prose(line: Line) -> bool:
    return len(line.words) >= _PROSE_WORDS and not is_gappy(line)


def table_of(lines: Sequence[Line], rules: Rules, forced: Sequence[float] = (), sure: bool = False) -> list[GridCell]:
    """The cells of lines that are a table; none where they are not. `sure`: ruling lines say that they are one."""
    gappy = [line for line in lines if is_gappy(line)]
    if len(gappy) < 2 and not sure:
        return []
    borders = borders_of(lines, forced)
    if not borders:
        return []
    rows = [split_at(chunks_of(line, APART, forced), borders) for line in lines]
    for row in rows:
        columns_of(row, borders)
    rows, count = without_signs([_joined(row) for row in rows], len(borders) + 1)
    rows, count = with_heads_over_columns(rows, count)
    levels = _within(rules.level, lines)
    made = rows_of(lines, rows, levels)
    whole = [[chunk for number in row for chunk in rows[number]] for row in made] if are_centred(lines, rows) else rows
    if count < 2 or (not sure and not _is_table(lines, whole, count)):
        return []
    return _cells(lines, rows, made, levels, count)


def _joined(row: list[Chunk]) -> list[Chunk]:
    """Chunks that came to stand in one column, made one."""
    found: list[Chunk] = []
    for chunk in row:
        if found and found[-1].last >= chunk.first:
            found[-1].words += chunk.words
            found[-1].last = max(found[-1].last, chunk.last)
        else:
            found.append(chunk)
    return found


def _within(levels: Sequence[Rule], lines: Sequence[Line]) -> list[Rule]:
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    top, bottom = lines[0].top + 6, lines[-1].bottom - 6
    return [rule for rule in levels if bottom <= rule.at <= top and rule.low < right and rule.high > left]


def _is_table(lines: Sequence[Line], rows: Sequence[list[Chunk]], count: int) -> bool:
    """Whether rows and columns hold data: not running text in columns, no list with its marks, no contents."""
    full = [row for row in rows if len(row) > 1]
    if len(full) < 2:
        return False
    chunks = [chunk for row in full for chunk in row]
    figures = sum(is_figure(chunk.text) for chunk in chunks)
    words = [len(chunk.words) for chunk in chunks]
    if sum("....." in chunk.text or ". . ." in chunk.text for chunk in chunks) > len(full) / 2:
        return False
    if sum(chunk.text[0] in "•●▪■◦○‣·" for chunk in chunks) > 0.3 * len(chunks):
        return False
    marks = [row[0].text for row in full if row[0].first == 0]
    if count == 2 and marks and all(_is_mark(mark) for mark in marks):
        return False
    if _beside_text(rows, count) or (count > 3 and sum(map(len, rows)) < _SPARSE * count * len(rows)):
        return False
    if figures >= 0.25 * len(chunks):
        return len(full) >= 2
    if count == 2 and len(full) < 3:
        return False
    if median(words) >= 5 or sum(words) / len(words) > 6:
        return False
    return len(full) >= 0.4 * len(rows) and len(full) >= 3


def _beside_text(rows: Sequence[list[Chunk]], count: int) -> bool:
    """Whether a column is running text that stands beside something else: many words in nearly every line."""
    for column in range(1, count):
        held = [len(chunk.words) for row in rows for chunk in row if chunk.first == column]
        if len(held) >= 6 and len(held) >= 0.8 * len(rows) and sum(held) / len(held) >= 4.5:
            return True
    return False


def _is_mark(text: str) -> bool:
    """A bullet or a number of a list: "•", "1.", "(a)", "4.2"."""
    bare = text.strip("().[]")
    return len(text) <= 5 and (len(bare) <= 1 or text[-1] in ".)" or not bare.isalnum() or bare.isdecimal())


def _cells(
    lines: Sequence[Line], rows: Sequence[list[Chunk]], made: Sequence[list[int]], levels: Sequence[Rule], count: int
) -> list[GridCell]:
    cells: list[GridCell] = []
    middles = _middles(rows, count)
    first_body = next(
        (n for n, row in enumerate(made) if any(is_figure(c.text) and c.first > 0 for i in row for c in rows[i])), 0
    )
    for number, row in enumerate(made):
        held: dict[int, GridCell] = {}
        last_line = lines[row[-1]]
        for index in row:
            for chunk in rows[index]:
                first, last = chunk.first, chunk.last
                if number < first_body and len(row) == 1:
                    first, last = _spread(chunk, rows[index], middles, levels, last_line)
                cell = next((c for c in held.values() if c.column <= last and first < c.column + c.column_span), None)
                if cell is None:
                    cell = held[first] = GridCell(number, first, [], 1, last - first + 1)
                else:
                    end = max(cell.column + cell.column_span, last + 1)
                    cell.column = min(cell.column, first)
                    cell.column_span = end - cell.column
                cell.words += chunk.words
        cells += held.values()
    return cells


def _middles(rows: Sequence[list[Chunk]], count: int) -> list[tuple[float, float]]:
    """From where to where the words of each column stand, of those that stand in one column alone."""
    found = []
    for column in range(count):
        alone = [c for row in rows for c in row if c.first == c.last == column]
        left = min((c.left for c in alone), default=0.0)
        right = max((c.right for c in alone), default=0.0)
        found.append((left, right))
    return found


def _spread(
    chunk: Chunk, row: Sequence[Chunk], columns: Sequence[tuple[float, float]], levels: Sequence[Rule], line: Line
) -> tuple[int, int]:
    """The columns that a head stands over: those that a rule below it runs over, else those it is centred over."""
    low = max((other.last + 1 for other in row if other.last < chunk.first), default=0)
    high = min((other.first - 1 for other in row if other.first > chunk.last), default=len(columns) - 1)
    if chunk.first == 0 and low == 0:
        return chunk.first, chunk.last
    low = max(low, 1)
    for rule in levels:
        below = line.bottom - 0.9 * line.size < rule.at < line.bottom + 0.3 * line.size
        if below and rule.low <= chunk.left + 2 and rule.high >= chunk.right - 2:
            under = [n for n in range(low, high + 1) if _mid(columns[n]) > rule.low and _mid(columns[n]) < rule.high]
            if under and len(under) < len(columns) and under[0] <= chunk.first and under[-1] >= chunk.last:
                return under[0], under[-1]
    middle = (chunk.left + chunk.right) / 2
    best = (chunk.first, chunk.last)
    nearest = abs(_mid((columns[best[0]][0], columns[best[1]][1])) - middle)
    if nearest <= line.size:
        return best
    for first in range(low, chunk.first + 1):
        for last in range(chunk.last, high + 1):
            away = abs(_mid((columns[first][0], columns[last][1])) - middle)
            if away < nearest - 0.25 * line.size:
                best, nearest = (first, last), away
    return best


def _mid(stretch: tuple[float, float]) -> float:
    return (stretch[0] + stretch[1]) / 2
