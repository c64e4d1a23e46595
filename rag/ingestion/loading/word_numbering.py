"""The numbers and marks that Word shows before paragraphs and keeps out of their text.

"4.2" before a clause is written nowhere in the file: it follows from the list that the paragraph,
or its style, belongs to. People ask for it, so it is counted here as Word counts it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from rag.ingestion.loading.number_formats import chinese, circled, letters, ordinal, roman
from rag.ingestion.loading.office_package import W
from rag.ingestion.loading.signs import in_font, is_sign_font
from rag.ingestion.loading.text_flow import BULLET
from rag.ingestion.loading.word_styles import Styles, is_on, value

_LEVELS: Final = 9
_PLACE: Final = re.compile(r"%([1-9])")
_WHOLE: Final = re.compile(r"\d{1,6}")
_CHINESE: Final = ("chineseCounting", "ideographDigital", "japaneseCounting", "taiwaneseCounting")
_BOXES: Final = "☐☒☑✓✗➢→"
_FORMATS: Final[dict[str, Callable[[int], str]]] = {
    "lowerLetter": letters,
    "upperLetter": lambda number: letters(number).upper(),
    "lowerRoman": roman,
    "upperRoman": lambda number: roman(number).upper(),
    "decimalZero": lambda number: f"{number:02}",
    "ordinal": ordinal,
    "decimalEnclosedCircle": circled,
    "decimalEnclosedCircleChinese": circled,
    "decimalEnclosedFullstop": lambda number: f"{number}.",
    "decimalEnclosedParen": lambda number: f"({number})",
    "numberInDash": lambda number: f"- {number} -",
}


@dataclass(frozen=True, slots=True)
class _Level:
    """How one level of a list is numbered: format, pattern ("%1.%2") and first number.

    `restart` is the level whose count begins it anew, 0 for none, counted from 1; None for any above it.
    """

    format: str
    pattern: str
    first: int
    restart: int | None = None
    in_digits: bool = False
    style: str = ""


@dataclass(frozen=True, slots=True)
class _List:
    """A list as paragraphs name it: which counting it takes part in, and what it has of its own."""

    counting: str
    levels: dict[int, _Level]
    starts: dict[int, int]


class Numbering:
    """Counts a document's lists; ask for each paragraph once, in order."""

    def __init__(self, root: Any, styles: Styles) -> None:
        self._styles = styles
        self._lists: dict[str, _List] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()
        if root is not None:
            self._read(root)

    def label(self, paragraph: Any) -> str:
        """What stands before the paragraph, with a space behind it; empty outside of lists."""
        number, depth = self._place(paragraph)
        kind = self._lists.get(number)
        level = kind.levels.get(depth) if kind else None
        if kind is None or level is None:
            return ""
        counts = self._counts.setdefault(kind.counting, [None] * _LEVELS)
        self._count(number, kind, depth, counts)
        if level.format == "none" and not _PLACE.search(level.pattern):
            return f"{level.pattern} " if level.pattern.strip() else ""
        if level.format == "bullet":
            return f"{level.pattern} " if level.pattern and level.pattern in _BOXES else BULLET
        label = _PLACE.sub(lambda m: self._written(kind, level, int(m.group(1)) - 1, counts), level.pattern)
        return f"{label} " if label.strip() else ""

    def _count(self, number: str, kind: _List, depth: int, counts: list[int | None]) -> None:
        for above in range(depth):
            if counts[above] is None:
                counts[above] = self._first(kind, above)
        if depth in kind.starts and (number, depth) not in self._begun:
            counts[depth] = kind.starts[depth]
        else:
            count = counts[depth]
            counts[depth] = self._first(kind, depth) if count is None else count + 1
        self._begun.add((number, depth))
        for below in range(depth + 1, _LEVELS):
            lower = kind.levels.get(below)
            if lower is None or lower.restart is None or depth < lower.restart:
                counts[below] = None

    def _read(self, numbering: Any) -> None:
        abstract: dict[str, dict[int, _Level]] = {}
        linked: dict[str, str] = {}
        for entry in numbering.iterchildren(f"{W}abstractNum"):
            id_ = entry.get(f"{W}abstractNumId", "")
            abstract[id_] = dict(filter(None, map(_level, entry.iterchildren(f"{W}lvl"))))
            linked[id_] = value(entry, "numStyleLink")
        entries = list(numbering.iterchildren(f"{W}num"))
        kinds = {entry.get(f"{W}numId", ""): value(entry, "abstractNumId") for entry in entries}
        for entry in entries:
            id_ = entry.get(f"{W}numId", "")
            kind = kinds[id_]
            if linked.get(kind) and not abstract.get(kind):
                kind = kinds.get(self._list_of_style(linked[kind]), kind)
            levels, starts = dict(abstract.get(kind, {})), {}
            for override in entry.iterchildren(f"{W}lvlOverride"):
                depth = _number(override.get(f"{W}ilvl"), 0)
                for own in filter(None, map(_level, override.iterchildren(f"{W}lvl"))):
                    levels[depth] = own[1]
                    starts[depth] = own[1].first
                if begins := value(override, "startOverride"):
                    starts[depth] = _number(begins, 1)
            self._lists[id_] = _List(kind, levels, starts)

    def _list_of_style(self, id_: str) -> str:
        return next((number for style in self._styles.chain(id_) if (number := value(style, "pPr/numPr/numId"))), "")

    def _place(self, paragraph: Any) -> tuple[str, int]:
        """The list and the level that a paragraph says for itself, or its style says for it."""
        number, depth = _listed(paragraph)
        for style in self._styles.of_paragraph(paragraph):
            if number is not None:
                break
            number, stated = _listed(style)
            if depth is None:
                depth = stated
            if depth is None and number in self._lists:
                # A level can name the style whose paragraphs it numbers.
                id_ = style.get(f"{W}styleId", "")
                levels = self._lists[number].levels.items()
                depth = next((place for place, level in levels if level.style == id_), None)
        depth = depth or 0
        return number or "", depth if 0 <= depth < _LEVELS else 0

    def _first(self, kind: _List, depth: int) -> int:
        level = kind.levels.get(depth)
        return kind.starts.get(depth, level.first if level else 1)

    def _written(self, kind: _List, of: _Level, depth: int, counts: list[int | None]) -> str:
        level = kind.levels.get(depth)
        count = counts[depth]
        if count is None:
            count = self._first(kind, depth)
        # In digits means without letters; a zero before the digit stays, as in "Section 1.01".
        plain = not level or (of.in_digits and level.format != "decimalZero")
        return in_format(count, "decimal" if plain or level is None else level.format)


def in_format(number: int, format_: str) -> str:
    if format_.startswith(_CHINESE):
        return chinese(number)
    if format_ in ("none", "bullet"):
        return ""
    return _FORMATS.get(format_, str)(number)


def _level(element: Any) -> tuple[int, _Level] | None:
    depth = _number(element.get(f"{W}ilvl"), 0)
    if not 0 <= depth < _LEVELS:
        return None
    pattern = value(element, "lvlText")
    format_ = value(element, "numFmt") or "decimal"
    fonts = element.find(f"{W}rPr/{W}rFonts")
    font = "" if fonts is None else str(fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or "")
    if format_ == "bullet" and is_sign_font(font):
        pattern = in_font(pattern, font)
    restart = value(element, "lvlRestart")
    return depth, _Level(
        format_,
        pattern,
        _number(value(element, "start"), 0 if element.find(f"{W}start") is None else 1),
        _number(restart, 0) if restart else None,
        bool(is_on(element, "isLgl")),
        value(element, "pStyle"),
    )


def _listed(element: Any) -> tuple[str | None, int | None]:
    """The list number and level stated in an element's paragraph properties."""
    depth = value(element, "pPr/numPr/ilvl")
    return value(element, "pPr/numPr/numId") or None, _number(depth, 0) if depth else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and _WHOLE.fullmatch(text) else otherwise
