"""What a question asks of a report table's lines: the operation, the times, a size, and the words that name lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rag.answering.computing.asked_operations import sizes
from rag.answering.computing.periods import MANY_YEARS, Period, of_year, periods
from rag.answering.computing.report_lines import plain_years
from rag.answering.computing.series_words import EACH, EXTREMES, NOTE_MARK, SERIES_OPERATIONS, WEAK, SeriesOperation
from rag.answering.computing.spans import Question, stems_of
from rag.core.text import STOP_WORDS, stem
from rag.core.text.units import SCALES

BOUNDED: Final = frozenset({"exceeding", "which"})
EXTREME: Final = frozenset({"maximum", "minimum"})
# Cells of a table in thousands are so far below what is said in full.
_FAR: Final = 50
_SUMS: Final = next(pattern for pattern, operation in SERIES_OPERATIONS if operation == "sum")


class AskedSeries:
    """A question, of which what says the operation, the times and the size is taken; what is left names lines."""

    def __init__(self, question: Question, operation: SeriesOperation, said: re.Match[str]) -> None:
        self.question, self.operation, self.language = question, operation, question.language
        self._weak = {stem(word, self.language) for word in WEAK}
        self.bound: tuple[str, float, float] = ("", 0.0, 0.0)
        self.scale = 1.0
        self.of_two = False
        if operation != "sum":  # "total revenue" is a line; whether a sum is asked for is told by its periods
            question.take(*said.span())
        if operation == "exceeding":
            self._take_size()
        self.periods = list(self._periods())
        for one in self.periods:
            question.take(one.start, one.end)
        if operation == "which":
            self._take_size()
            self._take_extreme()

    @classmethod
    def of(cls, asked: str) -> AskedSeries | None:
        """None where it asks for nothing of the kind."""
        question = Question(asked)
        found = next(((name, m) for pattern, name in SERIES_OPERATIONS if (m := pattern.search(question.text))), None)
        series = cls(question, *found) if found else None
        return series if series and series._is_clear() else None

    def wanted(self, question: Question | None = None) -> Iterator[str]:
        """The stems of the words that name lines, of those that are left in the question."""
        question = question or self.question
        for word in question.words:
            if question.is_free(word.start, word.end) and not word.small and word.stem not in self._weak:
                yield word.stem

    def stems(self, text: str) -> list[str]:
        """The stems of a label's words that tell it from others."""
        plain = [one for one in stems_of(NOTE_MARK.sub("", text), self.language) if not one.isdecimal()]
        return [one for one in plain if one not in self._weak and one not in STOP_WORDS[self.language]]

    def bound_for(self, most: float) -> tuple[str, float, float]:
        """The size for a table with such cells: of one in thousands "5,000 thousand" is 5,000, and its cells are far
        below what is said in full."""
        comparison, low, high = self.bound
        if self.scale > 1 and low > _FAR * most:
            return comparison, low / self.scale, high / self.scale
        return self.bound

    def says_total_twice(self) -> bool:
        """Whether a sum is asked for beyond the total that a line is: "the sum of total revenue"."""
        return len(_SUMS.findall(self.question.text)) > 1

    def _take_size(self) -> None:
        """The size that the question compares with."""
        for size in sizes(self.question):
            self.bound = (size.comparison, size.low, size.high)
            words = self.question.text[size.start : size.end].split()
            self.scale = next((SCALES[word] for word in words if word in SCALES), 1.0)
            self.question.take(size.start, size.end)

    def _take_extreme(self) -> None:
        """Where no size is compared with, the time of the highest or the lowest is asked for, or of the higher one."""
        for pattern, operation, of_two in EXTREMES:
            said = pattern.search(self.question.text)
            if said and not self.bound[0] and self.operation == "which":
                self.operation, self.of_two = operation, of_two
                self.question.take(*said.span())

    def _is_clear(self) -> bool:
        """Whether times are asked for by the values there, not by how these changed; a sum, and not each of several."""
        if self.operation in EXTREME or self.operation == "which":
            changes = (pattern for pattern, name in SERIES_OPERATIONS if name in ("share", "change"))
            return not any(pattern.search(self.question.text) for pattern in changes)
        return self.operation != "sum" or not EACH.search(self.question.text)

    def _periods(self) -> Iterator[Period]:
        found = plain_years(periods(self.question.text))
        if span := MANY_YEARS.search(self.question.text):
            first, last = int(span[1]), int(span[2])
            if self.operation in ("average", "sum") and first < last:
                yield from (of_year(year, *span.span()) for year in range(first, last + 1))
                return
        seen = set()
        for one in found:
            if one.key[0] in ("year", "quarter", "day", "month", "half") and one.key not in seen:
                seen.add(one.key)
                yield one
