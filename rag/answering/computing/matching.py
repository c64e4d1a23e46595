"""What of a question names columns and cells of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, cast

from rag.answering.computing.engine import compared
from rag.answering.computing.grids import Column, Grid
from rag.answering.computing.operations import Filter
from rag.answering.computing.periods import MOST_PERIODS, period_key
from rag.answering.computing.spans import Question, is_chinese, stems_of
from rag.core.text import STOP_WORDS

# Words of a cell that is looked for whole in a question; what is longer is a text.
_LONGEST_VALUE: Final = 8
_IS: Final = re.compile(r"[\s:=]*+(?:(?:is|are|was|were|of|equals?|=|ist|sind|von)\s++|[是为])?[\"'“‘]?")
NOT_BEFORE: Final = re.compile(
    r"(?:\bnot(?: in| from| at)?|\bisn't|\baren't|\bexcept(?: for)?|\bexcluding|\bwithout"
    r"|\bother than|\bnon|\bnicht|\baußer|不是|不在|除了?|非|不为)[ -]?$"
)
NONE_BEFORE: Final = re.compile(
    r"\b(?:no|without(?: an?)?|missing(?: an?| the)?|empty|blank|kein\w*|ohne)\s++$|(?:没有|缺少|无|未填)$"
)
_EMPTY_BEHIND: Final = re.compile(r"\s?(?:(?:is|are) )?(?:missing|empty|blank|leer|fehlt|为空|是空的?)")
# "2024年第三季度", "fourth quarter 2024"
_LONGEST_TIME: Final = 20
_EQUAL: Final = re.compile(r"\d[\d,]*+(?:\.\d++)?(?![\w.])")
_EXACT: Final = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Mention:
    """A column that a question names, and where; not `whole` where it says a part of its head."""

    start: int
    end: int
    column: int
    whole: bool = True


@dataclass
class Matches:
    """What was found of a table in a question; the question's places are taken as it goes."""

    question: Question
    grid: Grid
    mentions: list[Mention] = field(default_factory=list)
    filters: list[tuple[int, int, Filter]] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    """The heads of columns of which one may be meant."""

    @cached_property
    def values(self) -> Mapping[str, list[int]]:
        """The words of cells, each with the columns it stands in."""
        if "values" not in self.grid.kept:
            self.grid.kept["values"] = _values(self.grid)
        return cast("Mapping[str, list[int]]", self.grid.kept["values"])

    @cached_property
    def by_first_stem(self) -> Mapping[str, list[tuple[str, int]]]:
        """The words of cells by the stem they begin with, each with the number of its words."""
        key = f"stems {self.question.language}"
        if key not in self.grid.kept:
            found: dict[str, list[tuple[str, int]]] = {}
            for value in self.values:
                if own := stems_of(value, self.question.language):
                    found.setdefault(own[0], []).append((value, len(own)))
            self.grid.kept[key] = found
        return cast("Mapping[str, list[tuple[str, int]]]", self.grid.kept[key])

    def heads(self, *, several_words: bool) -> None:
        """The columns whose heads stand in the question whole; the longest first."""
        columns = sorted(self.grid.columns, key=lambda one: -len(one.name))
        for column in columns:
            many = is_chinese(column.name) or len(stems_of(column.name, self.question.language)) > 1
            if not column.name or many != several_words:
                continue
            first = 0
            while place := self.question.find(column.name, first):
                self.question.take(*place)
                self.mentions.append(Mention(*place, column.number))
                first = place[1]

    def parts_of_heads(self) -> None:
        """The columns of which a word of the head stands in the question, where it is that of one column alone."""
        language = self.question.language
        named = {column.number: set(stems_of(column.name, language)) for column in self.grid.columns}
        small = STOP_WORDS[language]
        for word in self.question.words:
            if not self.question.is_free(word.start, word.end) or word.text in small:
                continue
            having = [number for number, stems in named.items() if word.stem in stems]
            self._part(word.start, word.end, having)
        if is_chinese(self.question.text):
            self._chinese_parts()

    def _chinese_parts(self) -> None:
        text = self.question.text
        for length in (4, 3, 2):
            for start in range(len(text) - length + 1):
                piece = text[start : start + length]
                if is_chinese(piece) and self.question.is_free(start, start + length):
                    self._part(
                        start, start + length, [c.number for c in self.grid.columns if piece in c.name.casefold()]
                    )

    def _part(self, start: int, end: int, having: Sequence[int]) -> None:
        if len(having) == 1:
            self.question.take(start, end)
            self.mentions.append(Mention(start, end, having[0], whole=False))
        elif having:
            already = [number for number in having if any(m.column == number for m in self.mentions)]
            self.question.take(start, end)
            if len(already) != 1:
                self.unclear += [self.grid.heads[number] for number in having]

    def cells(self) -> None:
        """The cells whose words stand in the question; several of a column are one or the other."""
        text = self.question.text
        for value in sorted(self._said(), key=len, reverse=True):
            place = self.question.find(value)
            if place is None or (not is_chinese(value) and not self._alone(value, place)):
                continue
            column = self._column_of(value, place)
            if column is None:
                self.unclear += [self.grid.heads[number] for number in self.values[value]]
                self.question.take(*place)
                continue
            start = place[0]
            negated = NOT_BEFORE.search(text[:start][-16:])
            if negated:
                start -= len(text[:start][-16:]) - negated.start()
            self.question.take(start, place[1])
            one = Filter(column, "is not" if negated else "is", (value,), said=self._written(column, value))
            self.filters.append((start, place[1], one))

    def _said(self) -> Iterator[str]:
        """The cells that may stand in the question: those of which it has the first word."""
        small = STOP_WORDS[self.question.language]
        for stem in dict.fromkeys(word.stem for word in self.question.words):
            for value, count in self.by_first_stem.get(stem, ()):
                if not is_chinese(value) and (count > 1 or value not in small):
                    yield value
        if is_chinese(self.question.text):
            yield from (value for value in self.values if value in self.question.text and is_chinese(value))

    def _alone(self, value: str, place: tuple[int, int]) -> bool:
        """Whether the words are the cell's, and not only its stem's: of one letter only behind its column's name."""
        return (
            len(value) > 1
            or any(m.end <= place[0] <= m.end + 4 for m in self.mentions)
            or bool(self._named(value, place))
        )

    def _named(self, value: str, place: tuple[int, int]) -> list[int]:
        return [
            n
            for n in self.values[value]
            if self.question.text[: place[0]].rstrip().endswith(self.grid.column(n).name.casefold())
        ]

    def _column_of(self, value: str, place: tuple[int, int]) -> int | None:
        having = self.values[value]
        if len(having) == 1:
            return having[0]
        near = [m.column for m in self.mentions if m.column in having and 0 <= place[0] - m.end <= 5]
        near = near or self._named(value, place) or [m.column for m in self.mentions if m.column in having]
        return near[0] if len(set(near)) == 1 else None

    def _written(self, column: int, value: str) -> str:
        return next((v.text for v in self.grid.column(column).values if compared(v.text) == value), value)

    def numbers_of_columns(self) -> None:
        """What stands directly behind a column's name as its value: "order 1017", "rating is 5"."""
        for mention in self.mentions:
            if self.grid.column(mention.column).kind != "number":
                continue
            match = _IS.match(self.question.text, mention.end)
            start = match.end() if match else mention.end
            number = _EQUAL.match(self.question.text, start)
            if number and self.question.is_free(start, number.end()):
                self.question.take(start, number.end())
                value = float(number[0].replace(",", ""))
                one = Filter(mention.column, "is", low=value, said=number[0])
                self.filters.append((mention.start, number.end(), one))

    def empty_cells(self) -> None:
        """Columns in which nothing stands, or is not to stand nothing."""
        text = self.question.text
        for mention in self.mentions:
            before = NONE_BEFORE.search(text[: mention.start][-16:])
            behind = _EMPTY_BEHIND.match(text, mention.end)
            if before or behind:
                start = mention.start - (len(before[0]) if before else 0)
                self.question.take(start, behind.end() if behind else mention.end)
                self.filters.append((start, mention.end, Filter(mention.column, "empty")))

    def words_in_cells(self) -> None:
        """What is left over and is a word of cells of one column alone: rows that hold it."""
        language = self.question.language
        left = [w for w in self.question.words if self.question.is_free(w.start, w.end) and not w.small]
        if not left:
            return
        held: dict[str, set[int]] = {}
        wanted = {word.stem for word in left}
        for value, columns in self.values.items():
            for one in wanted.intersection(stems_of(value, language)):
                held.setdefault(one, set()).update(columns)
        for word in left:
            having = held.get(word.stem, set())
            once = not any(f.comparison == "holds" and f.column in having for _, _, f in self.filters)
            if len(having) == 1 and once and _EXACT.search(word.text):
                self.question.take(word.start, word.end)
                holding = Filter(next(iter(having)), "holds", (compared(word.text),), said=word.text)
                self.filters.append((word.start, word.end, holding))

    def period_columns(self) -> Mapping[tuple[str, int, int], list[Column]]:
        """Columns by the stretch of time that their heads name."""
        found: dict[tuple[str, int, int], list[Column]] = {}
        for column in self.grid.columns:
            if (key := period_key(column.name)) is not None:
                found.setdefault(key, []).append(column)
        return found


def _values(grid: Grid) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for column in grid.columns:
        different = dict.fromkeys(value.text for value in column.values) if column.kind == "words" else {}
        # Stretches of time are compared as such; a column of them has few.
        timed = len(different) <= MOST_PERIODS
        for text in different:
            if text and (is_chinese(text) or text.count(" ") < _LONGEST_VALUE) and not (timed and _is_time(text)):
                found.setdefault(compared(text), []).append(column.number)
    return found


def _is_time(text: str) -> bool:
    return len(text) <= _LONGEST_TIME and any(sign.isdigit() for sign in text) and period_key(text) is not None
