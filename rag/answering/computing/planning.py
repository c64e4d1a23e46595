"""From a question to a query over one table: every word of it has to be understood, or nothing is computed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rag.answering.computing.asked_operations import DATED, PRICED, limit_of, operation_of, says_total, sizes
from rag.answering.computing.filters import NUMBERED, add_size, merged, period_filters, yes_or_no
from rag.answering.computing.grids import Column, Grid, own_words
from rag.answering.computing.matching import Matches
from rag.answering.computing.operations import OF_NUMBERS, Filter, Operation, Query, problems
from rag.answering.computing.periods import bounded, periods
from rag.answering.computing.spans import Question, general_stems, is_chinese, stems_of

_GROUP: Final = re.compile(
    r"\b(?:per|by|for each|for every|each|every|in each|je|pro|nach)\s++(?:the )?$|(?:每个|每种"
    r"|每位|每一个|各个?|按照?|每)$"
)
_OR: Final = re.compile(r"\bor\b|\boder\b|或者?")
_THINGS: Final = re.compile(
    r"\s*+(?:of the |of |the |different |distinct |unique |verschiedene\w* )?(?P<thing>[^\W\d_]++)"
)
# Asked of tables in running text only with these words: elsewhere they ask what a text says.
_SHEETS_ONLY: Final = re.compile(r"how much|wie viel")


@dataclass(frozen=True, slots=True)
class Plan:
    """A query over a table. `unclear` are the heads of which one is meant; then it is not computed.

    `fits` says how much of the question is of this very table.
    """

    grid: Grid
    query: Query
    fits: int
    unclear: tuple[str, ...] = ()


def plan(asked: str, grid: Grid) -> Plan | None:
    """The query that the question is of this table; None where it is none, or not all of it is understood."""
    question = Question(asked)
    matches = Matches(question, grid)
    matches.heads(several_words=True)
    known = operation_of(question)
    if known is None:
        return None
    sort, said = known
    said = [place for place in said if question.is_free(*place)]
    if not said or (not grid.sheet and (_of_times(grid) or not _explicit(question, sort, said))):
        return None
    for place in said:
        question.take(*place)
    limit = limit_of(question)
    if limit:
        question.take(*limit[1])
    _match(matches, sort)
    planner = _Planner(matches, sort, said, limit[0] if limit else 0)
    return planner.planned()


def _explicit(question: Question, sort: Operation, said: Sequence[tuple[int, int]]) -> bool:
    """Whether something is to be computed of a table that stands in running text."""
    if sort in ("rows", "count", "distinct"):
        return False
    return not all(_SHEETS_ONLY.fullmatch(question.text[start:end]) for start, end in said)


def _of_times(grid: Grid) -> bool:
    """Whether the columns are stretches of time: then its rows are different things, which make no sum."""
    return sum(bool(periods(head.casefold())) for head in grid.heads) > 1


def _match(matches: Matches, sort: Operation) -> None:
    matches.cells()
    matches.heads(several_words=False)
    if sort in ("rows", "count"):
        yes_or_no(matches)
    matches.empty_cells()
    matches.numbers_of_columns()


class _Planner:
    """Puts together what was found in a question."""

    def __init__(self, matches: Matches, operation: Operation, said: list[tuple[int, int]], limit: int) -> None:
        self.matches, self.operation, self.said, self.limit = matches, operation, said, limit
        self.question, self.grid = matches.question, matches.grid
        self.unclear: list[str] = []
        self.period_target: list[Column] = []
        self.counted = ""
        self.own_words = own_words(self.grid, self.question.language)

    def planned(self) -> Plan | None:
        found_sizes = list(sizes(self.question))
        for one in found_sizes:
            self.question.take(one.start, one.end)
        self._periods()
        self.matches.parts_of_heads()
        for one in found_sizes:
            add_size(self.matches, one)
        group = self._group()
        self._counted_things()
        if self.grid.sheet and self.question.left_over(self.own_words):
            self.matches.words_in_cells()
        if self.question.left_over(self.own_words) or self._contradicts() or self._counts_others():
            return None
        query = self._query(group)
        if query is None:
            return None
        if query.column is not None and not self._names_anything():
            # A column of a table of which the question says no word: it may mean another.
            self.unclear.append(self.grid.heads[query.column])
        unclear = tuple(dict.fromkeys((*self.unclear, *self.matches.unclear)))
        if not unclear and problems(query, self.grid):
            return None
        used = {query.column, *(one.column for one in query.filters)} - {None}
        if not self.grid.sheet and not all(self.grid.heads[n] for n in used if n is not None):
            return None
        if self.operation == "rows" and not query.filters and not unclear:
            return None
        return Plan(self.grid, query, self._fits(), unclear)

    def _periods(self) -> None:
        named = self.matches.period_columns()
        free = [one for one in periods(self.question.text) if self.question.is_free(one.start, one.end)]
        for one, start, end in bounded(self.question, free):
            if one.key in named:
                self.period_target += named[one.key]
                self.question.take(start, end)
            elif filters := period_filters(self.matches, one):
                self.question.take(start, end)
                self.matches.filters += [(start, end, each) for each in filters]

    def _group(self) -> int | None:
        """The column by which groups are told apart: "per region"."""
        text = self.question.text
        for mention in self.matches.mentions:
            before = text[: mention.start]
            match = _GROUP.search(before[-16:])
            if match and self.question.is_free(mention.start - len(match[0]), mention.start):
                self.question.take(mention.start - len(match[0]), mention.start)
                return mention.column
        if self.operation in ("maximum", "minimum") and self.matches.mentions:
            totals = [place for place in says_total(self.question) if self.question.is_free(*place)]
            first = min(self.matches.mentions, key=lambda one: one.start)
            if totals and self.grid.column(first.column).kind == "words":
                for place in totals:
                    self.question.take(*place)
                return first.column
        return None

    def _counted_things(self) -> None:
        """The word behind "how many" is what the rows are, or a column whose numbers are added."""
        if self.operation != "count":
            return
        end = max(end for _, end in self.said)
        behind = [m for m in self.matches.mentions if 0 <= m.start - end <= 8]
        used = {one.column for _, _, one in self.matches.filters}
        if behind and self.grid.column(behind[0].column).kind == "number" and behind[0].column not in used:
            if not NUMBERED.fullmatch(self.grid.column(behind[0].column).name):
                self.operation = "sum"
        elif not behind and (match := _THINGS.match(self.question.text, end)) and not is_chinese(match["thing"]):
            self.question.take(*match.span("thing"))
            self.counted = stems_of(match["thing"], self.question.language)[0]

    def _counts_others(self) -> bool:
        """Whether things are counted that the table has no word of: its rows need not be such things."""
        known = self.counted in general_stems(self.question.language)
        return bool(self.counted) and not known and not self._names_anything()

    def _contradicts(self) -> bool:
        """Whether one or the other of two columns is asked for, which no filters of both say."""
        columns = {one.column for _, _, one in self.matches.filters}
        ordered = sorted(self.matches.filters, key=lambda one: one[0])
        for (_, end, one), (start, _, other) in pairwise(ordered):
            if len(columns) > 1 and one.column != other.column and _OR.search(self.question.text[end:start]):
                return True
        return False

    def _query(self, group: int | None) -> Query | None:
        filters = merged([one for _, _, one in self.matches.filters])
        column = None
        operation = self.operation
        if operation in OF_NUMBERS or operation == "distinct":
            column = self._target(filters, group)
            if column is None and not self.unclear and not self.matches.unclear:
                return None
        elif self.period_target:
            return None
        limit = self.limit
        if group is not None and operation in ("maximum", "minimum"):
            limit = (limit or 1) * (1 if operation == "maximum" else -1)
            operation = "sum"
        return Query(operation, column, filters, group, limit)

    def _target(self, filters: Sequence[Filter], group: int | None) -> int | None:
        """The column that is computed of; where several may be meant these are unclear."""
        kinds: tuple[str, ...] = ("words", "day", "number") if self.operation == "distinct" else ("number",)
        if self.operation in ("maximum", "minimum") and DATED.search(self.question.text):
            kinds = ("number", "day")
        used = {one.column for one in filters} | {group}
        if len({c.number for c in self.period_target}) == 1:
            return self.period_target[0].number
        if self.period_target:
            self.unclear += [column.head for column in self.period_target]
            return None
        named = [m for m in self.matches.mentions if self.grid.column(m.column).kind in kinds]
        free = list(dict.fromkeys(m.column for m in named if m.column not in used))
        if len(free) > 1 and "day" in kinds:
            free = [n for n in free if self.grid.column(n).kind == "number"] or free
        chosen = free or list(dict.fromkeys(m.column for m in named if m.column != group))
        if not chosen and self.operation != "distinct":
            chosen = [c.number for c in self.grid.columns if c.kind == "number" and not NUMBERED.fullmatch(c.name)]
            if DATED.search(self.question.text):
                chosen = [c.number for c in self.grid.columns if c.kind == "day"]
            elif PRICED.search(self.question.text):
                chosen = [n for n in chosen if self.grid.column(n).is_price]
        if len(chosen) == 1:
            return chosen[0]
        self.unclear += [self.grid.heads[number] for number in chosen]
        return None

    def _names_anything(self) -> bool:
        """Whether the question has a word of the table: a head, a cell, or of its name."""
        cells = any(one.texts for _, _, one in self.matches.filters)
        return bool(self.matches.mentions or self.period_target or cells or self._own_named())

    def _own_named(self) -> int:
        own = self.own_words
        text = self.question.text
        if is_chinese(text) and any(is_chinese(one) and one in text for one in own):
            return 1
        # What is on a sheet is told by its own name before that of its file.
        sheet = stems_of(self.grid.label, self.question.language)
        return sum((word.stem in own) + (word.stem in sheet) for word in self.question.words if not word.small)

    def _fits(self) -> int:
        """How many things of the question are of this table: its columns, its cells, its name."""
        named = self._own_named()
        found = [one for _, _, one in self.matches.filters]
        filters = sum(1 if one.comparison == "holds" else 1 + 2 * len(one.said.split()) for one in found)
        mentions = sum(1 + one.whole for one in self.matches.mentions)
        return filters + mentions + named + 2 * len(self.period_target)
