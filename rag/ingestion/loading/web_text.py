"""What is in a tag of a web page, as a reader sees it: blocks apart, list items and rows on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PreformattedString, Tag

from rag.core.types import LeftOutReason
from rag.ingestion.loading.html_tables import html_table
from rag.ingestion.loading.text_flow import TextFlow, Written
from rag.ingestion.loading.web_code import code_of, is_gutter
from rag.ingestion.loading.web_forms import field_text
from rag.ingestion.loading.web_formulas import formula, is_preview, source_of
from rag.ingestion.loading.web_lists import marks
from rag.ingestion.loading.web_styles import Look, Styles
from rag.ingestion.loading.web_tags import BLOCKS, is_alone, is_note, leads_to_note, level, on_one_line

_UNSEEN: Final = {
    "script", "style", "noscript", "template", "canvas", "iframe", "object", "embed", "head", "title", "option",
    "datalist", "audio", "video", "map", "rp", "meta", "link",
}  # fmt: skip
_CLOSE: Final = {"li", "tr", "dd", "dt", "thead", "tbody", "tfoot"}  # parted from their like by a line end only
_CODE: Final = {"pre", "xmp", "listing", "plaintext"}
_REVOKED: Final[dict[str, LeftOutReason]] = {"del": "deleted", "s": "struck", "strike": "struck"}
_CELLS: Final = {"td", "th"}
_PARTS: Final = {"thead", "tbody", "tfoot", "tr", *_CELLS}
_DEPTH: Final = 200
# What stands beside a heading to link to it, and behind a note to lead back.
_PERMALINKS: Final = frozenset("¶#§🔗↩↩︎⏎↑^⤴")
_TWIN: Final = re.compile(r"katex-html|mjx-|MathJax|\bicons?\b|\bfa-|material-(?:icons|symbols)", re.IGNORECASE)


def render(root: Tag, styles: Styles, skipped: Collection[int] = ()) -> Written:
    """The text of a tag and what is in it, without the tags of these ids (`id`)."""
    reader = _Reader(styles, skipped)
    reader.walk(root, styles.look(root, styles.first()), 0)
    return reader.flow.finish()


class _Reader:
    def __init__(self, styles: Styles, skipped: Collection[int]) -> None:
        self.flow = TextFlow()
        self._styles = styles
        self._skipped = skipped
        self._marks: dict[int, str] = {}  # what stands before list items, by their ids
        self._in_line = 0  # inside of a heading, where blocks are words of one line

    def walk(self, node: Tag, look: Look, depth: int) -> None:
        if depth > _DEPTH:
            self._text(node.get_text(" "), look)
            return
        self._marks |= marks(node, self._styles)
        for child in list(node.children):
            if isinstance(child, NavigableString):
                if not isinstance(child, PreformattedString):
                    self._text(child, look)
            elif isinstance(child, Tag) and child.name not in _UNSEEN and id(child) not in self._skipped:
                self._write(child, look, depth, self._marks.get(id(child), ""))
            elif isinstance(child, Tag) and child.name == "script" and (written := source_of(child)):
                self._text(written, look)
            elif isinstance(child, Tag) and child.name == "iframe" and child.get("srcdoc"):
                self._page_inside(str(child["srcdoc"]))

    def _text(self, text: str, look: Look) -> None:
        if look.why:
            self.flow.leave(look.why, text)
        else:
            self.flow.put(text)

    def _write(self, tag: Tag, above: Look, depth: int, lead: str) -> None:
        look = self._styles.look(tag, above)
        if is_gutter(tag) or is_preview(tag):
            return
        if why := self._left_out(tag, look):
            self._leave(tag, why, look, depth)
            return
        look = replace(look, gone=None) if look.gone else look
        if tag.name == "br":
            self._break()
        elif self._is_code(tag, look, above):
            for revoked in tag.find_all(list(_REVOKED)):
                self.flow.leave(_REVOKED[revoked.name], revoked.get_text())
            self.flow.block(code_of(tag, lambda part: self._styles.look(part, Look()).block))
        elif number := level(tag):
            self._heading(tag, look, depth, number, lead)
        elif tag.name == "table" and not self._in_line:
            self._table(tag, look, depth, lead)
        elif (tag.name in BLOCKS or tag.name in _CELLS or _is_row(tag) or look.block) and not self._in_line:
            self._block(tag, look, depth, lead)
        else:
            self._inline(tag, look, depth)

    def _left_out(self, tag: Tag, look: Look) -> LeftOutReason | None:
        if look.gone:
            return None if self._styles.opens(tag) or tag.find("math") else look.gone
        if tag.name in _REVOKED:
            return _REVOKED[tag.name]
        if tag.get("role") == "deletion":
            return "deleted"
        hidden = tag.has_attr("hidden") or (tag.name == "dialog" and not tag.has_attr("open"))
        hidden = hidden or str(tag.get("aria-hidden", "")).lower() == "true"
        return "hidden" if hidden and not self._styles.opens(tag) else None

    def _leave(self, tag: Tag, why: LeftOutReason, look: Look, depth: int) -> None:
        """Note what is left out, but for signs that only adorn and formulas drawn a second time."""
        names = " ".join(map(str, tag.get_attribute_list("class")))
        if tag.name in ("svg", "i") or _TWIN.search(names):
            return
        inside = _Reader(self._styles, self._skipped)
        inside.walk(tag, replace(look, gone=None, tiny=False, color=None), depth + 1)
        written = inside.flow.finish()
        text = " ".join([written.text, *(part.text for part in written.left_out)])
        if any(sign.isalnum() for sign in text):
            self.flow.leave(why, f"{text}\n" if tag.name in BLOCKS else text)

    def _break(self) -> None:
        if self._in_line:
            self.flow.put(" ")
        else:
            self.flow.end("\n\n" if self.flow.empty_line else "\n")

    def _is_code(self, tag: Tag, look: Look, above: Look) -> bool:
        if tag.name in _CODE:
            return True
        return look.lines and not above.lines and "\n" in tag.get_text().strip() and not tag.find(["p", "table"])

    def _heading(self, tag: Tag, look: Look, depth: int, level: int, lead: str) -> None:
        self.flow.end("\n\n")
        self.flow.lead = lead or self.flow.lead
        self._in_line += 1
        self.walk(tag, look, depth + 1)
        self._in_line -= 1
        self.flow.end("\n\n", level=level)

    def _table(self, tag: Tag, look: Look, depth: int, lead: str) -> None:
        """A table of data, its rows on lines of their own; one that only sets things in their places as blocks."""
        shown: dict[int, Look] = {}
        gone: list[tuple[Tag, LeftOutReason, Look]] = []
        self._shown_parts(tag, look, shown, gone)
        inside: list[Written] = []

        def read(cell: Tag) -> str:
            reader = _Reader(self._styles, self._skipped)
            reader.walk(cell, shown[id(cell)], depth + 1)
            inside.append(reader.flow.finish())
            return inside[-1].text

        found = html_table(tag, read, shown)
        if not inside:
            self._block(tag, look, depth, lead)
            return
        self.flow.end("\n\n")
        self.flow.lead = lead or self.flow.lead
        for caption in tag.find_all("caption", recursive=False):
            self._write(caption, look, depth, "")
        for part, why, its_look in gone:
            self._leave(part, why, its_look, depth)
        if found is None:  # read once is enough: tables can stand in tables many times over
            for written in inside:
                self.flow.written(written)
            return
        left = [replace(part, start=0) for written in inside for part in written.left_out]
        self.flow.written(Written(found[0], left_out=left, tables=[found[1]]))

    def _shown_parts(
        self, tag: Tag, above: Look, shown: dict[int, Look], gone: list[tuple[Tag, LeftOutReason, Look]]
    ) -> None:
        """How each row and cell of a table looks that is shown, and those that are not."""
        for part in tag.children:
            if not isinstance(part, Tag) or part.name not in _PARTS or id(part) in self._skipped or is_gutter(part):
                continue
            look = self._styles.look(part, above)
            if why := self._left_out(part, look):
                gone.append((part, why, look))
                continue
            shown[id(part)] = look
            if part.name not in _CELLS:
                self._shown_parts(part, look, shown, gone)

    def _block(self, tag: Tag, look: Look, depth: int, lead: str) -> None:
        gap = "\n" if tag.name in _CLOSE or _is_row(tag) or (tag.name in _CELLS and is_alone(tag)) else "\n\n"
        self.flow.end(gap)
        self.flow.lead = lead or self.flow.lead
        self.walk(tag, look, depth + 1)
        self.flow.end(gap)
        if tag.name == "li":
            self.flow.lead = ""

    def _inline(self, tag: Tag, look: Look, depth: int) -> None:
        name = tag.name
        if (value := field_text(tag)) is not None:
            self.flow.border()
            self._text(value, look)
            self.flow.border()
        elif name == "math":
            self._text(formula(tag), look)
            if tag.get("display") == "block":
                self.flow.end("\n\n")
        elif name == "svg":
            for words in tag.find_all("text"):
                self._text(f" {words.get_text()} ", look)
        elif (name == "sup" or look.raised or is_note(tag)) and not look.why and on_one_line(tag):
            inside = tag.find("a")
            link = tag if isinstance(tag.find_parent("a"), Tag) or is_note(tag) else inside
            self.flow.put_raised(tag.get_text(), note=isinstance(link, Tag) and leads_to_note(link), own=True)
        elif name == "a" and tag.get_text().strip() in _PERMALINKS:
            return
        else:
            self._around(tag, look, depth)

    def _around(self, tag: Tag, look: Look, depth: int) -> None:
        before, after = _AROUND.get(tag.name, ("", ""))
        apart = tag.name in _APART or tag.get("role") in _APART_ROLES or (self._in_line and tag.name in BLOCKS)
        if apart:
            self.flow.border()
        if before:
            self._text(before, look)
        self.walk(tag, look, depth + 1)
        if after:
            self._text(after, look)
        if apart:
            self.flow.border()

    def _page_inside(self, source: str) -> None:
        soup = BeautifulSoup(source, "lxml")
        if soup.body:
            written = render(soup.body, Styles(soup))
            self.flow.written(written)


_AROUND: Final = {"q": ("“", "”"), "rt": ("(", ")")}
# What stands beside other words in a box of its own.
_APART: Final = {"button", "td", "th", "label"}
_APART_ROLES: Final = {"cell", "gridcell", "columnheader", "rowheader", "option", "tab", "button"}


def _is_row(tag: Tag) -> bool:
    return tag.get("role") in ("row", "listitem")
