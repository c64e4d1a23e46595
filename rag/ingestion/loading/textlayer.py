"""The text layer of one PDF page, made readable, with every character traceable to its place.

pdfium gives the characters of a page in reading order, one index each. Reading them for people means putting lines
and columns together as they are seen, mending words that were parted at line ends, telling marks from figures,
spelling out ligatures and dropping what cannot be seen; drawing a box around a quote later needs the way back. So the
text comes with a list of indices, as long as the text: `indices[i]` is pdfium's index of `text[i]`, or -1 for a
character that was put in here.

Callers hold `rag.ingestion.loading.pdf.LOCK`: pdfium must not be used by two threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import pypdfium2 as pdfium

<<<<<<< HEAD
from rag.core.types import LeftOutReason, UnreadReason
from rag.ingestion.loading.hidden_text import SCAN, Hidden, covered_share, hidden_pieces
from rag.ingestion.loading.hyphens import Words
from rag.ingestion.loading.line_types import Line
from rag.ingestion.loading.page_objects import page_objects
from rag.ingestion.loading.paragraphs import paragraphs
from rag.ingestion.loading.pdf_forms import Field, struck_boxes, with_fields
from rag.ingestion.loading.pdfium_calls import Characters
from rag.ingestion.loading.plain_characters import tidy
from rag.ingestion.loading.raised_characters import mark_raised
from rag.ingestion.loading.shown_lines import Shown, shown
from rag.ingestion.loading.text_columns import in_columns, without_numbers
from rag.ingestion.loading.text_lines import describe, page_lines, side_by_side
from rag.ingestion.loading.turned_text import turn_lines
from rag.ingestion.loading.unread import why_unread

__all__ = ["PageLayout", "Placed", "PlacedText", "page_layout", "place", "read_page", "tidy"]

=======
from rag.core.tables import Table
from rag.core.types import Heading
from rag.ingestion.loading.pdf_characters import characters_of
from rag.ingestion.loading.pdf_table_text import FoundTable, lay_tables
from rag.ingestion.loading.pdf_tables import tables_of

_LETTER = r"[^\W\d_]"
# pdfium writes U+0002 (or U+FFFE) for a hyphen at a line end where it has joined the two lines itself.
_PARTED = re.compile(rf"(?<={_LETTER})(?:[\x02\ufffe]|[-\u2010\u00ad][ \t]*+\r?\n[ \t]*+)(?={_LETTER})")
# Letters that are written as they are, together; any other character by itself.
_PLAIN = r"[!-~\u00a1-\u00ac\u00ae-\u02af\u0391-\u03a9\u03b1-\u03c9\u0410-\u044f]"
_RUN = re.compile(rf"(?P<plain>{_PLAIN}(?:{_PLAIN}| (?={_PLAIN}))*+)|(?s:.)")
_LETTERS = re.compile(rf"{_LETTER}+")
# Letters of a parted word on each side of its hyphen by which it is looked for elsewhere on the page; and so many
# parted words are: from then on a page, which no printed one is, loses its hyphens at line ends.
_LONGEST_PART = 60
_PARTED_WORDS = 1000
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb

@dataclass(frozen=True, slots=True)
class Gone:
    """Text that is left out, and pdfium's index of its first character."""

    why: LeftOutReason
    text: str
    index: int


@dataclass(slots=True)
class PageLayout:
    """The lines of a page in reading order. `left_out` is what else stands on it; `pictured`: a picture covers it."""

    lines: list[Shown]
    left_out: list[Gone] = field(default_factory=list)
    unread: UnreadReason | None = None
    pictured: bool = False


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


def read_page(textpage: pdfium.PdfTextPage, fields: Sequence[Field] = ()) -> tuple[str, list[int]]:
    """The page's text and, for each of its characters, pdfium's index (-1: put in here).

    Lines end in "\\n", paragraphs in an empty line, words parted by a hyphen at a line end
    are whole again. Table rows are lines, " | " between their cells. The same page always gives the same text.
    """
<<<<<<< HEAD
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
    if fields:
        lines = with_fields(lines, fields)
    unread = why_unread(characters, lines, objects)
    covered = covered_share(objects.pictures, textpage.page.get_bbox()) >= SCAN
    pictured = covered and not objects.invisible  # else it was read, and its words lie on it
    turn = turn_lines(lines)
    lines = side_by_side(lines)
    mark_raised(characters, lines, turn)
    for line in lines:
        describe(characters, line, turn)
    lines, numbers = without_numbers(characters, lines)
    if numbers:
        counted = " ".join(characters.text[line.pieces[0].start : line.pieces[0].end] for line in numbers)
        left_out.append(Gone("repeated", counted, numbers[0].pieces[0].start))
    if not turn:
        lines = in_columns(characters, lines)
    for line in lines:
        if not line.size:  # a new one
            describe(characters, line, turn)
    found = (shown(characters, line) for line in lines)
    return PageLayout([line for line in found if line.text], left_out, unread, pictured)


def _taken_out(characters: Characters, lines: list[Line], hidden: Hidden) -> Iterator[Gone]:
    """Takes what is hidden out of the lines, and gives it in stretches."""
    for line in lines:
        for why, some in groupby(line.pieces, key=lambda piece: hidden.get(id(piece))):
            pieces = list(some)
            if why is not None:
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
    return 0 if words.keep_hyphen(above.text[:-1], below.text) else 1
=======
    text, indices, _ = read_layout(textpage)
    return text, indices


def read_layout(textpage: pdfium.PdfTextPage) -> tuple[str, list[int], list[FoundTable]]:
    """As `read_page`, with the page's tables: each of their rows is a line in the text."""
    text, indices = _with_paragraphs(textpage, *_readable(characters_of(textpage)))
    return lay_tables(text, indices, tables_of(textpage, text, indices))


def tidy(text: str) -> str:
    """A text from another reader under the same rules, but without places."""
    return _readable(text)[0].strip()


def headings(
    textpage: pdfium.PdfTextPage, text: str, indices: list[int], tables: Iterable[Table] = ()
) -> list[Heading]:
    """Lines set larger or bolder than the page's running text, as headings; none in tables."""
    lines = _lines(textpage, text, indices, [(table.start, table.end) for table in tables])
    if not lines:
        return []
    size = _commonest((line.size, len(line.text)) for line in lines)
    weight = _commonest((line.weight, len(line.text)) for line in lines)
    found: list[Heading] = []
    last: _Line | None = None
    for line in lines:
        if not _is_heading(line, size, weight):
            last = None
            continue
        if last and not line.after_gap and (last.size, last.weight) == (line.size, line.weight):
            found[-1] = Heading(found[-1].start, f"{found[-1].title} {line.text}")
        else:
            found.append(Heading(line.start, line.text))
        last = line
    return [heading for heading in found if len(heading.title) <= _HEADING_LENGTH]


def _readable(raw: str) -> tuple[str, list[int]]:
    out: list[str] = []
    indices: list[int] = []

    def put(first: int, last: int) -> None:
        for run in _RUN.finditer(raw, first, last):
            i = run.start()
            if run.lastgroup:
                out.append(run.group())
                indices.extend(range(i, run.end()))
                continue
            for character in _form(raw[i]):
                if character in " \n" and (not out or out[-1] == "\n"):
                    continue
                if character == " " and out[-1] == " ":
                    continue
                if character == "\n" and out[-1] == " ":
                    out.pop()
                    indices.pop()
                out.append(character)
                indices.append(i)

    position = 0
    keeps_hyphen = _hyphens(raw)
    for parted in _PARTED.finditer(raw):
        put(position, parted.start())
        if keeps_hyphen(parted):
            out.append("-")
            indices.append(parted.start())
        position = parted.end()
    put(position, len(raw))
    return "".join(out), indices


@cache
def _form(character: str) -> str:
    """What is written for one character of a PDF: itself, an ordinary form of it, or nothing."""
    code = ord(character)
    if character == "\ufffe":
        return "-"
    if character in _BULLETS:
        return "•"
    category = unicodedata.category(character)
    if character == "\n" or category in ("Zl", "Zp"):
        return "\n"
    if character == "\t" or category == "Zs":
        return " "
    if category in ("Cc", "Cs", "Cn") or (category == "Cf" and character not in _JOINERS):
        return ""
    if any(first <= code <= last for first, last in _FORMS):
        return unicodedata.normalize("NFKC", character)
    return character


def _hyphens(raw: str) -> Callable[[re.Match[str]], bool]:
    """Tells whether a hyphen at a line end belongs to the word, as in "Non-|Participating"."""
    known: dict[tuple[str, str], bool] = {}

    def keeps(parted: re.Match[str]) -> bool:
        if parted.group().startswith("\u00ad"):
            return False
        # What stands before is read backwards, so that no place is tried twice.
        start = parted.start()
        before = _LETTERS.match(raw[max(0, start - _LONGEST_PART) : start][::-1])
        after = _LETTERS.match(raw, parted.end(), parted.end() + _LONGEST_PART)
        if before is None or after is None or not after.group()[0].islower():
            return True
        if raw[max(0, start - before.end() - 1) : start - before.end()] in ("-", "\u2010"):
            return True  # "out-of-|network"
        parts = before.group()[::-1].lower(), after.group().lower()
        if parts not in known:
            known[parts] = len(known) < _PARTED_WORDS and _is_hyphened(_lower(raw), *parts)
        return known[parts]

    return keeps


def _is_hyphened(page: str, left: str, right: str) -> bool:
    """Whether the page writes a word with its hyphen elsewhere, and never without: it knows best."""
    return f"{left}-{right}" in page and f"{left}{right}" not in page


@lru_cache(maxsize=1)
def _lower(page: str) -> str:
    return page.lower().replace("\u2010", "-")


def _with_paragraphs(textpage: pdfium.PdfTextPage, text: str, indices: list[int]) -> tuple[str, list[int]]:
    """Put an empty line where the gap between two lines is clearly larger than usual."""
    starts = [0, *(i + 1 for i, character in enumerate(text) if character == "\n" and i + 1 < len(text))]
    heights = [_baseline(textpage, indices[start]) if text else 0.0 for start in starts]
    drops = [above - below for above, below in pairwise(heights)]
    usual = [drop for drop in drops if 2 < drop < 60]
    if len(usual) < 3:
        return text, indices
    limit = _PARAGRAPH_GAP * quantiles(usual, n=3)[0]
    pieces: list[str] = []
    places: list[int] = []
    for start, end, drop in zip(starts, [*starts[1:], len(text)], [0.0, *drops], strict=True):
        if drop > limit:
            pieces.append("\n")
            places.append(-1)
        pieces.append(text[start:end])
        places.extend(indices[start:end])
    return "".join(pieces), places


def _baseline(textpage: pdfium.PdfTextPage, index: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium_c.FPDFText_GetCharOrigin(textpage.raw, index, x, y)
    return y.value


def _lines(
    textpage: pdfium.PdfTextPage, text: str, indices: list[int], but: Iterable[tuple[int, int]] = ()
) -> list[_Line]:
    lines: list[_Line] = []
    start, after_gap = 0, True
    for line in text.split("\n"):
        if line.strip() and not any(first <= start < last for first, last in but):
            size, weight = _look(textpage, indices[start])
            last_weight = _look(textpage, indices[start + len(line) - 1])[1]
            lines.append(_Line(start, line.strip(), size, min(weight, last_weight), after_gap))
        after_gap = not line
        start += len(line) + 1
    return lines


def _look(textpage: pdfium.PdfTextPage, index: int) -> tuple[float, int]:
    """Height in points, rounded to halves, and weight (400 is usual) of a character."""
    box = pdfium_c.FS_RECTF()
    pdfium_c.FPDFText_GetLooseCharBox(textpage.raw, index, box)
    return round(2 * (box.top - box.bottom)) / 2, pdfium_c.FPDFText_GetFontWeight(textpage.raw, index)


def _is_heading(line: _Line, size: float, weight: float) -> bool:
    bolder = line.weight >= _HEADING_WEIGHT * weight and line.after_gap
    if len(line.text) > _HEADING_LENGTH or not (bolder or line.size >= _HEADING_SIZE * size):
        return False
    letters = sum(character.isalpha() for character in line.text)
    return letters >= 2 and letters >= len(line.text) / 2 and line.text[-1] not in ".,;:。，；："


def _commonest(weighted: Iterable[tuple[float, int]]) -> float:
    counts: Counter[float] = Counter()
    for value, times in weighted:
        counts[value] += times
    return counts.most_common(1)[0][0]
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
