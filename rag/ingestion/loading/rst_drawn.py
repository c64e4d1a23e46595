"""Tables that are drawn with signs in reStructuredText: grids of "+--+", and columns below rules of "=".

A drawing that does not close, or whose words stand across its columns, is none, and stays as it is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rag.core.tables import Cell

_GRID_EDGE: Final = re.compile(r"\+(?:[-=]++\+)++$")
_RULES: Final = re.compile(r"=++(?: ++=++)++$")
_UNDERLINE: Final = re.compile(r"-[- ]*+$")
_STRETCH: Final = re.compile(r"=++|-++")
# Lines and signs across of a drawing, and steps along its edges, before it is left as it is written.
_LINES: Final = 2000
_WIDTH: Final = 1000
_STEPS: Final = 2_000_000
_NOTHING: Final = "\0"  # what stands in the second half of a wide sign's place


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table, the lines it is written in (the last one too), and the line in which each of its rows begins."""

    first: int
    last: int
    at: list[int]
    cells: list[Cell]
    head_rows: int = 0
    head_columns: int = 0
    caption: int | None = None


def drawn_at(lines: Sequence[str], place: int) -> Drawn | None:
    """The table whose upper edge stands in this line."""
    bare = lines[place].strip()
    begins = place == 0 or lines[place - 1].lstrip()[:1] not in ("+", "|")
    if begins and bare[:2] in ("+-", "+=") and _GRID_EDGE.match(bare):
        return _grid(lines, place)
    return _columns(lines, place) if bare.startswith("=") and _RULES.match(bare) else None


def indent_of(line: str) -> int:
    """How many blanks a line begins with."""
    return len(line) - len(line.lstrip())


def _spread(line: str, indent: int) -> str:
    """A line in which each sign is as wide as it is drawn."""
    line = line[indent:].rstrip()
    if line.isascii():
        return line
    return "".join(sign + _NOTHING * (unicodedata.east_asian_width(sign) in "WF") for sign in line)


def _grid(lines: Sequence[str], place: int) -> Drawn | None:
    indent = indent_of(lines[place])
    last = place
    while last + 1 < len(lines) and lines[last + 1].lstrip()[:1] in ("+", "|") and last - place < _LINES:
        last += 1
    drawing = [_spread(line, indent) for line in lines[place : last + 1]]
    width = len(drawing[0])
    if width > _WIDTH or len(drawing) < 3 or any(len(line) != width for line in drawing):
        return None
    boxes = _boxes(drawing)
    if not boxes:
        return None
    rows = {edge: number for number, edge in enumerate(sorted({box[0] for box in boxes}))}
    columns = {edge: number for number, edge in enumerate(sorted({box[1] for box in boxes}))}
    rows[len(drawing) - 1], columns[width - 1] = len(rows), len(columns)
    if any(low not in rows or right not in columns for _, _, low, right in boxes):
        return None
    cells = [
        Cell(rows[top], columns[left], words_of([line[left + 1 : right] for line in drawing[top + 1 : low]]),
             rows[low] - rows[top], columns[right] - columns[left])
        for top, left, low, right in sorted(boxes)
    ]  # fmt: skip
    head = next((number for edge, number in rows.items() if edge and drawing[edge][1] == "="), 0)
    at = [place + edge + 1 for edge, number in sorted(rows.items()) if number < len(rows) - 1]
    return Drawn(place, last, at, cells, head if head < len(at) else 0)


def _boxes(drawing: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Each cell's top, left, lower and right edge; none where one of them does not close."""
    found: list[tuple[int, int, int, int]] = []
    wanted, seen, steps = [(0, 0)], {(0, 0)}, 0
    while wanted:
        top, left = wanted.pop()
        box = None
        for low, right, cost in _corners(drawing, top, left):
            steps += cost
            if steps > _STEPS:
                return []
            if set(drawing[low][left : right + 1]) <= set("+-=") and all(
                drawing[line][left] in "+|" for line in range(top, low + 1)
            ):
                box = (top, left, low, right)
                break
        if box is None:
            continue
        found.append(box)
        for corner in ((top, box[3]), (box[2], left), (box[2], box[3])):
            if corner not in seen and corner[0] < len(drawing) - 1 and corner[1] < len(drawing[0]) - 1:
                seen.add(corner)
                wanted.append(corner)
    covered = sum((low - top) * (right - left) for top, left, low, right in found)
    return found if covered == (len(drawing) - 1) * (len(drawing[0]) - 1) else []


def _corners(drawing: Sequence[str], top: int, left: int) -> Iterator[tuple[int, int, int]]:
    """The lower right corners that a cell can have, the nearest first, with how far each is to look at."""
    for right in range(left + 1, len(drawing[0])):
        if drawing[top][right] not in "+-=":
            return
        if drawing[top][right] != "+":
            continue
        for low in range(top + 1, len(drawing)):
            if drawing[low][right] not in "+|":
                break
            if drawing[low][right] == "+":
                yield low, right, right - left + low - top


def words_of(lines: Sequence[str]) -> str:
    """A cell's words: lines run together, paragraphs and the items of lists stay apart."""
    said = ""
    for line in lines:
        bare = line.replace(_NOTHING, "").strip()
        apart = not bare or bare.startswith(("* ", "- ", "#. ", "| "))
        said += ("\n" if apart or said.endswith("\n") else " ") + bare
    return "\n".join(filter(None, (line.strip() for line in said.split("\n"))))


def _columns(lines: Sequence[str], place: int) -> Drawn | None:
    indent = indent_of(lines[place])
    top = lines[place][indent:].rstrip()
    edges = [found.start() for found in _STRETCH.finditer(top)]
    rules = [place]
    for number in range(place + 1, min(len(lines), place + _LINES)):
        if indent_of(lines[number]) < indent and lines[number].strip():
            return None
        if _RULES.match(lines[number].strip()):
            rules.append(number)
            if len(rules) > 2 or number + 1 == len(lines) or not lines[number + 1].strip():
                break
    if len(rules) < 2:
        return None
    rows = _rows([_spread(line, indent) for line in lines[place : rules[-1] + 1]], edges)
    if not rows:
        return None
    cells = [
        Cell(number, column, words_of(words), 1, span)
        for number, (_, some) in enumerate(rows)
        for column, span, words in some
    ]
    heads = sum(place + at < rules[1] for at, _ in rows) if len(rules) > 2 else 0
    return Drawn(place, rules[-1], [place + at for at, _ in rows], cells, heads)


_Row = tuple[int, list[tuple[int, int, list[str]]]]


def _rows(lines: Sequence[str], edges: list[int]) -> list[_Row]:
    """The rows below the first line, each with its cells: column, how many it covers, lines. None where words cross."""
    rows: list[_Row] = []
    block: list[int] = []
    for number in range(1, len(lines)):
        line = lines[number]
        if line.startswith("=") or _UNDERLINE.match(line):
            stretches = [found.start() for found in _STRETCH.finditer(line)]
            if any(edge not in edges for edge in stretches):
                return []
            # A rule below a line says which columns its cells cover.
            spans = stretches if block and len(stretches) < len(edges) else edges
            if (made := _cut(lines, block, edges, spans)) is None:
                return []
            rows += made
            block = []
        elif line.strip():
            block.append(number)
    return rows


def _cut(lines: Sequence[str], block: list[int], edges: list[int], spans: list[int]) -> list[_Row] | None:
    rows: list[_Row] = []
    ends = [*spans[1:], _WIDTH * _WIDTH]
    for number in block:
        line = lines[number]
        # A word may reach into the gap between two columns, not over it.
        if any(len(line[end - 1 : end + 1].strip()) > 1 for end in spans[1:]):
            return None
        if not rows or line[: ends[0]].strip():
            counts = [edges.index(end) if end in edges else len(edges) for end in ends]
            begin = [edges.index(start) for start in spans]
            rows.append((number, [(b, e - b, list[str]()) for b, e in zip(begin, counts, strict=True)]))
        for (_, _, words), (start, end) in zip(rows[-1][1], pairwise([*spans, ends[-1]]), strict=True):
            words.append(line[start:end])
    return rows
