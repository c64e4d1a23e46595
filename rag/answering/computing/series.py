"""A question for one or two lines of a report table over stretches of time: a change, a share, an average, a ratio."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rag.answering.computing.asked_series import BOUNDED, EXTREME, AskedSeries
from rag.answering.computing.grids import Grid
from rag.answering.computing.periods import periods
from rag.answering.computing.report_lines import Cell, Report, Series, asked_key, key, label_of, order
from rag.answering.computing.series_words import NOTE_MARK

_TOTAL: Final = re.compile(r"\btotals?\b|合计|总计|summe\b")
# A report's table is read by people: what is longer is a list of records.
_MOST_LINES: Final = 200


def planned_series(asked: AskedSeries, grid: Grid) -> Series | None:
    """The cells of which the question asks to compute something; None where not all of it is understood."""
    if len(grid.rows) + len(grid.totals) > _MOST_LINES or len(grid.heads) < 2:
        return None
    return _Lines(asked, Report(grid)).series()


class _Lines:
    """A report table of which a series is asked."""

    def __init__(self, asked: AskedSeries, report: Report) -> None:
        self.asked, self.report = asked, report

    def series(self) -> Series | None:
        return self._over_columns() or self._over_rows()

    def _over_columns(self) -> Series | None:
        """Lines are rows, stretches of time are columns."""
        dated = self._dated(enumerate(self.report.grid.heads))
        lines = self._lines([label_of(row) for row in self.report.rows], [r.group for r in self.report.rows])
        columns = self._chosen(dated)
        if not lines or not columns:
            return None
        cells = [self._cell(row, column) for row in lines for column in columns]
        return self._made(cells, len(lines), len(columns))

    def _over_rows(self) -> Series | None:
        """Stretches of time are rows, what is measured are columns."""
        grid = self.report.grid
        dated = self._dated((n, label_of(row)) for n, row in enumerate(self.report.rows))
        rows = self._chosen(dated)
        lines = [n for n in self._lines(list(grid.heads), [""] * len(grid.heads)) if n > 0]
        if not lines or not rows:
            return None
        cells = [self._cell(row, column) for column in lines for row in rows]
        return self._made(cells, len(lines), len(rows))

    def _cell(self, row: int, column: int) -> Cell:
        own, grid = self.report.rows[row], self.report.grid
        return Cell(own, label_of(own), grid.heads[column], self.report.values(column)[row])

    def _dated(self, names: Iterator[tuple[int, str]] | enumerate[str]) -> dict[tuple[str, int], list[int]]:
        """Places by the year or the part of one that their names bear, the last of each."""
        found: dict[tuple[str, int], list[int]] = {}
        for place, name in names:
            of_name = periods(name.casefold())
            years = [one for one in of_name if one.key[0] in ("year", "day", "month", "quarter")]
            for own in {key(one) for one in years} - {None}:
                if own is not None:
                    found.setdefault(own, []).append(place)
        return found

    def _chosen(self, dated: dict[tuple[str, int], list[int]]) -> list[int]:
        """The place of each stretch of time asked for; none where one has several, or none."""
        if self.asked.operation in BOUNDED | EXTREME and not self.asked.periods:
            places = sorted({p for own in dated.values() for p in own})
            return places if all(len(own) == 1 for own in dated.values()) else []
        chosen = []
        for one in self.asked.periods:
            places = dated.get(asked_key(one), [])
            if len(places) != 1:
                return []
            chosen.append(places[0])
        return chosen

    def _lines(self, labels: Sequence[str], groups: Sequence[str]) -> list[int]:
        """The lines that the question names, in its order: one, or two where it compares them."""
        own = [frozenset(self.asked.stems(label)) for label in labels]
        around = [frozenset(self.asked.stems(group)) for group in groups]
        context = frozenset(
            self.asked.stems(f"{self.report.grid.caption} {self.report.grid.label} {' '.join(self.report.grid.heads)}")
        )
        two = self._two(labels, context)
        if two:
            return two
        wanted = frozenset(self.asked.wanted())
        strict = [
            n for n, stems in enumerate(own) if stems and stems <= wanted and wanted <= stems | around[n] | context
        ]
        if strict:
            most = max(len(own[n] | (around[n] & wanted)) for n in strict)
            best = [n for n in strict if len(own[n] | (around[n] & wanted)) == most]
            return best if len(best) == 1 else []
        wide = [n for n, stems in enumerate(own) if wanted & stems and wanted <= stems | around[n]]
        return wide if len(wide) == 1 and len(own[wide[0]] - wanted) <= len(wanted) else []

    def _two(self, labels: Sequence[str], context: frozenset[str]) -> list[int]:
        """The two lines that are compared or added, where both are named whole and nothing else is."""
        if len(self.asked.periods) > 1 or self.asked.operation in ("share", "exceeding"):
            return []
        question = self.asked.question.copy()
        found: list[tuple[int, int]] = []
        for number in sorted(range(len(labels)), key=lambda n: -len(labels[n])):
            label = NOTE_MARK.sub("", labels[number]).strip()
            if label and (place := question.find(label)):
                question.take(*place)
                found.append((place[0], number))
        left = set(self.asked.wanted(question)) - context
        return [n for _, n in sorted(found)] if len(found) == 2 and not left else []

    def _another_total(self, cells: Sequence[Cell]) -> bool:
        """Whether a total is asked for, and the line is none although the table has one."""
        lines = [cell.line for cell in cells]
        if not _is_total(self.asked.question.text) or any(_is_total(f"{line} {cells[0].column}") for line in lines):
            return False
        return any(_is_total(row.cells[0]) for row in self.report.rows)

    def _made(self, cells: list[Cell], lines: int, times: int) -> Series | None:
        """The series, where there are as many cells as the operation takes, and a number in each."""
        operation = self.asked.operation
        if operation == "change" and lines == 2:
            operation = "difference"
        needs = {"share": (1, 2), "change": (1, 2), "difference": (2, 1), "part": (2, 1)}.get(operation)
        if needs and (lines, times) != needs:
            return None
        if operation == "ratio" and len(cells) != 2:
            return None
        if operation in ("average", "sum") and (len(cells) < 2 or (lines > 1 and times > 1)):
            return None
        if operation in BOUNDED and (lines != 1 or not self.asked.bound[0]):
            return None
        if any(cell.value.number is None for cell in cells):
            return None
        if operation in EXTREME and not self._compares(cells, lines):
            return None
        if operation == "sum" and lines == 1 and _is_total(cells[0].line) and not self.asked.says_total_twice():
            return None
        if len({cell.value.unit for cell in cells} - {""}) > 1:
            return None
        if operation in ("share", "change"):
            cells = sorted(cells, key=lambda one: order(one), reverse=True)
        if operation == "share" and all(cell.value.unit == "%" for cell in cells):
            operation = "change"
        if operation != "sum" and self._another_total(cells):
            return None
        own = frozenset(self.asked.stems(cells[0].line))
        named = sum(word.stem in own for word in self.asked.question.words)
        bound = self.asked.bound_for(max(abs(cell.value.number or 0.0) for cell in cells))
        return Series(self.report.grid, operation, tuple(cells), 2 * named + 2 * times, bound)

    def _compares(self, cells: Sequence[Cell], lines: int) -> bool:
        """Whether values of one line can be compared as asked; of costs in brackets it is not clear which is more."""
        if lines != 1 or len(cells) < 2 or (self.asked.of_two and len(cells) > 2):
            return False
        return any((cell.value.number or 0.0) >= 0 for cell in cells)


def _is_total(text: str) -> bool:
    return bool(_TOTAL.search(text.casefold()))
