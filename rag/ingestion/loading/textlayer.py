"""The text layer of one PDF page, made readable, with every character traceable to its place.

pdfium gives the characters of a page in reading order, one index each. Reading them for people
means mending words that were parted at line ends, spelling out ligatures and dropping what
cannot be seen; drawing a box around a quote later needs the way back. So the text comes with a
list of indices, as long as the text: `indices[i]` is pdfium's index of `text[i]`, or -1 for a
character that was put in here.

Callers hold `rag.ingestion.loading.pdf.LOCK`: pdfium must not be used by two threads.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from statistics import quantiles

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

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

# Compatibility forms that fonts use for ordinary letters: ligatures, Kangxi radicals, Arabic shapes.
_FORMS = ((0x2E80, 0x2FDF), (0xF900, 0xFDFF), (0xFE70, 0xFEFE))
_BULLETS = "\uf0b7\uf0a7\uf0d8\uf076"
_JOINERS = "\u200c\u200d"

_PARAGRAPH_GAP = 1.35
_HEADING_SIZE = 1.15
_HEADING_WEIGHT = 1.35
_HEADING_LENGTH = 120


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the page's text: where it stands, and its first letter's size and weight."""

    start: int
    text: str
    size: float
    weight: int
    after_gap: bool


def read_page(textpage: pdfium.PdfTextPage) -> tuple[str, list[int]]:
    """The page's text and, for each of its characters, pdfium's index (-1: put in here).

    Lines end in "\\n", paragraphs in an empty line, words parted by a hyphen at a line end
    are whole again. Table rows are lines, " | " between their cells. The same page always gives the same text.
    """
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
