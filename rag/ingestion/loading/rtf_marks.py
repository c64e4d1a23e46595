"""What Rich Text Format strikes out, hides, deletes or raises: marked in the source, where a reader of it looks away.

A mark is a letter of the private area; it says how all that follows looks, up to the next. Others stand where a cell of
a table ends, where a line in a cell does, and where a row does, followed by the edges of its cells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from rag.core.types import LeftOut, LeftOutReason
from rag.ingestion.loading.raised_marks import raised

_TOKEN: Final = re.compile(r"\\(?:([a-z]{1,32})(-?\d{1,6})? ?|[^a-z])|[{}]")
_MARKS: Final = "\ue100\ue101\ue102\ue103\ue104"  # plain, struck, hidden, deleted, raised
CELL, LINE, ROW, _NOTE = "\ue105\ue106\ue107\ue108"
_MARK: Final = re.compile(f"([{_MARKS}{CELL}{LINE}{ROW}{_NOTE}])")
_WHYS: Final[dict[str, LeftOutReason]] = dict(zip(_MARKS[1:4], ("struck", "hidden", "deleted"), strict=True))
_PLAIN, _RAISED = _MARKS[0], _MARKS[4]
_TOGGLES: Final = {
    "strike": "struck", "striked": "struck", "v": "hidden", "deleted": "deleted", "super": "raised", "up": "raised",
}  # fmt: skip
_ENDS: Final = {"cell": CELL, "nestcell": LINE, "nestrow": LINE}
_MERGED: Final = {"clmgf": "", "clmrg": "h", "clvmgf": "", "clvmrg": "v"}
_LOWERS: Final = {"nosupersub", "sub", "dn"}
_LOOK_BACK: Final = 40


@dataclass(frozen=True, slots=True)
class _Looks:
    struck: bool = False
    hidden: bool = False
    deleted: bool = False
    raised: bool = False
    in_cell: bool = False
    aside: bool = False  # what is said of the rows of a table in a table
    note: bool = False  # a footnote, which stands in brackets where its mark does

    @property
    def mark(self) -> str:
        names = ("struck", "hidden", "deleted", "raised")
        return next((mark for mark, name in zip(_MARKS[1:], names, strict=True) if getattr(self, name)), _PLAIN)


def marked(source: str) -> str:
    """The source with a mark wherever the look changes, and where cells, their lines and rows end."""
    written: list[str] = []
    around: list[_Looks] = []
    looks, place, edges = _Looks(), 0, _Edges()
    for token in _TOKEN.finditer(source):
        before = looks
        if token[0] == "{":
            around.append(looks)
        elif token[0] == "}":
            looks = around.pop() if around else looks
            if before.note and not looks.note:
                written += (source[place : token.start()], _mark("]"))
                place = token.start()
        elif token[1]:
            looks = _changed(looks, token[1], token[2])
            if token[1] == "footnote":
                written += (source[place : token.start()], _mark(_NOTE))
                place = token.end()
            if not looks.aside:
                edges.hear(token[1], token[2])
            ends = LINE if token[1] in ("par", "line") and looks.in_cell else _ENDS.get(token[1])
            if ends:
                written += (source[place : token.start()], _mark(ends))
                place = token.end()
            elif token[1] == "row":
                written += (source[place : token.start()], _mark(ROW, edges.end_row()))
                place = token.start()
        if looks.mark != before.mark:
            written += (source[place : token.end()], _mark(looks.mark))
            place = token.end()
    return "".join((*written, source[place:]))


def _mark(sign: str, words: str = "") -> str:
    return f"{{\\uc0\\u{ord(sign)} {words}}}"


class _Edges:
    """The right edges of the cells of a row, as "2000,4000h,": what is merged with the cell before it or above it.

    "t" before them is said of a row of heads. Where a row has another number of cells, nothing is said of it.
    """

    def __init__(self) -> None:
        self._said: list[str] = []
        self._merged = self._head = ""
        self._cells = 0

    def hear(self, word: str, value: str | None) -> None:
        if word == "trowd":
            self._said, self._merged, self._head = [], "", ""
        elif word == "trhdr":
            self._head = "t"
        elif word == "cell":
            self._cells += 1
        elif word == "cellx":
            self._said.append(f"{value or 0}{self._merged},")
            self._merged = ""
        else:
            self._merged += _MERGED.get(word, "")

    def end_row(self) -> str:
        cells, self._cells = self._cells, 0
        return self._head + "".join(self._said) if cells == len(self._said) else ""


def _changed(looks: _Looks, word: str, value: str | None) -> _Looks:
    if word == "plain":
        return _Looks(deleted=looks.deleted, in_cell=looks.in_cell, aside=looks.aside, note=looks.note)
    if word in ("pard", "intbl"):
        return replace(looks, in_cell=word == "intbl")
    if word == "nesttableprops":
        return replace(looks, aside=True)
    if word == "footnote":
        return replace(looks, note=True, raised=False)
    if word in _LOWERS:
        return replace(looks, raised=False)
    if word in _TOGGLES:
        return replace(looks, **{_TOGGLES[word]: value is None or int(value) != 0})
    return looks


def unmarked(text: str) -> list[tuple[str, list[LeftOut]]]:
    """The lines of a text without its marks, each with what was left out of it."""
    found: list[tuple[str, list[LeftOut]]] = []
    state = _PLAIN
    for line in text.split("\n"):
        said = ""
        left: list[LeftOut] = []
        parts = _MARK.split(line)
        for number, part in enumerate(parts):
            if number % 2 and part in _MARKS:
                state = part
            elif part == _NOTE:
                said = f"{said.rstrip(' ')} ["
            elif number % 2 or parts[number - 1 : number] == [ROW]:
                said += part
            elif state in _WHYS and part.strip():
                left.append(LeftOut(_WHYS[state], " ".join(part.split()), len(said)))
            elif state == _RAISED:
                said += raised(said[-_LOOK_BACK:], part, "".join(parts[number + 2 : number + 3]))
            elif state not in _WHYS:
                beside = said.endswith(" [") or (said.endswith(" ") and left and left[-1].start == len(said))
                said += part.removeprefix(" ") if beside else part
        found.append((said, left))
    return found
