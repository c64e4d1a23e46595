"""Recognised words become a page of PDF with nothing on it but letters and rules, where they were seen.

So a scan is read by what reads every other PDF: its columns, paragraphs, headings, hyphens and tables. Each character
of that text leads back to its word, and the word to its place on the page and its certainty.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

import pypdfium2 as pdfium

from rag.core.types import PageWord, Recognition, SeenWord
from rag.ingestion.loading.pdfium_calls import Characters, objects_of, types_of
from rag.ingestion.loading.textlayer import PageLayout, PlacedText, page_layout

# Of the height of a seen word so much is the size of its font: 11 to 12 points of the pages that tests draw.
_SIZE: Final = 0.89
# Lines whose heights differ by less are of one size.
_ALIKE: Final = 0.15
_ASCENT: Final = 0.8  # of the font that is made up here
_WIDTH: Final = 0.5  # of a letter of it, before it is stretched
_NARROWEST_SPACE: Final = 0.15
_AT_ONCE: Final = 100
_TEXT: Final = 1  # pdfium's type of objects that are text


@dataclass(frozen=True, slots=True)
class RecognisedLayout:
    """A recognised page as it is laid out, and the words that its characters are of."""

    layout: PageLayout
    seen: Recognition
    by_index: Sequence[SeenWord | None]

    def words(self, placed: PlacedText) -> tuple[PageWord, ...]:
        """The words of the page's text with their places on the page as it is shown."""
        found: list[PageWord] = []
        by_place = [self.by_index[i] if i >= 0 else None for i in placed.indices]
        for _, some in groupby(enumerate(by_place), key=lambda one: id(one[1])):
            # A space is of its word's object.
            places = [at for at, _ in some if not placed.text[at].isspace()]
            word = by_place[places[0]] if places else None
            if word is not None:
                left, top, right, bottom = (round(edge, 1) for edge in self.seen.on_page(word))
                found.append(PageWord(places[0], places[-1] + 1, left, top, right, bottom, word.certainty))
        return tuple(found)


def recognised_layout(seen: Recognition) -> RecognisedLayout:
    """What recognition saw, laid out as a page. Callers hold `rag.ingestion.loading.pdf.LOCK`."""
    drawn = [word for line in seen.lines for word in line]
    if not drawn:
        return RecognisedLayout(PageLayout([]), seen, ())
    with closing(pdfium.PdfDocument(_pdf(seen))) as document, closing(document[0]) as page:
        objects = objects_of(page)
        texts = [one for one, kind in zip(objects, types_of(objects), strict=True) if kind == _TEXT]
        of_object = dict(zip(texts, drawn, strict=True))
        with closing(page.get_textpage()) as textpage:
            characters = Characters(textpage)
            owners = characters.text_objects(range(len(characters.text)))
            layout = page_layout(textpage)
    return RecognisedLayout(layout, seen, [of_object.get(one) if one else None for one in owners])


def _pdf(seen: Recognition) -> bytes:
    """A PDF of one page; its font has no shapes, only widths and the characters that its codes stand for."""
    codes = {character: code for code, character in enumerate(sorted(_letters(seen)), start=1)}
    content = "\n".join(_content(seen, codes)).encode("ascii")
    unicode = _unicode(codes).encode("ascii")
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /Seen /Encoding /Identity-H /DescendantFonts [6 0 R]"
        " /ToUnicode 8 0 R >>"
    )
    described = (
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Seen /CIDToGIDMap /Identity /DW 500"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor 7 0 R >>"
    )
    metrics = (
        "<< /Type /FontDescriptor /FontName /Seen /Flags 5 /FontBBox [0 -200 500 800] /ItalicAngle 0"
        " /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>"
    )
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {seen.width:.2f} {seen.height:.2f}] /Contents 4 0 R"
        " /Resources << /Font << /F 5 0 R >> >> >>"
    )
    plain = ("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page)
    parts = [*(one.encode() for one in plain), _stream(content), font.encode(), described.encode(), metrics.encode()]
    return _file([*parts, _stream(unicode)])


def _letters(seen: Recognition) -> set[str]:
    return {character for line in seen.lines for word in line for character in word.text} | {" "}


def _stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _file(objects: Sequence[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, one in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))


def _unicode(codes: dict[str, int]) -> str:
    """The table from codes to characters."""
    lines = ["/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Seen def /CMapType 2 def"]
    lines.append("1 begincodespacerange <0000> <FFFF> endcodespacerange")
    pairs = [f"<{code:04X}> <{one.encode('utf-16-be', 'replace').hex().upper()}>" for one, code in codes.items()]
    for first in range(0, len(pairs), _AT_ONCE):
        some = pairs[first : first + _AT_ONCE]
        lines += [f"{len(some)} beginbfchar", *some, "endbfchar"]
    return "\n".join([*lines, "endcmap end end"])


def _content(seen: Recognition, codes: dict[str, int]) -> Iterator[str]:
    for left, top, right, bottom in seen.rules:
        yield f"{left:.2f} {seen.height - bottom:.2f} {right - left:.2f} {bottom - top:.2f} re f"
    sizes = _sizes([line[0].bottom - line[0].top for line in seen.lines])
    for line, size in zip(seen.lines, sizes, strict=True):
        middle = statistics.fmean((word.top + word.bottom) / 2 for word in line)
        base = seen.height - (middle + size / 2 - (1 - _ASCENT) * size)
        for word, following in pairwise((*line, None)):
            assert word is not None
            width = max(word.right - word.left, 0.1)
            text = "".join(f"{codes[character]:04X}" for character in word.text)
            stretch = 100 * width / (len(word.text) * _WIDTH * size)
            shown = f"<{text}> Tj"
            if word.spaced and following is not None:
                # In the same object: a space has no word of its own.
                gap = max(following.left - word.right, _NARROWEST_SPACE * size)
                kern = 1000 * _WIDTH * (1 - gap / (_WIDTH * size * stretch / 100))
                shown = f"[<{text}> {kern:.1f} <{codes[' ']:04X}>] TJ"
            yield f"BT /F {size:.2f} Tf {stretch:.2f} Tz 1 0 0 1 {word.left:.2f} {base:.2f} Tm {shown} ET"


def _sizes(frames: Sequence[float]) -> list[float]:
    """The sizes of lines by the heights of their frames; those that are nearly as high as most are as high."""
    common = statistics.median(frames)
    return [_SIZE * (common if abs(frame - common) <= _ALIKE * common else frame) for frame in frames]
