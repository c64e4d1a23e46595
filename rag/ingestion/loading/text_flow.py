"""A text as it is put together from pieces: lines, gaps between them, headings and what is left out at their places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from rag.core.cells import SheetCell
from rag.core.tables import Table
from rag.core.types import Heading, LeftOut, LeftOutReason
from rag.ingestion.loading.raised_marks import raised

# Blanks that only lay a text out; thin spaces and others inside of figures stay.
_BLANKS: Final = re.compile(r"[ \t\n\r\f\v\u00a0]+")
# Soft hyphens and other characters that nobody sees.
_UNSEEN_LETTERS: Final = re.compile("[\u00ad\u200b\u2060\ufeff\x00-\x08\x0e-\x1f]")

# What a word can begin with beside letters and figures.
_BEGINS: Final = "☒☐“\"'([$€£−"
BULLET: Final = "• "


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its headings, its tables, the cells of a sheet and what was left out of it, in order."""

    text: str
    headings: list[Heading] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    cells: list[SheetCell] = field(default_factory=list)


def visible(text: str) -> str:
    return _UNSEEN_LETTERS.sub("", text)


class TextFlow:
    """Collects inline pieces into lines, and lines into a text."""

    def __init__(self, *, keeps_blanks: bool = False) -> None:
        self._keeps_blanks = keeps_blanks
        self._lines: list[str] = []
        self._line: list[str] = []
        self._width = 0  # of the line
        self._blank = True  # whether the line ends in a blank, or is empty
        self._border = False
        self._raised: tuple[str, bool] | None = None
        self._gap = ""
        self._length = 0
        self._left: list[LeftOut] = []  # of the line, at places in it
        self.lead = ""  # stands before the next line that holds anything: the mark or number of a list item
        self.exact = False  # whether the blanks that a line begins with stay
        self._headings: list[Heading] = []
        self._left_out: list[LeftOut] = []
        self._tables: list[Table] = []

    def put(self, piece: str) -> None:
        """Words of the line; blanks run together."""
        piece = visible(piece) if self._keeps_blanks else _BLANKS.sub(" ", visible(piece))
        self._resolve(piece)
        if self._border and piece:
            if not self._blank and (piece[0].isalnum() or piece[0] in _BEGINS):
                self._append(" ")
            self._border = False
        self._append(piece)

    def border(self) -> None:
        """Words before and after this place are not one, whether or not a blank is written between them."""
        self._border = True

    def put_raised(self, mark: str, *, note: bool = False, own: bool = False) -> None:
        """A mark above the line; what it is shows when what follows is known.

        `own`: a mark of its own, and no part of what was raised right before it.
        """
        if self._raised is not None and not note and not self._raised[1] and "[" not in mark:
            parted = own and self._raised[0][-1:].isalnum() and mark[:1].isalnum()
            mark = self._raised[0] + ("," if parted else "") + mark
        else:
            self._resolve(mark)
        self._raised = (visible(mark), note)

    def leave(self, why: LeftOutReason, text: str) -> None:
        """Text that is left out, at this place."""
        text = visible(text)
        if not text.strip():
            return
        self._resolve("")
        last = self._left[-1] if self._left else None
        if last and last.why == why and last.start == self._width:
            self._left[-1] = replace(last, text=last.text + text)
        else:
            self._left.append(LeftOut(why, text, self._width))

    def end(self, gap: str, *, level: int = 0) -> None:
        """End the line; `gap` stands between it and the next at least. A `level` makes the line a heading."""
        self._resolve("")
        line = "".join(self._line).rstrip()
        number = "" if self.lead == BULLET else self.lead
        self._begin(line)
        if line:
            if level:
                title = " ".join(f"{number}{line}".split())
                self._headings.append(Heading(self._length - len(number), title, level))
            self._write(line, gap)
        elif len(gap) > len(self._gap):
            self._gap = gap
        self._line, self._width, self._blank, self._border = [], 0, True, False

    def apart(self, gap: str) -> None:
        """What stands between the last line and the next, whatever was said at its end."""
        self._gap = gap

    def block(self, text: str, headings: Iterable[Heading] = (), left_out: Iterable[LeftOut] = ()) -> int:
        """A text of its own, as it stands; where it begins."""
        return self.written(Written(visible(text).rstrip(), list(headings), list(left_out)))

    def written(self, written: Written) -> int:
        """Another text, finished, with all that belongs to it; where it begins."""
        self.end("\n\n")
        text = written.text
        self._begin(text)
        start = self._length
        self._headings += [replace(one, start=start + one.start) for one in written.headings]
        self._left_out += [replace(one, start=start + min(one.start, len(text))) for one in written.left_out]
        self._tables += [one.moved(start) for one in written.tables]
        if text:
            self._write(text, "\n\n")
        return start

    def lines(self) -> list[str]:
        """The lines so far."""
        return "".join(self._lines).split("\n")

    @property
    def line(self) -> str:
        """The words of the line so far."""
        return " ".join("".join(self._line).split())

    @property
    def empty_line(self) -> bool:
        return self._width == 0 and self._raised is None

    def finish(self) -> Written:
        self.end("")
        left = [replace(one, text=" ".join(one.text.split())) for one in self._left_out]
        return Written("".join(self._lines), self._headings, left, self._tables)

    def _begin(self, line: str) -> None:
        """What stands before the line is written, and what the line left out gets its place."""
        if line:
            before = (self._gap if self._lines else "") + self.lead
            if before:
                self._lines.append(before)
            self._length += len(before)
            self._gap, self.lead = "", ""
        self._left_out += [replace(one, start=self._length + min(one.start, len(line))) for one in self._left]
        self._left = []

    def _write(self, line: str, gap: str) -> None:
        self._lines.append(line)
        self._length += len(line)
        self._gap = gap

    def _append(self, piece: str) -> None:
        if self._blank and not (self._keeps_blanks and (self.exact or self._width)):
            piece = piece.lstrip(None if self._keeps_blanks else " ")
        elif self._blank and self._left and self._left[-1].start == self._width:
            piece = piece.lstrip(" ")  # on both sides of what was left out stood one
        if piece:
            self._line.append(piece)
            self._width += len(piece)
            self._blank = piece.endswith(" ")

    def _resolve(self, after: str) -> None:
        if self._raised is not None:
            mark, note = self._raised
            self._raised = None
            self._append(raised("".join(self._line)[-40:], mark, after, note=note))
