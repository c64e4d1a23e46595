"""Lines of words become rows and columns: columns by the white space between them, rows by rules and distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from rag.ingestion.loading.pdf_rules import Rule
from rag.ingestion.loading.pdf_words import Line, Word
from rag.ingestion.loading.table_heads import is_figure

# In sizes of the letters. Words that stand nearer make one chunk; chunks so far apart may be cells.
JOINED: Final = 0.62
APART: Final = 0.95
# A column is parted from the next by so much white space at least, which few lines may cross.
_CORRIDOR: Final = 0.3
_CROSSED: Final = 0.12
# Distances of lines, in their height: of lines that overlap, and by how much those of rows are larger than of lines.
_OVERLAP: Final = -0.3
_STEP: Final = 0.22


@dataclass(slots=True)
class Chunk:
    """Words of a line that stand close together."""

    words: list[Word]
    first: int = 0  # the columns it covers
    last: int = 0

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(slots=True)
class GridCell:
    """Words at a row and a column, in reading order; a merged cell covers several of either."""

    row: int
    column: int
    words: list[Word] = field(default_factory=list)
    row_span: int = 1
    column_span: int = 1


def chunks_of(line: Line, gap: float = JOINED, borders: Sequence[float] = ()) -> list[Chunk]:
    """The words of a line that stand nearer than `gap` letter sizes, none across a border."""
    found: list[Chunk] = []
    for word in line.words:
        last = found[-1].words[-1] if found else None
        near = last is not None and word.left - last.right < gap * min(word.size, last.size)
        if last is not None and near and not any(last.right - 1 <= x <= word.left + 1 for x in borders):
            found[-1].words.append(word)
        else:
            found.append(Chunk([word]))
    return found


def is_gappy(line: Line) -> bool:
    """Whether something stands in the line with a gap that no running text has."""
    return any(
        after.left - before.right >= APART * min(before.size, after.size) for before, after in pairwise(line.words)
    )


def borders_of(lines: Sequence[Line], forced: Sequence[float] = ()) -> list[float]:
    """Where one column ends and the next begins, from the left: within the white space that the lines share."""
    rows = [chunks_of(line, JOINED, forced) for line in lines]
    gappy = [row for row in rows if len(row) > 1]
    if not gappy:
        return list(forced)
    size = sorted(line.size for line in lines)[len(lines) // 2]
    allowed = int(_CROSSED * len(gappy)) if len(gappy) > 4 else 0
    events = sorted(
        [(chunk.left, 1) for row in gappy for chunk in row] + [(chunk.right, -1) for row in gappy for chunk in row]
    )
    found: list[float] = list(forced)
    for start, end, least in _corridors(events, allowed):
        if end - start < _CORRIDOR * size or any(start - 2 <= x <= end + 2 for x in forced):
            continue
        support = sum(any(a.right <= least + 0.5 and b.left >= least - 0.5 for a, b in pairwise(row)) for row in gappy)
        if support >= (2 if len(gappy) > 3 else 1):
            found.append(least)
    return sorted(found)


def _corridors(events: Sequence[tuple[float, int]], allowed: int) -> list[tuple[float, float, float]]:
    """Stretches that at most so many lines cross, between the outermost words: (from, to, the emptiest place)."""
    found: list[tuple[float, float, float]] = []
    depth, start, best = 0, None, (10**9, 0.0, 0.0)
    for number, (x, step) in enumerate(events):
        depth += step
        following = events[number + 1][0] if number + 1 < len(events) else x
        if depth <= allowed and number + 1 < len(events):
            if start is None:
                start, best = x, (10**9, 0.0, 0.0)
            if following - x > 0.5:
                best = min(best, (depth, -(following - x), (x + following) / 2))
        elif start is not None:
            if best[0] < 10**9 and start > events[0][0]:
                found.append((start, x, best[2]))
            start = None
    return found


def columns_of(row: list[Chunk], borders: Sequence[float]) -> None:
    """Sets which columns each chunk covers: one, but for a chunk that clearly stands on both sides of a border."""
    for chunk in row:
        slack = 0.6 * (chunk.words[0].size)
        inside = [n for n, x in enumerate(borders) if chunk.left + slack < x < chunk.right - slack]
        middle = (chunk.left + chunk.right) / 2
        if inside:
            chunk.first, chunk.last = inside[0], inside[-1] + 1
        else:
            chunk.first = chunk.last = sum(x < middle for x in borders)


def split_at(row: list[Chunk], borders: Sequence[float], gap: float = 0.42) -> list[Chunk]:
    """The chunks, parted at borders where there is a gap at them."""
    found: list[Chunk] = []
    for chunk in row:
        parts = [Chunk([chunk.words[0]])]
        for before, word in pairwise(chunk.words):
            wide = word.left - before.right >= gap * word.size
            if wide and any(before.right - 0.5 <= x <= word.left + 0.5 for x in borders):
                parts.append(Chunk([word]))
            else:
                parts[-1].words.append(word)
        found += parts
    return found


def rows_of(lines: Sequence[Line], rows: Sequence[list[Chunk]], levels: Sequence[Rule]) -> list[list[int]]:
    """Which lines make which row, from the top."""
    found: list[list[int]] = []
    limit = _row_gap(lines, centred=are_centred(lines, rows))
    for number in range(len(lines)):
        if found and _goes_on(lines, rows, found[-1], number, levels, limit):
            found[-1].append(number)
        else:
            found.append([number])
    return found


def are_centred(lines: Sequence[Line], rows: Sequence[list[Chunk]]) -> bool:
    """Whether cells stand in the middle of their rows: lines overlap, and few cells hold figures."""
    if not any(_gap(above, below) < _OVERLAP for above, below in pairwise(lines)):
        return False
    chunks = [chunk for row in rows for chunk in row]
    return 4 * sum(is_figure(chunk.text) for chunk in chunks) < len(chunks)


def _row_gap(lines: Sequence[Line], *, centred: bool) -> float | None:
    """The distance of two lines from which on they are two rows, where distances are of two clear kinds."""
    gaps = sorted(_gap(above, below) for above, below in pairwise(lines))
    if len(gaps) < 3:
        return None
    steps = [(b - a, (a + b) / 2) for a, b in pairwise(max(gap, 0.0) if centred else gap for gap in gaps) if a < 0.55]
    # Of cells that are centred in their rows only the highest is as far from the next row as rows are.
    wide = [step for step in steps if step[0] >= _STEP][:1] if centred else steps
    if not wide:
        return None
    widest, middle = max(wide)
    below = sum(gap < middle for gap in gaps)
    return middle if widest >= _STEP and middle < 1.2 and below < 0.8 * len(gaps) else None


def _gap(above: Line, below: Line) -> float:
    return (above.bottom - below.top) / max(min(above.size, below.size), 1.0)


def _goes_on(
    lines: Sequence[Line],
    rows: Sequence[list[Chunk]],
    row: list[int],
    number: int,
    levels: Sequence[Rule],
    limit: float | None,
) -> bool:
    """Whether a line belongs to the row of the lines above it."""
    above, here = lines[row[-1]], lines[number]
    low, high = here.top - 0.4 * here.size, above.bottom + 0.4 * above.size
    if any(low < rule.at < high and _over(rule, here) for rule in levels):
        return False
    gap = _gap(above, here)
    figures = {c.first for c in rows[number] if is_figure(c.text)}
    before = {c.first for n in row for c in rows[n] if is_figure(c.text)}
    one, other = rows[row[-1]], rows[number]
    if figures & before or _one_over_several(one, other) or _one_over_several(other, one):
        return False
    if limit is not None:
        return gap < limit
    if gap > 0.6:
        return False
    columns = {c.first for c in rows[number]}
    held = {c.first for n in row for c in rows[n]}
    if not figures and columns <= held and columns != held and 0 not in columns:
        return True
    first = rows[number][0]
    lower = first.text[:1].islower() or first.text[:1] in "(&"
    return columns == {0} and lower and first.left >= rows[row[-1]][0].left - 1


def _one_over_several(one: Sequence[Chunk], other: Sequence[Chunk]) -> bool:
    """Whether a chunk of one line stands over several of the other: a title of columns or of rows."""
    return any(
        chunk.last > chunk.first and sum(chunk.first <= c.first and c.last <= chunk.last for c in other) > 1
        for chunk in one
    )


def _over(rule: Rule, line: Line) -> bool:
    return min(rule.high, line.right) - max(rule.low, line.left) > 0.5 * (line.right - line.left)
