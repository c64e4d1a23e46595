"""What was filled into the forms of a PDF: texts, ticks and choices, at their places on the page.

pdfium draws the values of fields, and notes typed onto the page, only beside its content. They are made part of it
here, for the open document alone, so that they are read, drawn and boxed as what is printed. Ticks become ☒ and ☐.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.pdfium_calls import Box

_TICKED: Final = {True: "☒", False: "☐"}
_BOXES: Final = (pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON)
_TEXTS: Final = (pdfium_c.FPDF_FORMFIELD_TEXTFIELD, pdfium_c.FPDF_FORMFIELD_COMBOBOX)
_UNSEEN: Final = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD: Final = 1 << 13
_TYPED: Final = (pdfium_c.FPDF_ANNOT_FREETEXT, pdfium_c.FPDF_ANNOT_STAMP)
_MOST: Final = 5000
_LETTER: Final = 0.5  # how wide a letter is, measured by its height, where nothing says so
_HIGHEST: Final = 12.0


@dataclass(frozen=True, slots=True)
class Field:
    """What was filled in, and where.

    `tick`: a box; `typed`: a note; `chosen`: from a list that shows the rest too; `struck`: words that were struck out.
    """

    box: Box
    text: str
    tick: bool = False
    typed: bool = False
    chosen: bool = False
    struck: bool = False


def prepare(document: pdfium.PdfDocument) -> None:
    """To be called before the first page is opened: else pdfium does not tell of forms."""
    if document.get_formtype() == pdfium_c.FORMTYPE_ACRO_FORM:
        document.init_forms()


@contextmanager
def open_page(document: pdfium.PdfDocument, number: int) -> Iterator[tuple[pdfium.PdfPage, list[Field]]]:
    """A page, counted from 0, with what is filled into its fields made part of its content, and these fields."""
    page = document[number]
    fields = list(_fields(document, page)) if pdfium_c.FPDFPage_GetAnnotCount(page.raw) else []
    filled = any(not field.struck for field in fields)
    if filled and pdfium_c.FPDFPage_Flatten(page.raw, pdfium_c.FLAT_NORMALDISPLAY) == pdfium_c.FLATTEN_SUCCESS:
        page.close()
        page = document[number]
    with closing(page):
        yield page, fields


def _fields(document: pdfium.PdfDocument, page: pdfium.PdfPage) -> Iterator[Field]:
    form = document.formenv.raw if document.formenv else None
    for number in range(min(_MOST, pdfium_c.FPDFPage_GetAnnotCount(page.raw))):
        annotation = pdfium_c.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        try:
            if not pdfium_c.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
                kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
                if kind in _TYPED:
                    yield Field(_rect(annotation), "", typed=True)
                elif kind == pdfium_c.FPDF_ANNOT_STRIKEOUT:
                    yield from (Field(box, "", struck=True) for box in _quads(annotation))
                elif kind == pdfium_c.FPDF_ANNOT_WIDGET and form:
                    yield from _field(form, annotation)
        finally:
            pdfium_c.FPDFPage_CloseAnnot(annotation)


def _field(form: pdfium_c.FPDF_FORMHANDLE, annotation: pdfium_c.FPDF_ANNOTATION) -> Iterator[Field]:
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in _BOXES:
        yield Field(_rect(annotation), _TICKED[bool(pdfium_c.FPDFAnnot_IsChecked(form, annotation))], tick=True)
    elif kind in _TEXTS or kind == pdfium_c.FPDF_FORMFIELD_LISTBOX:
        secret = pdfium_c.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD
        chosen = kind == pdfium_c.FPDF_FORMFIELD_LISTBOX
        yield Field(_rect(annotation), "" if secret and not chosen else _value(form, annotation), chosen=chosen)
    else:
        yield Field(_rect(annotation), "", typed=True)


def _quads(annotation: pdfium_c.FPDF_ANNOTATION) -> Iterator[Box]:
    """What an annotation runs over, line by line."""
    quad = pdfium_c.FS_QUADPOINTSF()
    for number in range(min(_MOST, pdfium_c.FPDFAnnot_CountAttachmentPoints(annotation))):
        if pdfium_c.FPDFAnnot_GetAttachmentPoints(annotation, number, quad):
            xs, ys = (quad.x1, quad.x2, quad.x3, quad.x4), (quad.y1, quad.y2, quad.y3, quad.y4)
            yield min(xs), min(ys), max(xs), max(ys)


def _rect(annotation: pdfium_c.FPDF_ANNOTATION) -> Box:
    rect = pdfium_c.FS_RECTF()
    pdfium_c.FPDFAnnot_GetRect(annotation, rect)
    return (
        min(rect.left, rect.right), min(rect.bottom, rect.top), max(rect.left, rect.right), max(rect.bottom, rect.top)
    )  # fmt: skip


def _value(form: pdfium_c.FPDF_FORMHANDLE, annotation: pdfium_c.FPDF_ANNOTATION) -> str:
    length = pdfium_c.FPDFAnnot_GetFormFieldValue(form, annotation, None, 0)
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    pdfium_c.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, length)
    return bytes(buffer)[: max(0, length - 2)].decode("utf-16-le", "replace")


def struck_boxes(fields: Sequence[Field]) -> list[Box]:
    return [field.box for field in fields if field.struck]


def with_fields(lines: list[Line], fields: Sequence[Field]) -> list[Line]:
    """The lines of a page with what was filled in where it is seen, behind its label for instance."""
    # Notes first: they may be what boxes are labelled with.
    for field in sorted((field for field in fields if not field.struck), key=lambda field: not field.typed):
        inside = _taken(lines, field.box)
        lines = [line for line in lines if line.pieces]
        if field.tick or field.chosen or (field.text.strip() and not inside):
            inside = _written(field, inside)
        for filled in inside:
            _put(lines, filled, apart=field.typed)
    return lines


def _taken(lines: list[Line], box: Box) -> list[Line]:
    """Takes what stands in a field out of the lines."""
    found: list[Line] = []
    for line in lines:
        inside = [piece for piece in line.pieces if _is_in(piece, box)]
        if inside:
            line.pieces = [piece for piece in line.pieces if not _is_in(piece, box)]
            line.plain = False
            found.append(Line(inside, plain=False))
    return found


def _is_in(piece: Piece, box: Box) -> bool:
    return box[0] <= (piece.left + piece.right) / 2 <= box[2] and box[1] <= (piece.bottom + piece.top) / 2 <= box[3]


def _written(field: Field, inside: list[Line]) -> list[Line]:
    """The text of a field in lines of its own; a tick takes the place of the sign that is drawn for it."""
    left, bottom, right, top = field.box
    if field.tick:
        start, end = (inside[0].pieces[0].start, inside[0].pieces[0].end) if inside else (-1, -1)
        return [Line([Piece(start, end, left, bottom, right, top, shown=field.text)], plain=False)]
    texts = [text for text in field.text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if text.strip()]
    high = min(_HIGHEST, (top - bottom) / max(1, len(texts)))
    found = []
    for number, text in enumerate(texts):
        under = top - (number + 1) * high if len(texts) > 1 else (bottom + top - high) / 2
        width = min(right - left, len(text) * _LETTER * high)
        found.append(Line([Piece(-1, -1, left, under, left + width, under + high, shown=text.strip())], plain=False))
    return found


def _put(lines: list[Line], filled: Line, *, apart: bool) -> None:
    """Into the line it stands on, or between the lines above and below it."""
    first = filled.pieces[0]
    middle = (first.bottom + first.top) / 2
    box = first.left, first.bottom, first.right, first.top
    beside = [line for line in lines if not apart and not line.backwards and is_level(line, box, middle)]
    if beside:
        line = min(beside, key=lambda line: max(line.left - first.right, first.left - line.right))
        line.pieces = sorted(line.pieces + filled.pieces, key=lambda piece: piece.left)
        line.plain = False
        return
    above = [
        (line.pieces[0].bottom, -number)
        for number, line in enumerate(lines)
        if line.pieces[0].bottom >= middle and line.left < first.right + 200 and line.right > first.left - 200
    ]
    lines.insert(1 - min(above)[1] if above else 0, filled)


def is_level(line: Line, box: Box, middle: float) -> bool:
    """Whether a box whose middle is at this height stands in a line."""
    _, _, _, bottom, _, top = line.first
    return bottom <= middle <= top or (
        box[1] <= (bottom + top) / 2 <= box[3] and box[3] - box[1] < 2.5 * (top - bottom)
    )
