"""Pages become chunks: small enough for the embedder to read whole, each at its exact place.

LangChain's recursive splitter cuts a page into pieces that follow each other without a gap, so
their places are known by adding up lengths and need not be searched for. White space around a
piece is left out, and what a chunk repeats of the one before is put in front of it here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import partial

from langchain_text_splitters import RecursiveCharacterTextSplitter

from rag.core.types import Chunk, Heading, LoadedDocument
from rag.ingestion.table_rows import TableRows

Count = Callable[[str], int]

# Where a text is cut, best first: paragraphs, lines, cells of a row, sentences, clauses, words, anywhere; there, eight
# characters are measured at a time while that is fine enough.
SEPARATORS = [
    r"\n\s*\n",
    r"\n",
    r" \| ",
    r"[。！？…][”’」』）]*",
    r"[.!?][\"'”’)\]]*\s+",
    r"[；;]",
    r"[，、：]|[,:]\s+",
    r"\s+",
    r"(?s:.{8})",
    "",
]
_CONTEXT_SHARE = 4
_OVERLAP_SHARE = 4
_HEADS_SHARE = 6
_BETWEEN = " — "
# A token is rarely longer; of a longer word without a blank, many embedders make one token, however long it is.
_TOKEN_CHARACTERS = 12
_ENDLESS = re.compile(r"(?<!\S)\S{100,}+")
_WORD_START = re.compile(r"(?<!\S)\S|[\u3400-\u9fff\uf900-\ufaff]")


def split(document: LoadedDocument, *, count: Count, size: int, overlap: int) -> list[Chunk]:
    """The chunks of a document in order, none across two pages.

    `count` measures a text (tokens of the embedder, or `len` for characters). For every chunk
    `count(f"{context}\\n{text}") <= size` holds, and `page.text[start:end] == text`. A chunk
    repeats up to `overlap` of the one before it on its page.
    """
    if size < 1 or overlap < 0:
        raise ValueError(f"size must be at least 1 and overlap at least 0, got {size} and {overlap}")
    count = _bounded(count)
    overlap = min(overlap, size // _OVERLAP_SHARE)
    chunks: list[Chunk] = []
    section = ""
    for page in document.pages:
        # Forgotten page by page: it holds every piece that was measured.
        measure = _remembering(count)
        headings = [Heading(0, section), *page.headings]
        starts = [heading.start for heading in headings]
        contexts = {title: _context(document.title, title, measure, size) for title in {h.title for h in headings}}
        most = max(measure(f"{context}\n") if context else 0 for context in contexts.values())
        heads = TableRows(page.tables, partial(_shortened, count=measure, most=size // _HEADS_SHARE))
        most += max((measure(f"{_BETWEEN}{one}") for one in heads.words), default=0)
        for start, end in _pieces(page.text, measure, max(1, size - most), overlap):
            title = headings[bisect_left(starts, start + 1) - 1].title
            start = heads.row_start(start, end)
            context = _BETWEEN.join(filter(None, (contexts[title], heads.of(start, end))))
            for first, last in _fitting(page.text, start, end, context, measure, size, heads):
                chunks.append(Chunk(page.number, page.label, title, context, page.text[first:last], first, last))
        section = headings[-1].title
    return chunks


def _context(title: str, section: str, count: Count, size: int) -> str:
    """Title and section on a line, within a quarter of `size`; the title yields first."""
    most = size // _CONTEXT_SHARE
    section = "" if section == title else _shortened(section, count, most)
    title = _shortened(title, count, max(most - count(f" — {section}\n"), 0) if section else most)
    return _BETWEEN.join(part for part in (title, section) if part)


def _shortened(text: str, count: Count, most: int) -> str:
    words = text.split()
    if count(" ".join(words)) <= most:
        return " ".join(words)
    kept = bisect_left(range(1, len(words)), True, key=lambda n: count(" ".join(words[:n])) > most)
    return " ".join(words[:kept])


def _pieces(text: str, count: Count, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Places of at most `size`, overlap included, that together hold all that is not white space."""
    cut = _cut(text, count, size - overlap) if size > 2 * overlap else _cut(text, count, size)
    before = 0
    for number, (start, end) in enumerate(cut):
        first = _reaching_back(text, before, start, count, overlap) if number and size > 2 * overlap else start
        yield first, end
        before = start


def _cut(text: str, count: Count, size: int) -> list[tuple[int, int]]:
    """Places that follow each other, the white space around each left out."""
    splitter = RecursiveCharacterTextSplitter(
        separators=SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=size,
        chunk_overlap=0,
        # A piece that measures nothing would be repeated by the splitter.
        length_function=lambda piece: max(1, count(piece)),
    )
    places: list[tuple[int, int]] = []
    position = 0
    for piece in splitter.split_text(text):
        start = position + len(piece) - len(piece.lstrip())
        end = position + len(piece.rstrip())
        position += len(piece)
        if start < end:
            places.append((start, end))
    return places


def _reaching_back(text: str, before: int, start: int, count: Count, overlap: int) -> int:
    """The first word start after `before` from which up to `start` no more than `overlap` is repeated."""
    # Further back nothing can fit.
    earliest = max(before, start - _TOKEN_CHARACTERS * overlap)
    words = [earliest + match.start() for match in _WORD_START.finditer(text[earliest:start])]
    return next((w for w in words[bisect_left(words, True, key=lambda w: count(text[w:start]) <= overlap) :]), start)


def _fitting(
    text: str, start: int, end: int, context: str, count: Count, size: int, rows: TableRows
) -> Iterator[tuple[int, int]]:
    """The place itself, or its halves where it measures more as a whole than its parts did."""
    piece = text[start:end]
    if end - start < 2 or count(f"{context}\n{piece}" if context else piece) <= size:
        yield start, end
        return
    middle = (start + end) // 2
    words = rows.starts_in(start, end) or [
        start + match.start() for match in _WORD_START.finditer(piece) if match.start()
    ]
    middle = min(words, key=lambda word: abs(word - middle)) if words else middle
    for first, last in ((start, middle), (middle, end)):
        part = text[first:last]
        first, last = first + len(part) - len(part.lstrip()), first + len(part.rstrip())
        if first < last:
            yield from _fitting(text, first, last, context, count, size, rows)


def _bounded(count: Count) -> Count:
    """As `count`, but words without an end weigh by their characters: no chunk may grow without bound by them."""

    def measured(text: str) -> int:
        endless = sum(map(len, _ENDLESS.findall(text)))
        return max(count(text), endless // _TOKEN_CHARACTERS)

    return measured


def _remembering(count: Count) -> Count:
    """The splitter measures the same pieces several times over."""
    known: dict[str, int] = {}

    def measured(text: str) -> int:
        if text not in known:
            known[text] = count(text)
        return known[text]

    return measured
