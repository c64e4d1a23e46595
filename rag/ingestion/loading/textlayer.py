"""The text layer of one PDF page, made readable, with every character traceable to its place.

pdfium gives the characters of a page in reading order, one index each. Reading them for people means putting lines
and columns together as they are seen, mending words that were parted at line ends, telling marks from figures,
spelling out ligatures and dropping what cannot be seen; drawing a box around a quote later needs the way back. So the
text comes with a list of indices, as long as the text: `indices[i]` is pdfium's index of `text[i]`, or -1 for a
character that was put in here.

Callers hold `rag.ingestion.loading.pdf.LOCK`: pdfium must not be used by two threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby, pairwise
from typing import Final

import pypdfium2 as pdfium

from rag.core.types import LeftOutReason, UnreadReason
from rag.ingestion.loading.drawn_signs import drawn_signs
from rag.ingestion.loading.drop_capitals import with_capitals
from rag.ingestion.loading.hidden_text import SCAN, Hidden, covered_share, hidden_pieces
from rag.ingestion.loading.hyphens import Words
from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.page_objects import PageObjects, page_objects
from rag.ingestion.loading.paragraphs import paragraphs
from rag.ingestion.loading.pdf_forms import Field, struck_boxes, with_fields
from rag.ingestion.loading.pdf_grid import GridCell
from rag.ingestion.loading.pdf_rules import rules_of
from rag.ingestion.loading.pdf_screen import rows_among
from rag.ingestion.loading.pdf_table_text import FoundTable, LaidTable, lay_tables, with_rows
from rag.ingestion.loading.pdf_tables import tables_of
from rag.ingestion.loading.pdfium_calls import Characters
from rag.ingestion.loading.plain_characters import tidy
from rag.ingestion.loading.raised_characters import mark_raised
from rag.ingestion.loading.shown_lines import Shown, shown
from rag.ingestion.loading.text_columns import in_columns, without_numbers
from rag.ingestion.loading.text_lines import describe, page_lines, side_by_side
from rag.ingestion.loading.turned_text import turn_lines
from rag.ingestion.loading.unread import why_unread

__all__ = ["PageLayout", "Placed", "PlacedText", "page_layout", "place", "read_page", "tidy"]


@dataclass(frozen=True, slots=True)
class Gone:
    """Text that is left out, and pdfium's index of its first character."""

    why: LeftOutReason
    text: str
    index: int


@dataclass(slots=True)
class PageLayout:
    """The lines of a page in reading order, and its tables by number.

    `left_out` is what else stands on it; `pictured`: a picture covers it.
    """

    lines: list[Shown]
    left_out: list[Gone] = field(default_factory=list)
    unread: UnreadReason | None = None
    pictured: bool = False
    tables: list[FoundTable] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of the page in its text: `first` of its paragraph, `alone` in it."""

    start: int
    shown: Shown
    first: bool
    alone: bool


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A page's text, the index of each of its characters, and where its lines begin in it."""

    text: str
    indices: list[int]
    lines: list[Placed]

    def place_of(self, index: int) -> int:
        """Where in the text pdfium's character of that index stands, or would stand."""
        return next((place for place, one in enumerate(self.indices) if one >= index), len(self.text))

    def tables(self, found: Sequence[FoundTable]) -> list[FoundTable]:
        """The tables of the page in order, with the places of their rows."""
        rows: dict[int, list[tuple[int, int]]] = {}
        for line in self.lines:
            if line.shown.table is not None:
                rows.setdefault(line.shown.table, []).append((line.start, line.start + len(line.shown.text)))
        return [
            replace(found[number], table=replace(found[number].table, rows=tuple(places)))
            for number, places in rows.items()
        ]


def read_page(textpage: pdfium.PdfTextPage, fields: Sequence[Field] = ()) -> tuple[str, list[int]]:
    """The page's text and, for each of its characters, pdfium's index (-1: put in here).

    Lines end in "\\n", paragraphs in an empty line, words parted by a hyphen at a line end
    are whole again. The same page always gives the same text.
    """
    layout = page_layout(textpage, fields)
    placed = place(layout.lines, Words(line.text for line in layout.lines))
    return placed.text, placed.indices


def page_layout(textpage: pdfium.PdfTextPage, fields: Sequence[Field] = (), *, layers: bool = False) -> PageLayout:
    """What stands on a page. `fields` were filled in on it; `layers`: the document has layers that may be off."""
    characters = Characters(textpage)
    lines = page_lines(characters)
    objects = page_objects(textpage.page, layers=layers)
    # What an annotation strikes out has a line drawn through it.
    objects.lines += [
        (left, (low + high) / 2, right, (low + high) / 2) for left, low, right, high in struck_boxes(fields)
    ]
    hidden = hidden_pieces(textpage.page, characters, lines, objects)
    left_out = list(_taken_out(characters, lines, hidden)) if hidden else []
    lines = [line for line in lines if line.pieces]
    signs = drawn_signs(characters, lines, objects.small)
    if fields or signs:
        lines = with_fields(lines, [*fields, *signs])
    unread = why_unread(characters, lines, objects)
    covered = covered_share(objects.pictures, textpage.page.get_bbox()) >= SCAN
    pictured = covered and not objects.invisible  # else it was read, and its words lie on it
    turn = turn_lines(lines)
    lines = with_capitals(characters, side_by_side(lines))
    mark_raised(characters, lines, turn)
    for line in lines:
        describe(characters, line, turn)
    if turn and 2 * sum(after.baseline > before.baseline for before, after in pairwise(lines)) > len(lines):
        lines.reverse()  # pdfium begins at the last line of text that runs downwards
    lines, numbers = without_numbers(characters, lines)
    if numbers:
        counted = " ".join(characters.text[line.pieces[0].start : line.pieces[0].end] for line in numbers)
        left_out.append(Gone("repeated", counted, numbers[0].pieces[0].start))
    tables, show = _tables(textpage.page, characters, lines, objects, fields)
    lines = [line for line in lines if line.words]
    if not turn:
        lines = in_columns(characters, lines)
    for line in lines:
        if not line.size:  # a new one
            describe(characters, line, turn)
    found = [line for line in with_rows(lines, tables, show) if line.text]
    return PageLayout(found, left_out, unread, pictured, [table.found for table in tables])


def _tables(
    page: pdfium.PdfPage, characters: Characters, lines: list[Line], objects: PageObjects, fields: Sequence[Field]
) -> tuple[list[LaidTable], Callable[[Line], Shown]]:
    """The tables of a page, a piece for each row put into its lines; and what gives the text of a line."""
    texts = [shown(characters, line) for line in lines]
    boxes = [one.box for one in fields if not one.struck]
    longest = 1.5 * max(page.get_size())
    rows = rows_among(lines, objects.uprights)

    def find(text: str, indices: list[int]) -> list[list[GridCell]]:
        rules = partial(rules_of, objects.paths, longest)
        return tables_of(text, indices, characters.box, rules, boxes, rows)

    tables = lay_tables(lines, texts, find)
    known = {} if tables else {id(one.line): one for one in texts}
    return tables, lambda line: known.get(id(line)) or shown(characters, line)


def _taken_out(characters: Characters, lines: list[Line], hidden: Hidden) -> Iterator[Gone]:
    """Takes what is hidden out of the lines, and gives it in stretches."""
    taken: list[Piece] = []  # kept to the end, since what is freed may leave its id to a piece of another line
    for line in lines:
        for why, some in groupby(line.pieces, key=lambda piece: hidden.get(id(piece))):
            pieces = list(some)
            if why is not None:
                taken += pieces
                gone = Line(pieces, plain=line.plain)
                yield Gone(why, shown(characters, gone).text, pieces[0].start)
                line.plain = False
        line.pieces = [piece for piece in line.pieces if id(piece) not in hidden]


def place(lines: Iterable[Shown], words: Words) -> PlacedText:
    """The text of a page's lines, in paragraphs; `words` tells which hyphens at line ends belong to their words."""
    texts: list[str] = []
    indices: list[int] = []
    placed: list[Placed] = []
    length = 0
    for number, paragraph in enumerate(paragraphs(list(lines))):
        if number:
            texts.append("\n\n")
            indices += (-1, -1)
            length += 2
        last: Shown | None = None
        for line in paragraph:
            if last is not None:
                cut = _joined(last, line, words)
                if cut == 1:
                    texts[-1] = texts[-1][:-1]
                    indices.pop()
                    length -= 1
                elif cut < 0:
                    texts.append("\n")
                    indices.append(-1)
                    length += 1
            placed.append(Placed(length, line, last is None, len(paragraph) == 1))
            texts.append(line.text)
            indices += line.indices
            length += len(line.text)
            last = line
    return PlacedText("".join(texts), indices, placed)


_APART: Final = -1


def _joined(above: Shown, below: Shown, words: Words) -> int:
    """How many characters go where two lines are made one: the hyphen, or none; -1 where they stay two."""
    if not above.parted or len(above.text) < 2 or not above.text[-2].isalpha() or not below.text[0].isalpha():
        return 0 if above.soft and below.text[0].isalpha() else _APART
    if above.soft:
        return 0
    if words.stands_for_more(above.text[:-1], below.text):
        return _APART
    return 0 if words.keep_hyphen(above.text[:-1], below.text) else 1
