"""What is in the body of a Word file: paragraphs, lists and tables in order, and what nobody is meant to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from rag.core.types import LeftOut
from rag.ingestion.loading.office_package import MC, M, W
from rag.ingestion.loading.signs import in_font, sign
from rag.ingestion.loading.text_flow import TextFlow, Written
from rag.ingestion.loading.word_fields import Fields
from rag.ingestion.loading.word_formulas import formula
from rag.ingestion.loading.word_notes import Notes
from rag.ingestion.loading.word_numbering import Numbering
from rag.ingestion.loading.word_styles import Ground, Look, Styles, is_on, shade
from rag.ingestion.loading.word_tables import cells_of, is_layout, revoked_rows, word_table

_DELETED: Final = {f"{W}del", f"{W}moveFrom"}
_PROPERTIES: Final = {
    f"{W}{name}Pr" for name in ("p", "r", "tbl", "tr", "tc", "sdt", "sect", "sdtEnd", "ruby", "tblPrEx")
}
_PLAIN: Final = Look(None)
_SIGNS: Final = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-", f"{W}tab": "\t", f"{W}ptab": "\t"}


class Reader:
    """Reads blocks of a Word file into a flow; lists go on counting from one to the next."""

    def __init__(
        self, styles: Styles, numbering: Numbering, notes: Notes, comments: dict[str, str], *, pages: bool = True
    ) -> None:
        self.flow = TextFlow(keeps_blanks=True)
        self.titles: list[str] = []
        self._styles, self._numbering, self._notes, self._comments = styles, numbering, notes, comments
        self._fields = Fields(pages=pages)
        self._paragraph: Any = None
        self._ground = Ground()
        self._boxes: list[Any] = []
        self._listed = self._in_code = self._open = False
        self._noted = False

    def blocks(self, parent: Any, ground: Ground) -> None:
        for element in parent:
            if element.tag == f"{W}p":
                self.paragraph(element, ground)
            elif element.tag == f"{W}tbl":
                self._table(element, ground)
            elif element.tag in _DELETED:
                self.flow.leave("deleted", _all_words(element))
            elif element.tag == f"{MC}AlternateContent":
                self.blocks(_chosen(element), ground)
            elif element.tag in (f"{M}oMath", f"{M}oMathPara"):
                self.flow.block(formula(element))
            elif element.tag not in _PROPERTIES and len(element):
                self.blocks(element, ground)

    def paragraph(self, paragraph: Any, ground: Ground) -> None:
        before, self._paragraph = self._paragraph, paragraph
        self._ground = self._styles.ground(paragraph, ground)
        code = self._styles.is_code(paragraph, self._in_code)
        goes_on = self._open
        if not goes_on:
            self.flow.end("")
        self.flow.exact = code
        self._inline(paragraph)
        self._fields.end_paragraph()
        shown = not self.flow.empty_line
        level = self._styles.level(paragraph)
        label = self._numbering.label(paragraph) if shown or not self._revoked(paragraph) else ""
        frame = paragraph.find(f"{W}pPr/{W}framePr")
        capital = frame is not None and frame.get(f"{W}dropCap", "none") != "none" and len(self.flow.line) == 1
        self._open = shown and (capital or is_on(paragraph.find(f"{W}pPr/{W}rPr"), "del") is True)
        if shown and not self._open:
            if not goes_on:
                self._gap(bool(label) and not level, code)
            self.flow.lead = self.flow.lead or label
            if self._styles.is_title(paragraph):
                self.titles.append(self.flow.line)
            self.flow.end("\n\n", level=level)
            self._listed, self._in_code = bool(label) and not level, code
        self.flow.exact = False
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self._apart(box)
        self._paragraph = before

    def _gap(self, listed: bool, code: bool) -> None:
        near = (listed and self._listed) or (code and self._in_code)
        self.flow.apart("\n" if near else "\n\n")

    def _revoked(self, paragraph: Any) -> bool:
        """Whether an empty paragraph is not there at all: deleted or hidden with its mark."""
        mark = paragraph.find(f"{W}pPr/{W}rPr")
        return is_on(mark, "del") is True or is_on(mark, "vanish") is True

    def _apart(self, box: Any) -> None:
        """The paragraphs of a text box, behind the one that it hangs on; what it stands on is not known."""
        self._listed = False
        self.blocks(box, Ground(None))
        self._listed = False

    def _table(self, table: Any, ground: Ground) -> None:
        """A table of data, its rows on lines of their own; one that only sets things in their places as paragraphs."""
        self.flow.end("")
        self._listed = self._in_code = False
        # A table's style can shade a cell without its word.
        ground = Ground(None) if table.find(f"{W}tblPr/{W}tblStyle") is not None else ground
        left = [LeftOut(why, _all_words(row), 0) for why, row in revoked_rows(table)]
        if is_layout(table):
            self.flow.written(Written("", left_out=left))
            for cell in cells_of(table):
                self.blocks(cell, shade(cell.find(f"{W}tcPr")) or ground)
        else:
            text, found = word_table(table, lambda cell: self._cell(cell, ground, left)) or ("", None)
            self.flow.written(Written(text, left_out=left, tables=[found] if found else []))
        self._listed = self._in_code = False

    def _cell(self, cell: Any, ground: Ground, left: list[LeftOut]) -> list[str]:
        """The lines of a cell; what is left out of it is noted where the table stands."""
        if cell.find(f"{W}tcPr/{W}cellDel") is not None:
            left.append(LeftOut("deleted", _all_words(cell), 0))
            return []
        inside = Reader(self._styles, self._numbering, self._notes, self._comments)
        inside.blocks(cell, shade(cell.find(f"{W}tcPr")) or ground)
        written = inside.flow.finish()
        left += [replace(part, start=0) for part in written.left_out]
        return written.text.split("\n")

    def _inline(self, element: Any) -> None:
        for child in element:
            tag = child.tag
            if tag in _PROPERTIES:
                continue
            if tag == f"{W}r":
                self._run(child)
            elif tag in _DELETED:
                self.flow.leave("deleted", _all_words(child))
            elif tag in (f"{M}oMath", f"{M}oMathPara"):
                self.flow.put(formula(child))
            elif tag == f"{MC}AlternateContent":
                self._inline(_chosen(child))
            elif tag == f"{W}fldSimple" and not self._fields.shows(child.get(f"{W}instr", "")):
                continue
            elif tag == f"{W}fldSimple" and (data := child.find(f"{W}ffData")) is not None:
                self.flow.put(self._fields.value(data) or _all_words(child))
            else:
                self._inline(child)

    def _run(self, run: Any) -> None:
        look = self._styles.look(run, self._paragraph, self._ground)
        for child in run:
            self._piece(child, look)

    def _piece(self, element: Any, look: Look) -> None:
        tag = element.tag
        if tag == f"{W}t":
            self._words(element.text or "", look)
        elif tag in _SIGNS:
            self._words(_SIGNS[tag], replace(look, raised=False, font=""))
        elif tag == f"{W}delText":
            self.flow.leave("deleted", element.text or "")
        elif tag == f"{W}sym":
            code = element.get(f"{W}char", "")
            known = sign(element.get(f"{W}font", ""), int(code, 16)) if _is_hex(code) else ""
            self._words(known, replace(look, font=""))
        elif tag == f"{W}fldChar":
            self._words(self._fields.mark(element), replace(look, raised=False))
        elif tag == f"{W}instrText":
            self._fields.code(element.text or "")
        elif tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
            self._note(element, look)
        elif tag == f"{W}commentReference":
            self.flow.leave("hidden", self._comments.get(element.get(f"{W}id", ""), ""))
        elif tag == f"{W}ruby":
            self._ruby(element)
        elif tag == f"{MC}AlternateContent":
            for child in _chosen(element):
                self._piece(child, look)
        elif tag not in _PROPERTIES and not self._fields.silent:
            self._boxes += _boxes_in(element)

    def _words(self, text: str, look: Look) -> None:
        if not text or self._fields.silent:
            return
        if look.font:
            text = in_font(text, look.font)
        if look.why:
            self.flow.leave(look.why, text)
        elif look.raised or self._noted:
            self.flow.put_raised(text, note=self._noted)
            self._noted = False
        else:
            self.flow.put(text)

    def _note(self, element: Any, look: Look) -> None:
        """A reference to a note, as "[1]"; one with a mark of its own is followed by it."""
        kind = "footnote" if element.tag == f"{W}footnoteReference" else "endnote"
        number = self._notes.number(kind, element.get(f"{W}id", "")) if look.why is None else ""
        if is_own_mark(element):
            self._noted = bool(number)
        elif number:
            self.flow.put_raised(number, note=True)

    def _ruby(self, element: Any) -> None:
        for name, before, after in (("rubyBase", "", ""), ("rt", "(", ")")):
            part = element.find(f"{W}{name}")
            if part is not None:
                self.flow.put(before)
                self._inline(part)
                self.flow.put(after)


def is_own_mark(reference: Any) -> bool:
    return reference.get(f"{W}customMarkFollows", "0").lower() in ("1", "true", "on")


def _chosen(alternatives: Any) -> Any:
    """The form of a drawing that a program of today shows, where it holds words; else the older one."""
    forms = [form for name in ("Choice", "Fallback") for form in alternatives.findall(f"{MC}{name}")]
    return next((form for form in forms if _all_words(form).strip()), forms[0] if forms else ())


def _boxes_in(element: Any) -> Iterator[Any]:
    """The outermost text boxes of a drawing."""
    if element.tag == f"{W}txbxContent":
        yield element
        return
    inside: Iterable[Any] = _chosen(element) if element.tag == f"{MC}AlternateContent" else element
    for child in inside:
        yield from _boxes_in(child)


def _all_words(element: Any) -> str:
    """All words in an element, whatever has become of them."""
    words = []
    for child in element.iter(f"{W}t", f"{W}delText", f"{M}t", f"{W}p", f"{W}tab", f"{W}br"):
        words.append((child.text or "") if child.tag.endswith(("}t", "}delText")) else " ")
    return "".join(words)


def _is_hex(text: str) -> bool:
    return 0 < len(text) <= 5 and all(digit in "0123456789abcdefABCDEF" for digit in text)
