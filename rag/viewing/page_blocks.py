"""A page's text as it is laid out to be read: headings, paragraphs and tables, with what is quoted marked in them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from rag.core.tables import Table
from rag.core.types import LeftOut, Page
from rag.viewing.highlighting import Mark, Span, marked_text, shown_text

# Lines of the blank space between two paragraphs.
_BLANK: Final = re.compile(r"(?<!\n)\n[ \t]*+\n\s*+")
# What Markdown writes before a heading; a reader sees its size.
_HASHES: Final = re.compile(r"#{1,6}+[ \t]++")

Piece = tuple[str, Mark]


@dataclass(frozen=True, slots=True)
class CellBlock:
    """A cell as HTML has it: said once, over the rows and columns that it covers."""

    text: str
    head: bool
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True, slots=True)
class RowBlock:
    cells: tuple[CellBlock, ...]
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A heading or a paragraph in pieces of (text, how it is marked), or the rows of a table."""

    kind: Literal["heading", "text", "table"]
    pieces: tuple[Piece, ...] = ()
    level: int = 0
    rows: tuple[RowBlock, ...] = ()

    def fields(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def page_blocks(page: Page, spans: Sequence[Span]) -> list[Block]:
    """The page in blocks, in order. What was left out when it was read stands at its place, marked as such.

    Put together, the pieces and cells hold every word of the page's text, but not the signs of Markdown's headings.
    """
    blocks: list[Block] = []
    done = 0
    for start, end, table in [*_parts(page), (len(page.text), len(page.text), None)]:
        blocks += _paragraphs(page, done, start, spans)
        if isinstance(table, Table):
            blocks.append(Block("table", rows=tuple(_rows(table, spans))))
            blocks += _left_out(page.left_out, start, end)
        elif table is not None:
            hashes = _HASHES.match(page.text, start, end)
            blocks.append(Block("heading", _pieces(page, hashes.end() if hashes else start, end, spans), table))
        done = end
    return blocks


def _parts(page: Page) -> list[tuple[int, int, Table | int]]:
    """(start, end, table or level of heading) of what is no paragraph, in order, none inside another."""
    found: list[tuple[int, int, Table | int]] = [(table.start, table.end, table) for table in page.tables if table.rows]
    for heading in page.headings:
        end = page.text.find("\n", heading.start)
        found.append((heading.start, len(page.text) if end < 0 else end, heading.level))
    # Of two that begin at one place the table is the larger one, and holds the heading.
    found.sort(key=lambda part: (part[0], -part[1]))
    done, apart = 0, []
    for part in found:
        if done <= part[0] < part[1]:
            apart.append(part)
            done = part[1]
    return apart


def _paragraphs(page: Page, start: int, end: int, spans: Sequence[Span]) -> Iterator[Block]:
    """The paragraphs between two places, without the blank lines between them."""
    borders = [start, *itertools.chain(*(found.span() for found in _BLANK.finditer(page.text, start, end))), end]
    for first, last in zip(borders[::2], borders[1::2], strict=True):
        pieces = _pieces(page, first, last, spans, whole=last == len(page.text))
        if any(text.strip() for text, _ in pieces):
            yield Block("text", pieces)


def _pieces(page: Page, start: int, end: int, spans: Sequence[Span], *, whole: bool = False) -> tuple[Piece, ...]:
    inside = [(max(first, start) - start, min(last, end) - start) for first, last in spans]
    left_out = [
        LeftOut(part.why, part.text, part.start - start)
        for part in page.left_out
        if start <= part.start < end or (whole and part.start >= end)
    ]
    pieces = shown_text(page.text[start:end], [span for span in inside if span[0] < span[1]], left_out)
    pieces = list(_with_unsure(pieces, [(w.start - start, w.end - start) for w in page.words if w.unsure]))
    # Line breaks at the ends are the space between blocks, which the page draws itself.
    if pieces and not pieces[0][1]:
        pieces[0] = (pieces[0][0].lstrip("\n"), "")
    if pieces and not pieces[-1][1]:
        pieces[-1] = (pieces[-1][0].rstrip(), "")
    return tuple(pieces)


def _with_unsure(pieces: Sequence[Piece], unsure: Sequence[Span]) -> Iterator[Piece]:
    """The pieces, those that stand as they were read parted at words that may be others."""
    begun = 0
    for text, mark in pieces:
        inside = [(start - begun, end - begun) for start, end in unsure] if not mark else []
        if inside:
            yield from ((some, "unsure" if doubted else "") for some, doubted in marked_text(text, inside))
        else:
            yield text, mark
        begun += len(text) if mark != "left_out" else 0


def _left_out(parts: Sequence[LeftOut], start: int, end: int) -> Iterator[Block]:
    for part in parts:
        if start <= part.start < end:
            yield Block("text", ((part.text, "left_out"),))


def _rows(table: Table, spans: Sequence[Span]) -> Iterator[RowBlock]:
    if table.heads and not table.head_rows:
        yield RowBlock(tuple(CellBlock(head, head=True) for head in table.heads))
    for number, (start, end) in enumerate(table.rows):
        cells = sorted((cell for cell in table.cells if cell.row == number), key=lambda cell: cell.column)
        shown = (
            CellBlock(
                cell.text,
                number < table.head_rows or cell.column < table.head_columns,
                min(cell.row_span, len(table.rows) - number),
                cell.column_span,
            )
            for cell in cells
        )
        yield RowBlock(tuple(shown), any(first < end and last > start for first, last in spans))
