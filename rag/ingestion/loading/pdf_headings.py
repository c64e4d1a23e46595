"""The headings of a PDF: by its bookmarks, or by a look that differs from that of its text, or by printed numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.core.text import find_words
from rag.core.types import Heading
from rag.ingestion.loading.textlayer import Placed, PlacedText

_LARGER: Final = 1.15
_LONGEST: Final = 120
_MOST_LINES: Final = 3
_LEVELS: Final = 6
# "1.2 Scope", "Article 5", "§ 3 Notice", "Appendix B", 第三章; and what stands before a bookmark's own words.
_NUMBERED: Final = re.compile(
    r"(?:(?P<figures>\d{1,2}(?:\.\d{1,3}){1,4})\.?\s+(?=(?-i:[^\W\d_a-z]))"
    r"|(?:chapter|section|article|part|appendix|annex|schedule|kapitel|abschnitt|artikel|teil|anhang)\s+"
    r"(?:\d{1,3}|[IVXL]{1,6}|[A-Z])\b|§\s?\d|第[一二三四五六七八九十\d]{1,4}[章节条])",
    re.IGNORECASE,
)
_NUMBER_BEFORE: Final = re.compile(
    r"(?:(?:chapter|section|article|part|appendix|annex|item|note|kapitel|abschnitt|artikel)\s++)?"
    r"(?:\d{1,3}(?:\.\d{1,3}){0,5}|[IVXLivxl]{1,6}|[A-Za-z]|§\s?\d+)?[.):]?[\s–—-]*+",
    re.IGNORECASE,
)
_LONGEST_NUMBER: Final = 24
_ENDS_WITH_PAGE: Final = re.compile(r"(?:\.\s?){3,}|\s\d{1,4}$")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of the outline; pages count from 0, levels from 1."""

    page: int
    title: str
    level: int


def headings_of(pages: Sequence[PlacedText], outline: Sequence[Bookmark]) -> list[list[Heading]]:
    """The headings of each page in order."""
    return _outlined(outline, [page.text for page in pages]) or _by_look(pages)


def _outlined(outline: Sequence[Bookmark], texts: list[str]) -> list[list[Heading]]:
    """The bookmarks at the places where their words stand on the page, or at its top."""
    found: list[list[Heading]] = [[] for _ in texts]
    for mark in outline:
        if 0 <= mark.page < len(texts) and texts[mark.page]:
            start = _place(texts[mark.page], mark.title)
            found[mark.page].append(Heading(start, mark.title, min(mark.level, _LEVELS)))
    for places in found:
        places.sort(key=lambda heading: heading.start)
    return found if any(found) else []


def _place(text: str, title: str) -> int:
    """Where a title stands: where it makes a line, its printed number before it; else where its words are found."""
    inside, searched = -1, 0
    while searched < len(text) and (place := find_words(text[searched:], title, any_case=True)):
        start, end = searched + place[0], searched + place[1]
        begins = text.rfind("\n", 0, start) + 1
        before = text[begins:start]
        if len(before) <= _LONGEST_NUMBER and _NUMBER_BEFORE.fullmatch(before):
            if text[end : end + 1] in ("", "\n"):
                return begins
            inside = begins if inside < 0 else inside
        inside = start if inside < 0 else inside
        searched = end
    return max(inside, 0)


def _by_look(pages: Sequence[PlacedText]) -> list[list[Heading]]:
    looks: Counter[tuple[float, bool]] = Counter()
    for page in pages:
        for one in page.lines:
            looks[one.shown.line.size, one.shown.line.bold] += len(one.shown.text)
    if not looks:
        return [[] for _ in pages]
    size, bold = looks.most_common(1)[0][0]
    found = [list(_candidates(page, size, bold)) for page in pages]
    sizes = sorted({one.size for page in found for one in page if one.size >= _LARGER * size}, reverse=True)
    return [[Heading(one.start, one.title, _level(one, sizes)) for one in page] for page in found]


@dataclass(frozen=True, slots=True)
class _Candidate:
    start: int
    title: str
    size: float
    depth: int


def _candidates(page: PlacedText, size: float, bold: bool) -> Iterator[_Candidate]:
    for paragraph in _paragraphs(page.lines):
        title = " ".join(one.shown.text for one in paragraph)
        if paragraph[0].shown.table is not None or len(paragraph) > _MOST_LINES or not _may_head(title):
            continue
        high = min(one.shown.line.size for one in paragraph)
        bolder = not bold and all(one.shown.line.bold for one in paragraph)
        numbered = _NUMBERED.match(title)
        larger = high >= _LARGER * size
        if larger or (high >= 0.9 * size and (bolder or numbered) and _stands_alone(title, paragraph)):
            figures = numbered["figures"] if numbered else None
            yield _Candidate(paragraph[0].start, title, high, figures.count(".") + 1 if figures else 0)


def _paragraphs(lines: Sequence[Placed]) -> Iterator[list[Placed]]:
    paragraph: list[Placed] = []
    for one in lines:
        if one.first and paragraph:
            yield paragraph
            paragraph = []
        paragraph.append(one)
    if paragraph:
        yield paragraph


def _may_head(title: str) -> bool:
    letters = sum(character.isalpha() for character in title)
    if len(title) > _LONGEST or letters < 2 or letters < len(title) / 2:
        return False
    return title[-1] not in ".,;:。，；："


def _stands_alone(title: str, paragraph: list[Placed]) -> bool:
    """Whether a bold or numbered line of usual size heads something: no row of a table, no entry of the contents."""
    return not title[0].islower() and len(paragraph) < _MOST_LINES and _ENDS_WITH_PAGE.search(title) is None


def _level(one: _Candidate, sizes: list[float]) -> int:
    """By its printed number; else the larger, the higher."""
    if one.depth:
        return min(one.depth, _LEVELS)
    return min(sizes.index(one.size) + 1 if one.size in sizes else len(sizes) + 1, _LEVELS)
