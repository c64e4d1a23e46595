"""A page's text as it is laid out to be read: headings, paragraphs and tables, with what is quoted marked in them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from rag.core.formats import Kind
from rag.core.tables import Table
from rag.core.types import LeftOut, Page
from rag.ingestion.loading.markdown_blocks import CODE, kinds
from rag.viewing.highlighting import Mark, Span, marked_text, shown_text
from rag.viewing.markdown_signs import signs, without_signs

# Lines of the blank space between two paragraphs.
_BLANK: Final = re.compile(r"(?<!\n)\n[ \t]*+\n\s*+")
# What Markdown writes before a heading; a reader sees its size.
_HASHES: Final = re.compile(r"#{1,6}+[ \t]++")
_FENCES: Final = ("```", "~~~")

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
    """A heading, a paragraph or code in pieces of (text, how it is marked), or the rows of a table."""

    kind: Literal["heading", "text", "code", "table"]
    pieces: tuple[Piece, ...] = ()
    level: int = 0
    rows: tuple[RowBlock, ...] = ()

    def fields(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def page_blocks(page: Page, spans: Sequence[Span], kind: Kind = "") -> list[Block]:
    """The page of a document of this kind in blocks, in order. What was left out when it was read stands at its place,
    marked as such.

    Put together, the pieces and cells hold every word of the page's text, but not the signs of Markdown.
    """
    blocks: list[Block] = []
    done, signed = 0, kind == "markdown"
    for start, end, part in [*_parts(page, signed), (len(page.text), len(page.text), None)]:
        blocks += _paragraphs(page, done, start, spans, signed)
        if isinstance(part, Table):
            blocks.append(Block("table", rows=tuple(_rows(part, spans, kind))))
            blocks += _left_out(page.left_out, start, end)
        elif part == CODE:
            blocks.append(Block("code", _pieces(page, *_without_fences(page.text, start, end), spans)))
        elif part is not None:
            hashes = _HASHES.match(page.text, start, end)
            pieces = _pieces(page, hashes.end() if hashes else start, end, spans, signed=signed)
            blocks.append(Block("heading", pieces, int(part)))
        done = end
    return blocks


Part = tuple[int, int, Table | int | str]


def _parts(page: Page, signed: bool) -> list[Part]:
    """(start, end, what) of what is no paragraph: a table, the level of a heading, or code; in order, none inside
    another."""
    found: list[Part] = [(table.start, table.end, table) for table in page.tables if table.rows]
    found += _code(page.text) if signed else []
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


def _code(text: str) -> Iterator[Part]:
    """Lines of code in Markdown, their fences too."""
    at, lines = 0, text.split("\n")
    for kind, group in itertools.groupby(zip(kinds(lines), lines, strict=True), key=lambda pair: pair[0]):
        length = sum(len(line) + 1 for _, line in group)
        if kind == CODE:
            yield at, min(at + length, len(text)), CODE
        at += length


def _without_fences(text: str, start: int, end: int) -> Span:
    lines = text[start:end].split("\n")
    if _is_fence(lines[0]):
        start = min(start + len(lines[0]) + 1, end)
    last = next((line for line in reversed(lines[1:]) if line.strip()), "")
    return start, max(start, text.rindex(last, start, end)) if _is_fence(last) else end


def _is_fence(line: str) -> bool:
    return line.lstrip(" \t>").startswith(_FENCES)


def _paragraphs(page: Page, start: int, end: int, spans: Sequence[Span], signed: bool) -> Iterator[Block]:
    """The paragraphs between two places, without the blank lines between them."""
    borders = [start, *itertools.chain(*(found.span() for found in _BLANK.finditer(page.text, start, end))), end]
    for first, last in zip(borders[::2], borders[1::2], strict=True):
        pieces = _pieces(page, first, last, spans, whole=last == len(page.text), signed=signed)
        if any(text.strip() for text, _ in pieces):
            yield Block("text", pieces)


def _pieces(
    page: Page, start: int, end: int, spans: Sequence[Span], *, whole: bool = False, signed: bool = False
) -> tuple[Piece, ...]:
    inside = [(max(first, start) - start, min(last, end) - start) for first, last in spans]
    left_out = [
        LeftOut(part.why, part.text, part.start - start)
        for part in page.left_out
        if start <= part.start < end or (whole and part.start >= end)
    ]
    pieces = shown_text(page.text[start:end], [span for span in inside if span[0] < span[1]], left_out)
    pieces = list(_with_unsure(pieces, [(w.start - start, w.end - start) for w in page.words if w.unsure]))
    if signed:
        pieces = list(_without_signs(pieces, list(signs(page.text[start:end]))))
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


def _without_signs(pieces: Sequence[Piece], hidden: Sequence[Span]) -> Iterator[Piece]:
    begun = 0
    for text, mark in pieces:
        if mark == "left_out":
            yield text, mark
            continue
        here = [(start - begun, end - begun) for start, end in hidden]
        shown = "".join(some for some, sign in marked_text(text, here) if not sign)
        begun += len(text)
        if shown:
            yield shown, mark


def _left_out(parts: Sequence[LeftOut], start: int, end: int) -> Iterator[Block]:
    for part in parts:
        if start <= part.start < end:
            yield Block("text", ((part.text, "left_out"),))


def _rows(table: Table, spans: Sequence[Span], kind: Kind) -> Iterator[RowBlock]:
    if table.heads and not table.head_rows:
        yield RowBlock(tuple(CellBlock(head, head=True) for head in table.heads))
    for number, (start, end) in enumerate(table.rows):
        cells = sorted((cell for cell in table.cells if cell.row == number), key=lambda cell: cell.column)
        shown = (
            CellBlock(
                without_signs(cell.text, kind),
                number < table.head_rows or cell.column < table.head_columns,
                min(cell.row_span, len(table.rows) - number),
                cell.column_span,
            )
            for cell in cells
        )
        yield RowBlock(tuple(shown), any(first < end and last > start for first, last in spans))
