"""The numbers and marks that Word shows before paragraphs and keeps out of their text.

"4.2" before a clause is written nowhere in the file: it follows from the list that the paragraph,
or its style, belongs to. People ask for it, so it is counted here as Word counts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from docx.document import Document as DocxDocument
from docx.oxml import parse_xml

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9
_PLACE = re.compile(r"%([1-9])")
_WHOLE = re.compile(r"\d{1,6}")
_ROMAN = {
    1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl",
    10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i",
}  # fmt: skip
_CHINESE = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level of a list is numbered: format, pattern ("%1.%2") and first number."""

    format: str
    pattern: str
    first: int


class Numbering:
    """Counts a document's lists; ask for each paragraph once, in order."""

    def __init__(self, document: DocxDocument) -> None:
        self._lists: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str, list[int]] = {}
        self._styles = {style.style_id: style.element for style in document.styles}
        for link in document.part.rels.values():
            if not link.is_external and link.reltype.endswith("/numbering"):
                self._read(parse_xml(link.target_part.blob))

    def label(self, paragraph: Any) -> str:
        """What stands before the paragraph, with a space behind it; empty outside of lists."""
        number, depth = self._place(paragraph)
        kind = self._lists.get(number, "")
        level = self._levels.get(kind, {}).get(depth)
        if level is None or level.format == "none":
            return ""
        if level.format == "bullet":
            return "• "
        counts = self._counts.setdefault(kind, [0] * _LEVELS)
        for above in range(depth):
            counts[above] = counts[above] or self._first(kind, above)
        counts[depth] = counts[depth] + 1 if counts[depth] else level.first
        counts[depth + 1 :] = [0] * (_LEVELS - depth - 1)
        label = _PLACE.sub(lambda m: self._written(kind, int(m.group(1)) - 1, counts), level.pattern)
        return f"{label} " if label.strip() else ""

    def _read(self, numbering: Any) -> None:
        for entry in numbering.iterchildren(f"{_W}abstractNum"):
            levels = {}
            for level in entry.iterchildren(f"{_W}lvl"):
                depth = _number(level.get(f"{_W}ilvl"), 0)
                if 0 <= depth < _LEVELS:
                    levels[depth] = _Level(
                        _value(level, "numFmt") or "decimal",
                        _value(level, "lvlText"),
                        _number(_value(level, "start"), 1),
                    )
            self._levels[entry.get(f"{_W}abstractNumId", "")] = levels
        for entry in numbering.iterchildren(f"{_W}num"):
            self._lists[entry.get(f"{_W}numId", "")] = _value(entry, "abstractNumId")

    def _place(self, paragraph: Any) -> tuple[str, int]:
        """The list and the level that a paragraph says for itself, or its style says for it."""
        number, depth = _listed(paragraph)
        style = self._styles.get(_value(paragraph, "pPr/pStyle"))
        for _ in range(_LEVELS):
            if number is not None or style is None:
                break
            number, stated = _listed(style)
            depth = stated if depth is None else depth
            style = self._styles.get(_value(style, "basedOn"))
        depth = depth or 0
        return number or "", depth if 0 <= depth < _LEVELS else 0

    def _first(self, kind: str, depth: int) -> int:
        level = self._levels[kind].get(depth)
        return level.first if level else 1

    def _written(self, kind: str, depth: int, counts: list[int]) -> str:
        level = self._levels[kind].get(depth)
        return _in_format(counts[depth], level.format if level else "decimal")


def _listed(element: Any) -> tuple[str | None, int | None]:
    """The list number and level stated in an element's paragraph properties."""
    depth = _value(element, "pPr/numPr/ilvl")
    return _value(element, "pPr/numPr/numId") or None, _number(depth, 0) if depth else None


def _value(element: Any, path: str) -> str:
    found = element.find("/".join(f"{_W}{step}" for step in path.split("/")))
    return "" if found is None else str(found.get(f"{_W}val", ""))


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and _WHOLE.fullmatch(text) else otherwise


def _in_format(number: int, format_: str) -> str:
    if format_ in ("lowerLetter", "upperLetter"):
        letter = chr(97 + (number - 1) % 26) * min((number - 1) // 26 + 1, 9)
        return letter.upper() if format_ == "upperLetter" else letter
    if format_ in ("lowerRoman", "upperRoman"):
        return _roman(number).upper() if format_ == "upperRoman" else _roman(number)
    if format_.startswith(("chineseCounting", "ideographDigital", "japaneseCounting", "taiwaneseCounting")):
        return _chinese(number)
    return f"{number:02}" if format_ == "decimalZero" else str(number)


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN.items():
        written += letters * min(number // value, 9)
        number %= value
    return written


def _chinese(number: int) -> str:
    """Up to ninety-nine, as lists in Chinese documents are counted; digits beyond."""
    if not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_CHINESE[tens]}十"
    return head + (_CHINESE[ones] if ones else "")
