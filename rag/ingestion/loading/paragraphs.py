"""Where a paragraph ends between two lines of a PDF page, and which paragraph a sentence goes on in.

A wide gap, another look or another column ends a paragraph, unless the sentence is plainly not at its end.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from statistics import quantiles
from typing import Final

from rag.ingestion.loading.line_types import Line
from rag.ingestion.loading.shown_lines import Shown

# A gap so much larger than the usual one from baseline to baseline ends a paragraph; so much larger, any sentence.
_PARAGRAPH_GAP: Final = 1.35
_WIDEST_GAP: Final = 3.2
# Letters so much larger or smaller look different.
_OTHER_SIZE: Final = 1.12
_SENTENCE_END: Final = re.compile(r"[.!?;:。！？；：…][\"'”’»)\]」』）]*(?:[⁰¹²³⁴-⁹]+|[*†‡])?$")
# With these no sentence, heading or cell of a table ends.
_OPEN: Final = re.compile(
    r"(?:[^\W\d_][-\u2010\xad\x02]|,|[(\[“‘„]|\b(?:a|an|the|of|and|or|nor|to|in|on|at|by|for|from|with|without|into|than|"
    r"that|which|whose|this|these|those|their|its|our|your|his|her|as|is|are|was|were|be|been|has|have|had|will|would|"
    r"shall|should|may|can|must|not|any|each|such|between|under|upon|if|when|while|because|der|die|das|des|dem|den|und|"
    r"oder|ein|eine|einer|eines|mit|von|zu|zur|zum|für|im|auf|de|la|le|les|du|et|ou|el|los|las|y|un|une|una|di|il))$",
    re.IGNORECASE,
)
_ITEM: Final = re.compile(r"(?:[•●▪■◦○‣➢✓·*☒☐☑]|[-–—]\s|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)]\s)")
_ASIDE: Final = re.compile(
    r"(?:fig(?:ure|\.)?|table|exhibit|box|chart|source|sources|note|notes|abb(?:ildung|\.)?|tabelle)\b|[⁰¹²³⁴-⁹*†‡]",
    re.I,
)
_LEAST_WORDS: Final = 4
# A line of so many words that ends so near to the margin, measured by its letters, is full.
_FULL_LINE: Final = 7
_MARGIN: Final = 3.0
# Of a line no more is looked at for how it ends.
_TAIL: Final = 24
_MOST_BETWEEN: Final = 4


def paragraphs(lines: list[Shown]) -> list[list[Shown]]:
    """The lines in paragraphs; a sentence that something stands in, such as a figure, is read to its end first."""
    if not lines:
        return []
    pitches = _pitches(lines)
    found = [[lines[0]]]
    for above, below in pairwise(lines):
        if _breaks(above, below, pitches):
            found.append([below])
        else:
            found[-1].append(below)
    return _mended(found)


def _pitches(lines: list[Shown]) -> dict[float, float]:
    """How far a line stands below the one before it in running text, for each size of letters."""
    drops: defaultdict[float, list[float]] = defaultdict(list)
    for above, below in pairwise(lines):
        drop = above.line.baseline - below.line.baseline
        if above.line.size == below.line.size and 0.5 * above.line.size < drop < 4 * above.line.size:
            drops[above.line.size].append(drop)
    found = {}
    for size, some in drops.items():
        if len(some) > 2:
            found[size] = quantiles(some, n=3)[0]
    return found


def _breaks(above: Shown, below: Shown, pitches: dict[float, float]) -> bool:
    if above.table is not None or below.table is not None:
        return above.table != below.table
    first, second = above.line, below.line
    size = max(first.size, second.size, 1.0)
    if _look_different(first, second) and not _fills_its_line(above, below, pitches):
        return size >= _OTHER_SIZE * min(first.size, second.size) or not _goes_on(above.text, below.text)
    drop = first.baseline - second.baseline
    if drop < -0.3 * size or not _overlap(first, second):
        return not _goes_on(above.text, below.text)  # another column, or something beside
    pitch = pitches.get(second.size, pitches.get(first.size, 0.0))
    if not pitch:
        return drop > 2.2 * size and not _goes_on(above.text, below.text)
    if drop <= _PARAGRAPH_GAP * pitch:
        return False
    return not _goes_on(above.text, below.text) or drop > max(_WIDEST_GAP * pitch, 3.5 * size)


def _fills_its_line(above: Shown, below: Shown, pitches: dict[float, float]) -> bool:
    """Whether a line ends at the margin and in a sentence, so that it looks different by its words alone."""
    first, second = above.line, below.line
    if first.size != second.size or first.right < second.right - _MARGIN * first.size:
        return False
    near = first.baseline - second.baseline <= _PARAGRAPH_GAP * pitches.get(first.size, 1.3 * first.size)
    return near and len(above.text.split()) >= _FULL_LINE and not _SENTENCE_END.search(above.text[-_TAIL:])


def _look_different(first: Line, second: Line) -> bool:
    low, high = sorted((first.size, second.size))
    return first.bold != second.bold or high > _OTHER_SIZE * low


def _overlap(first: Line, second: Line) -> bool:
    return min(first.right, second.right) > max(first.left, second.left)


def _goes_on(above: str, below: str) -> bool:
    """Whether a sentence plainly goes on from one line to the next."""
    above, below = above.rstrip(), below.lstrip()
    if not above or not below or _ITEM.match(below):
        return False
    if _OPEN.search(above[-_TAIL:]):
        return True
    if _SENTENCE_END.search(above[-_TAIL:]):
        return above[-1] in ";:" and below[0].islower() and len(above.split()) >= _LEAST_WORDS
    starts = below.lstrip("\"'“‘(„«[")
    return starts[:1].islower() and len(above.split()) >= _LEAST_WORDS


def _mended(found: list[list[Shown]]) -> list[list[Shown]]:
    """Puts what stands in the middle of a sentence, a figure's words or a footnote, behind its paragraph."""
    place = 0
    while place < len(found):
        end = found[place][-1]
        if end.table is None and len(end.text.split()) >= _LEAST_WORDS and not _SENTENCE_END.search(end.text.rstrip()):
            later = next(
                (n for n in range(place + 2, min(place + 2 + _MOST_BETWEEN, len(found))) if _resumes(end, found[n])), 0
            )
            if later and all(_is_aside(end, between) for between in found[place + 1 : later]):
                found[place] += found.pop(later)
                continue
        place += 1
    return found


def _resumes(end: Shown, paragraph: list[Shown]) -> bool:
    return (
        paragraph[0].table is None
        and paragraph[0].line.size == end.line.size
        and paragraph[0].line.bold == end.line.bold
        and paragraph[0].text[:1].islower()
        and len(paragraph[0].text.split()) >= 2
    )


def _is_aside(end: Shown, paragraph: list[Shown]) -> bool:
    first = paragraph[0]
    return first.line.size <= 0.97 * end.line.size or _ASIDE.match(first.text) is not None
